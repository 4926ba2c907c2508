#!/usr/bin/env python3
"""The step as a dense framework would do it: NumPy, float32, every product a BLAS call.

The baseline that event-driven backends are held against. Written from the equations of the model alone
(see csdp.backend.reference.ReferenceBackend) and first checked against recorded runs of the released code:

    dense_numpy.py --check TRACE.npz..                     spikes and weights must agree; exit code 1 if not
    dense_numpy.py --hidden 3000,600 --batch 500           times training and inference steps
        [--images X.npy --labels Y.npy] [--steps T] [--warmup K] [--json FILE]

Images are positives only, rows in [0,1]; each gets a negative with a wrong label. Without images they are
blobs. Buffers are allocated once and written in place; (1-a)^T s is column sums less a^T s, as any careful
user would write it. Needs NumPy and nothing else.
"""
import argparse
import json
import os
import sys
import time

import numpy as np

F = np.float32
BETA1, BETA2, EPSILON = F(0.9), F(0.999), F(1e-8)
GAIN1, GAIN2 = F(0.1), F(0.001)
THRESHOLD_FLOOR = F(0.025)
DEFAULTS = dict(T=50, dt=3, tau_m=100, tau_tr=13, R_m=0.1, inh_R=0.01, rho_b=0.001, goodness_threshold=10)


def rates(batch):
    """Learning rate and weight decay of a raw batch size."""
    for least, eta, decay in ((200, 2e-3, 5e-5), (100, 1e-3, 6e-5), (50, 1e-3, 7e-5), (20, 75e-5, 8e-5), (10, 55e-5, 9e-5)):
        if batch >= least:
            return eta, decay
    return 4e-4, 1e-4


class Synapse:
    """A row of the network's table, with its weights and Adam's moments."""

    def __init__(self, name, pre, post, scale, rate, lower, hollow, error, w):
        self.name, self.pre, self.post = name, pre, post
        self.scale, self.rate = F(scale), F(rate)  # of the current, signed; R_S of the update
        self.lower, self.hollow, self.error = F(lower), hollow, error
        self.w = np.array(w, F)
        self.m, self.v = np.zeros_like(self.w), np.zeros_like(self.w)
        self.u, self.t = np.empty_like(self.w), np.empty_like(self.w)  # scratch


