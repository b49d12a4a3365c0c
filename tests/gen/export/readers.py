#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads exports as other people's programs do, and compares them with the shards (h5py), pixel by pixel.

    readers.py imagefolder DIR SHARD...    torchvision's ImageFolder; json for metadata.jsonl
    readers.py webdataset DIR|FILE.tar SHARD...    tarfile, grouped as WebDataset groups
    readers.py wilds DIR SHARD...          csv, Pillow
    readers.py croissant FILE.json [TAR]   rdflib for JSON-LD; digests of the files

Ends with a line that names the reader and its version. Exit status 1 when something differs, 77 when a module is not
there.
"""
import csv
import hashlib
import io
import json
import pathlib
import sys
import tarfile

try:
    import h5py
    import numpy as np
    from PIL import Image
except ModuleNotFoundError as missing:
    print(f"no {missing.name}")
    sys.exit(77)


def same(a, b, what):
    if a != b:
        sys.exit(f"{what}: {a!r}, not {b!r}")


class Shard:
    """A shard as h5py reads it."""

    def __init__(self, path):
        with h5py.File(path) as f:
            self.images, self.masks, self.labels = f["images"][:], f["masks"][:], f["labels"][:]
            self.columns = {name: f[name][:] for name in f if f[name].ndim == 1 and name != "labels"}
            self.split = f.attrs["split"].decode()
            self.groups = [name.decode() for name in f.attrs.get("group_names", [])]
            self.classes = [name.decode() for name in f.attrs.get("class_names", [])]

    def compare(self, i, image, mask, row):
        """What an export has of image i: pixels, and a row of values or of texts."""
        where = f"{self.split}, image {i}"
        if not np.array_equal(np.asarray(image), self.images[i]):
            sys.exit(f"{where}: other pixels")
        if mask is not None and not np.array_equal(np.asarray(mask), self.masks[i]):
            sys.exit(f"{where}: another mask")
        name = self.classes[self.labels[i]] if self.classes else str(self.labels[i])
        same(row["class"], name, f"{where}: class")
        for key, values in self.columns.items():
            value = values[i].decode() if values.dtype.kind == "S" else values[i].item()
            if key == "group" and self.groups:
                same(row[key], self.groups[value], f"{where}: group")
                key = "group_number"
            got = type(value)(row[key])  # texts of a CSV
            same(got, value, f"{where}: {key}")


def imagefolder(folder, paths):
    try:
        import torchvision
        from torchvision.datasets import ImageFolder
    except ModuleNotFoundError as missing:
        print(f"no {missing.name}")
        sys.exit(77)
    images = 0
    for shard in map(Shard, paths):
        root = folder / shard.split
        data = ImageFolder(root)
        rows = [json.loads(line) for line in open(root / "metadata.jsonl", encoding="utf-8")]
        same(len(data), len(shard.labels), "images")
        by_name = {row["file_name"]: (i, row) for i, row in enumerate(rows)}
        whole = len(set(shard.labels.tolist())) == len(data.classes) == shard.labels.max() + 1
        for (path, _), (image, target) in zip(data.samples, data):
            i, row = by_name[pathlib.Path(path).relative_to(root).as_posix()]
            same(row["label"], int(shard.labels[i]), "label")
            if whole:  # ImageFolder numbers the folders that are there
                same(target, int(shard.labels[i]), "target of ImageFolder")
            shard.compare(i, image, Image.open(root / row["mask_file_name"]), row)
            images += 1
    print(f"torchvision {torchvision.__version__}: {images} images")


def webdataset(path, paths):
    tars = sorted(path.glob("*.tar")) if path.is_dir() else [path]
    shards = {shard.split: shard for shard in map(Shard, paths)}
    seen, keys = {split: [] for split in shards}, set()
    for tar in tars:
        samples, order = {}, []
        with tarfile.open(tar) as archive:
            for member in archive:
                key, ending = member.name.split(".", 1)  # as WebDataset does
                if not order or order[-1] != key:
                    order.append(key)
                samples.setdefault(key, {})[ending] = archive.extractfile(member).read()
                same((member.mtime, member.uid, member.mode), (0, 0, 0o644), member.name)
        same(len(order), len(samples), f"{tar}: members of a sample are apart")
        for key, sample in samples.items():
            same(key in keys, False, f"{key} twice")
            keys.add(key)
            split, number = key.rsplit("-", 1)
            shard, i, row = shards[split], int(number), json.loads(sample["json"])
            same(int(sample["cls"]), int(shard.labels[i]), "cls")
            same(sorted(sample), ["cls", "json", "mask.png", "png"], key)
            shard.compare(i, Image.open(io.BytesIO(sample["png"])), Image.open(io.BytesIO(sample["mask.png"])), row)
            seen[split].append(i)
    for split, shard in shards.items():
        same(seen[split], list(range(len(shard.labels))), split)
    print(f"tarfile of Python {sys.version.split()[0]}: {len(keys)} images in {len(tars)} archives")


def wilds(folder, paths):
    numbers = {"train": "0", "validation": "1", "test": "2"}
    rows = list(csv.DictReader(open(folder / "metadata.csv", encoding="utf-8", newline="")))
    same([int(row["img_id"]) for row in rows], list(range(len(rows))), "img_id")
    for shard in map(Shard, paths):
        mine = [row for row in rows if row["split"] == numbers[shard.split]]
        same(len(mine), len(shard.labels), shard.split)
        for i, row in enumerate(mine):
            same(int(row["y"]), int(shard.labels[i]), "y")
            place = next(c for c in ("background_class", "artefact", "background", "group") if c in shard.columns)
            same(int(row["place"]), int(shard.columns[place][i]), "place")
            shard.compare(i, Image.open(folder / row["img_filename"]), Image.open(folder / row["mask_filename"]), row)
    print(f"csv of Python {sys.version.split()[0]}: {len(rows)} images")


def croissant(file):
    try:
        import rdflib
    except ModuleNotFoundError as missing:
        print(f"no {missing.name}")
        sys.exit(77)
    said = json.loads(file.read_text(encoding="utf-8"))
    base = "http://example.org/data/"
    graph = rdflib.Graph().parse(data=json.dumps(said), format="json-ld", publicID=base)
    sc, cr = rdflib.Namespace("https://schema.org/"), rdflib.Namespace("http://mlcommons.org/croissant/")
    rai, dct = rdflib.Namespace(f"{cr}RAI/"), rdflib.DCTERMS
    (data,) = graph.subjects(rdflib.RDF.type, sc.Dataset)
    conforms = {str(x) for x in graph.objects(data, dct.conformsTo)}
    same(conforms, {f"{cr}1.1", f"{cr}RAI/1.0"}, "conformsTo")
    prov = rdflib.Namespace("http://www.w3.org/ns/prov#")
    required = [sc.name, sc.description, sc.license, sc.url, sc.creator, sc.datePublished, sc.distribution, cr.recordSet,
                rai.dataLimitations, rai.dataBiases, rai.personalSensitiveInformation, rai.dataUseCases,
                rai.dataSocialImpact, rai.hasSyntheticData, prov.wasDerivedFrom, prov.wasGeneratedBy]
    for name in required:
        if not list(graph.objects(data, name)):
            sys.exit(f"{name} is missing")
    known = {str(x) for x in graph.subjects(rdflib.RDF.type, None)}
    for predicate in (cr.fileObject, cr.fileSet, cr.containedIn, cr.references):
        for target in graph.objects(None, predicate):
            if str(target) not in known:
                sys.exit(f"{target}: is referred to, but not described")
    kinds = {}
    for node, kind in graph.subject_objects(rdflib.RDF.type):
        kinds.setdefault(str(node), set()).add(str(kind))
    for node, several in kinds.items():
        same(len(several), 1, f"{node}: types")
    files = list(graph.subjects(rdflib.RDF.type, cr.FileObject))
    for node in files:
        (url,), (digest,) = graph.objects(node, sc.contentUrl), graph.objects(node, sc.sha256)
        bytes_there = (file.parent / str(url)).read_bytes()
        same(hashlib.sha256(bytes_there).hexdigest(), str(digest), str(url))
        (size,) = graph.objects(node, sc.contentSize)
        same(str(size), f"{len(bytes_there)} B", f"{url}: contentSize")
    for node in graph.subjects(rdflib.RDF.type, cr.FileSet):
        (glob,) = graph.objects(node, cr.includes)
        if not list(graph.objects(node, cr.containedIn)) and not list(file.parent.glob(str(glob))):
            sys.exit(f"{glob}: no such file")
    fields = len(list(graph.subjects(rdflib.RDF.type, cr.Field)))
    print(f"rdflib {rdflib.__version__}: {len(graph)} triples, {len(files)} files, {fields} fields")


def main(what, path, *shards):
    if what == "croissant":
        croissant(pathlib.Path(path))
    else:
        {"imagefolder": imagefolder, "webdataset": webdataset, "wilds": wilds}[what](pathlib.Path(path), shards)


if __name__ == "__main__":
    main(*sys.argv[1:])
