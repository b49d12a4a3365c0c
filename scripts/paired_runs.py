#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Pairs the runs of two results folders by cell and seed, and tests whether the second's accuracies differ.

    scripts/paired_runs.py results-f32 results-bf16

For comparing two builds, machines or precisions, whose runs have other digests: a cell is its data, method and
axes, whatever the digest. Prints the pairs' mean difference with its standard error and paired t, over all and by
method, and the runs' mean seconds.
"""
import glob
import json
import math
import os
import sys


ALL = 1e9  # what older records have for n = "All"


def axis(value):
    """A cell's value as text, the same for records of any age."""
    return "All" if value == ALL else str(value)


def runs(folder):
    found = {}
    for path in glob.glob(os.path.join(folder, "runs", "*", "run.json")):
        with open(path) as file:
            run = json.load(file)
        if run.get("state") == "done":
            cell = run["cell"]
            key = tuple(axis(cell.get(k)) for k in ("data", "p", "q", "size", "n", "method", "seed"))
            found[key] = run
    return found


def describe(name, differences):
    n = len(differences)
    mean = sum(differences) / n
    if n < 2:
        print(f"{name:12} {n:4} pairs  {mean:+6.2f} points")
        return
    sd = math.sqrt(sum((d - mean) ** 2 for d in differences) / (n - 1))
    error = sd / math.sqrt(n)
    t = mean / error if error else float("nan")
    print(f"{name:12} {n:4} pairs  {mean:+6.2f} points, sd {sd:.2f}, standard error {error:.2f}, t = {t:+.2f}")


def main():
    if sys.argv[1:] in (["-h"], ["--help"]):
        print(__doc__.strip())
        return
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    first, second = runs(sys.argv[1]), runs(sys.argv[2])
    keys = sorted(first.keys() & second.keys())
    if not keys:
        sys.exit("no cell is in both folders")
    difference = {k: second[k]["metrics"]["accuracy"] - first[k]["metrics"]["accuracy"] for k in keys}
    for method in sorted({k[5] for k in keys}):
        describe(method, [difference[k] for k in keys if k[5] == method])
    describe("all", list(difference.values()))
    for folder, found in ((sys.argv[1], first), (sys.argv[2], second)):
        seconds = sum(found[k]["seconds"] for k in keys) / len(keys)
        products = {found[k].get("products", found[k]["precision"]) for k in keys}
        print(f"{folder}: {', '.join(sorted(products))}, {seconds:.1f} s a run")


if __name__ == "__main__":
    main()
