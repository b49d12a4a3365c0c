#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How fast a plain loop in Pillow and NumPy composes pictures like those of `reff gen textured-mnist`, for `reff bench`.

    scripts/bench_generator.py --pixels 224 --seconds 1

A digit of 28 x 28 is scaled to the picture's size, laid on one texture and filled with another by a soft blend; its
annotation is where it covers half of a pixel. Digits and textures are noise and patches, made before: neither drawing
them nor reading or writing a file is counted. Needs python3-pil and python3-numpy. Prints one JSON line: images_per_s (of
the fastest batch) and numpy (its version).
"""
import argparse
import json
import sys
import time

import numpy as np
from PIL import Image

DIGIT, DIGITS, TEXTURES, BATCH = 28, 100, 40, 32


def make_sources(random, pixels):
    """Digits with ink in their middle, and textures half as large again as the picture."""
    digits = np.zeros((DIGITS, DIGIT, DIGIT), np.uint8)
    digits[:, 5:23, 8:20] = random.integers(0, 256, (DIGITS, 18, 12), np.uint8)
    side = pixels + pixels // 2
    return digits, random.integers(0, 256, (TEXTURES, side, side, 3), np.uint8)


def crop(random, textures, pixels):
    texture = textures[random.integers(len(textures))]
    y, x = random.integers(0, texture.shape[0] - pixels + 1, 2)
    return texture[y:y + pixels, x:x + pixels]


def compose(random, digits, textures, pixels, image, mask):
    digit = Image.fromarray(digits[random.integers(len(digits))])
    ink = np.asarray(digit.resize((pixels, pixels), Image.BILINEAR), np.uint16)[:, :, None]
    inside, outside = crop(random, textures, pixels), crop(random, textures, pixels)
    image[:] = (ink * inside + (255 - ink) * outside + 127) // 255
    mask[:] = np.where(ink[:, :, 0] >= 128, 255, 0)


def main():
    parser = argparse.ArgumentParser(description="time the composing of pictures in Pillow and NumPy",
                                     formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--pixels", type=float, default=224, help="side of a picture")
    parser.add_argument("--seconds", type=float, default=1, help="of composing, at least")
    args = parser.parse_args()
    pixels = int(args.pixels)
    random = np.random.default_rng(1)
    digits, textures = make_sources(random, pixels)
    images = np.empty((BATCH, pixels, pixels, 3), np.uint8)
    masks = np.empty((BATCH, pixels, pixels), np.uint8)
    times, start = [], time.perf_counter()
    while len(times) < 3 or time.perf_counter() - start < args.seconds:
        begin = time.perf_counter()
        for image, mask in zip(images, masks):
            compose(random, digits, textures, pixels, image, mask)
        times.append(time.perf_counter() - begin)
    print(json.dumps({"images_per_s": BATCH / min(times), "numpy": np.__version__}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
