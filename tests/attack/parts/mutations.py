# SPDX-License-Identifier: Apache-2.0
"""Files from strangers, changed by chance: shards, weights, pictures, archives, lists, digits, settings, results.

Bytes are changed, cut out, repeated, blown up; each command that reads the file then does what it did before, or ends
with a line. No crash, no hang, nothing left behind, no control character on either stream. What is read and holds no
digest of itself may say something else afterwards: a label, a title, a number.
"""
import gzip
import hashlib
import io
import json
import pathlib
import struct
import tarfile
import zipfile
import zlib

import commands

SHARE = 3
PATIENCE = 60
SIDE = 32  # of the pictures
ISIC = "ISIC-2017_Training"


# ---- small good files

def png(seed, channels=3):
    """A picture of noise around a colour."""
    rows = b"".join(b"\0" + bytes((seed * 23 + x * y * 7 + c * 40) % 251 for x in range(SIDE) for c in range(channels))
                    for y in range(SIDE))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2 if channels == 3 else 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def mask():
    rows = b"".join(b"\0" + bytes(255 if x > y else 0 for x in range(SIDE)) for y in range(SIDE))
    good = png(0, 1)
    data = zlib.compress(rows)
    chunk = struct.pack(">I", len(data)) + b"IDAT" + data + struct.pack(">I", zlib.crc32(b"IDAT" + data))
    at, end = good.index(b"IDAT") - 4, good.index(b"IEND") - 4
    return good[:at] + chunk + good[end:]


