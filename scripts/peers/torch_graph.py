#!/usr/bin/env python3
"""The model in PyTorch as a careful user would write it by hand: static tensors changed in place, the T steps of a
window captured once in a CUDA graph and replayed, Adam by torch.optim's fused kernel; products of spikes with spikes,
which are whole numbers up to N, in half precision on a GPU while N <= 2048, where they are exact. With --compile
torch.compile fuses a step first, with Adam written out. On the CPU the same steps run one after the other.

    torch_graph.py --trace TRACE.npz|FOLDER..                     recorded runs: exit code 1 if they differ
    torch_graph.py --data MNIST [--batch 500,100] [--json FILE]   times whole training windows
both with --device cpu|0|1.., --compile (a minute or more to compile, anew for every network and batch size), and --precision float32|tf32 of the other products. tf32 is not the author's
model to the spike, so it is timed whatever --trace says. PyTorch 1.13 (Debian's python3-torch) will do; --compile needs
2.1, and Adam is fused on the CPU from 2.4: where it is not, the result says "unfused Adam". Debian's PyTorch multiplies by
the BLAS that is installed: "reference BLAS" in the result asks for libopenblas0, which is many times faster.
"""
import sys

import numpy as np

import peer
from peer import Unusable

HALF_COUNTS = 2048  # whole numbers that half precision holds
BETA1, BETA2, EPSILON, GAIN1, GAIN2, FLOOR = map(float, (
    peer.BETA1, peer.BETA2, peer.EPSILON, peer.GAIN1, peer.GAIN2, peer.THRESHOLD_FLOOR))


class Peer:
    def __init__(self, device, precision, compiled):
        try:
            import torch
        except ImportError as e:
            raise Unusable(3, "PyTorch is not installed for %s: %s" % (sys.executable, e))
        self.torch, self.gpu, self.compiled = torch, device != "cpu", compiled
        if self.gpu and not (device.isdigit() and int(device) < torch.cuda.device_count()):
            raise Unusable(3, "PyTorch %s has no device %s here" % (torch.__version__, device))
        if not self.gpu and precision != "float32":
            raise Unusable(2, "--precision %s is a GPU's" % precision)
        if compiled and not hasattr(torch, "compiler"):
            raise Unusable(3, "--compile needs PyTorch 2.1 or newer, this is %s" % torch.__version__)
        self.where = torch.device("cuda:" + device if self.gpu else "cpu")
        if self.gpu:
            torch.cuda.set_device(self.where)
        torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
        torch.set_grad_enabled(False)
        self.framework = "PyTorch " + torch.__version__
        self.device = torch.cuda.get_device_name(self.where) if self.gpu else "cpu"
        self.fused = compiled or self.fuses_adam()
        how = (["CUDA graph"] if self.gpu else []) + (["compile"] if compiled else [])
        self.variant = ", ".join((how or ["eager"]) + ([] if self.fused else ["unfused Adam"])
                                 + (["reference BLAS"] if self.reference_blas() else []) + [precision])

    def reference_blas(self):
        """Whether products on the CPU use Debian's reference BLAS, which is too slow for a fair comparison."""
        if self.gpu or "BLAS_INFO=generic" not in self.torch.__config__.show():
            return False
        with open("/proc/self/maps") as loaded:
            return any("/blas/libblas.so" in line for line in loaded)

    def fuses_adam(self):
        """Whether this PyTorch has a fused Adam for the device: there is no other way to ask."""
        try:
            self.torch.optim.Adam([self.torch.zeros(1, device=self.where)], fused=True)
            return True
        except RuntimeError:  # "requires all the params to be CUDA"
            return False

    def __call__(self, network, weights, thresholds):
        return Net(self, network, weights, thresholds)


