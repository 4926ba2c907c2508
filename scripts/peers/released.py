#!/usr/bin/env python3
"""Times the author's released code from the user's checkout; none of it is part of this project.

    released.py --code FOLDER --data MNIST [--device cpu|0] [--batch 500] [--hidden 3000,600] [--json FILE]

FOLDER is github.com/ago109/contrastive-signal-dependent-plasticity; nothing is written to it. python must have ngc-learn
1.2b3 and ngcsimlib 0.3b4 (which need setuptools < 81) and JAX: requirements.txt asks for 0.4.28, and 0.10.2 runs it too.
Whole calls of its Model.process with plasticity are timed, each with other images, until weights and outputs are there.
The first two windows are slower, as functions are compiled in both: --warmup is at least 2.
"""
import os
import sys
import tempfile
import time

import numpy as np

import peer
from peer import Unusable


DURATION = """how long it takes: on 2 CPU cores about a minute for each of the --warmup and --windows of the default size,
and a minute to compile, so --warmup 2 --windows 3 is a sensible run there. Progress is shown every few seconds."""


class Net:
    """The released model behind the same window as every peer."""

    def __init__(self, jax, model, steps, key):
        self.jax, self.model, self.steps, self.key = jax, model, steps, key

    def train(self, x, y, positives):
        jnp = self.jax.numpy
        self.key, key = self.jax.random.split(self.key)
        # It draws its own wrong labels.
        _, count, rate1, rate2, _, _ = self.jax.block_until_ready(self.model.process(
            jnp.asarray(x), jnp.asarray(y[:positives]), dkey=key, adapt_synapses=True, collect_rate_codes=True))
        parts = [c for c in vars(self.model).values() if hasattr(c, "weights")]
        self.jax.block_until_ready([c.weights.value for c in parts])
        # Its rates are divided by T + 1.
        whole = lambda a: float(np.asarray(a, float).sum())
        return dict(z1=whole(rate1) * (self.steps + 1), z2=whole(rate2) * (self.steps + 1), zy=whole(count))


def main():
    p = peer.arguments(__doc__, DURATION)
    p.add_argument("--code", required=True, metavar="FOLDER")
    a = p.parse_args()
    if not a.data:
        raise Unusable(2, "--data DIR is missing")
    if a.trace:
        raise Unusable(2, "--trace: the released code draws its own spikes, so it cannot replay a run")
    if a.warmup < 2:
        raise Unusable(2, "--warmup %d: the first two windows of the released code are slower, so give 2 or more" % a.warmup)
    if len(a.hidden) != 2:
        raise Unusable(2, "the released code has two hidden layers")
    peer.released(a.code)
    peer.writable(a.json)
    x, labels = peer.images(a)
    if a.device == "cpu":
        os.environ["JAX_PLATFORMS"] = "cpu"
    else:
        os.environ["CUDA_VISIBLE_DEVICES"] = a.device
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    code, json = os.path.abspath(a.code), a.json and os.path.abspath(a.json)
    home = os.getcwd()
    with tempfile.TemporaryDirectory() as work:
        try:
            enter(work, code)
            return time_model(a, x, labels, json)
        finally:
            os.chdir(home)


def enter(work, code):
    """Goes to a folder of our own, laid out as the released code expects the current folder to be.

    It reads json_files/, logs to logging/ and does not create that, and its makedir takes relative paths only."""
    os.symlink(os.path.join(code, "json_files"), os.path.join(work, "json_files"))
    os.mkdir(os.path.join(work, "logging"))
    os.chdir(work)
    sys.path.insert(0, code)
    sys.dont_write_bytecode = True


def time_model(a, x, labels, json):
    """Times every batch size, each with a fresh model; returns the exit code."""
    try:
        import jax
        from csdp_model import CSDP_SNN
        from importlib.metadata import version
        device = jax.devices("cpu" if a.device == "cpu" else "cuda")[0]
        framework = "released code, ngc-learn %s, JAX %s" % (version("ngclearn"), jax.__version__)
    except (ImportError, RuntimeError) as e:
        raise Unusable(3, "the released code does not run with %s: %s" % (sys.executable, str(e).split("\n")[0]))
    result = dict(framework=framework, device="cpu" if a.device == "cpu" else device.device_kind, variant="as released",
                  checks=[], training=[])
    for batch in a.batch:
        network = peer.Network(x.shape[1], a.hidden, 10, True, True, peer.constants(dict(T=a.steps), batch))
        keys = jax.random.split(jax.random.PRNGKey(a.seed))
        model = CSDP_SNN(keys[0], in_dim=network.inputs, out_dim=network.classes, hid_dim=a.hidden[0], hid_dim2=a.hidden[1],
                         batch_size=batch, eta_w=0.002, T=a.steps, dt=3., algo_type="supervised",
                         exp_dir="exp%d" % batch, learn_recon=True)
        batches = peer.Batches(x, labels, network.classes, batch, a.seed)
        start = time.monotonic()
        r = peer.measure(Net(jax, model, a.steps, keys[1]), network, batches, a.windows, a.warmup)
        result["training"].append(r)
        print("released code, B %d: %.1f us a step (%d windows in %.0f s)" % (
            batch, r["us_per_step"], a.windows, time.monotonic() - start), flush=True)
        peer.write(json, result)
    return 0


if __name__ == "__main__":
    peer.main(main)
