"""Reads the event files of a TensorBoard run, in the order of their names, and prints them as JSON.

    python3 read_events.py FOLDER

A reader of its own, by the formats' descriptions (TFRecord, event.proto, summary.proto); no library.
"""
import json
import os
import struct
import sys
import zlib


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(data):
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields(data):
    """Yields (number, value) of a message; bytes for nested messages and strings."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = varint(data, at)
        elif kind == 1:
            value, at = struct.unpack_from("<d", data, at)[0], at + 8
        elif kind == 5:
            value, at = struct.unpack_from("<f", data, at)[0], at + 4
        elif kind == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
            assert len(value) == size
        else:
            raise ValueError("wire type %d" % kind)
        yield key >> 3, value


def doubles(data):
    return struct.unpack("<%dd" % (len(data) // 8), data)


def png(data):
    """Width, height and rows of an 8-bit grey PNG without filters other than 0 to 4."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, packed = 8, b""
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8:at + 8 + size]
        assert zlib.crc32(kind + body) == struct.unpack_from(">I", data, at + 8 + size)[0]
        if kind == b"IHDR":
            width, height, bits, colour = struct.unpack_from(">IIBB", body)
            assert (bits, colour) == (8, 0)
        elif kind == b"IDAT":
            packed += body
        at += 12 + size
    assert len(zlib.decompress(packed)) == height * (width + 1)
    return [width, height]


def value(message):
    name, result = None, None
    for number, content in fields(message):
        if number == 1:
            name = content.decode()
        elif number == 2:
            result = content
        elif number == 4:
            image = dict(fields(content))
            assert png(image[4]) == [image[2], image[1]] and image[3] == 1
            result = {"height": image[1], "width": image[2]}
        elif number == 5:
            histogram = dict(fields(content))
            limits, counts = doubles(histogram[6]), doubles(histogram[7])
            assert len(limits) == len(counts) and sum(counts) == histogram[3]
            assert list(limits) == sorted(limits) and limits[-1] == histogram[2]
            result = {"min": histogram[1], "max": histogram[2], "num": histogram[3], "sum": histogram[4]}
    return name, result


def events(path):
    with open(path, "rb") as file:
        data = file.read()
    at = 0
    while at < len(data):
        size, check = struct.unpack_from("<QI", data, at)
        assert masked(data[at:at + 8]) == check, "length"
        record = data[at + 12:at + 12 + size]
        assert masked(record) == struct.unpack_from("<I", data, at + 12 + size)[0], "data"
        yield record
        at += 16 + size


def main(folder):
    steps = []
    for name in sorted(os.listdir(folder)):
        for n, record in enumerate(events(os.path.join(folder, name))):
            event = {"step": 0, "values": {}}
            for number, content in fields(record):
                if number == 2:
                    event["step"] = content
                elif number == 3:
                    assert n == 0 and content == b"brain.Event:2"
                elif number == 5:
                    event["values"] = dict(value(v) for k, v in fields(content) if k == 1)
            if event["values"]:
                steps.append(event)
    print(json.dumps(steps))


main(sys.argv[1])
