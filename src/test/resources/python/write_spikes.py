"""Writes recorded spikes as others publish them: SHD by h5py, with chunks as PyTables makes them, and N-MNIST and bool .npy by NumPy.

    python3 write_spikes.py shd|nmnist|npy FOLDER

Event e of recording i is at 7 e + i + 0.5 ms, of unit (13 e + 5 i) % units; recording i has 3 i events and the label i % 3. Training
recordings are 0..5, test recordings 6, 7.
"""
import os
import sys

import numpy as np


def events(i, units):
    e = np.arange(3 * i)
    return 7 * e + i + 0.5, (13 * e + 5 * i) % units


def shd(folder, part, of):
    import h5py

    with h5py.File("%s/shd_%s.h5" % (folder, part), "w") as f:
        for name, kind in ("times", np.float16), ("units", np.uint16):
            lists = f.create_dataset(
                "spikes/" + name, (0,), h5py.vlen_dtype(kind), maxshape=(None,), chunks=(4,)
            )
            lists.resize((len(of),))
            for k, i in enumerate(of):
                ms, units = events(i, 700)
                lists[k] = (ms / 1000 if name == "times" else units).astype(kind)
        f["labels"] = np.array([i % 3 for i in of], np.uint16)
        f["extra/keys"] = np.array([b"zero", b"one", b"two"])


def nmnist(folder, part, of):
    for i in of:
        if i == 0:
            continue  # a recording without events is no file
        ms, units = events(i, 2 * 34 * 34)
        micros = (1000 * ms).astype(int)
        pixel = units % (34 * 34)
        high = (units // (34 * 34)) << 7 | micros >> 16
        raw = np.stack([pixel % 34, pixel // 34, high, micros >> 8 & 255, micros & 255], 1)
        os.makedirs("%s/%s/%d" % (folder, part.capitalize(), i % 3), exist_ok=True)
        raw.astype(np.uint8).tofile("%s/%s/%d/%05d.bin" % (folder, part.capitalize(), i % 3, i))


def npy(folder, part, of):
    """Units 0..19, 10 steps of 20 ms."""
    spikes = np.zeros((len(of), 10, 20), bool)
    for k, i in enumerate(of):
        ms, units = events(i, 20)
        spikes[k, (ms[ms < 200] / 20).astype(int), units[ms < 200]] = True
    np.save("%s/%sSpikes.npy" % (folder, part), spikes)
    np.save("%s/%sY.npy" % (folder, part), np.array([i % 3 for i in of]))


def main(layout, folder):
    os.makedirs(folder)
    for part, of in ("train", range(6)), ("test", range(6, 8)):
        globals()[layout](folder, part, of)


main(*sys.argv[1:])