class Dense:
    def __init__(self, hidden, supervised, reconstruct, weights, thresholds, c):
        self.c, self.supervised, self.hidden = c, supervised, len(hidden)
        self.thresholds = {k: np.asarray(v, F) for k, v in thresholds.items()}
        self.k = 0
        last, context = len(hidden), "z%d" % (len(hidden) + 1)
        rm, ri = c["R_m"], c["inh_R"]
        self.synapses = []

        def add(name, pre, post, scale, rate, lower=-1, hollow=False, error=False):
            self.synapses.append(Synapse(name, pre, post, scale, rate, lower, hollow, error, weights[name]))

        for l in range(1, last + 1):
            z = "z%d" % l
            add("W%d" % l, "z%d" % (l - 1), z, rm, rm)
            if l < last:
                add("V%d" % (l + 1), "z%d" % (l + 1), z, rm, rm)
            add("M%d" % l, z, z, -ri, ri, lower=0, hollow=True)
            if supervised:
                add("V%dy" % (l + 1), context, z, rm, rm)
        for l in range(1, last + 1):
            add("C%d" % (l + 1), "z%d" % l, "zy", 1, rm, error=True)
        if reconstruct:
            add("R1", "z1", "zR", 1, rm, error=True)
        self.context = context
        self.hiddens = ["z%d" % l for l in range(1, last + 1)]
        self.fed = self.hiddens + ["zy"]  # by spikes of t-1
        self.all = self.fed + (["zR"] if reconstruct else [])

    def rest(self, n, inputs, classes, positives):
        self.n, self.positives = n, positives
        size = {k: len(self.thresholds[k]) for k in self.all}
        self.v = {k: np.zeros((n, size[k]), F) for k in self.all}
        self.z = {k: np.zeros((n, size[k]), F) for k in self.all}
        self.thr = {k: np.tile(self.thresholds[k], (n, 1)) for k in self.all}
        self.s = {k: np.zeros((n, size[k]), F) for k in self.all}
        self.s["z0"], self.s[self.context] = np.zeros((n, inputs), F), np.zeros((n, classes), F)
        self.d = {}

    def current(self, post, spikes):
        j = None
        for k in self.synapses:
            if k.post == post:
                part = spikes[k.pre] @ k.w
                if k.scale != 1:
                    part *= k.scale
                j = part if j is None else np.add(j, part, out=j)
        return j

    def integrate(self, p, j):
        c, v = self.c, self.v[p]
        j -= v
        j *= F(1.0 / c["tau_m"])
        j *= F(c["dt"])
        v += j
        spike = v > self.thr[p]
        s = spike.astype(F)
        v[spike] = 0
        if p != "zR":
            move = F(c["rho_b"]) * (s.sum(axis=1, keepdims=True, dtype=F) - F(1))
            self.thr[p] += move
            np.maximum(self.thr[p], THRESHOLD_FLOOR, out=self.thr[p])
        z = self.z[p]
        z *= F(1.0 - c["dt"] / c["tau_tr"])
        z[spike] = 1
        return s

    def step(self, s0, y, learn):
        """One step; s0 are this step's input spikes, y the clamped context, both N x units."""
        c, n, plus = self.c, self.n, self.positives
        old = self.s
        j = {p: self.current(p, old) for p in self.fed}
        new = {"z0": s0, self.context: y}
        for p in self.fed:
            new[p] = self.integrate(p, j[p])
        if "zR" in self.all:
            new["zR"] = self.integrate("zR", self.current("zR", new))
        self.s = new
        if not learn:
            return
        for p in self.hiddens:
            z = self.z[p]
            g = np.einsum("ij,ij->i", z, z)
            factor = 1 / (1 + np.exp(-(g - F(c["goodness_threshold"])).astype(float)))
            factor[:plus] -= 1
            self.d[p] = z * (2 * factor / n).astype(F)[:, None]
        self.d["zy"] = F(2) * (y[:plus] - self.z["zy"][:plus]) / F(plus)
        if "zR" in self.all:
            self.d["zR"] = F(2) * (s0[:plus] - new["zR"][:plus]) / F(plus)
        self.k += 1
        # The betas are rounded to float32 before they are raised to a power, as in the released code.
        rate = F(c["eta"]) / (F(1) - F(float(BETA1) ** self.k))
        bias2 = F(1) / (F(1) - F(float(BETA2) ** self.k))
        for k in self.synapses:
            a = (new if k.post == "zR" else old)[k.pre]
            self.learn(k, a, new[k.post], rate, bias2)

    def learn(self, k, a, s, rate, bias2):
        u, t, d = k.u, k.t, self.d[k.post]
        if k.error:
            a = a[: self.positives]
        np.matmul(a.T, k.rate * d, out=u)
        if k.error:
            np.abs(k.w, out=t)
            np.subtract(F(1), t, out=t)
            u *= t
            np.negative(u, out=u)
        k.m *= BETA1
        np.multiply(u, GAIN1, out=t)
        k.m += t
        k.v *= BETA2
        u *= u
        u *= GAIN2
        k.v += u
        np.multiply(k.v, bias2, out=u)
        np.sqrt(u, out=u)
        u += EPSILON
        np.multiply(k.m, rate, out=t)
        t /= u
        k.w -= t
        if not k.error:
            np.matmul(a.T, s, out=u)  # exact: small integers
            np.subtract(s.sum(axis=0, dtype=F), u, out=u)
            u *= F(self.c["w_decay"])
            k.w -= u
        np.clip(k.w, k.lower, F(1), out=k.w)
        if k.hollow:
            np.fill_diagonal(k.w, 0)


def constants(meta, batch):
    c = dict(DEFAULTS)
    c["eta"], c["w_decay"] = rates(batch)
    c.update({k: meta[k] for k in list(c) if k in meta})
    c["T"] = int(c["T"])
    return c


