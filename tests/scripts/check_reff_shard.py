#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks of scripts/reff_shard.py, each a word on the command line; test_reff_shard.c calls them.

    check_reff_shard.py SCRIPTS CHECK ARGUMENTS...

Exit status 1 when something differs, 77 when a module is not there (its name is printed).
"""
import json
import os
import pickle
import sys

sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
try:
    import h5py
    import numpy as np
    if sys.argv[2] in ("loader", "logits", "convert"):
        import torch
    if sys.argv[2] == "logits":
        import torchvision
except ModuleNotFoundError as missing:
    print(f"no {missing.name}")
    sys.exit(77)
import reff_shard


def same(a, b, what):
    if not np.array_equal(np.asarray(a), np.asarray(b)):
        sys.exit(f"{what}: {a!r}, not {b!r}")


def shard(path):
    """What h5py has without our file."""
    with h5py.File(path) as f, reff_shard.Shard(path) as s:
        same(len(s), f["labels"].shape[0], "len")
        for name in ("images", "masks", "labels"):
            same(getattr(s, name)[:], f[name][:], name)
        same(s.images[3:5], f["images"][3:5], "a part of the images")
        same(s.split, f.attrs["split"].decode(), "split")
        same(sorted(s.provenance), sorted(set(f) - {"images", "masks", "labels"}), "provenance")
        texts = [name for name in s.provenance if s.provenance[name].dtype.kind == "U"]
        for name in texts:
            same(s.provenance[name], f[name].asstr()[:], name)
        names = [name.decode() for name in f.attrs["group_names"]]
        same(s.groups, [names[g] for g in f["group"][:]], "groups")
        wanted = [name.decode() for name in f.attrs["class_names"]] if "class_names" in f.attrs else [str(i) for i in range(
            f.attrs["classes"])]
        same(s.classes, wanted, "classes")
        same(s.attributes["seed"], f.attrs["seed"], "seed")
        again = pickle.loads(pickle.dumps(s))
        same(again.images[0], f["images"][0], "after a pickle")
        same(reff_shard.content_digest(path), f.attrs["content_sha256"].decode(), "content digest")


def write(path):
    """A shard by hand, which the program then verifies; and what is refused."""
    random = np.random.default_rng(1)
    images = random.integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)
    masks = random.integers(0, 2, (6, 8, 8), dtype=np.uint8) * 255
    labels = np.array([0, 1, 0, 1, 0, 1])
    reff_shard.write_shard(path, images, masks, labels, ["disc", "square"], groups=[0, 2, 1, 3, 0, 2], split="train",
                           group_names=["disc aligned", "disc conflicting", "square aligned", "square conflicting"])
    with reff_shard.Shard(path) as s:
        same(s.images[:], images, "images")
        same(s.masks[:], masks, "masks")
        same(s.groups[:2], ["disc aligned", "square aligned"], "groups")
    before = os.listdir(os.path.dirname(path))
    for wrong, words in (((images, masks // 255, labels), "masks: 0 and 1"), ((images[:, :, :, 0], masks, labels), "images: "),
                         ((images, masks[:5], labels), "masks: "), ((images, masks, labels + 1), "labels: ")):
        try:
            reff_shard.write_shard(path + ".bad", *wrong, ["disc", "square"])
            sys.exit(f"not refused: {words}")
        except ValueError as error:
            same(str(error).startswith(words), True, str(error))
    same(sorted(os.listdir(os.path.dirname(path))), sorted(before), "files left behind")


def loader(path):
    """Each worker reads what h5py reads, also where the parent has read before it forks."""
    with h5py.File(path) as f:
        images, masks, labels = f["images"][:], f["masks"][:], f["labels"][:]
    data = reff_shard.TorchDataset(path)
    mean, std = np.float32(reff_shard.MEAN), np.float32(reff_shard.STD)
    wanted = ((images.astype(np.float32) / 255 - mean) / std).transpose(0, 3, 1, 2)
    same(data[1][0].numpy(), wanted[1], "an image before the fork")
    same(data[-1][1], labels[-1], "the last label")
    for workers in (0, 2):
        got = list(torch.utils.data.DataLoader(data, batch_size=7, num_workers=workers))
        same(torch.cat([batch[0] for batch in got]).numpy(), wanted, f"images, {workers} workers")
        same(torch.cat([batch[1] for batch in got]).numpy(), labels, f"labels, {workers} workers")
        same(torch.cat([batch[2] for batch in got]).numpy(), masks.astype(np.float32) / 255, f"masks, {workers} workers")
    raw = reff_shard.TorchDataset(path, transform=lambda pixels: torch.from_numpy(pixels.copy()), masks=False)
    for workers in (0, 2):
        got = list(torch.utils.data.DataLoader(raw, batch_size=7, num_workers=workers, shuffle=True))
        pixels = torch.cat([batch[0] for batch in got]).numpy()
        same(sorted(p.tobytes() for p in pixels), sorted(p.tobytes() for p in images), f"pixels, {workers} workers")
    try:
        data[len(data)]
        sys.exit("an index beyond the end is not refused")
    except IndexError:
        pass


def logits(weights, back, path, ours):
    """torchvision's network with our weights gives our logits (a text file, a line an image); and the weights back."""
    about = reff_shard.about_weights(weights)
    net = getattr(torchvision.models, about["model"])(num_classes=int(about["classes"]))
    net.load_state_dict(reff_shard.load_weights(weights))
    net.eval()
    data = reff_shard.TorchDataset(path)
    images = torch.stack([data[i][0] for i in range(len(data))])
    with torch.no_grad():
        theirs = net(images).numpy()
    wanted = np.loadtxt(ours)
    worst = np.abs(theirs - wanted).max() / np.abs(wanted).max()
    if not worst < 1e-4:
        sys.exit(f"logits differ by {worst} of the largest")
    print(f"torchvision {torchvision.__version__}: logits of {len(data)} images differ by {worst:.1e} of the largest")
    reff_shard.save_weights(back, net.state_dict(), about)


def convert(folder):
    """A pickle of a checkpoint, and of bare tensors, as safetensors; other pickles are refused."""
    tensors = {"a": torch.arange(6.0).reshape(2, 3).t(), "b.num_batches_tracked": torch.tensor(7),
               "c": torch.ones(3, dtype=torch.bfloat16)}
    for state in (tensors, {"state_dict": tensors, "epoch": 3}):
        torch.save(state, f"{folder}/net.pth")
        same(reff_shard.main(["convert", f"{folder}/net.pth", f"{folder}/net.safetensors"]), 0, "exit status")
        got = reff_shard.load_weights(f"{folder}/net.safetensors")
        same(sorted(got), sorted(tensors), "names")
        for name in tensors:
            same(got[name].float().numpy(), tensors[name].float().numpy(), name)
    torch.save({"epoch": 3}, f"{folder}/none.pth")
    try:
        reff_shard.convert(f"{folder}/none.pth", f"{folder}/none.safetensors")
        sys.exit("a file without tensors is not refused")
    except ValueError as error:
        same("no tensors" in str(error), True, str(error))
    same(os.path.exists(f"{folder}/none.safetensors"), False, "a file left behind")


globals()[sys.argv[2]](*sys.argv[3:])
