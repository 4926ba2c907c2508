"""Shared by the peers: the network's table, constants, recorded runs, images, the clock and the command line.

A peer is a framework's own way to compute the model. It gives a class, opened with (network, weights, thresholds), with
    framework, device        for the table: name and version; where it really runs
    replay(s0, y, positives, learn) -> {population: spikes, T x N x units}, reconstruction sum or None
    train(x, y, positives)   a training window of N samples, drawn afresh; returns when it is finished
                             {population: spikes in that window}
    state() -> {synapse: (weights, first moment, second moment)} as NumPy arrays
"""
import argparse
import gzip
import json
import os
import struct
import sys
import time
from collections import namedtuple

import numpy as np

F = np.float32
BETA1, BETA2, EPSILON = F(0.9), F(0.999), F(1e-8)
GAIN1, GAIN2 = F(0.1), F(0.001)
THRESHOLD_FLOOR = F(0.025)
DEFAULTS = dict(T=50, dt=3, tau_m=100, tau_tr=13, R_m=0.1, inh_R=0.01, rho_b=0.001, goodness_threshold=10)

# Tolerances of a replay, as for our own GPU backend: another order of sums changes a spike occasionally.
SPIKES, VALUES = 1e-5, 1e-4


class Unusable(Exception):
    """Wrong input or a device that is not there: one line, no stack trace."""

    def __init__(self, code, line):
        super().__init__(line)
        self.code = code


class Progress:
    """Reports on stderr, every few seconds, how far a run is and how long the rest takes; a short run says nothing."""

    MARK = "progress: "
    SECONDS = 5

    def __init__(self, total, unit):
        self.total, self.unit, self.done, self.reported = total, unit, 0, time.monotonic()

    def advance(self, took_us, us_per_step):
        """Counts one unit that took so long; the rest is assumed to take as long each."""
        self.done += 1
        now = time.monotonic()
        if now - self.reported >= self.SECONDS and self.done < self.total:
            self.reported = now
            left = (self.total - self.done) * took_us / 1e6
            self.say("%s %d of %d, %.1f ms per step, about %s left" % (
                self.unit, self.done, self.total, us_per_step / 1e3,
                "%.0f s" % left if left < 100 else "%.0f min" % (left / 60)))

    @classmethod
    def say(cls, line):
        print(cls.MARK + line, file=sys.stderr, flush=True)


def rates(batch):
    """Learning rate and weight decay of a raw batch size."""
    for least, eta, decay in ((200, 2e-3, 5e-5), (100, 1e-3, 6e-5), (50, 1e-3, 7e-5), (20, 75e-5, 8e-5), (10, 55e-5, 9e-5)):
        if batch >= least:
            return eta, decay
    return 4e-4, 1e-4


def constants(meta, batch):
    c = dict(DEFAULTS)
    c["eta"], c["w_decay"] = rates(batch)
    c.update({k: meta[k] for k in list(c) if k in meta})
    c["T"] = int(c["T"])
    return c


# scale: of the current, signed; rate: R_S of the update; lower: bound of the weights
Row = namedtuple("Row", "name pre post scale rate lower hollow error")


class Network:
    """The network's table. Every peer walks it."""

    def __init__(self, inputs, hidden, classes, supervised, reconstruct, c):
        self.inputs, self.hidden, self.classes, self.c = inputs, list(hidden), classes, c
        self.supervised, self.reconstruct = supervised, reconstruct
        last = len(self.hidden)
        self.context = "z%d" % (last + 1)
        self.hiddens = ["z%d" % l for l in range(1, last + 1)]
        self.fed = self.hiddens + ["zy"]  # by spikes of t-1
        self.integrating = self.fed + (["zR"] if reconstruct else [])
        self.units = {"z0": inputs, self.context: classes, "zy": classes, "zR": inputs}
        self.units.update(zip(self.hiddens, self.hidden))
        rm, ri = c["R_m"], c["inh_R"]
        self.rows = []

        def add(name, pre, post, scale, rate, lower=-1, hollow=False, error=False):
            self.rows.append(Row(name, pre, post, F(scale), F(rate), F(lower), hollow, error))

        for l, z in enumerate(self.hiddens, 1):
            add("W%d" % l, "z%d" % (l - 1), z, rm, rm)
            if l < last:
                add("V%d" % (l + 1), "z%d" % (l + 1), z, rm, rm)
            add("M%d" % l, z, z, -ri, ri, lower=0, hollow=True)
            if supervised:
                add("V%dy" % (l + 1), self.context, z, rm, rm)
        for l, z in enumerate(self.hiddens, 1):
            add("C%d" % (l + 1), z, "zy", 1, rm, error=True)
        if reconstruct:
            add("R1", "z1", "zR", 1, rm, error=True)

    def into(self, population):
        return [r for r in self.rows if r.post == population]

    def random(self, seed):
        """Weights and thresholds as at the start of a training."""
        rng = np.random.default_rng(seed)
        w = {r.name: rng.uniform(-1, 1, (self.units[r.pre], self.units[r.post])).astype(F) for r in self.rows}
        thr = {p: (0.055 + rng.uniform(-0.025, 0.025, self.units[p])).astype(F) for p in self.integrating}
        return w, thr

    def corrections(self, k):
        """Adam's step size and second correction of plasticity steps k.. of a window: T x 2.

        The betas are rounded to float32 before they are raised to a power, as in the released code."""
        k = np.arange(k, k + self.c["T"])
        rate = F(self.c["eta"]) / (F(1) - (float(BETA1) ** k).astype(F))
        bias2 = F(1) / (F(1) - (float(BETA2) ** k).astype(F))
        return np.stack([rate, bias2], 1).astype(F)

    def __str__(self):
        return "-".join(map(str, [self.inputs] + self.hidden + [self.classes]))


