#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How fast PyTorch does a training step of `reff train`, for `reff bench` to set beside its own.

    scripts/bench_peer.py --model resnet50 --method reff --pixels 224 --batch 16 --format channels_last

Needs python3-torch alone: networks are built here, as torchvision builds its ResNets, and at any width. Takes steps on
images made up once and prints one JSON line: images_per_s (of the fastest step, after some to warm up) and peak_mb
(resident memory of this process, PyTorch included). Prints {} for what it does not have.
"""
import argparse
import json
import resource
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

from peer_losses import METHODS, STAGES, train_step

# As in core/networks/network.c: bottleneck, blocks, stem kernel and stride, pooling, strides of the stages.
NETWORKS = {"resnet18": (False, (2, 2, 2, 2), 7, 2, True, (1, 2, 2, 2)),
            "resnet50": (True, (3, 4, 6, 3), 7, 2, True, (1, 2, 2, 2)),
            "small": (False, (1, 1, 1, 1), 3, 2, False, (1, 2, 1, 1))}
STEPS_LEAST = 3


def conv(c_in, c_out, kernel, stride=1):
    return nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, bias=False)


class Block(nn.Module):
    """Two 3x3 convolutions, or as a bottleneck 1x1, 3x3 (with the stride) and 1x1 to four times the channels."""

    def __init__(self, c_in, channels, stride, bottleneck):
        super().__init__()
        out = 4 * channels if bottleneck else channels
        if bottleneck:
            convs = [conv(c_in, channels, 1), conv(channels, channels, 3, stride), conv(channels, out, 1)]
        else:
            convs = [conv(c_in, channels, 3, stride), conv(channels, channels, 3)]
        self.convs = nn.ModuleList(convs)
        self.norms = nn.ModuleList(nn.BatchNorm2d(c.out_channels) for c in convs)
        self.relu = nn.ReLU(inplace=True)
        self.shortcut = nn.Identity()
        if stride != 1 or c_in != out:
            self.shortcut = nn.Sequential(conv(c_in, out, 1, stride), nn.BatchNorm2d(out))

    def forward(self, x):
        y = x
        for i, (convolution, norm) in enumerate(zip(self.convs, self.norms)):
            y = norm(convolution(y))
            if i + 1 < len(self.convs):
                y = self.relu(y)
        return self.relu(y + self.shortcut(x))


class Network(nn.Module):
    """Leaves the stages' outputs of the last forward pass in `stages`."""

    def __init__(self, model, width, classes):
        super().__init__()
        bottleneck, blocks, kernel, stride, pools, strides = NETWORKS[model]
        stem = [conv(3, width, kernel, stride), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
        self.stem = nn.Sequential(*stem, *([nn.MaxPool2d(3, 2, 1)] if pools else []))
        layers, channels = [], width
        for stage in range(len(STAGES)):
            inner, parts = width << stage, []
            for i in range(blocks[stage]):
                parts.append(Block(channels, inner, 1 if i else strides[stage], bottleneck))
                channels = 4 * inner if bottleneck else inner
            layers.append(nn.Sequential(*parts))
        self.layers = nn.ModuleList(layers)
        self.fc = nn.Linear(channels, classes)
        self.stages = {}

    def forward(self, x):
        x = self.stem(x)
        for name, layer in zip(STAGES, self.layers):
            x = self.stages[name] = layer(x)
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


def make_batch(args):
    """Noise, each class in turn, and the middle quarter of the image as its annotation."""
    torch.manual_seed(1)
    side, edge = args.pixels, args.pixels // 4
    masks = torch.zeros(args.batch, side, side)
    masks[:, edge:side - edge, edge:side - edge] = 1
    return torch.randn(args.batch, 3, side, side), torch.arange(args.batch) % args.classes, masks


def take_steps(step, seconds, least):
    """The seconds of each step, until both their number and their time are enough."""
    times, start = [], time.perf_counter()
    while len(times) < least or time.perf_counter() - start < seconds:
        begin = time.perf_counter()
        step()
        times.append(time.perf_counter() - begin)
    return times


def parse_arguments():
    parser = argparse.ArgumentParser(description="time the steps of `reff train` in PyTorch",
                                     formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--model", default="resnet18")
    parser.add_argument("--method", default="reff")
    parser.add_argument("--normalise", choices=("normalise-first", "resize-first"), default="normalise-first")
    parser.add_argument("--format", choices=("contiguous", "channels_last"), default="contiguous")
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--pixels", type=int, default=112)
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--parameters", type=float, default=0, help="how many there must be; 0: any number")
    parser.add_argument("--threads", type=int, default=0, help="0: PyTorch's own choice")
    parser.add_argument("--seconds", type=float, default=1, help="of steps, at least")
    args = parser.parse_args()
    args.channels_last = args.format == "channels_last"
    args.cam_eps = 1e-8
    return args


def main():
    args = parse_arguments()
    if args.model not in NETWORKS or args.method not in METHODS or args.method == "abn":
        print("{}")
        return 0
    args.lam, weights, args.reduction = METHODS[args.method]
    args.layer_weights = [float(word) for word in weights.split(",")]
    if args.threads:
        torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    net = Network(args.model, args.width, args.classes).train()
    if args.channels_last:
        net = net.to(memory_format=torch.channels_last)
    parameters = sum(p.numel() for p in net.parameters())
    if args.parameters and parameters != args.parameters:
        sys.exit(f"bench_peer.py: {args.model} has {parameters} parameters here, {args.parameters:.0f} there")
    # Noise cannot be learned: with a rate of 0 the losses stay finite however many steps are taken.
    optimiser = torch.optim.SGD(net.parameters(), lr=0.0, momentum=0.8, weight_decay=1e-5)
    batch = make_batch(args)

    def step():
        train_step(net, net.stages, optimiser, batch, args)

    take_steps(step, args.seconds / 4, 1)
    times = take_steps(step, args.seconds, STEPS_LEAST)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"images_per_s": args.batch / min(times), "peak_mb": peak * 1024e-6,
                      "steps": len(times), "torch": torch.__version__}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
