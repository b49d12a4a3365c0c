#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""reff's shards and weights in Python: one file to copy or to import. Needs h5py and numpy; with torch also data sets and
weights for PyTorch.

    from reff_shard import Shard, TorchDataset, load_weights, save_weights

    shard = Shard("train.h5")
    shard.images[0], shard.masks[0], shard.labels[0]      # uint8 [H,W,3], uint8 [H,W] (255: relevant), class
    shard.classes, shard.groups, shard.provenance["id"]   # names; a group for each image; a value for each image

    loader = torch.utils.data.DataLoader(TorchDataset("train.h5"), batch_size=32, shuffle=True, num_workers=2)
    for images, labels, masks in loader: ...

    net = torchvision.models.resnet18(num_classes=10)     # weights of reff train into torchvision ...
    net.load_state_dict(load_weights("run/model.safetensors"))
    save_weights("back.safetensors", net.state_dict())    # ... and back: reff train --weights back.safetensors

On the command line:

    reff_shard.py show train.h5                           # what a shard holds
    reff_shard.py convert net.pth net.safetensors         # PyTorch's files for reff train --weights
"""
import hashlib
import json
import os
import sys

import numpy as np

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of red, green, blue: what reff train and torchvision take off
FORMAT_VERSION = 1
OWN = ("images", "masks", "labels")  # datasets that are no provenance

# ---------------------------------------------------------------------------------------------- shards


def _plain(value):
    """An attribute or a column as Python has it: texts as str."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, np.ndarray) and value.dtype.kind in "SO":
        return [_plain(item) for item in value.tolist()]
    return value.item() if isinstance(value, np.generic) else value


class Shard:
    """A shard, open for reading. images [N,H,W,3] and masks [N,H,W] are read when they are indexed, as in h5py:
    shard.images[:10]. Another process that got it by fork or pickle opens the file anew."""

    def __init__(self, path):
        self.path = os.fspath(path)
        self._file, self._pid = None, None
        file = self.file
        if file.attrs.get("format_version") != FORMAT_VERSION:
            raise ValueError(f"{self.path}: format_version is {file.attrs.get('format_version')}, not {FORMAT_VERSION}")
        self.attributes = {name: _plain(value) for name, value in file.attrs.items()}
        self.labels = file["labels"][:]
        columns = [name for name in file if name not in OWN]
        self.provenance = {name: self._column(name) for name in columns}
        count = int(self.attributes["classes"])
        self.classes = list(self.attributes.get("class_names", map(str, range(count))))
        numbers = self.provenance.get("group")
        names = self.attributes.get("group_names")
        self.groups = None if numbers is None else (
            np.array([names[g] for g in numbers]) if names is not None else numbers)

    def _column(self, name):
        values = self.file[name][:]
        return np.array(_plain(values)) if values.dtype.kind in "SO" else values

    @property
    def file(self):
        """The h5py file of this process: one that was opened before a fork would give wrong data in the child."""
        import h5py  # here, so that weights alone need no h5py

        if self._pid != os.getpid():
            self._file, self._pid = h5py.File(self.path, "r"), os.getpid()
        return self._file

    @property
    def images(self):
        return self.file["images"]

    @property
    def masks(self):
        return self.file["masks"]

    @property
    def split(self):
        return self.attributes.get("split")

    def close(self):
        if self._file is not None and self._pid == os.getpid():
            self._file.close()
        self._file, self._pid = None, None

    def __len__(self):
        return len(self.labels)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __getstate__(self):
        return {**self.__dict__, "_file": None, "_pid": None}


def content_digest(path):
    """The content's SHA-256, which the attribute content_sha256 claims (docs/shards.md, Digests)."""
    lines = []
    with Shard(path) as shard:
        for name in sorted(shard.file):
            values = shard.file[name][:]
            kind = f"text{values.dtype.itemsize}" if values.dtype.kind == "S" else str(values.dtype)
            digest = hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()
            lines.append(f"{name} {kind} {','.join(map(str, values.shape))} {digest}\n")
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def write_shard(path, images, masks, labels, classes, groups=None, group_names=None, **attributes):
    """Writes a shard that reff train, eval, annotate, verify and preview take. images uint8 [N,S,S,3], masks uint8 [N,S,S]
    of 0 and 255, labels [N], classes: names; groups: numbers in group_names. The file appears whole or not at all."""
    import h5py

    images, masks, labels = np.asarray(images), np.asarray(masks), np.asarray(labels)
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != 3:
        raise ValueError(f"images: {images.dtype} {list(images.shape)} is no uint8 [N,H,W,3]")
    if masks.dtype != np.uint8 or masks.shape != images.shape[:3]:
        raise ValueError(f"masks: {masks.dtype} {list(masks.shape)} is no uint8 {list(images.shape[:3])}")
    if masks.size and 0 < masks.max() <= 1:
        raise ValueError("masks: 0 and 1; 255 is what counts as relevant: multiply by 255")
    if len(labels) != len(images) or (len(labels) and not 0 <= labels.min() <= labels.max() < len(classes)):
        raise ValueError(f"labels: not one of 0..{len(classes) - 1} for each image")
    part = f"{os.fspath(path)}.part-{os.getpid()}"
    try:
        with h5py.File(part, "w") as file:
            file.create_dataset("images", data=images, chunks=(min(4, len(images)), *images.shape[1:]))
            file.create_dataset("masks", data=masks, chunks=(min(4, len(masks)), *masks.shape[1:]))
            file["labels"] = labels.astype(np.int32)
            if groups is not None:
                file["group"] = np.asarray(groups).astype(np.int32)
            file.attrs["format_version"], file.attrs["classes"] = FORMAT_VERSION, len(classes)
            for name, value in {**attributes, "class_names": classes, "group_names": group_names}.items():
                if value is not None:  # texts of fixed length, which reff reads
                    texts = isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)
                    file.attrs[name] = (np.array([item.encode() for item in value]) if texts else
                                        np.bytes_(value.encode()) if isinstance(value, str) else value)
        digest = content_digest(part)
        with h5py.File(part, "a") as file:
            file.attrs["content_sha256"] = np.bytes_(digest)
        os.replace(part, path)
    finally:
        if os.path.exists(part):
            os.remove(part)