# Recorded runs of the released code ..


def check(file, open_net):
    """Replays a recorded run with its own input spikes; returns the results."""
    try:
        trace = np.load(file)
        meta = {k[5:]: trace[k].item() for k in trace.files if k.startswith("meta/")}
        init = {k[5:]: trace[k] for k in trace.files if k.startswith("init/")}
        inputs, classes = init["W1"].shape[0], init["C2"].shape[1]
    except (OSError, ValueError, KeyError, AttributeError) as e:
        raise Unusable(2, "%s is not a recorded run: %s" % (file, e))
    Progress.say("replaying %s" % file)
    hidden = []
    while "W%d" % (len(hidden) + 1) in init:
        hidden.append(init["W%d" % (len(hidden) + 1)].shape[1])
    c = constants(meta, int(meta.get("batch", 500)))
    network = Network(inputs, hidden, classes, bool(meta.get("supervised", "V2y" in init)), "R1" in init, c)
    net = open_net(network, {r.name: init[r.name].astype(F) for r in network.rows},
                   {p: init[p + "_thr"].astype(F) for p in network.integrating})
    compared = differing = 0
    first = None
    worst = {"weights": 0.0, "moments": 0.0, "read-outs": 0.0}

    def far(group, name, actual):
        if name in trace:
            gap = np.abs(trace[name].astype(float) - actual).max()
            worst[group] = max(worst[group], float(gap)) if np.isfinite(gap) else float("inf")

    def window(prefix, learn):
        nonlocal compared, differing, first
        s0 = trace[prefix + "s0"]
        n, y = s0.shape[1], trace[prefix + "y"].astype(F)
        mark = trace[prefix + "positive"] if prefix + "positive" in trace else np.ones(n)
        spikes, reconstruction = net.replay(s0, y if learn else np.zeros_like(y), int(mark.sum()), learn)
        for p in network.integrating:
            if prefix + "s_" + p in trace:
                wrong = trace[prefix + "s_" + p] != spikes[p]
                compared += wrong.size
                differing += int(wrong.sum())
                if first is None and wrong.any():
                    t, b, i = np.argwhere(wrong)[0]
                    first = "%sstep %d, %s, sample %d, unit %d" % (prefix, t + 1, p, b, i)
        # The released code divides by T + 1.
        far("read-outs", prefix + "y_count", spikes["zy"].sum(axis=0, dtype=float))
        if reconstruction is not None:
            far("read-outs", prefix + "recon", reconstruction / (c["T"] + 1))

    b = 0
    while "train/%d/s0" % b in trace:
        window("train/%d/" % b, True)
        b += 1
        for name, (w, _, _) in net.state().items():
            far("weights", "weights/%04d/%s" % (b * c["T"], name), w)
    for name, (w, m, v) in net.state().items():
        far("weights", "final/" + name, w)
        far("moments", "final/%s_m" % name, m)
        far("moments", "final/%s_v" % name, v)
    if "eval/s0" in trace:
        window("eval/", False)
    passed = compared > 0 and differing <= SPIKES * compared and all(x <= VALUES for x in worst.values())
    finite = {k: x if np.isfinite(x) else None for k, x in worst.items()}
    return dict(trace=str(file), network=str(network), passed=bool(passed), spikes_compared=compared,
                spikes_differing=differing, first_difference=first, **finite)


