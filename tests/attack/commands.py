# SPDX-License-Identifier: Apache-2.0
"""The commands that faults are tried on, and what they start from: a few images and a sweep of seconds."""
import dataclasses
import hashlib
import json
import pathlib
import shutil
import tarfile

import harness

DEFINITIONS = pathlib.Path(__file__).resolve().parent / "definitions"
SUITE = ["./table.ini", "--profile", "./profile.ini"]
TRAIN = ["train", "--train", "train.h5", "--test", "test.h5", "--width", "2", "--batch", "16", "--epochs", "1", "--save-model"]


@dataclasses.dataclass
class Command:
    name: str
    words: list
    needs: tuple = ()  # of the base: files and folders
    makes: tuple = ()  # files and folders that it writes: none is ever there in part
    repeats: bool = False  # the same command again, undisturbed, ends as if nothing had happened


COMMANDS = [
    Command("info", ["info", "train.h5"], ("train.h5",)),
    Command("verify", ["verify", "train.h5"], ("train.h5", "train.h5.sha256")),
    Command("preview", ["preview", "train.h5", "train.png", "--count", "4"], ("train.h5",), ("train.png",), True),
    Command("export", ["export", "train.h5", "test.h5", "--output", "exported"], ("train.h5", "test.h5"), ("exported",), True),
    Command("export-tars", ["export", "train.h5", "--format", "webdataset", "--output", "exported"], ("train.h5",),
            ("exported",), True),
    Command("export-tar", ["export", "train.h5", "--format", "wilds", "--force", "--output", "exported.tar"], ("train.h5",),
            ("exported.tar",), True),
    Command("gen", ["gen", "textured-mnist", "--canvas", "16", "--size", "16", "--count", "16", "--force", "--output",
                    "new.h5"], (), ("new.h5", "new.h5.sha256"), True),
    Command("gen-pets", ["gen", "pets", "--pixels", "16", "--count", "8", "--force", "--output", "new.h5"], (),
            ("new.h5", "new.h5.sha256"), True),
    Command("gen-lesions", ["gen", "isic2017", "--pixels", "16", "--count", "4", "--force", "--output", "new.h5"], (),
            ("new.h5", "new.h5.sha256"), True),
    Command("gen-textures", ["gen", "textures", "--count", "1", "--size", "8", "--output", "drawn"], (), ("drawn",), True),
    Command("gen-own", ["gen", "folder", "--images", "textures/dtd/images", "--masks", "textures/dtd/images", "--pixels", "16",
                        "--count", "6", "--force", "--output", "new.h5"], ("textures",),
            ("new.h5", "new.h5.sha256"), True),
    Command("gen-from-folder", ["gen", "textured-mnist", "--textures", "textures", "--canvas", "16", "--size", "16", "--count",
                                "8", "--force", "--output", "new.h5"], ("textures",), ("new.h5", "new.h5.sha256"), True),
    Command("gen-from-archive", ["gen", "textured-mnist", "--textures", "textures.tar.gz", "--canvas", "16", "--size", "16",
                                 "--count", "8", "--force", "--output", "new.h5"], ("textures.tar.gz",),
            ("new.h5", "new.h5.sha256"), True),
    Command("fetch-list", ["fetch", "--dry-run", "--data", "."], ()),
    Command("plan", ["info", "--plan", "--width", "2", "--pixels", "16", "--batch", "2", "--threads", "1"], ()),
    Command("train", [*TRAIN, "--output", "new"], ("train.h5", "test.h5"), ("new",), True),
    Command("eval", ["eval", "--weights", "trained/model.safetensors", "test.h5"], ("trained", "test.h5")),
    Command("eval-gate", ["eval", "--weights", "trained/model.safetensors", "test.h5", "--min", "accuracy=0"],
            ("trained", "test.h5")),
    Command("gate", ["gate", "trained", "--reference", "gate.json"], ("trained", "gate.json")),
    Command("gradients", ["gradients", "--data", "train.h5", "--weights", "trained/model.safetensors", "--batch", "16"],
            ("trained", "train.h5")),
    Command("annotate", ["annotate", "--shard", "train.h5", "--output", "annotated.h5", "--n", "1", "--ngf", "2", "--ndf",
                         "2", "--iterations", "2", "--batch", "1"], ("train.h5",), ("annotated.h5",), True),
    Command("run", ["run", *SUITE, "--rows", "0", "--jobs", "1", "--threads", "1"], (), ("results",), True),
    Command("run-done", ["run", *SUITE, "--jobs", "1", "--threads", "1"], ("results",), ("results",), True),
    Command("dry-run", ["run", *SUITE, "--dry-run", "--jobs", "1", "--threads", "1"], ("results",)),
    Command("table", ["table", *SUITE], ("results",)),
    Command("table-json", ["table", *SUITE, "--format", "json"], ("results",)),
    Command("page", ["page", *SUITE, "--output", "page.html"], ("results",), ("page.html",), True),
    Command("status", ["status", *SUITE], ("results",)),
    Command("report", ["report", "--profile", "./profile.ini", "--results", "reported"], ("reported",), ("reported",), True),
    Command("figure", ["figure", "./figure.ini", "--profile", "./profile.ini", "--results", "reported"], ("reported",),
            ("reported",), True),
    Command("figure-grid", ["figure", "./grid.ini", "--train", "--profile", "./profile.ini", "--jobs", "1", "--threads", "1"],
            ("results",), ("results",), True),
]