def zipped(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()


def tarred(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def idx(magic, *shape, data):
    return struct.pack(f">{1 + len(shape)}I", magic, *shape) + data


def make(base):
    """The files, in a folder of their own beside what commands.base made."""
    folder = base.parent / "good"
    if folder.exists():
        return folder
    isic = folder / "isic"
    isic.mkdir(parents=True)
    for name in ("train.h5", "train.h5.sha256", "test.h5"):
        (folder / name).write_bytes((base / name).read_bytes())
    (folder / "bare.h5").write_bytes((base / "train.h5").read_bytes())
    for path in (*base.glob("*.ini"), *base.glob("results/**/*"), *base.glob("reported/**/*")):
        if path.is_file() and path.name != "lease":
            (folder / path.relative_to(base)).parent.mkdir(parents=True, exist_ok=True)
            (folder / path.relative_to(base)).write_bytes(path.read_bytes())
    (folder / "model.safetensors").write_bytes((base / "trained/model.safetensors").read_bytes())
    ids = [f"ISIC_000000{i}" for i in range(6)]
    for split in ("Training", "Validation", "Test_v2"):
        suffix = ids if split == "Training" else [name.replace("ISIC_", f"ISIC_{len(split)}") for name in ids[:2]]
        (isic / f"ISIC-2017_{split}_Data.zip").write_bytes(zipped({f"{name}.png": png(i) for i, name in enumerate(suffix)}))
        (isic / f"ISIC-2017_{split}_Part1_GroundTruth.zip").write_bytes(
            zipped({f"{name}_segmentation.png": mask() for name in suffix}))
        rows = [f"{name},{i % 2},0" for i, name in enumerate(suffix)]
        (isic / f"ISIC-2017_{split}_Part3_GroundTruth.csv").write_text(
            "\n".join(["image_id,melanoma,seborrheic_keratosis", *rows, ""]))
    textures = {f"{kind}{i}/{kind}{i}_{k}.png": png(i * 3 + k) for kind in "db" for i in range(10) for k in range(2)}
    (folder / "textures.tar.gz").write_bytes(gzip.compress(tarred(textures), mtime=0))
    (folder / "textures.zip").write_bytes(zipped(textures))
    (folder / "textures.tar").write_bytes(tarred(textures))
    for name, data in textures.items():
        (folder / "textures" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "textures" / name).write_bytes(data)
    pairs = "".join(f"{i} = {i}\n" for i in range(10))
    classes = {section: "".join(f"{i} = {section[0]}{i}\n" for i in range(10)) for section in ("digits", "backgrounds")}
    (folder / "set.ini").write_text("".join(f"[{section}]\n{lines}" for section, lines in classes.items()) + f"[pairs]\n{pairs}")
    mnist = folder / "mnist"
    mnist.mkdir()
    count = 40
    for part in ("train", "t10k"):
        pixels = b"".join(hashlib.sha256(bytes([i])).digest() for i in range(98)) * 10
        images = idx(2051, count, 28, 28, data=pixels[:784 * count])
        labels = idx(2049, count, data=bytes(i % 10 for i in range(count)))
        (mnist / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(images, mtime=0))
        (mnist / f"{part}-labels-idx1-ubyte").write_bytes(labels)
    return folder


# ---- what reads them

TEXTURED = ["gen", "textured-mnist", "--size", "24", "--canvas", "24", "--count", "12", "--output", "out.h5"]
LESIONS = ["gen", "isic2017", "--pixels", "24", "--source", "isic", "--output", "out.h5"]
TRAIN = ["train", "--width", "2", "--batch", "16", "--epochs", "1", "--test", "test.h5", "--output", "out"]
# (file to change, the command that reads it, whether all that it takes from it is held to a digest or a checksum)
READ = [
    ("train.h5", ["info", "train.h5"], True),
    ("train.h5", ["verify", "train.h5"], True),
    ("train.h5", [*TRAIN, "--train", "train.h5"], True),
    ("bare.h5", ["info", "bare.h5"], False),
    ("bare.h5", ["preview", "bare.h5", "out.png", "--count", "4"], False),
    ("bare.h5", [*TRAIN, "--train", "bare.h5"], False),
    ("bare.h5", ["eval", "--weights", "model.safetensors", "bare.h5"], False),
    ("model.safetensors", ["eval", "--weights", "model.safetensors", "test.h5"], False),
    ("model.safetensors", [*TRAIN, "--train", "bare.h5", "--weights", "model.safetensors"], False),
    ("textures.tar.gz", [*TEXTURED, "--textures", "textures.tar.gz", "--texture-set", "set.ini"], False),
    ("textures.zip", [*TEXTURED, "--textures", "textures.zip", "--texture-set", "set.ini"], False),
    ("textures.tar", [*TEXTURED, "--textures", "textures.tar", "--texture-set", "set.ini"], False),
    ("textures/b1/b1_0.png", [*TEXTURED, "--textures", "textures", "--texture-set", "set.ini"], False),
    ("set.ini", [*TEXTURED, "--textures", "textures", "--texture-set", "set.ini"], False),
    ("mnist/train-images-idx3-ubyte.gz", [*TEXTURED, "--mnist", "mnist"], False),
    ("mnist/train-labels-idx1-ubyte", [*TEXTURED, "--mnist", "mnist"], False),
    (f"isic/{ISIC}_Part3_GroundTruth.csv", LESIONS, False),
    (f"isic/{ISIC}_Data.zip", LESIONS, False),
    (f"isic/{ISIC}_Part1_GroundTruth.zip", LESIONS, False),
]


def readers(good):
    """READ, and what reads results."""
    record = sorted(good.glob("results/runs/*/run.json"))[0].relative_to(good)
    table = sorted(good.glob("reported/tables/*/table1a.json"))[0].relative_to(good)
    suite, reported = ["./table.ini", "--profile", "./profile.ini"], ["--profile", "./profile.ini", "--results", "reported"]
    metrics = sorted(good.glob("reported/runs/*/metrics.jsonl"))[0].relative_to(good)
    return [*READ, (str(record), ["table", *suite, "--results", "results"], False),
            (str(record), ["status", *suite, "--results", "results"], False),
            (str(record), ["run", *suite, "--results", "results", "--dry-run"], False),
            (str(record.parent / "cell.json"), ["status", *suite, "--results", "results"], False),
            (str(table), ["report", *reported], False),
            (str(table), ["figure", "./figure.ini", *reported], False),
            (str(table.with_suffix(".tex")), ["report", *reported], False),
            (str(metrics), ["figure", "./figure.ini", *reported], False)]


def mutate(random, data):
    """(what was done, the changed bytes)."""
    data = bytearray(data)
    words = []
    for _ in range(random.choice((1, 1, 1, 2, 5))):
        at = random.randrange(len(data) + 1) if data else 0
        # Heads decide more than what comes after them.
        at = min(at, random.randrange(600)) if random.random() < 0.4 else at
        length = min(random.choice((1, 2, 4, 8, 64, 500)), len(data) - at)
        kind = random.choice(("flip", "set", "odd", "cut", "repeat", "end", "insert"))
        if kind == "flip" and length > 0:
            data[at] ^= 1 << random.randrange(8)
        elif kind == "set":
            data[at:at + length] = random.randbytes(length)
        elif kind == "odd":
            data[at:at + length] = random.choice((b"\0", b"\xff", b"\x7f", b"\x1b", b"9", b"\n")) * length
        elif kind == "cut":
            del data[at:at + length]
        elif kind == "repeat":
            data[at:at] = data[at:at + length] * random.choice((1, 2, 40))
        elif kind == "end":
            del data[at:]
        else:
            data[at:at] = random.choice((b"\x1b[2J", b"\xc2\x9b", b"\x80", b"1e999", b"../../", b"\0\0\0\0", b"%s%n"))
        words.append(f"{kind} {length} at {at}")
    return ", ".join(words), bytes(data)


def mutate_json(random, data):
    """(what was done, JSON with one value of another kind, or without it)."""
    value, path, holder = json.loads(data), [], None
    inner = value
    while isinstance(inner, (dict, list)) and inner and (not path or random.random() < 0.8):
        holder = inner
        path.append(random.choice(list(holder)) if isinstance(holder, dict) else random.randrange(len(holder)))
        inner = holder[path[-1]]
    other = random.choice((None, -1, 1e308, 2**62, "", "\x1b[2J\x7f", [], {}, True, [[[]]], {"a": {}}, "gone"))
    if path and other == "gone":
        del holder[path[-1]]
    elif path:
        holder[path[-1]] = other
    return f"{path} = {other!r}", json.dumps(value).encode()


def repair(data):
    """The PNG with right checksums for what its chunks hold now, so that more than the checksums is met."""
    data, at = bytearray(data), 8
    while at + 12 <= len(data):
        length = int.from_bytes(data[at:at + 4], "big")
        if at + 12 + length > len(data):
            break
        data[at + 8 + length:at + 12 + length] = struct.pack(">I", zlib.crc32(bytes(data[at + 4:at + 8 + length])))
        at += 12 + length
    return bytes(data)


# ---- tries

def _run(a, good, name, words, data):
    """(Result, {output: digest}, half-written files) with the file changed to `data`."""
    folder = a.fresh("work")
    named = [word.split("/")[0] for word in words]
    top = {pathlib.Path(name).parts[0], *(path.name for path in good.glob("*.ini")),
           *(word for word in named if (good / word).exists())} - {"."}
    for need in sorted(top):
        if (good / need).is_dir():
            for path in (good / need).rglob("*"):
                if path.is_file():
                    (folder / path.relative_to(good)).parent.mkdir(parents=True, exist_ok=True)
                    (folder / path.relative_to(good)).write_bytes(path.read_bytes())
        else:
            (folder / need).write_bytes((good / need).read_bytes())
    if name == "train.h5":
        (folder / "train.h5.sha256").write_bytes((good / "train.h5.sha256").read_bytes())
    (folder / name).write_bytes(data)
    result = a.run(*words, folder=folder, timeout=PATIENCE)
    outs = [path for path in folder.rglob("*") if path.is_file() and path.relative_to(folder).parts[0].startswith("out")]
    made = {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in outs
            if path.suffix in (".h5", ".png", ".safetensors")}
    return result, made, [path.name for path in folder.rglob("*.part-*")]


def _wrong(result, made, parts, held, undisturbed):
    if result.status is None:
        return f"did not end within {PATIENCE} seconds"
    if result.status < 0 or result.status > 2:
        return f"exit status {result.status}: {result.err[-200:]!r}"
    if any(byte in result.out + result.err for byte in b"\x1b\x07\r\x7f"):
        return "control characters reach the terminal"
    if parts:
        return f"left {parts[0].split('.part-')[0]}.part behind"
    if result.status == 0:
        same = made == undisturbed[1] and commands.printed(result.out) == commands.printed(undisturbed[0].out)
        if held and not same:
            return "exit status 0 with other output"
        return "" if made.keys() == undisturbed[1].keys() else "exit status 0 with another set of files"
    if made:
        return f"exit status {result.status} and {sorted(made)[0]}"
    return "" if result.message() else f"exit status {result.status} without a message: {result.err[-200:]!r}"


def attack(a):
    good = make(commands.base(a))
    undisturbed = {}
    read = readers(good)
    for name, words, _ in read:
        result, made, _ = _run(a, good, name, words, (good / name).read_bytes())
        if result.status != 0:
            raise SystemExit(f"reff {' '.join(words)}: {result.message()}")
        undisturbed[name, words[0]] = (result, made)
    a.start()
    number = 0
    while not a.time_is_up():
        for name, words, held in read:
            if a.time_is_up():
                return
            number += 1
            change = mutate_json if name.endswith(".json") and a.random.random() < 0.8 else mutate
            what, data = change(a.random, (good / name).read_bytes())
            if name.endswith(".png") and a.random.random() < 0.7:
                what, data = f"{what}, checksums repaired", repair(data)
            result, made, parts = _run(a, good, name, words, data)
            wrong = _wrong(result, made, parts, held, undisturbed[name, words[0]])
            row = pathlib.Path(name).name
            if wrong:
                kept = a.folder / f"found-{number}-{row}"
                kept.write_bytes(data)
                a.found(row, words[0], wrong, f"seed {a.options.seed}, try {number}: {what}; reff {' '.join(words)}")
            elif result.status == 0:
                a.same(row, words[0])
            else:
                a.told(row, words[0])
