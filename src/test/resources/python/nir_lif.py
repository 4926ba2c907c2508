"""Simulates a NIR graph by its nodes and edges only, and prints the spike counts of its output as JSON.

    python3 nir_lif.py GRAPH.nir SPIKES.npy [REWRITTEN.nir]

SPIKES is steps x samples x inputs. Steps have the length of the Delay nodes, membranes are integrated by Euler's
method, and an edge without a Delay acts in the same step. REWRITTEN gets the same graph in the layout of the reference
package nir, which h5py writes with strings of variable length and gzip.
"""
import json
import sys

import h5py
import numpy as np


def simulate(nodes, edges, spikes):
    kinds = {name: node["type"][()].decode() for name, node in nodes.items()}
    value = lambda name, field: nodes[name][field][()]
    samples = spikes.shape[1]
    sources = {name: [a for a, b in edges if b == name] for name in kinds}
    delayed = {n: np.zeros((samples, len(value(n, "delay"))), np.float32) for n in kinds if kinds[n] == "Delay"}
    membranes = {n: np.zeros((samples, len(value(n, "tau"))), np.float32) for n in kinds if kinds[n] == "LIF"}
    weights = {n: value(n, "weight") for n in kinds if kinds[n] == "Linear"}
    dts = {float(d) for n in delayed for d in value(n, "delay")}
    assert len(dts) == 1
    dt = np.float32(dts.pop())
    counts = 0
    for step in spikes:
        now = {n: step if kinds[n] == "Input" else delayed[n] for n in kinds if kinds[n] in ("Input", "Delay")}

        def output(name):
            if name not in now:
                current = sum(output(s) for s in sources[name])
                if kinds[name] == "Linear":
                    now[name] = current @ weights[name].T
                elif kinds[name] == "LIF":
                    v = membranes[name]
                    v = v + (value(name, "v_leak") - v + value(name, "r") * current) * (dt / value(name, "tau"))
                    now[name] = (v > value(name, "v_threshold")).astype(np.float32)
                    membranes[name] = np.where(now[name] > 0, value(name, "v_reset"), v).astype(np.float32)
                else:
                    assert kinds[name] == "Output"
                    now[name] = current
            return now[name]

        counts = counts + output("output")
        delayed = {name: output(sources[name][0]) for name in delayed}
    return counts


def rewrite(source, target):
    for name, item in source.items():
        if isinstance(item, h5py.Group):
            rewrite(item, target.create_group(name))
        elif item.dtype.kind in "SO":
            text = item.asstr()[()]
            target.create_dataset(name, data=text if isinstance(text, str) else text.tolist(), dtype=h5py.string_dtype())
        else:
            target.create_dataset(name, data=item[()], compression="gzip")


def main(graph, spikes, rewritten=None):
    with h5py.File(graph, "r") as file:
        assert file["version"][()].decode().startswith("1.")
        node = file["node"]
        assert node["type"][()] == b"NIRGraph"
        edges = [(a.decode(), b.decode()) for a, b in node["edges"][()]]
        print(json.dumps(simulate(node["nodes"], edges, np.load(spikes).astype(np.float32)).tolist()))
        if rewritten:
            with h5py.File(rewritten, "w") as other:
                rewrite(file, other)


main(*sys.argv[1:])
