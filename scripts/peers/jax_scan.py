#!/usr/bin/env python3
"""The model in JAX as a careful user would write it by hand: one jitted lax.scan over the T steps of a window, weights
and moments donated, so that they are updated in place; products of spikes with spikes, which are small whole numbers,
in half precision on a GPU, where they are exact.

    jax_scan.py --trace TRACE.npz|FOLDER..                        recorded runs: exit code 1 if they differ
    jax_scan.py --data MNIST [--batch 500,100] [--json FILE]      times whole training windows
both with --device cpu|0|1.. and --precision float32|tf32|tf32x3 of the other products. tf32 is JAX's default on a GPU;
its spikes differ from the author's, so it is timed even if --trace differs.
"""
import os
import sys

import peer
from peer import F, Unusable


class Peer:
    def __init__(self, device, precision):
        os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # the GPU is shared with whoever measures
        if device == "cpu":
            os.environ["JAX_PLATFORMS"] = "cpu"
        try:
            import jax
        except ImportError as e:
            raise Unusable(3, "JAX is not installed for %s: %s" % (sys.executable, e))
        try:
            found = jax.devices("cpu" if device == "cpu" else "cuda")
            self.where = found[0 if device == "cpu" else int(device)]
        except (RuntimeError, IndexError, ValueError) as e:
            raise Unusable(3, "JAX has no device %s: %s" % (device, str(e).splitlines()[0]))
        if device == "cpu" and precision != "float32":
            raise Unusable(2, "--precision %s is a GPU's" % precision)
        jax.config.update("jax_default_device", self.where)
        self.jax = jax
        self.gpu = device != "cpu"
        self.precision = dict(float32=jax.lax.Precision.HIGHEST, tf32="TF32_TF32_F32", tf32x3="TF32_TF32_F32_X3")[precision]
        self.framework = "JAX " + jax.__version__
        self.device = self.where.device_kind if self.gpu else "cpu"
        self.variant = "scan, " + precision

    def __call__(self, network, weights, thresholds):
        return Net(self, network, weights, thresholds)