def check(file):
    """Replays a recorded run with its own input spikes; returns what came out."""
    trace = np.load(file)
    meta = {k[5:]: trace[k].item() for k in trace.files if k.startswith("meta/")}
    init = {k[5:]: trace[k] for k in trace.files if k.startswith("init/")}
    weights = {k: v for k, v in init.items() if v.ndim == 2}
    hidden = []
    while "W%d" % (len(hidden) + 1) in weights:
        hidden.append(weights["W%d" % (len(hidden) + 1)].shape[1])
    net = Dense(hidden, bool(meta.get("supervised", "V2y" in init)), "R1" in init, weights,
                {k[:-4]: v for k, v in init.items() if k.endswith("_thr")},
                constants(meta, int(meta.get("batch", 500))))
    compared = differing = 0
    worst = {"weights": 0.0, "moments": 0.0}

    def far(group, name, actual):
        if name in trace:
            gap = np.abs(trace[name].astype(float) - actual).max()
            worst[group] = float("inf") if gap != gap else max(worst[group], float(gap))

    def window(prefix, learn):
        nonlocal compared, differing
        s0 = trace[prefix + "s0"]
        n, y = s0.shape[1], trace[prefix + "y"].astype(F)
        if not learn:
            y = np.zeros_like(y)
        mark = trace[prefix + "positive"] if prefix + "positive" in trace else np.ones(n)
        net.rest(n, s0.shape[2], y.shape[1], int(mark.sum()))
        recorded = {p: trace[prefix + "s_" + p] for p in net.all if prefix + "s_" + p in trace}
        for t in range(net.c["T"]):
            net.step(s0[t].astype(F), y, learn)
            for p, s in recorded.items():
                compared += s[t].size
                differing += int((s[t] != net.s[p]).sum())
            if learn:
                for k in net.synapses:
                    far("weights", "weights/%04d/%s" % (net.k, k.name), k.w)

    b = 0
    while "train/%d/s0" % b in trace:
        window("train/%d/" % b, True)
        b += 1
    for k in net.synapses:
        far("weights", "final/" + k.name, k.w)
        far("moments", "final/%s_m" % k.name, k.m)
        far("moments", "final/%s_v" % k.name, k.v)
    if "eval/s0" in trace:
        window("eval/", False)
    passed = compared > 0 and differing <= 1e-5 * compared and all(v <= 1e-4 for v in worst.values())
    finite = {k: v if np.isfinite(v) else None for k, v in worst.items()}
    return dict(trace=file, passed=bool(passed), spikes_compared=compared, spikes_differing=differing, **finite)


def random_network(inputs, hidden, classes, supervised, c, rng):
    sizes = [inputs] + hidden
    context = classes
    w = {}
    for l in range(1, len(hidden) + 1):
        w["W%d" % l] = (sizes[l - 1], sizes[l])
        if l < len(hidden):
            w["V%d" % (l + 1)] = (sizes[l + 1], sizes[l])
        w["M%d" % l] = (sizes[l], sizes[l])
        w["V%dy" % (l + 1)] = (context, sizes[l])
        w["C%d" % (l + 1)] = (sizes[l], classes)
    w["R1"] = (hidden[0], inputs)
    weights = {k: rng.uniform(-1, 1, shape).astype(F) for k, shape in w.items()}
    units = {"z%d" % l: sizes[l] for l in range(1, len(sizes))}
    units.update(zy=classes, zR=inputs)
    thr = {k: (0.055 + rng.uniform(-0.025, 0.025, u)).astype(F) for k, u in units.items()}
    return Dense(hidden, supervised, True, weights, thr, c)


def blobs(count, inputs, rng):
    """Images of about the brightness of digits: a few bright strokes on black."""
    side = max(2, int(np.sqrt(inputs)))
    y, x = np.mgrid[0:side, 0:side] / side
    images = np.zeros((count, inputs), F)
    for i in range(count):
        image = np.zeros((side, side))
        for _ in range(4):
            cx, cy = rng.uniform(0.2, 0.8, 2)
            image += np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 0.01)
        images[i, : side * side] = np.clip(image, 0, 1).ravel()
    return images