# What no two runs have in common.
VOLATILE = {"resumed_at_step", "threads", "seconds", "seconds_per_step", "date"}
UNCOMPARED = {"seed", "weights", "checkpoint_seconds", "save_model"}  # settings that reff gate does not compare
TOLD_IN = ("tables", "paper", "figures")  # folders whose files say themselves what is missing
PASSING = ("lease", "task.json", "log", "checkpoint", "checkpoint.old")  # files of a run's folder that are no result


def base(attack):
    """A folder with all that some command needs; made once for all parts."""
    folder = attack.folder.parent / "base"
    if folder.exists():
        return folder
    folder.mkdir()
    for definition in DEFINITIONS.glob("*.ini"):
        shutil.copy(definition, folder)
    shard = ["gen", "textured-mnist", "--canvas", "16", "--size", "16", "--count"]
    for words in ([*shard, "96", "--output", "train.h5"], [*shard, "32", "--output", "test.h5", "--p", "1", "--split", "test"],
                  ["gen", "textures", "--count", "1", "--size", "8", "--output", "textures"],
                  [*TRAIN, "--output", "trained"], ["run", *SUITE, "--threads", "1"],
                  ["run", "table1a", "--profile", "./profile.ini", "--seeds", "1", "--threads", "1", "--results", "reported"]):
        result = attack.run(*words, folder=folder)
        if result.status != 0:
            raise SystemExit(f"reff {' '.join(words)}: {result.message()}")
    run = json.loads((folder / "trained" / "run.json").read_text())
    runs = [{"seed": seed, "model_sha256": "", "metrics": {"accuracy": 10.0 + seed}} for seed in (11, 12, 13)]
    data = {key: run["data"][key] for key in ("pixels", "classes", "test_images", "test_sha256")}
    settings = {key: value for key, value in run["settings"].items() if key not in UNCOMPARED}
    (folder / "gate.json").write_text(json.dumps({"settings": settings, "data": data, "runs": runs}))
    with tarfile.open(folder / "textures.tar.gz", "w:gz") as archive:
        archive.add(folder / "textures", ".")
    return folder


def place(attack, base_folder, command, name="work"):
    """A fresh folder with what the command needs."""
    folder = attack.fresh(name)
    for need in (*(path.name for path in DEFINITIONS.glob("*.ini")), *command.needs):
        source = base_folder / need
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, folder / need)
    return folder


def _steady(value):
    if isinstance(value, dict):
        return {key: _steady(inner) for key, inner in value.items() if key not in VOLATILE}
    return [_steady(inner) for inner in value] if isinstance(value, list) else value


def printed(out):
    """Standard output, but for what no two runs have in common."""
    try:
        return json.dumps(_steady(json.loads(out)), sort_keys=True)
    except ValueError:
        return out


def _content(path):
    """What must be the same in every undisturbed run."""
    data = path.read_bytes()
    try:
        if path.suffix == ".json":
            return json.dumps(_steady(json.loads(data)), sort_keys=True)
        if path.suffix == ".jsonl":
            return json.dumps([_steady(json.loads(line)) for line in data.splitlines()], sort_keys=True)
    except ValueError:
        return f"no JSON: {data[:80]!r}"
    return hashlib.sha256(data).hexdigest()


def says_itself(path):
    """Whether a file is one that shows results as far as they go, whole though some are missing."""
    return any(part in TOLD_IN for part in pathlib.PurePath(path).parts)


def made(folder, command):
    """{path: content} of what the command made, and the half-written files that it left."""
    files, parts = {}, [path.name for path in folder.glob("*.part-*")]
    for name in command.makes:
        top = folder / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if not path.is_file() or path.name in PASSING:
                continue
            if ".part-" in path.name:
                parts.append(path.name)
            else:
                files[str(path.relative_to(folder))] = _content(path)
    return files, parts
