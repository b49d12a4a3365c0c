#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which four seeds of the regression check's reference differ least from its others (docs/regress.md).

Usage: typical_seeds.py [results/reference/regress.json]

For every choice of four seeds, the largest |t| (two samples, one variance) over the quantities of all cells, the
choice against the rest; prints the choices with the smallest.
"""
import itertools
import json
import math
import sys

QUANTITIES = ("accuracy", "drift", "pointing")


def t_of(rest, chosen):
    means = [sum(x) / len(x) for x in (rest, chosen)]
    squares = sum(sum((v - m) ** 2 for v in x) for x, m in zip((rest, chosen), means))
    variance = squares / (len(rest) + len(chosen) - 2)
    return (means[1] - means[0]) / math.sqrt(variance * (1 / len(rest) + 1 / len(chosen)))


def main():
    if sys.argv[1:] in (["-h"], ["--help"]):
        print(__doc__.strip())
        return
    with open(sys.argv[1] if len(sys.argv) > 1 else "results/reference/regress.json", encoding="utf-8") as f:
        cells = json.load(f)["cells"]
    values = [
        {run["seed"]: run[quantity] for run in cell["runs"]}
        for cell in cells
        for quantity in QUANTITIES
        if all(run.get(quantity) is not None for run in cell["runs"])
    ]
    found = []
    for chosen in itertools.combinations(sorted(values[0]), 4):
        ts = [t_of([x for s, x in v.items() if s not in chosen], [v[s] for s in chosen]) for v in values]
        found.append((max(map(abs, ts)), chosen))
    for worst, chosen in sorted(found)[:5]:
        print(f"{worst:.2f}", *chosen)


main()