class Net:
    def __init__(self, p, network, weights, thresholds):
        torch = self.torch = p.torch
        self.network, self.gpu, self.where, self.compiled, self.fused = network, p.gpu, p.where, p.compiled, p.fused
        self.rows = [k._replace(scale=float(k.scale), rate=float(k.rate), lower=float(k.lower)) for k in network.rows]
        put = lambda a: torch.tensor(a, device=p.where)
        self.w = {k: put(w) for k, w in weights.items()}
        self.m = {k: torch.zeros_like(w) for k, w in self.w.items()}
        self.v = {k: torch.zeros_like(w) for k, w in self.w.items()}
        self.thresholds = {k: put(t) for k, t in thresholds.items()}
        self.corrections = torch.zeros(network.c["T"], 2, device=p.where)
        self.k = 0
        self.windows = {}
        if p.compiled:
            torch.compiler.reset()  # or it counts other networks' steps among the variants of this one
            self.step = torch.compile(self.plain_step, dynamic=False, fullgraph=True)
        else:
            self.step = self.plain_step
            self.adam()
        torch.manual_seed(1234)

    def adam(self):
        """torch.optim's Adam over all synapses at once, its state being ours.

        Its moments grow by 1 - beta, the model's by 0.1 and 0.001, though both correct by the rounded betas. The moments
        are thereby larger by constant factors, which step size and epsilon take out again."""
        torch, params = self.torch, list(self.w.values())
        for w in params:
            w.grad = torch.zeros_like(w)
        first, root = (1 - BETA1) / GAIN1, ((1 - BETA2) / GAIN2) ** 0.5
        self.optimiser = torch.optim.Adam(params, lr=self.network.c["eta"] * root / first, betas=(BETA1, BETA2),
                                          eps=EPSILON * root, fused=self.fused, capturable=self.gpu)
        for name, w in self.w.items():
            self.optimiser.state[w] = dict(step=torch.zeros((), device=self.where), exp_avg=self.m[name], exp_avg_sq=self.v[name])

    def counts(self, a, s):
        """Coincidences: of zeros and ones, so exact in half precision while they fit."""
        if self.gpu and a.shape[0] <= HALF_COUNTS:
            return self.torch.mm(a.half().T, s.half())
        return self.torch.mm(a.T, s)

    def current(self, p, s):
        j = None
        for k in [k for k in self.rows if k.post == p]:
            if j is None:
                j = self.torch.mm(s[k.pre], self.w[k.name])
                j = j if k.scale == 1 else j * k.scale
            else:
                j = self.torch.addmm(j, s[k.pre], self.w[k.name], alpha=k.scale)
        return j

    def integrate(self, p, j, b):
        c = self.network.c
        v, thr, z = b["v"][p], b["thr"][p], b["z"][p]
        v.add_((j - v) * (1 / c["tau_m"]), alpha=c["dt"])
        spike = v > thr
        s = spike.float()
        v.masked_fill_(spike, 0)
        total = s.sum(dim=1, keepdim=True)
        if p != "zR":
            thr.add_(total - 1, alpha=c["rho_b"]).clamp_(min=FLOOR)
        z.mul_(1 - c["dt"] / c["tau_tr"]).masked_fill_(spike, 1)
        b["fired"][p].add_(total[:, 0])
        return s

    def signals(self, s, b, positives):
        """Learning signals: modulators of the hidden layers, errors of head and reconstruction."""
        net, torch, d = self.network, self.torch, {}
        for p in net.hiddens:
            z = b["z"][p]
            factor = torch.sigmoid(z.square().sum(dim=1, keepdim=True) - net.c["goodness_threshold"])
            d[p] = z * ((factor - b["positive"]) * (2 / z.shape[0]))
        d["zy"] = (s[net.context][:positives] - b["z"]["zy"][:positives]) * (2 / positives)
        if net.reconstruct:
            d["zR"] = (s["z0"][:positives] - s["zR"][:positives]) * (2 / positives)
        return d

    def plain_step(self, old, drawn, rate, bias2, b, positives, learn):
        """One step. drawn: uniform numbers, which are spikes where below the image; or the recorded spikes."""
        net, torch = self.network, self.torch
        s0 = drawn if "s0" in b else (drawn < b["x"]).float()
        new = {"z0": s0, net.context: b["y"].clone()}
        b["fired"]["z0"].add_(s0.sum(dim=1))
        currents = {p: self.current(p, old) for p in net.fed}
        for p in net.integrating:
            new[p] = self.integrate(p, currents[p] if p in currents else self.current(p, new), b)
        if net.reconstruct:
            b["reconstruction"].add_(b["z"]["zR"])
        if not learn:
            return new
        d = self.signals(new, b, positives)
        scaled = {(k.post, k.rate): d[k.post] * k.rate for k in self.rows}
        before = {k.name: (new if k.post == "zR" else old)[k.pre] for k in self.rows}
        for k in self.rows:
            a, w = before[k.name], self.w[k.name]
            u = torch.mm((a[:positives] if k.error else a).T, scaled[k.post, k.rate])
            if k.error:
                u = u * (w.abs() - 1)
            if self.compiled:
                m, v = self.m[k.name], self.v[k.name]
                m.mul_(BETA1).add_(u * GAIN1)
                v.mul_(BETA2).add_(u * u * GAIN2)
                w.sub_(rate * m / ((v * bias2).sqrt() + EPSILON))
            else:
                w.grad.copy_(u)
        if not self.compiled:
            self.optimiser.step()
        for k in self.rows:
            w, s = self.w[k.name], new[k.post]
            if not k.error:
                w.sub_(s.sum(dim=0) - self.counts(before[k.name], s), alpha=net.c["w_decay"])
            w.clamp_(min=k.lower, max=1)
            if k.hollow:
                w.fill_diagonal_(0)
        return new

    def buffers(self, n, replayed):
        """Static tensors of a window of N samples."""
        net, zeros = self.network, lambda *shape: self.torch.zeros(*shape, device=self.where)
        b = {kind: {p: zeros(n, net.units[p]) for p in net.integrating} for kind in ("v", "thr", "z")}
        b["fired"] = {p: zeros(n) for p in net.integrating + ["z0"]}
        b.update(x=zeros(n, net.inputs), y=zeros(n, net.classes), positive=zeros(n, 1), reconstruction=zeros(n, net.inputs),
                 uniform=zeros(n, net.inputs), silent={p: zeros(n, u) for p, u in net.units.items()})
        if replayed:
            b["s0"] = zeros(net.c["T"], n, net.inputs)
            b["seen"] = {p: self.torch.zeros(net.c["T"], n, net.units[p], dtype=self.torch.uint8, device=self.where)
                         for p in net.integrating}
        return b

    def steps(self, b, positives, learn):
        """From rest, the T steps of a window."""
        net = self.network
        for p in net.integrating:
            b["v"][p].zero_()
            b["z"][p].zero_()
            b["thr"][p].copy_(self.thresholds[p].expand_as(b["thr"][p]))
        for f in b["fired"].values():
            f.zero_()
        b["reconstruction"].zero_()
        s = b["silent"]
        for t in range(net.c["T"]):
            drawn = b["s0"][t] if "s0" in b else b["uniform"].uniform_()
            s = self.step(s, drawn, self.corrections[t, 0], self.corrections[t, 1], b, positives, learn)
            for p, seen in b.get("seen", {}).items():
                seen[t].copy_(s[p])

    def window(self, n, positives, learn, replayed):
        """Buffers and runner of this kind of window; its graph is captured at first use."""
        key = n, positives, learn, replayed
        if key not in self.windows:
            b = self.buffers(n, replayed)
            b["positive"][:positives] = 1
            run = lambda: self.steps(b, positives, learn)
            if self.gpu:
                run = self.captured(run).replay
            self.windows[key] = b, run
        return self.windows[key]

    def captured(self, run):
        """Captures a graph. A warm-up run before it loads the kernels; its updates are undone."""
        torch = self.torch
        learned = [*self.w.values(), *self.m.values(), *self.v.values()]
        if not self.compiled:
            learned += [s["step"] for s in self.optimiser.state.values()]
        kept = [a.clone() for a in learned]
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            run()
        torch.cuda.current_stream().wait_stream(side)
        for a, was in zip(learned, kept):
            a.copy_(was)
        del kept
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            run()
        return graph

    def call(self, b, run, learn):
        self.corrections.copy_(self.torch.from_numpy(self.network.corrections(self.k + 1)))
        run()
        if self.gpu:
            self.torch.cuda.synchronize()
        self.k += self.network.c["T"] if learn else 0

    def replay(self, s0, y, positives, learn):
        b, run = self.window(len(y), positives, learn, True)
        b["s0"].copy_(self.torch.from_numpy(s0.astype(np.float32)))
        b["y"].copy_(self.torch.from_numpy(y))
        self.call(b, run, learn)
        reconstruction = b["reconstruction"].cpu().numpy() if self.network.reconstruct else None
        return {p: s.cpu().numpy() for p, s in b["seen"].items()}, reconstruction

    def train(self, x, y, positives):
        b, run = self.window(len(y), positives, True, False)
        b["x"][:positives].copy_(self.torch.from_numpy(x))
        b["x"][positives:].copy_(b["x"][:positives])
        b["y"].copy_(self.torch.from_numpy(y))
        self.call(b, run, True)
        return {p: f.sum(dtype=self.torch.float64).item() for p, f in b["fired"].items()}

    def state(self):
        return {k: tuple(a[k].cpu().numpy() for a in (self.w, self.m, self.v)) for k in self.w}


def main():
    p = peer.arguments(__doc__)
    p.add_argument("--precision", default="float32", choices=["float32", "tf32"])
    p.add_argument("--compile", action="store_true", help="torch.compile of a step")
    a = p.parse_args()
    return peer.run(a, Peer(a.device, a.precision, a.compile), must_pass=a.precision != "tf32")


if __name__ == "__main__":
    peer.main(main)
