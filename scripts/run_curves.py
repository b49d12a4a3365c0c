#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A Markdown table of a results folder's runs, a line each, as docs/lab/exploration.md has it.

    scripts/run_curves.py results/reference/standard [DATA_SET]

Test accuracy in percent and training cross entropy after each epoch, the share of Grad-CAM inside the annotation after
the last one (layer1 to 4), seconds, and the commit of the program. DATA_SET: only runs on it, such as pets.
"""
import glob
import json
import os
import sys

ALL = 1e9  # what old records have for n where every image is annotated; others have "All"


def lines(folder, data):
    for path in glob.glob(os.path.join(folder, "runs", "*", "run.json")):
        with open(path, encoding="utf-8") as file:
            run = json.load(file)
        cell = run["cell"]
        if run.get("state") != "done" or (data and cell["data_set"] != data):
            continue
        with open(os.path.join(os.path.dirname(path), "metrics.jsonl"), encoding="utf-8") as file:
            epochs = [json.loads(line) for line in file]
        if cell["n"] == "All":
            cell["n"] = ALL
        axes = [(axis, cell[axis]) for axis in ("p", "q", "size", "n") if axis in cell]
        where = ", ".join(f"{axis} {value:g}" if value < ALL else f"{axis} All" for axis, value in axes)
        order = [cell.get(axis, 0) for axis in ("p", "q", "size")], cell["method"], cell.get("n", 0), cell["seed"]
        yield ((cell["data_set"], *order),
               [cell["data_set"], where, cell["method"], str(cell["seed"]),
                " ".join(f"{e['test_accuracy']:.1f}" for e in epochs if "test_accuracy" in e),
                " ".join(f"{e['loss_main']:.2f}" for e in epochs),
                " ".join(f"{share:.3f}" for share in run["metrics"].get("cam_inside", {}).values()),
                f"{run['seconds']:,.0f}", (run["provenance"]["git_revision"] or "")[:7]])


def main():
    if sys.argv[1:] in (["-h"], ["--help"]):
        print(__doc__.strip())
        return
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__.strip())
    head = ["data", "cell", "method", "seed", "test % after each epoch", "cross entropy", "Grad-CAM inside", "seconds", "commit"]
    rows = [line for _, line in sorted(lines(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""))]
    if not rows:
        sys.exit(f"{sys.argv[0]}: {sys.argv[1]}: no run that is done")
    print("\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head)] + rows))


if __name__ == "__main__":
    main()
