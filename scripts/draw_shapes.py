#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws a small data set with a spurious background, as a folder of PNG files: the example of docs/own-data.md.

    scripts/draw_shapes.py FOLDER [--train N] [--test N] [--side PIXELS] [--seed N]

Three classes, disc, square and triangle: one shape a picture, anywhere, on one of three grounds (stripes, dots, checks).
Of ten training images nine have their class's own ground, so a network need not look at the shape; in the others, and in
the test images, the ground is drawn from all three. Written are

    FOLDER/images/train/disc/0001.png   and so on, N of each class
    FOLDER/masks/train/disc/0001.png    255 where the shape is, else 0
    FOLDER/images/train/metadata.csv    file_name, label and group: "disc aligned" where the ground is the class's own

Needs Python alone. Equal arguments give equal files.
"""
import argparse
import math
import pathlib
import random
import struct
import zlib

CLASSES = ("disc", "square", "triangle")


def png(pixels, side, channels):
    """An 8-bit PNG file of `side` x `side` pixels, grey or RGB."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes(pixels[y * side * channels:(y + 1) * side * channels]) for y in range(side))
    head = struct.pack(">IIBBBBB", side, side, 8, 2 if channels == 3 else 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def inside(shape, x, y, radius, turn):
    """Whether a point, seen from the shape's centre, is in it; shapes are turned by up to half a radian."""
    x, y = x * math.cos(turn) + y * math.sin(turn), y * math.cos(turn) - x * math.sin(turn)
    if shape == "disc":
        return x * x + y * y < radius * radius
    if shape == "square":
        return max(abs(x), abs(y)) < 0.89 * radius  # as large as the disc
    return -0.78 * radius < y < 1.56 * radius and abs(x) < 0.577 * (1.56 * radius - y)


def ground(kind, x, y, phase):
    """Light or dark."""
    if kind == 0:
        return (x + y + phase) // 3 % 2
    if kind == 1:
        return int((x + phase) % 6 < 3 and y % 6 < 3)
    return ((x + phase) // 5 + y // 5) % 2


def draw(label, kind, side, rng):
    """A picture and its mask."""
    radius = rng.uniform(0.22, 0.30) * side
    left, top = rng.uniform(1.4 * radius, side - 1.4 * radius), rng.uniform(1.4 * radius, side - 1.6 * radius)
    turn, phase = rng.uniform(-0.5, 0.5), rng.randrange(30)
    grey, tint = rng.randrange(90, 190), [rng.randrange(-25, 26) for _ in range(3)]
    pixels, mask = bytearray(), bytearray()
    for y in range(side):
        for x in range(side):
            mask.append(255 if inside(CLASSES[label], x + 0.5 - left, y + 0.5 - top, radius, turn) else 0)
            value = grey if mask[-1] else 85 + 60 * ground(kind, x, y, phase)
            pixels.extend(min(255, max(0, value + t + rng.randrange(-20, 21))) for t in tint)
    return pixels, mask


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--train", type=int, default=600, help="training images of each class (600)")
    parser.add_argument("--test", type=int, default=200, help="test images of each class (200)")
    parser.add_argument("--side", type=int, default=32, help="pixels (32)")
    parser.add_argument("--seed", type=int, default=1)
    a = parser.parse_args()
    for split, count in (("train", a.train), ("test", a.test)):
        lines = ["file_name,label,group"]
        for label, name in enumerate(CLASSES):
            for top in ("images", "masks"):
                (a.folder / top / split / name).mkdir(parents=True, exist_ok=True)
            for i in range(1, count + 1):
                rng = random.Random(f"{a.seed} {split} {name} {i}")
                kind = label if split == "train" and rng.random() < 0.9 else rng.randrange(3)
                pixels, mask = draw(label, kind, a.side, rng)
                file = f"{name}/{i:04}.png"
                (a.folder / "images" / split / file).write_bytes(png(pixels, a.side, 3))
                (a.folder / "masks" / split / file).write_bytes(png(mask, a.side, 1))
                lines.append(f"{file},{name},{name} {'aligned' if kind == label else 'conflicting'}")
        (a.folder / "images" / split / "metadata.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
