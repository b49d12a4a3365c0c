#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How much Winograd's F(4x4, 3x3) rounds by the points it is made with (core/kernels/winograd.h).

Normal numbers, 128 channels, 200 patches; errors against double precision in standard deviations of the result,
root mean square and largest: in float, and with operands of the products rounded to bf16 (sums in double).

Usage: winograd_points.py            (needs python3-numpy)
"""

import numpy as np

CHANNELS, PATCHES = 128, 200
POINTS = [(1, 2), (0.5, 1), (0.5, 1.5), (0.625, 1.5), (0.75, 1.5), (0.75, 1.25)]


def matrices(a, b):
    """B', G and A' for the points 0, a, -a, b, -b and infinity."""
    aa, bb = a * a, b * b
    pixels = [
        [aa * bb, 0, -aa - bb, 0, 1, 0],
        [0, -a * bb, -bb, a, 1, 0],
        [0, a * bb, -bb, -a, 1, 0],
        [0, -b * aa, -aa, b, 1, 0],
        [0, b * aa, -aa, -b, 1, 0],
        [0, aa * bb, 0, -aa - bb, 0, 1],
    ]
    points = [0, a, -a, b, -b]
    scales = [aa * bb] + 2 * [2 * aa * (aa - bb)] + 2 * [2 * bb * (bb - aa)]
    taps = [[p**i / s for i in range(3)] for p, s in zip(points, scales)] + [[0, 0, 1]]
    results = [[p**i for p in points] + [float(i == 3)] for i in range(4)]
    return np.array(pixels), np.array(taps), np.array(results, dtype=float)


def to_bf16(x):
    bits = x.astype(np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)).view(np.float32)


def both_sides(matrix, x, number):
    """matrix x matrix', each pass rounded to `number`."""
    matrix = matrix.astype(number)
    half = np.einsum("ij,...jk->...ik", matrix, x.astype(number)).astype(number)
    return np.einsum("...ij,kj->...ik", half, matrix).astype(number)


def sum_of(products, number):
    """Over axis 1, one after the other."""
    total = np.zeros(products[0].shape[:1] + products[0].shape[2:], number)
    for i in range(products[0].shape[1]):
        total = (total + products[0][:, i] * products[1][:, i]).astype(number)
    return total


def winograd(pixels, taps, a, b, number, rounded):
    to_points, of_taps, to_results = matrices(a, b)
    v, u = both_sides(to_points, pixels, number), both_sides(of_taps, taps, number)[None]
    return both_sides(to_results, sum_of((rounded(v), rounded(u)), number), number)


def direct(pixels, taps, number):
    total = np.zeros((len(pixels), 4, 4), number)
    for c in range(pixels.shape[1]):
        for y in range(3):
            for x in range(3):
                tap = taps[c, y, x].astype(number)
                total = (total + pixels[:, c, y : y + 4, x : x + 4].astype(number) * tap).astype(number)
    return total


def main():
    random = np.random.default_rng(0)
    pixels = random.standard_normal((PATCHES, CHANNELS, 6, 6)).astype(np.float32)
    taps = random.standard_normal((CHANNELS, 3, 3)).astype(np.float32)
    exact = direct(pixels, taps, np.float64)

    def line(name, in_float, in_bf16):
        errors = [(got - exact) / exact.std() for got in (in_float, in_bf16)]
        print(f"{name:12}" + "".join(f"  {np.sqrt((e**2).mean()):8.1e} {abs(e).max():8.1e}" for e in errors))

    print("points        float             bf16")
    line("direct", direct(pixels, taps, np.float32), direct(to_bf16(pixels), to_bf16(taps), np.float64))
    for a, b in POINTS:
        line(
            f"{a}, {b}",
            winograd(pixels, taps, a, b, np.float32, lambda x: x),
            winograd(pixels, taps, a, b, np.float64, to_bf16),
        )


main()
