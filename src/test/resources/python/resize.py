"""Writes a grey PNG and scaled versions of it, by Pillow.

    python3 resize.py FOLDER
"""
import sys

from PIL import Image

picture = Image.new("L", (37, 23))
picture.putdata([(x * x + 5 * y * y + 13 * x * y) % 256 for y in range(23) for x in range(37)])
picture.save(sys.argv[1] + "/original.png")
for size in (16, 16), (50, 40), (37, 5), (1, 1), (8, 60):
    picture.resize(size, Image.BILINEAR).save(sys.argv[1] + "/%dx%d.png" % size)