def print_check(r, net):
    print("%s  %s  (%s, %s)" % ("ok    " if r["passed"] else "FAILED", r["trace"], r["network"], net))
    where = ", first at " + r["first_difference"] if r["first_difference"] else ""
    print("  spikes     %s of %s differ%s" % (format(r["spikes_differing"], ","), format(r["spikes_compared"], ","), where))
    for group in ("weights", "moments", "read-outs"):
        x = r[group]
        print("  %-10s %s" % (group, "not finite" if x is None else "%.2e at most%s" % (
            x, "" if x <= VALUES else ", OVER %g" % VALUES)))
    sys.stdout.flush()


def traces(where):
    """Files, and the recorded runs of folders."""
    files = []
    for w in where:
        found = sorted(os.path.join(w, f) for f in os.listdir(w) if f.endswith(".npz")) if os.path.isdir(w) else [w]
        if not found or not os.path.isfile(found[0]):
            raise Unusable(2, "%s: no recorded run (.npz) there" % w)
        files += found
    return files


# Images ..


def idx(folder, name):
    """An IDX file of bytes, gzipped or not."""
    for file, opener in ((os.path.join(folder, name), open), (os.path.join(folder, name + ".gz"), gzip.open)):
        if os.path.isfile(file):
            with opener(file, "rb") as f:
                raw = f.read()
            if len(raw) < 4 or raw[:3] != b"\0\0\x08" or len(raw) < 4 + 4 * raw[3]:
                raise Unusable(2, "%s is not an IDX file of bytes" % file)
            shape = struct.unpack(">%dI" % raw[3], raw[4:4 + 4 * raw[3]])
            data = np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3])
            if data.size != np.prod(shape):
                raise Unusable(2, "%s holds %d values, not %s" % (file, data.size, shape))
            return data.reshape(shape)
    raise Unusable(2, "no %s (or .gz) in %s" % (name, folder))


def mnist(folder):
    """The training images, n x pixels in [0,1], and their labels."""
    x, y = idx(folder, "train-images-idx3-ubyte"), idx(folder, "train-labels-idx1-ubyte")
    if len(x) != len(y):
        raise Unusable(2, "%s: %d images, %d labels" % (folder, len(x), len(y)))
    return x.reshape(len(x), -1).astype(F) / F(255), y.astype(int)


def enough(count, batch):
    if count < batch:
        raise Unusable(2, "%d images are too few for batches of %d" % (count, batch))


class Batches:
    """Every image once an epoch, in random order: positives, then the same with a wrong label."""

    def __init__(self, x, labels, classes, batch, seed):
        enough(len(x), batch)
        self.x, self.labels, self.classes, self.batch = x, labels, classes, batch
        self.rng = np.random.default_rng(seed)
        self.left = np.zeros(0, int)

    def next(self):
        """The positives' images (B x pixels) and everybody's labels (2B x classes)."""
        if len(self.left) < self.batch:
            self.left = self.rng.permutation(len(self.x))
        pick, self.left = self.left[:self.batch], self.left[self.batch:]
        right = self.labels[pick]
        wrong = (right + 1 + self.rng.integers(0, self.classes - 1, self.batch)) % self.classes
        return self.x[pick], np.eye(self.classes, dtype=F)[np.concatenate([right, wrong])]


# .. and the clock.


def measure(net, network, batches, windows, warmup):
    """Whole training windows, each with other images, by the clock: upload, T steps, until the device is done."""
    times, fired = [], {}
    Progress.say("%s, B %d: %d windows of %d steps, the first %d of them to warm up" % (
        network, batches.batch, warmup + windows, network.c["T"], warmup))
    progress = Progress(warmup + windows, "window")
    for k in range(-warmup, windows):
        x, y = batches.next()
        start = time.perf_counter()
        spikes = net.train(x, y, batches.batch)
        took = (time.perf_counter() - start) * 1e6 / network.c["T"]
        if k >= 0:
            times.append(took)
            for p, s in spikes.items():
                fired[p] = fired.get(p, 0) + float(s) / (2 * batches.batch) / network.c["T"] / windows
        progress.advance(took * network.c["T"], took)
    return dict(batch=batches.batch, samples=2 * batches.batch, steps=network.c["T"], network=str(network),
                warm_up_windows=warmup, us_per_step=float(np.median(times)), us_per_step_of_windows=times,
                spikes_per_sample_and_step=fired)