def measure(a):
    rng = np.random.default_rng(a.seed)
    hidden = [int(h) for h in a.hidden.split(",")]
    c = constants({}, a.batch)
    c["T"] = a.window
    x = np.load(a.images).astype(F) if a.images else blobs(a.batch, a.inputs, rng)
    labels = np.load(a.labels).astype(int).ravel() if a.labels else rng.integers(0, a.classes, len(x))
    if len(x) < a.batch or len(labels) != len(x) or not (x.min() >= 0 and x.max() <= 1):
        raise SystemExit("dense_numpy: %d images and %d labels for batches of %d, or values outside 0..1"
                         % (len(x), len(labels), a.batch))
    net = random_network(x.shape[1], hidden, a.classes, not a.unsupervised, c, rng)
    spikes = {}

    def run(steps, learn):
        """Step times in us, over as many windows as it takes, each with other images."""
        times = []
        while len(times) < steps:
            pick = rng.permutation(len(x))[: a.batch]
            image, label = x[pick], labels[pick]
            y = np.zeros((a.batch, a.classes), F)
            if learn:  # positives, then the same images with a wrong label
                wrong = (label + 1 + rng.integers(0, a.classes - 1, a.batch)) % a.classes
                y = np.eye(a.classes, dtype=F)[np.concatenate([label, wrong])]
                image = np.concatenate([image, image])
            net.rest(len(image), x.shape[1], a.classes, a.batch)
            for _ in range(min(a.window, steps - len(times))):
                start = time.perf_counter()
                s0 = (rng.random(image.shape, dtype=F) < image).astype(F)
                net.step(s0, y, learn)
                times.append((time.perf_counter() - start) * 1e6)
                for p in net.all + ["z0"]:
                    spikes.setdefault((learn, p), []).append(float(net.s[p].sum()) / len(image))
        return times

    def figures(times, samples, images, learn):
        q = np.percentile(times, [50, 10, 90])
        active = {p: float(np.mean(v[-len(times):])) for (l, p), v in spikes.items() if l == learn}
        return dict(us_per_step=q[0], p10=q[1], p90=q[2], steps=len(times), samples=samples,
                    images_per_s=images / (q[0] * 1e-6 * a.window), spikes_per_sample_and_step=active)

    run(a.warmup, True)
    training = figures(run(a.steps, True), 2 * a.batch, a.batch, True)
    run(min(a.warmup, 2), False)
    inference = figures(run(a.steps, False), a.batch, a.batch, False)
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return dict(peer="dense NumPy", numpy=np.__version__, blas="%s %s" % (blas.get("name"), blas.get("version")),
                threads=os.environ.get("OPENBLAS_NUM_THREADS") or os.environ.get("OMP_NUM_THREADS"),
                network="-".join(map(str, [x.shape[1]] + hidden + [a.classes])), batch=a.batch,
                training=training, inference=inference)


def main():
    p = argparse.ArgumentParser(description="dense NumPy baseline", allow_abbrev=False)
    p.add_argument("--check", nargs="+", metavar="TRACE.npz")
    p.add_argument("--hidden", default="3000,600")
    p.add_argument("--batch", type=int, default=500, help="positives; as many negatives join them in training")
    p.add_argument("--window", type=int, default=50, help="time steps of a window (T)")
    p.add_argument("--steps", type=int, default=20, help="timed steps")
    p.add_argument("--warmup", type=int, default=15, help="training steps before")
    p.add_argument("--inputs", type=int, default=784)
    p.add_argument("--classes", type=int, default=10)
    p.add_argument("--unsupervised", action="store_true")
    p.add_argument("--images", metavar="X.npy")
    p.add_argument("--labels", metavar="Y.npy")
    p.add_argument("--seed", type=int, default=1234)
    p.add_argument("--json", metavar="FILE")
    a = p.parse_args()
    result = {"checks": [check(f) for f in a.check]} if a.check else measure(a)
    text = json.dumps(result, indent=2, allow_nan=False)
    if a.json:
        with open(a.json, "w") as out:
            out.write(text + "\n")
    print(text)
    return 0 if all(r["passed"] for r in result.get("checks", [])) else 1


if __name__ == "__main__":
    sys.exit(main())
