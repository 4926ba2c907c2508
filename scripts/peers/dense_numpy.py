#!/usr/bin/env python3
"""The step as a dense framework would do it: NumPy, float32, every product a BLAS call.

The dense baseline for event-driven backends. Written independently of the Java code, from the model's equations
(csdp.model), and compared with recorded runs of the released code:

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

import peer
from peer import BETA1, BETA2, EPSILON, F, GAIN1, GAIN2, Network, THRESHOLD_FLOOR


DURATION = """how long it takes: on 2 CPU cores a step of the default size takes about a second, so the default of 15 + 20
training steps, and inference, a minute. Progress is shown every few seconds."""


class Synapse:
    """A row of the network's table, with its weights and Adam's moments."""

    def __init__(self, row, w):
        self.row = row
        self.w = np.array(w, F)
        self.m, self.v = np.zeros_like(self.w), np.zeros_like(self.w)
        self.u, self.t = np.empty_like(self.w), np.empty_like(self.w)  # scratch


class Dense:
    def __init__(self, network, weights, thresholds):
        self.network, self.c, self.thresholds = network, network.c, thresholds
        self.all, self.fed, self.context = network.integrating, network.fed, network.context
        self.synapses = [Synapse(r, weights[r.name]) for r in network.rows]
        self.k = 0

    def rest(self, n, positives):
        self.n, self.positives = n, positives
        size = self.network.units
        self.v = {k: np.zeros((n, size[k]), F) for k in self.all}
        self.z = {k: np.zeros((n, size[k]), F) for k in self.all}
        self.thr = {k: np.tile(self.thresholds[k], (n, 1)) for k in self.all}
        self.s = {k: np.zeros((n, size[k]), F) for k in self.all}
        self.s.update({k: np.zeros((n, size[k]), F) for k in ("z0", self.context)})
        self.d = {}
        self.first, self.corrections = self.k, self.network.corrections(self.k + 1)

    def current(self, post, spikes):
        j = None
        for k in self.synapses:
            if k.row.post == post:
                part = spikes[k.row.pre] @ k.w
                if k.row.scale != 1:
                    part *= k.row.scale
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
        for p in self.network.hiddens:
            z = self.z[p]
            g = np.einsum("ij,ij->i", z, z)
            factor = 1 / (1 + np.exp(-(g - F(c["goodness_threshold"])).astype(float)))
            factor[:plus] -= 1
            self.d[p] = z * (2 * factor / n).astype(F)[:, None]
        self.d["zy"] = F(2) * (y[:plus] - self.z["zy"][:plus]) / F(plus)
        if "zR" in self.all:
            self.d["zR"] = F(2) * (s0[:plus] - new["zR"][:plus]) / F(plus)
        rate, bias2 = self.corrections[self.k - self.first]
        self.k += 1
        for k in self.synapses:
            a = (new if k.row.post == "zR" else old)[k.row.pre]
            self.learn(k, a, new[k.row.post], rate, bias2)

    def learn(self, k, a, s, rate, bias2):
        u, t, d, row = k.u, k.t, self.d[k.row.post], k.row
        if row.error:
            a = a[: self.positives]
        np.matmul(a.T, row.rate * d, out=u)
        if row.error:
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
        if not row.error:
            np.matmul(a.T, s, out=u)  # exact: small integers
            np.subtract(s.sum(axis=0, dtype=F), u, out=u)
            u *= F(self.c["w_decay"])
            k.w -= u
        np.clip(k.w, row.lower, F(1), out=k.w)
        if row.hollow:
            np.fill_diagonal(k.w, 0)


    def replay(self, s0, y, positives, learn):
        self.rest(len(y), positives)
        seen, reconstruction = {p: [] for p in self.all}, 0
        for drawn in s0:
            self.step(drawn.astype(F), y, learn)
            for p in self.all:
                seen[p].append(self.s[p])
            if self.network.reconstruct:
                reconstruction = reconstruction + self.z["zR"]
        return {p: np.stack(s) for p, s in seen.items()}, reconstruction if self.network.reconstruct else None

    def state(self):
        return {k.row.name: (k.w, k.m, k.v) for k in self.synapses}


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


def blas():
    """Name and version of NumPy's BLAS; None before NumPy 1.26, which cannot name it."""
    try:
        used = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
        return "%s %s" % (used.get("name"), used.get("version"))
    except TypeError:
        return None


def measure(a):
    rng = np.random.default_rng(a.seed)
    hidden = [int(h) for h in a.hidden.split(",")]
    c = peer.constants(dict(T=a.window), a.batch)
    x = np.load(a.images).astype(F) if a.images else blobs(a.batch, a.inputs, rng)
    labels = np.load(a.labels).astype(int).ravel() if a.labels else rng.integers(0, a.classes, len(x))
    if len(x) < a.batch or len(labels) != len(x) or not (x.min() >= 0 and x.max() <= 1):
        raise SystemExit("dense_numpy: %d images and %d labels for batches of %d, or values outside 0..1"
                         % (len(x), len(labels), a.batch))
    network = Network(x.shape[1], hidden, a.classes, not a.unsupervised, True, c)
    net = Dense(network, *network.random(a.seed))
    spikes = {}
    before = min(a.warmup, 2)  # inference steps, to warm up
    progress = peer.Progress(a.warmup + 2 * a.steps + before, "step")

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
            net.rest(len(image), a.batch)
            for _ in range(min(a.window, steps - len(times))):
                start = time.perf_counter()
                s0 = (rng.random(image.shape, dtype=F) < image).astype(F)
                net.step(s0, y, learn)
                times.append((time.perf_counter() - start) * 1e6)
                progress.advance(times[-1], times[-1])
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
    run(before, False)
    inference = figures(run(a.steps, False), a.batch, a.batch, False)
    return dict(peer="dense NumPy", numpy=np.__version__, blas=blas(),
                threads=os.environ.get("OPENBLAS_NUM_THREADS") or os.environ.get("OMP_NUM_THREADS"),
                network=str(network), batch=a.batch,
                training=training, inference=inference)


def main():
    p = argparse.ArgumentParser(description=__doc__, epilog=DURATION, allow_abbrev=False,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
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
    result = {"checks": [peer.check(f, Dense) for f in a.check]} if a.check else measure(a)
    text = json.dumps(result, indent=2, allow_nan=False)
    if a.json:
        with open(a.json, "w") as out:
            out.write(text + "\n")
    print(text)
    return 0 if all(r["passed"] for r in result.get("checks", [])) else 1


if __name__ == "__main__":
    peer.main(main)
