# SPDX-License-Identifier: Apache-2.0
"""Runs of the program with a call that fails (fault.c), and what is to be said of them."""
import errno
import os
import re
import struct
import subprocess

import harness

# As in fault.c, in its order, with the errnos that the system gives there.
KINDS = {
    "memory": ["ENOMEM"],
    "fork": ["EAGAIN", "ENOMEM"],
    "thread": ["EAGAIN"],
    "open": ["EACCES", "EIO", "EMFILE", "ENOSPC", "ENOMEM"],
    "read": ["EIO", "EINTR"],
    "write": ["EIO", "ENOSPC", "EDQUOT", "EINTR"],
    "sync": ["EIO", "ENOSPC", "EDQUOT"],
    "rename": ["EIO", "EACCES", "ENOSPC"],
    "mkdir": ["EACCES", "ENOSPC", "EDQUOT", "EIO"],
    "close": ["EIO", "ENOSPC", "EDQUOT"],
    "lock": ["ENOLCK", "EIO"],
    "control": ["ENOMEM"],
    "stat": ["EACCES", "EIO", "ENOMEM"],
    "list": ["EIO", "ENOMEM"],
    "remove": ["EACCES", "EIO"],
    "pipe": ["EMFILE", "ENFILE"],
}
TRACE_SIZE = 3000
LAYOUT = struct.Struct(f"{len(KINDS)}qqq{TRACE_SIZE}s{TRACE_SIZE}s256s")
PATHS_MOST = 1 << 17  # as in fault.c
UNABLE = 99  # exit status where the kernel takes no filter


class Fault:
    """The at-th call of a kind fails with an errno; `stay`: and all later ones."""

    def __init__(self, kind, at, cause, stay=False):
        self.kind, self.at, self.cause, self.stay = kind, at, cause, stay

    def __str__(self):
        return f"{self.kind} {self.at} {self.cause}{' stay' if self.stay else ''}"


class Notes:
    """What fault.so left of a run: counts by kind, whether the fault came, traces."""

    def __init__(self, path):
        values = LAYOUT.unpack(path.read_bytes())
        self.counts = dict(zip(KINDS, values))
        self.fired, self.crashed = values[len(KINDS)], values[len(KINDS) + 1]
        self.fault, self.crash, self.crash_module = [text.split(b"\0")[0].decode() for text in values[-3:]]

    def fault_module(self):
        """Which program or library made the call that failed: the first frame that is not fault.so's."""
        modules = (line.split("+")[0] for line in self.fault.splitlines())
        return next((module for module in modules if module != "fault.so"), "")


def run(attack, words, folder, fault=None, timeout=60, env=None):
    """(Result, Notes) of the program with a fault; None: calls are only counted."""
    path = attack.folder / "notes"
    path.write_bytes(bytes(LAYOUT.size))
    more = {"LD_PRELOAD": str(attack.fault_library), "ATTACK_COUNTS": str(path)}
    if fault:
        more.update(ATTACK_KIND=fault.kind, ATTACK_AT=str(fault.at), ATTACK_STAY=str(int(fault.stay)),
                    ATTACK_ERRNO=str(getattr(errno, fault.cause)))
    result = attack.run(*words, folder=folder, timeout=timeout, env=harness.environment(**more, **(env or {})))
    return result, Notes(path)


def count(attack, words, folder):
    """(Result, {kind: [a number for the way that each call came]}) of an undisturbed run."""
    path = attack.folder / "paths"
    with path.open("wb") as file:
        file.truncate(8 * len(KINDS) * PATHS_MOST)
    result, notes = run(attack, words, folder, env={"ATTACK_PATHS": str(path)})
    ways = {}
    with path.open("rb") as file:
        for i, kind in enumerate(KINDS):
            file.seek(8 * i * PATHS_MOST)
            ways[kind] = list(struct.unpack(f"{notes.counts[kind]}q", file.read(8 * notes.counts[kind])))
    path.unlink()
    return result, ways


def functions(attack, trace, most=5):
    """Names of the program's own functions in a trace, the innermost first: what a finding is known by."""
    places = [offset for module, offset in re.findall(r"^(.*)\+([0-9a-f]+)$", trace, re.M)
              if module == attack.reff.name]
    if not places:
        return "in no function of ours"
    addresses = [hex(int(place, 16) - 1) for place in places[:most]]  # of the call, not of what comes after it
    lines = subprocess.run(["addr2line", "-f", "-s", "-e", str(attack.reff), *addresses], capture_output=True, text=True,
                           check=False, env=os.environ).stdout.splitlines()
    return " < ".join(f"{name} ({place.split(' ')[0]})" for name, place in zip(lines[::2], lines[1::2]))
