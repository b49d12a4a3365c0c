#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The same training steps as `reff train`, in PyTorch: to check the engine at full width, and to measure against.

Needs python3-torch, python3-torchvision and python3-h5py. From a traced run

    reff train --model resnet18 --width 64 --method reff --train train.h5 --test test.h5 --epochs 1 \\
        --output run --trace trace
    scripts/peer_train.py --shard train.h5 --weights trace/initial.safetensors --order trace/order.txt \\
        --steps 20 --compare trace/steps.jsonl

it starts from the same weights, takes the same images in the same order, and prints one JSON line a step: step, loss,
loss_main, loss_reg (abn: loss_att, loss_map). --compare adds a line with the worst relative difference to the losses recorded in a file of such
lines and ends with status 1 if it is above --tolerance. --time measures images per second instead. --evaluate compares
with a report of `reff eval --json` on the same shard and weights. scripts/peer_check.py runs all of it.

The losses are in peer_losses.py.
"""
import argparse
import json
import sys
import time

import h5py
import torch
import torch.nn.functional as F
import torchvision

from peer_losses import METHODS, STAGES, grad_cam, to_image, train_step

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def read_safetensors(path):
    """name -> tensor. The file: length of the header (8 bytes, little-endian), JSON header, numbers."""
    types = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
    with open(path, "rb") as file:
        data = bytearray(file.read())
    size = int.from_bytes(data[:8], "little")
    header, numbers = json.loads(data[8:8 + size]), memoryview(data)[8 + size:]
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        flat = torch.frombuffer(numbers[begin:end], dtype=types[entry["dtype"]])
        tensors[name] = flat.reshape(entry["shape"]).clone()
    return tensors


def add_attention_branch(net, classes):
    """Makes torchvision's ResNet an attention branch network (Fukui et al. 2019): a copy of stage 4 with stride 1, its
    logits and its map M; stage 4 then sees x + x M. What the branch gave is left in net.att_logits and net.att_map."""
    block, features = type(net.layer4[0]), net.fc.in_features
    net.inplanes = net.layer4[0].conv1.in_channels
    net.att_layer4 = net._make_layer(block, 512, len(net.layer4), stride=1)
    net.bn_att = torch.nn.BatchNorm2d(features)
    net.att_conv = torch.nn.Conv2d(features, classes, 1, bias=False)
    net.bn_att2 = torch.nn.BatchNorm2d(classes)
    net.att_conv2 = torch.nn.Conv2d(classes, classes, 1, bias=False)
    net.att_conv3 = torch.nn.Conv2d(classes, 1, 3, padding=1, bias=False)
    net.bn_att3 = torch.nn.BatchNorm2d(1)

    def forward(images):
        x = net.maxpool(net.relu(net.bn1(net.conv1(images))))
        x = net.layer3(net.layer2(net.layer1(x)))
        a = F.relu(net.bn_att2(net.att_conv(net.bn_att(net.att_layer4(x)))))
        net.att_logits = net.att_conv2(a).mean(dim=(2, 3))
        net.att_map = torch.sigmoid(net.bn_att3(net.att_conv3(a)))
        return net.fc(net.layer4(x + x * net.att_map).mean(dim=(2, 3)))

    net.forward = forward


def make_network(args, classes):
    """torchvision's ResNet (abn: with an attention branch), with a dictionary that holds the stages' outputs of the last
    forward pass."""
    torch.manual_seed(1)
    net = getattr(torchvision.models, args.model)(num_classes=classes)
    if args.method == "abn":
        add_attention_branch(net, classes)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eps, module.momentum = args.bn_eps, args.bn_momentum
    stages = {}
    for name in STAGES:
        # Bound as a default: each hook keeps its own name.
        getattr(net, name).register_forward_hook(lambda m, i, y, name=name: stages.__setitem__(name, y))
    return net.train(), stages


def load_weights(net, tensors):
    missing, unexpected = net.load_state_dict(tensors, strict=False)
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
    if missing or unexpected:
        sys.exit(f"weights do not fit the network: missing {missing}, unexpected {unexpected}")


class Batches:
    """Batches of a shard in the order of a file with one line of image indices per step (from the start on, and in the
    shard's order if there is no such file)."""

    def __init__(self, args):
        shard = h5py.File(args.shard, "r")
        self.images, self.masks, self.labels = shard["images"], shard["masks"], shard["labels"][:]
        self.dtype = torch.float64 if args.dtype == "double" else torch.float32
        count = len(self.labels) // args.batch
        self.order = [list(range(i * args.batch, (i + 1) * args.batch)) for i in range(count)]
        if args.order:
            with open(args.order, encoding="ascii") as file:
                self.order = [[int(word) for word in line.split()] for line in file]

    def take(self, step):
        return self.read(self.order[step % len(self.order)])

    def read(self, index):
        # h5py wants rising indices without repeats; the batch is put into its own order afterwards.
        rows = sorted(set(index))
        place = [rows.index(i) for i in index]
        images = torch.from_numpy(self.images[rows][place]).to(self.dtype) / 255
        images = (images - torch.tensor(MEAN, dtype=self.dtype)) / torch.tensor(STD, dtype=self.dtype)
        masks = torch.from_numpy(self.masks[rows][place]).to(self.dtype) / 255
        labels = torch.from_numpy(self.labels[index]).long()
        return images.permute(0, 3, 1, 2).contiguous(), labels, masks


def relative(a, b):
    difference = abs(a - b) / max(abs(a), abs(b), 1e-30)
    return difference if difference == difference else float("inf")


def compare(lines, path, tolerance):
    """Prints the relative differences to the recorded losses; True if all are within the tolerance. The difference of
    `loss` is given for each step too: what starts at the accuracy of the numbers and grows from step to step is
    training's own sensitivity, what starts large is an error."""
    with open(path, encoding="ascii") as file:
        recorded = {entry["step"]: entry for entry in map(json.loads, file)}
    absent = [line["step"] for line in lines if line["step"] not in recorded]
    if absent or not lines:
        sys.exit(f"{path}: no step {absent[0]}" if absent else "no steps to compare")
    worst = {name: max(relative(line[name], recorded[line["step"]][name]) for line in lines)
             for name in lines[0] if name != "step"}
    by_step = [float(f"{relative(line['loss'], recorded[line['step']]['loss']):.1e}") for line in lines]
    agrees = max(worst.values()) <= tolerance
    print(json.dumps({"compared": len(lines), "worst_relative": worst, "by_step": by_step, "tolerance": tolerance,
                      "agrees": agrees}))
    return agrees


def evaluate(net, stages, batches, args):
    """What `reff eval` reports, with running statistics: confusion [label][prediction] and the mean share of the resized
    Grad-CAM of the true label inside the annotation, over the images whose map is not zero."""
    net.eval()
    classes = net.fc.out_features
    confusion = torch.zeros(classes, classes, dtype=torch.long)
    inside, mapped = [0.0] * len(STAGES), [0] * len(STAGES)
    for first in range(0, len(batches.labels), args.batch):
        index = list(range(first, min(first + args.batch, len(batches.labels))))
        images, labels, masks = batches.read(index)
        logits = net(images)
        for label, prediction in zip(labels, logits.argmax(dim=1)):
            confusion[label, prediction] += 1
        cams = grad_cam(logits, labels, [stages[name] for name in STAGES], create_graph=False)
        for i, cam in enumerate(cams):
            p = to_image(cam.detach(), masks.shape[1:])
            total = p.sum(dim=(1, 2))
            found = total > 0
            inside[i] += ((p * masks).sum(dim=(1, 2))[found] / total[found]).sum().item()
            mapped[i] += int(found.sum())
    return {"accuracy": 100.0 * confusion.trace().item() / len(batches.labels), "confusion": confusion.tolist(),
            "cam_inside": {name: s / n if n else None for name, s, n in zip(STAGES, inside, mapped)},
            "cam_zero": {name: len(batches.labels) - n for name, n in zip(STAGES, mapped)}}


def compare_evaluations(mine, path, tolerance):
    """Prints both and the differences; True if the predictions are the same in number by class and the shares of the
    maps within the tolerance."""
    with open(path, encoding="ascii") as file:
        theirs = json.load(file)
    moved = sum(abs(a - b) for x, y in zip(mine["confusion"], theirs["confusion"]) for a, b in zip(x, y)) // 2
    shares = {name: relative(mine["cam_inside"][name], theirs["cam_inside"][name]) for name in STAGES
              if mine["cam_inside"][name] is not None}
    agrees = moved == 0 and mine["cam_zero"] == theirs["cam_zero"] and max(shares.values()) <= tolerance
    print(json.dumps({"accuracy": mine["accuracy"], "accuracy_compared": theirs["accuracy"], "images_moved": moved,
                      "cam_inside": mine["cam_inside"], "cam_inside_relative": shares, "agrees": agrees}))
    return agrees


def measure(net, stages, optimiser, batches, args):
    """Images per second over --steps steps after two to warm up; reading the shard is not counted."""
    spent = 0.0
    for step in range(args.steps + 2):
        batch = batches.take(step)
        start = time.perf_counter()
        train_step(net, stages, optimiser, batch, args)
        spent += time.perf_counter() - start if step >= 2 else 0.0
    count = len(batch[1])
    print(json.dumps({"images_per_s": round(args.steps * count / spent, 3), "steps": args.steps, "batch": count,
                      "model": args.model, "method": args.method, "pixels": batch[0].shape[-1],
                      "dtype": args.dtype, "channels_last": args.channels_last, "threads": torch.get_num_threads(),
                      "torch": torch.__version__}))


def parse_arguments():
    parser = argparse.ArgumentParser(description="the steps of `reff train` in PyTorch",
                                     formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--shard", required=True, help="training shard (HDF5)")
    parser.add_argument("--weights", help="safetensors to start from (none: random, for --time)")
    parser.add_argument("--order", help="text file, one line of image indices per step (none: the shard's order)")
    parser.add_argument("--batch", type=int, default=32, help="images a step, without --order")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--compare", metavar="FILE", help="JSON lines of losses to agree with")
    parser.add_argument("--evaluate", metavar="FILE", help="report of `reff eval --json` to agree with; no training")
    parser.add_argument("--tolerance", type=float, default=1e-3, help="largest relative difference")
    parser.add_argument("--time", action="store_true", help="measure images per second")
    parser.add_argument("--dtype", choices=("float", "double"), default="float")
    parser.add_argument("--threads", type=int, default=0, help="0: PyTorch's own choice")
    parser.add_argument("--channels-last", action="store_true", help="memory layout of images and weights")
    parser.add_argument("--model", choices=("resnet18", "resnet50"), default="resnet18")
    parser.add_argument("--method", choices=tuple(METHODS), default="reff")
    parser.add_argument("--normalise", choices=("normalise-first", "resize-first"), default="normalise-first",
                        help="what `reff train --order` names")
    parser.add_argument("--reduction", choices=("mean", "sum"), help="over pixels (none: the method's)")
    parser.add_argument("--lambda", dest="lam", type=float, help="factor of the regulariser (none: the method's)")
    parser.add_argument("--gamma", type=float, default=10.0, help="factor of abn's map loss")
    parser.add_argument("--layer-weights", help="of layer1..layer4; 0: not regularised (none: the method's)")
    parser.add_argument("--cam-eps", type=float, default=1e-8)
    parser.add_argument("--bn-eps", type=float, default=1e-5)
    parser.add_argument("--bn-momentum", type=float, default=0.1)
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--momentum", type=float, default=0.8)
    parser.add_argument("--weight-decay", type=float, default=1e-5)
    args = parser.parse_args()
    lam, weights, reduction = METHODS[args.method]
    args.lam = lam if args.lam is None else args.lam
    args.reduction = args.reduction or reduction
    args.layer_weights = args.layer_weights or weights
    args.layer_weights = [float(word) for word in args.layer_weights.split(",")]
    if len(args.layer_weights) != len(STAGES):
        parser.error("--layer-weights: four numbers")
    if not args.weights and not args.time:
        parser.error("--weights: needed for everything but --time")
    return args


def main():
    args = parse_arguments()
    if args.threads:
        torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    batches = Batches(args)
    tensors = read_safetensors(args.weights) if args.weights else None
    classes = tensors["fc.weight"].shape[0] if tensors else int(batches.labels.max()) + 1
    net, stages = make_network(args, classes)
    if tensors:
        load_weights(net, tensors)
    net = net.to(batches.dtype)
    if args.channels_last:
        net = net.to(memory_format=torch.channels_last)
    optimiser = torch.optim.SGD(net.parameters(), lr=args.lr, momentum=args.momentum, weight_decay=args.weight_decay)
    if args.time:
        measure(net, stages, optimiser, batches, args)
        return 0
    if args.evaluate:
        return 0 if compare_evaluations(evaluate(net, stages, batches, args), args.evaluate, args.tolerance) else 1
    lines = []
    for step in range(min(args.steps, len(batches.order))):
        line = {"step": step, **train_step(net, stages, optimiser, batches.take(step), args)}
        lines.append(line)
        print(json.dumps(line), flush=True)
    return 0 if not args.compare or compare(lines, args.compare, args.tolerance) else 1


if __name__ == "__main__":
    sys.exit(main())