class TorchDataset:
    """A map-style data set for torch.utils.data.DataLoader: (image, label, mask) of each index, with masks=False (image,
    label). image: float32 [3,H,W], as reff train sees it ((value / 255 - MEAN) / STD); or what transform makes of the uint8
    [H,W,3] array. mask: float32 [H,W], 0..1. The file is opened in each worker."""

    def __init__(self, path, transform=None, masks=True):
        self.shard, self.transform, self.masks = Shard(path), transform, masks
        self.shard.close()  # each process opens it for itself

    def __len__(self):
        return len(self.shard)

    def __getitem__(self, index):
        import torch

        index = range(len(self))[index]  # negative ones too; beyond the end: IndexError
        pixels = self.shard.images[index]
        if self.transform is not None:
            image = self.transform(pixels)
        else:
            scaled = (pixels.astype(np.float32) / 255 - np.float32(MEAN)) / np.float32(STD)
            image = torch.from_numpy(np.ascontiguousarray(scaled.transpose(2, 0, 1)))
        label = int(self.shard.labels[index])
        if not self.masks:
            return image, label
        return image, label, torch.from_numpy(self.shard.masks[index].astype(np.float32) / 255)


# ---------------------------------------------------------------------------------------------- weights

NUMPY = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1", "U8": "u1",
         "BOOL": "?"}


def _read_safetensors(path):
    """{name: array}, {what is said of them}. bf16 becomes float32."""
    with open(path, "rb") as file:
        data = file.read()
    size = int.from_bytes(data[:8], "little")
    header, numbers = json.loads(data[8:8 + size]), memoryview(data)[8 + size:]
    about, arrays = header.pop("__metadata__", {}), {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        if entry["dtype"] == "BF16":
            flat = (np.frombuffer(numbers[begin:end], "<u2").astype(np.uint32) << 16).view(np.float32)
        else:
            flat = np.frombuffer(numbers[begin:end], NUMPY[entry["dtype"]])
        arrays[name] = flat.reshape(entry["shape"])
    return arrays, about


def load_weights(path):
    """{name: tensor} of a safetensors file, for load_state_dict; numpy arrays where torch is not there."""
    arrays, _ = _read_safetensors(path)
    try:
        import torch
    except ImportError:
        return arrays
    return {name: torch.from_numpy(array.copy()) for name, array in arrays.items()}


def about_weights(path):
    """What reff train says of its weights: model, width, method, classes, ... (texts)."""
    about = dict(_read_safetensors(path)[1])
    about.pop("content_sha256", None)  # of those numbers alone
    return about


def save_weights(path, weights, about=None):
    """Writes {name: tensor or array} as a safetensors file, which reff train and reff eval take; whole or not at all. about:
    texts for its header, as about_weights gives them, so that reff eval knows the network."""
    names = {np.dtype(kind): dtype for dtype, kind in NUMPY.items()}
    header, blobs, at = {"__metadata__": about} if about else {}, [], 0
    for name, value in weights.items():
        if hasattr(value, "detach"):
            value = value.detach().cpu()
            value = (value.float() if str(value.dtype) == "torch.bfloat16" else value).numpy()
        array = np.asarray(value)
        blob = np.ascontiguousarray(array).tobytes()
        header[name] = {"dtype": names[array.dtype], "shape": list(array.shape), "data_offsets": [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    part = f"{os.fspath(path)}.part-{os.getpid()}"
    try:
        with open(part, "wb") as file:
            file.write(len(text).to_bytes(8, "little") + text)
            file.writelines(blobs)
        os.replace(part, path)
    finally:
        if os.path.exists(part):
            os.remove(part)


def convert(source, target):
    """PyTorch's file (.pth, .pt, .bin: a pickle of which only tensors are loaded) as safetensors."""
    import torch

    state = torch.load(source, map_location="cpu", weights_only=True)
    for key in ("state_dict", "model_state_dict", "model"):  # of checkpoints
        if isinstance(state, dict) and isinstance(state.get(key), dict):
            state = state[key]
    weights = {name: value for name, value in state.items() if isinstance(value, torch.Tensor)}
    if not weights:
        raise ValueError(f"{source}: no tensors by name in it")
    save_weights(target, weights)
    return len(weights)


# ---------------------------------------------------------------------------------------------- command line


def show(path):
    with Shard(path) as shard:
        print(f"{path}: {len(shard)} images {list(shard.images.shape[1:])}, split {shard.split}, {len(shard.classes)} classes")
        for label, name in enumerate(shard.classes):
            print(f"  {label} {name}: {int((shard.labels == label).sum())} images")
        print("provenance: " + ", ".join(sorted(shard.provenance)))


def main(words):
    if len(words) == 2 and words[0] == "show":
        show(words[1])
    elif len(words) == 3 and words[0] == "convert":
        print(f"{words[2]}: {convert(words[1], words[2])} tensors")
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (OSError, ValueError, ImportError) as error:
        sys.exit(f"reff_shard.py: {error}")
