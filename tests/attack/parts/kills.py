# SPDX-License-Identifier: Apache-2.0
"""Sweeps that are killed, stopped or robbed of their results at a random moment.

Whatever happens to it, the same command goes on, and ends with the results of an undisturbed sweep. No run is recorded as
failed or damaged by it, and exit status 0 is given only where every record is there.
"""
import os
import pathlib
import shutil
import signal
import subprocess
import time

import commands
import harness

SHARE = 2
SWEEP = commands.Command("sweep", ["run", *commands.SUITE, "--jobs", "2", "--threads", "1"], (), ("results",))
PATIENCE = 30  # seconds
TURNS = 6  # more than a sweep needs to go on after anything that is done to it once


def _children(parent):
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        if int(fields[1]) == parent:
            found.append(int(path.parent.name))
    return found


def _kill(process, number):
    try:
        os.kill(process, number)
    except ProcessLookupError:
        pass


def kill_parent(a, process, folder):
    _kill(process.pid, signal.SIGKILL)


def kill_child(a, process, folder):
    children = _children(process.pid)
    if children:
        _kill(a.random.choice(children), signal.SIGKILL)


def kill_children_in_turn(a, process, folder):
    for _ in range(3):
        kill_child(a, process, folder)
        time.sleep(0.05)


def crash_child(a, process, folder):
    children = _children(process.pid)
    if children:
        _kill(a.random.choice(children), a.random.choice([signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT]))


def terminate(a, process, folder):
    _kill(process.pid, signal.SIGTERM)


def remove_results(a, process, folder):
    for _ in range(5):  # what is written meanwhile may be in the way
        shutil.rmtree(folder / "results", ignore_errors=True)


def rename_results(a, process, folder):
    try:
        (folder / "results").rename(folder / "elsewhere")
    except FileNotFoundError:
        pass


DEEDS = [kill_parent, kill_child, kill_children_in_turn, crash_child, terminate, remove_results, rename_results]


def _records(files, deed=None):
    """What is to be the same of a sweep's results: all but the shards, which it removes in the end. Of results that were
    removed while it wrote, its records: who removes single files beside one has none of them."""
    removed = deed in (remove_results, rename_results)
    return {name: content for name, content in files.items() if "shards/" not in name
            and (not removed or name.endswith("/run.json"))}


def _difference(files, whole):
    """The first file that is missing, another or too many; "" if none."""
    return next((name for name in sorted(files.keys() | whole.keys()) if files.get(name) != whole.get(name)), "")


def _wrong(a, folder, whole, deed, result, seconds):
    """In words, what is wrong; "" if nothing is. The sweep ended so many seconds after the deed."""
    if deed in (remove_results, rename_results) and seconds < 0.3:
        return ""  # it may have looked for the last time before
    other = _difference(_records(commands.made(folder, SWEEP)[0], deed), _records(whole, deed)) if result.status == 0 else ""
    if other:
        return f"exit status 0 with another {other}"
    stopped = {kill_parent: (1, -signal.SIGKILL), terminate: (130, -signal.SIGTERM)}.get(deed, (1,))
    if result.status not in (0, *stopped):
        return f"exit status {result.status}: {result.message()}"
    if result.status in (1, 130) and not result.message():
        return f"exit status {result.status} without a message"
    status = a.run("status", *commands.SUITE, folder=folder)
    if status.status != 0 or b"failed" in status.out or b"damaged" in status.out:
        return f"then status: {status.out.decode('utf-8', 'replace')}{status.message()}"
    for _ in range(TURNS):
        result = a.run(*SWEEP.words, folder=folder, timeout=PATIENCE)
        if result.status == 0:
            break
    files, parts = commands.made(folder, SWEEP)
    if result.status != 0:
        return f"then, undisturbed, exit status {result.status}: {result.message()}"
    other = _difference(_records(files, deed), _records(whole, deed))
    if other:
        return f"then, undisturbed, another {other}"
    return f"left {parts[0]} behind" if parts else ""


def attack(a):
    base = commands.base(a)
    folder = commands.place(a, base, SWEEP)
    begun = time.monotonic()
    if a.run(*SWEEP.words, folder=folder).status != 0:
        raise SystemExit("kills: an undisturbed sweep fails")
    length = time.monotonic() - begun
    whole = _records(commands.made(folder, SWEEP)[0])
    a.start()
    while not a.time_is_up():
        deed, moment = a.random.choice(DEEDS), a.random.random() * 1.1
        folder = commands.place(a, base, SWEEP)
        process = subprocess.Popen([a.reff, *SWEEP.words], cwd=folder, env=harness.environment(), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        time.sleep(moment * length)
        deed(a, process, folder)
        done = time.monotonic()
        try:
            out, err = harness.communicate(process, PATIENCE)
            wrong = _wrong(a, folder, whole, deed, harness.Result(process.returncode, out, err), time.monotonic() - done)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            wrong = f"did not end within {PATIENCE} seconds"
        if wrong:
            a.found("sweep", deed.__name__, wrong, f"after {moment:.2f} of a sweep")
        else:
            a.same("sweep", deed.__name__)
