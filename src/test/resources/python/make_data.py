"""Writes small data sets in the layouts that others publish, with NumPy and the csv module.

    python3 make_data.py FOLDER

Pixel p of image i is (37 i + 11 p + 101) % 256, and its class i % 3; training images are 0..11, test images 12..17.
"""
import csv
import gzip
import os
import struct
import sys

import numpy as np

SIDE = 4
TRAIN, TEST = range(12), range(12, 18)


def images(of):
    return np.array([[(37 * i + 11 * p + 101) % 256 for p in range(SIDE * SIDE)] for i in of], np.uint8)


def labels(of):
    return np.array([i % 3 for i in of], np.uint8)


def idx(path, array):
    with gzip.open(path, "wb") as out:
        out.write(struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(">%dI" % array.ndim, *array.shape))
        out.write(array.tobytes())


def kaggle(folder):
    """train.csv: label, pixel0, ..; test.csv has no labels."""
    os.makedirs(folder)
    names = ["pixel%d" % p for p in range(SIDE * SIDE)]
    with open(folder + "/train.csv", "w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["label"] + names)
        writer.writerows([k] + list(x) for k, x in zip(labels(TRAIN), images(TRAIN)))
    with open(folder + "/test.csv", "w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(names)
        writer.writerows(list(x) for x in images(TEST))


def named_column(folder):
    """The label last, as text; quoted; gzip."""
    os.makedirs(folder)
    words = ["ant", "bee", "cow"]
    for part, of in ("train", TRAIN), ("test", TEST):
        with gzip.open(folder + "/insects_%s.csv.gz" % part, "wt", newline="") as out:
            writer = csv.writer(out, quoting=csv.QUOTE_ALL)
            writer.writerow(["p%d" % p for p in range(SIDE * SIDE)] + ["Class"])
            writer.writerows(list(x) + [words[k]] for k, x in zip(labels(of), images(of)))


def emnist_csv(folder):
    """No header; transposed."""
    os.makedirs(folder)
    for part, of in ("train", TRAIN), ("test", TEST):
        with open(folder + "/emnist-letters-%s.csv" % part, "w", newline="") as out:
            turned = images(of).reshape(-1, SIDE, SIDE).transpose(0, 2, 1).reshape(len(of), -1)
            csv.writer(out).writerows([k + 1] + list(x) for k, x in zip(labels(of), turned))


def kmnist(folder):
    os.makedirs(folder)
    for part, of in ("train", TRAIN), ("test", TEST):
        np.savez_compressed(folder + "/kmnist-%s-imgs.npz" % part, images(of).reshape(-1, SIDE, SIDE))
        np.savez_compressed(folder + "/kmnist-%s-labels.npz" % part, labels(of))


def emnist(folder):
    os.makedirs(folder)
    for part, of in ("train", TRAIN), ("test", TEST):
        turned = images(of).reshape(-1, SIDE, SIDE).transpose(0, 2, 1)
        idx(folder + "/emnist-letters-%s-images-idx3-ubyte.gz" % part, turned)
        # All 26 letters occur in the published set: the last training image is a Z here.
        numbers = labels(of) + 1
        if part == "train":
            numbers[-1] = 26
        idx(folder + "/emnist-letters-%s-labels-idx1-ubyte.gz" % part, numbers)


def torchvision(folder):
    raw = folder + "/MNIST/raw"
    os.makedirs(raw)
    for part, of in ("train", TRAIN), ("t10k", TEST):
        idx(raw + "/%s-images-idx3-ubyte.gz" % part, images(of).reshape(-1, SIDE, SIDE))
        idx(raw + "/%s-labels-idx1-ubyte.gz" % part, labels(of))


def main(folder):
    for write in kaggle, named_column, emnist_csv, kmnist, emnist, torchvision:
        write(folder + "/" + write.__name__)


main(sys.argv[1])
