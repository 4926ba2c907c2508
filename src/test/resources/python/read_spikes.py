"""Reads recorded spikes with NumPy and h5py, bins them and prints what it found.

    python3 read_spikes.py nmnist|shd|npy FOLDER STEPS WINDOW_MS

A line for each part: name, number of recordings, number of spikes, CRC-32 of labels (uint8) and of all spikes
(n x steps x units, a byte each).
"""
import glob
import os
import sys
import zlib

import numpy as np

SIDE = 34


def binned(ms, units, count, steps, window):
    spikes = np.zeros((steps, count), np.uint8)
    kept = ms < window
    spikes[np.floor(ms[kept] * steps / window).astype(int), units[kept]] = 1
    return spikes


def nmnist(folder, part, steps, window):
    files = sorted(glob.glob("%s/%s/*/*.bin" % (folder, part.capitalize())), key=os.path.basename)
    spikes = []
    for name in files:
        raw = np.fromfile(name, np.uint8).reshape(-1, 5).astype(np.int64)
        x, y = raw[:, 0], raw[:, 1]
        micros = (raw[:, 2] & 127) << 16 | raw[:, 3] << 8 | raw[:, 4]
        micros += 8192 * np.cumsum(y == 240)
        event = y != 240
        unit = (raw[:, 2] >> 7) * SIDE * SIDE + y * SIDE + x
        spikes.append(binned(micros[event] / 1000, unit[event], 2 * SIDE * SIDE, steps, window))
    labels = [int(os.path.basename(os.path.dirname(name))) for name in files]
    return np.array(spikes), labels


def shd(folder, part, steps, window):
    import h5py

    (name,) = glob.glob("%s/*_%s.h5" % (folder, part))
    with h5py.File(name, "r") as f:
        times, units = f["spikes"]["times"], f["spikes"]["units"]
        assert h5py.check_vlen_dtype(times.dtype) == np.float16, times.dtype
        assert h5py.check_vlen_dtype(units.dtype) == np.uint16, units.dtype
        spikes = [
            binned(1000 * t.astype(float), u.astype(int), 700, steps, window) for t, u in zip(times[:], units[:])
        ]
        return np.array(spikes), f["labels"][:]


def npy(folder, part, steps, window):
    spikes = np.unpackbits(np.load("%s/%sBits.npy" % (folder, part)), axis=-1)
    assert spikes.shape[1] == steps
    return spikes, np.load("%s/%sY.npy" % (folder, part))


def main(layout, folder, steps, window):
    for part in "train", "test":
        spikes, labels = globals()[layout](folder, part, int(steps), float(window))
        labels = np.asarray(labels).astype(np.uint8)
        print(part, len(spikes), spikes.sum(), zlib.crc32(labels.tobytes()), zlib.crc32(spikes.tobytes()))


main(*sys.argv[1:])