class Net:
    def __init__(self, p, network, weights, thresholds):
        self.jax, self.network, self.gpu, self.precision = p.jax, network, p.gpu, p.precision
        jnp = p.jax.numpy
        self.synapses = {k: (jnp.array(w), jnp.zeros_like(w), jnp.zeros_like(w)) for k, w in weights.items()}
        self.thresholds = {k: jnp.array(t) for k, t in thresholds.items()}
        self.key = p.jax.random.key(1234, impl="rbg")
        self.k = 0
        fixed = ("positives", "learn", "replayed")
        self.window = p.jax.jit(self.window, donate_argnums=0, static_argnames=fixed)

    def dot(self, a, b):
        return self.jax.numpy.dot(a, b, precision=self.precision)

    def counts(self, a, s):
        """Coincidences: of zeros and ones, so exact in half precision with sums in float32."""
        jnp = self.jax.numpy
        if not self.gpu:
            return jnp.dot(a.T, s, precision=self.precision)
        a, s = a.astype(jnp.bfloat16), s.astype(jnp.bfloat16)
        return jnp.dot(a.T, s, precision=self.jax.lax.Precision.DEFAULT, preferred_element_type=F)

    def current(self, p, synapses, s):
        return sum(k.scale * self.dot(s[k.pre], synapses[k.name][0]) for k in self.network.into(p))

    def integrate(self, p, j, v, thr, z):
        c, jnp = self.network.c, self.jax.numpy
        v = v + ((j - v) * F(1 / c["tau_m"])) * F(c["dt"])
        spike = v > thr
        s = spike.astype(F)
        if p != "zR":
            thr = jnp.maximum(thr + F(c["rho_b"]) * (s.sum(axis=1, keepdims=True) - 1), peer.THRESHOLD_FLOOR)
        z = jnp.where(spike, F(1), z * F(1 - c["dt"] / c["tau_tr"]))
        return s, jnp.where(spike, F(0), v), thr, z

    def signals(self, s, z, positives):
        """Learning signals: modulators of the hidden layers, errors of head and reconstruction."""
        net, jnp = self.network, self.jax.numpy
        d = {}
        for p in net.hiddens:
            n = z[p].shape[0]
            goodness = (z[p] ** 2).sum(axis=1, keepdims=True)
            factor = self.jax.nn.sigmoid(goodness - F(net.c["goodness_threshold"]))
            d[p] = z[p] * (2 * (factor - (jnp.arange(n)[:, None] < positives)) / F(n))
        d["zy"] = 2 * (s[net.context][:positives] - z["zy"][:positives]) / F(positives)
        if net.reconstruct:
            d["zR"] = 2 * (s["z0"][:positives] - s["zR"][:positives]) / F(positives)
        return d

    def learn(self, k, synapse, a, s, d, rate, bias2, positives):
        w, m, v = synapse
        jnp = self.jax.numpy
        u = self.dot((a[:positives] if k.error else a).T, k.rate * d)
        if k.error:
            u = -u * (1 - jnp.abs(w))
        m = m * peer.BETA1 + peer.GAIN1 * u
        v = v * peer.BETA2 + peer.GAIN2 * u * u
        w = w - rate * m / (jnp.sqrt(v * bias2) + peer.EPSILON)
        if not k.error:
            w = w - F(self.network.c["w_decay"]) * (s.sum(axis=0) - self.counts(a, s))
        w = jnp.clip(w, k.lower, 1)
        if k.hollow:
            w = jnp.where(jnp.eye(w.shape[0], dtype=bool), F(0), w)
        return w, m, v

    def window(self, synapses, thresholds, x, y, corrections, key, positives, learn, replayed):
        """T steps. x: recorded spikes, T x N x pixels, or the images of the positives and then, again, of the negatives."""
        net, jax = self.network, self.jax
        jnp, n, steps = jax.numpy, y.shape[0], net.c["T"]
        if replayed:
            drawn = x
        else:
            drawn = jax.random.split(key, steps)
            x = jnp.concatenate([x, x]) if learn else x
        zeros = {p: jnp.zeros((n, u), F) for p, u in net.units.items() if p in net.integrating or p in ("z0", net.context)}
        state = {p: (zeros[p], jnp.tile(thresholds[p], (n, 1)), zeros[p]) for p in net.integrating}
        fired = {p: jnp.zeros(n, F) for p in net.integrating + ["z0"]}
        reconstruction = zeros.get("zR")

        def step(carry, at):
            synapses, state, old, fired, reconstruction = carry
            (rate, bias2), draw = at
            s0 = draw.astype(F) if replayed else (jax.random.uniform(draw, x.shape) < x).astype(F)
            new, state = {"z0": s0, net.context: y}, dict(state)
            currents = {p: self.current(p, synapses, old) for p in net.fed}
            for p in net.integrating:
                j = currents[p] if p in currents else self.current(p, synapses, new)
                new[p], *state[p] = self.integrate(p, j, *state[p])
                state[p] = tuple(state[p])
            z = {p: state[p][2] for p in net.integrating}
            if learn:
                d = self.signals(new, z, positives)
                synapses = {k.name: self.learn(k, synapses[k.name], (new if k.post == "zR" else old)[k.pre], new[k.post],
                                               d[k.post], rate, bias2, positives) for k in net.rows}
            fired = {p: f + new[p].sum(axis=1) for p, f in fired.items()}
            if net.reconstruct:
                reconstruction = reconstruction + z["zR"]
            seen = {p: new[p].astype(jnp.uint8) for p in net.integrating} if replayed else None
            return (synapses, state, new, fired, reconstruction), seen

        carry = (synapses, state, zeros | {p: zeros[p] for p in net.integrating}, fired, reconstruction)
        (synapses, _, _, fired, reconstruction), seen = jax.lax.scan(step, carry, ((corrections[:, 0], corrections[:, 1]), drawn))
        return synapses, fired, reconstruction, seen

    def call(self, x, y, positives, learn, replayed):
        self.key, key = self.jax.random.split(self.key)
        corrections = self.network.corrections(self.k + 1)
        self.synapses, *out = self.jax.block_until_ready(self.window(
            self.synapses, self.thresholds, x, y, corrections, key, positives=positives, learn=learn, replayed=replayed))
        self.k += self.network.c["T"] if learn else 0
        return out

    def replay(self, s0, y, positives, learn):
        import numpy as np
        _, reconstruction, seen = self.call(s0.astype(np.uint8), y, positives, learn, True)
        return {p: np.asarray(s) for p, s in seen.items()}, None if reconstruction is None else np.asarray(reconstruction)

    def train(self, x, y, positives):
        import numpy as np
        fired, _, _ = self.call(x, y, positives, True, False)
        return {p: np.asarray(f, float).sum() for p, f in fired.items()}

    def state(self):
        import numpy as np
        return {k: tuple(np.asarray(a) for a in s) for k, s in self.synapses.items()}


def main():
    p = peer.arguments(__doc__)
    p.add_argument("--precision", default="float32", choices=["float32", "tf32", "tf32x3"])
    a = p.parse_args()
    return peer.run(a, Peer(a.device, a.precision), must_pass=a.precision != "tf32")


if __name__ == "__main__":
    peer.main(main)
