#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains ResNet-18 at full width for 20 steps with `reff train` and, from the same weights, images and order, with
PyTorch (peer_train.py), each in float and in double, for every method, and prints how far the losses are apart.

    make build && make build CONFIG=double
    scripts/peer_check.py [--mnist DIR --textures DIR --texture-set mixed20] [--weights resnet18.safetensors]

Needs python3-torch, python3-torchvision and python3-h5py. Without data and weights it takes the built-in pictures and
starts from scratch. Prints a Markdown table: for each method the relative difference of the loss at some steps
between the two programs in double, between them in float, and of each from itself in the other precision. Two
programs that compute the same agree to about 1e-12 in double; in float they may differ by what each of them differs
from its own double. Afterwards the network that ReFF trained is evaluated by both. Exit status 1 where the programs
differ by more than --double-tolerance or, in float at the first step, --float-tolerance.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(HERE, "..", "build")
# Name in the table -> method, order, lambda.
CASES = {"baseline": ("baseline", "normalise-first", None), "reff, normalise-first": ("reff", "normalise-first", None),
         "reff, resize-first": ("reff", "resize-first", None), "reff-l1": ("reff-l1", "normalise-first", None),
         "reff-l2": ("reff-l2", "normalise-first", None), "abn": ("abn", "normalise-first", None)}


def run(command, output=None):
    """Runs a command; its standard output goes to a file if one is named. Ends this program if the command fails."""
    print("+", " ".join(command), file=sys.stderr, flush=True)
    with open(output, "w", encoding="ascii") if output else open(os.devnull, "w", encoding="ascii") as out:
        if subprocess.run(command, stdout=out, check=False).returncode:
            sys.exit(f"failed: {' '.join(command)}")


def reff(config, *arguments, output=None):
    run([os.path.join(BUILD, config, "reff"), *arguments], output)


def make_data(args, folder):
    sources = []
    if args.mnist:
        sources += ["--mnist", args.mnist]
    if args.textures:
        sources += ["--textures", args.textures, "--texture-set", args.texture_set]
    for split, p, count in (("train", "0", args.batch * args.steps), ("test", "1", 40)):
        reff("release", "gen", "textured-mnist", *sources, "--p", p, "--q", "1", "--size", "111", "--canvas", "112",
             "--seed", "1", "--split", split, "--count", str(count), "--output", f"{folder}/{split}.h5")


def losses(path):
    with open(path, encoding="ascii") as file:
        return [json.loads(line)["loss"] for line in file]


def train(args, folder, name, config, weights):
    """`reff train` and its peer; the losses of both."""
    method, order, lam = CASES[name]
    place = f"{folder}/{name.replace(' ', '_')}-{config}"
    settings = ["--model", "resnet18", "--method", method, "--lr", args.lr]
    if lam or args.lam and method not in ("baseline", "abn"):
        settings += ["--lambda", lam or args.lam]
    start = ["--weights", weights] if weights else []
    reff(config, "train", "--train", f"{folder}/train.h5", "--test", f"{folder}/test.h5", "--output", place, "--trace",
         place, "--batch", str(args.batch), "--epochs", "1", "--threads", str(args.threads), "--checkpoint-seconds",
         "1000000", "--save-model", *(["--order", order] if method not in ("baseline", "abn") else []), *start,
         *settings)
    run([sys.executable, f"{HERE}/peer_train.py", "--shard", f"{folder}/train.h5", "--weights",
         f"{place}/initial.safetensors", "--order", f"{place}/order.txt", "--steps", str(args.steps), "--normalise",
         order, "--dtype", "double" if config == "double" else "float", "--threads", str(args.threads), *settings],
        f"{place}/peer.jsonl")
    return losses(f"{place}/steps.jsonl"), losses(f"{place}/peer.jsonl")[:args.steps]


def apart(a, b):
    return [abs(x - y) / max(abs(x), abs(y), 1e-30) for x, y in zip(a, b)]


def print_case(name, pairs, shown):
    for title, difference in pairs:
        print(f"| {name} | {title} | " + " | ".join(f"{difference[i]:.1e}" for i in shown) +
              f" | {max(difference):.1e} |", flush=True)


def evaluate(args, folder):
    """The network that ReFF trained, by both programs in float."""
    model = f"{folder}/reff,_normalise-first-release/model.safetensors"
    report = f"{folder}/report.json"
    reff("release", "eval", "--weights", model, "--model", "resnet18", "--json", "--threads", str(args.threads),
         f"{folder}/test.h5", output=report)
    command = [sys.executable, f"{HERE}/peer_train.py", "--shard", f"{folder}/test.h5", "--weights", model,
               "--evaluate", report, "--threads", str(args.threads)]
    result = subprocess.run(command, stdout=subprocess.PIPE, check=False, encoding="ascii")
    print(f"\nevaluation: {result.stdout.strip()}")
    return result.returncode == 0


def parse_arguments():
    parser = argparse.ArgumentParser(description="reff train and PyTorch, step by step",
                                     formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--mnist", help="folder with MNIST's files (none: built-in digits)")
    parser.add_argument("--textures", help="folder with textures (none: built-in ones)")
    parser.add_argument("--texture-set", default="mixed20", help="of --textures")
    parser.add_argument("--weights", help="safetensors to start from (none: from scratch)")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--lr", default="1e-5", help="learning rate: the larger, the faster rounding grows")
    parser.add_argument("--lambda", dest="lam", help="of the regularised methods (none: each method's)")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--cases", default=";".join(CASES), help="which, separated by semicolons")
    parser.add_argument("--double-tolerance", type=float, default=1e-8)
    parser.add_argument("--float-tolerance", type=float, default=1e-4)
    return parser.parse_args()


def main():
    args = parse_arguments()
    shown = sorted({0, 1, 2, 5, 10, args.steps - 1} & set(range(args.steps)))
    agrees = True
    with tempfile.TemporaryDirectory(prefix="reff-peer-") as folder:
        make_data(args, folder)
        print("| case | between | " + " | ".join(f"step {i}" for i in shown) + " | worst |")
        print("| --- " * (len(shown) + 3) + "|")
        for name in args.cases.split(";"):
            ours_float, peer_float = train(args, folder, name, "release", args.weights)
            # Both double runs start where the float ones did: the head is drawn anew, and rounded, at each start.
            start = f"{folder}/{name.replace(' ', '_')}-release/initial.safetensors"
            ours_double, peer_double = train(args, folder, name, "double", start)
            exact, rounded = apart(ours_double, peer_double), apart(ours_float, peer_float)
            print_case(name, (("reff and PyTorch, double", exact), ("reff and PyTorch, float", rounded),
                              ("reff's float and double", apart(ours_float, ours_double)),
                              ("PyTorch's float and double", apart(peer_float, peer_double))), shown)
            agrees &= max(exact) <= args.double_tolerance and rounded[0] <= args.float_tolerance
        if "reff, normalise-first" in args.cases.split(";"):
            agrees &= evaluate(args, folder)
    return 0 if agrees else 1


if __name__ == "__main__":
    sys.exit(main())