def at_least(least):
    """The argparse type of a whole number that is no smaller."""
    def number(text):
        if int(text) < least:
            raise argparse.ArgumentTypeError("%s is less than %d" % (text, least))
        return int(text)
    return number


def sizes(text):
    return [at_least(1)(n) for n in text.split(",")]


DURATION = """how long it takes: on 2 CPU cores a dense step of the default network (784-3000-600-10, B 500) takes about a second,
a window of 50 steps the better part of a minute, and the default of 10 + 20 windows about half an hour. For a first look
--hidden 500,100 --batch 50 takes a minute or two, and --steps 4 --windows 3 --warmup 2 a minute at the default size.
Progress is shown every few seconds."""


def arguments(description, duration=DURATION):
    p = argparse.ArgumentParser(description=description, epilog=duration, allow_abbrev=False,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--device", default="cpu", help="cpu, or a GPU's number (default: cpu)")
    p.add_argument("--trace", nargs="+", default=[], metavar="NPZ|FOLDER", help="replay these recorded runs")
    p.add_argument("--data", metavar="DIR", help="time training on MNIST's training images (IDX files) in DIR")
    p.add_argument("--batch", type=sizes, default=[500], metavar="B,B..", help="positives; as many negatives join them")
    p.add_argument("--hidden", type=sizes, default=[3000, 600], metavar="N,N..")
    p.add_argument("--steps", type=at_least(1), default=50, metavar="T", help="time steps of a window")
    p.add_argument("--windows", type=at_least(1), default=20, help="timed windows (default: 20)")
    p.add_argument("--warmup", type=at_least(0), default=10, help="training windows before (default: 10)")
    p.add_argument("--seed", type=at_least(0), default=1234)
    p.add_argument("--json", metavar="FILE")
    return p


def images(a):
    """The images and labels in --data, enough of them for every --batch."""
    x, labels = mnist(a.data)
    enough(len(x), max(a.batch))
    return x, labels


def timed(a, open_net, result):
    """Times every batch size and notes it; opens a fresh network for each."""
    x, labels = images(a)
    for batch in a.batch:
        c = constants(dict(T=a.steps), batch)
        network = Network(x.shape[1], a.hidden, int(labels.max()) + 1, True, True, c)
        net = open_net(network, *network.random(a.seed))
        r = measure(net, network, Batches(x, labels, network.classes, batch, a.seed), a.windows, a.warmup)
        result["training"].append(r)
        print("%s, %s, B %d: %.1f us a step (median of %d windows)" % (
            result["framework"], result["device"], batch, r["us_per_step"], a.windows), flush=True)
        write(a.json, result)
        del net


def write(file, result):
    if file:
        with open(file + ".part", "w") as out:
            json.dump(result, out, indent=2, allow_nan=False)
            out.write("\n")
        os.replace(file + ".part", file)


def released(folder):
    """Refuses a folder that is no checkout of the author's code."""
    if not os.path.isfile(os.path.join(folder, "csdp_model.py")):
        raise Unusable(2, "%s: no csdp_model.py there, so it is no checkout of the released code" % folder)


def writable(file):
    """Refuses a file that could not be written in the end, before the work is done."""
    if file and (os.path.isdir(file) or not os.access(os.path.dirname(os.path.abspath(file)), os.W_OK)):
        raise Unusable(2, "cannot write %s: it is a folder, or its folder is missing or read-only" % file)


def run(a, peer, must_pass=True):
    """Verify, then time. peer(network, weights, thresholds) opens a network; returns the exit code."""
    if not a.trace and not a.data:
        raise Unusable(2, "nothing to do: give --trace, --data, or both (--help)")
    writable(a.json)
    if a.data:
        images(a)
    files = traces(a.trace)
    result = dict(framework=peer.framework, device=peer.device, variant=peer.variant, checks=[], training=[])
    for file in files:
        r = check(file, peer)
        print_check(r, "%s, %s, %s" % (peer.framework, peer.variant, peer.device))
        result["checks"].append(r)
    write(a.json, result)
    passed = all(r["passed"] for r in result["checks"])
    if a.data and (passed or not must_pass):
        timed(a, peer, result)
    elif a.data:
        print("not timed, since it does not replay the recorded runs")
    return 0 if passed or not must_pass else 1


def main(body):
    """Runs it; an error that the user can correct is one line."""
    try:
        sys.exit(body())
    except Unusable as e:
        print("%s: %s" % (os.path.basename(sys.argv[0]), e), file=sys.stderr)
        sys.exit(e.code)
    except KeyboardInterrupt:
        sys.exit(130)
