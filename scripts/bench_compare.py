#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which steps and convolutions became faster or slower between two files of `reff bench`, beyond noise.

    scripts/bench_compare.py results/reference/bench/zen4.json results/bench/step.json

For each that both files have: the rates of the median repetition, the new over the old, and a 95 % interval of that ratio
by the bootstrap over the repetitions (fixed seed). It is called faster or slower where the interval excludes 1 and the
change is over 3 %. Repetitions of one run meet the same neighbours on a machine, so a run that was disturbed as a whole
passes for a change: measure twice. Older files have no repetitions; of these the fastest ones' ratio stands alone.
Needs no package. Exit status 1 when a file cannot be read or the two are of different processors (--force goes on).
"""
import argparse
import json
import random
import sys
from statistics import median

RESAMPLES, COVERED, LEAST_CHANGE, SEED = 1000, 0.95, 0.03, 1
KINDS = {"steps": ("images_per_s", "images/s", ("model", "pixels", "batch", "method", "precision")),
         "convolutions": ("gflops", "GFLOP/s", ("shape", "map", "precision"))}


class Unfit(Exception):
    """A file that cannot be compared, in a sentence."""


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            results = json.load(file)
    except (OSError, UnicodeDecodeError) as error:
        raise Unfit(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    except json.JSONDecodeError as error:
        raise Unfit(f"{path}:{error.lineno}: {error.msg}") from None
    if not isinstance(results, dict) or not isinstance(results.get("machine"), dict):
        raise Unfit(f"{path}: no results of reff bench: it has no 'machine'")
    for kind, (rate, _, keys) in KINDS.items():
        entries = results.get(kind)
        if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
            raise Unfit(f"{path}: no results of reff bench: '{kind}' is no list of objects")
        for i, entry in enumerate(entries):
            check(entry, rate, keys, f"{path}: {kind}[{i}]")
    return results


def check(entry, rate, keys, where):
    missing = [key for key in (*keys, rate) if key not in entry]
    if missing:
        raise Unfit(f"{where}: has no '{missing[0]}'")
    repeats = entry.get("repeats", [])
    for number in [entry[rate], *(repeats if isinstance(repeats, list) else [repeats])]:
        if isinstance(number, bool) or not isinstance(number, (int, float)) or not number > 0:
            raise Unfit(f"{where}: {number!r} is no rate or time")


def interval(old, new):
    """Of the ratio of speeds: median of the old seconds over that of the new ones."""
    chance = random.Random(SEED)
    ratios = sorted(median(chance.choices(old, k=len(old))) / median(chance.choices(new, k=len(new)))
                    for _ in range(RESAMPLES))
    cut = round(RESAMPLES * (1 - COVERED) / 2)
    return ratios[cut], ratios[-1 - cut]


def verdict(ratio, low, high):
    beyond_noise = (low > 1 or high < 1) and abs(ratio - 1) > LEAST_CHANGE
    return "" if not beyond_noise else "faster" if ratio > 1 else "slower"


def compare(old, new, rate):
    """The old and the new rate, their ratio, the interval or None, the verdict."""
    times = [entry.get("repeats", []) for entry in (old, new)]
    if min(map(len, times)) < 2:
        return old[rate], new[rate], new[rate] / old[rate], None, "no repetitions"
    ratio = median(times[0]) / median(times[1])
    low, high = interval(*times)
    # A rate is that of the fastest repetition; scaled, of the median one.
    rates = [entry[rate] * min(t) / median(t) for entry, t in zip((old, new), times)]
    return rates[0], rates[1], ratio, (low, high), verdict(ratio, low, high)


def digits(number):
    return f"{number:.0f}" if number >= 100 else f"{number:.3g}"


def name_of(entry, kind, keys):
    words = [str(entry[key]) for key in keys]
    if kind == "steps":
        words[1:3] = [f"{words[1]} px", f"batch {words[2]}"]
    return ", ".join(words)


def print_kind(kind, old, new, changed_only, counts):
    rate, unit, keys = KINDS[kind]
    before = {tuple(e[key] for key in keys): e for e in old[kind]}
    after = {tuple(e[key] for key in keys): e for e in new[kind]}
    counts["in one file alone"] += len(before.keys() ^ after.keys())
    print(f"{kind:<62} {unit:>8} {'new':>8} {'ratio':>6}  {'95 % interval':<14}")
    for key, entry in after.items():
        if key not in before:
            continue
        a, b, ratio, between, word = compare(before[key], entry, rate)
        counts[word or "within noise"] += 1
        if changed_only and word not in ("faster", "slower"):
            continue
        text = f"{between[0]:.3f} to {between[1]:.3f}" if between else "-"
        print(f"{name_of(entry, kind, keys):<62} {digits(a):>8} {digits(b):>8} {ratio:6.3f}  {text:<14}  {word}".rstrip())
    print()


def print_machines(old, new):
    for key in ("threads", "date", "git_revision", "load"):
        print(f"{key + ':':<13} {old['machine'].get(key)} -> {new['machine'].get(key)}")
    print()


def main():
    parser = argparse.ArgumentParser(description="compare two files of reff bench",
                                     formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("old", metavar="OLD.json")
    parser.add_argument("new", metavar="NEW.json")
    parser.add_argument("--force", action="store_true", help="compare files of different processors, too")
    parser.add_argument("--changed", action="store_true", help="print only what is faster or slower")
    args = parser.parse_args()
    try:
        old, new = read(args.old), read(args.new)
        processors = [results["machine"].get("processor") for results in (old, new)]
        if processors[0] != processors[1] and not args.force:
            raise Unfit(f"{args.new}: measured on '{processors[1]}', {args.old} on '{processors[0]}'; "
                        "--force compares them all the same")
    except Unfit as fault:
        print(f"bench_compare.py: {fault}", file=sys.stderr)
        return 1
    counts = dict.fromkeys(("faster", "slower", "within noise", "no repetitions", "in one file alone"), 0)
    print_machines(old, new)
    for kind in KINDS:
        print_kind(kind, old, new, args.changed, counts)
    print(", ".join(f"{counts[word]} {word}" for word in counts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
