# SPDX-License-Identifier: Apache-2.0
"""What the parts of `make attack` share: the program, folders, time, chance, and the count of tries.

A part is a file of parts/ with a docstring (its first line is its title), SHARE (its part of the time, beside the others'),
ENDS = True where it tries something countable, which COMPLETE=ways and COMPLETE=calls try to its end,
and attack(a), where `a` is an Attack. It goes on until a.time_is_up(), draws from a.random alone, works below a.folder,
runs the program with a.run, and says of every try what became of it:

    a.same(row, kind)          the program did as if nothing had happened
    a.told(row, kind)          it gave a message and exit status 1
    a.foreign(row, kind)       a library crashed, not our code: counted, no finding
    a.found(row, kind, what, again)   anything else; `again` is how to see it once more

rows (a command, a file) and kinds (a fault, a mutation) are the lines and columns of the tables at the end.
"""
import argparse
import collections
import dataclasses
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SAME, TOLD, FOREIGN, FOUND = "same", "told", "foreign", "found"


def parse(description):
    """The command line of tests/attack/run and check."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--complete", choices=("ways", "calls"))
    parser.add_argument("--commands", metavar="'NAME...'", default="", help="of the parts memory and calls: these alone")
    parser.add_argument("--reff", type=pathlib.Path, default=ROOT / "build/release/reff")
    parser.add_argument("--fault", type=pathlib.Path, default=ROOT / "build/release/tests/attack/fault.so")
    parser.add_argument("--fault-at", metavar="'COMMAND KIND AT ERRNO [stay]'")
    parser.add_argument("parts", nargs="*")
    options = parser.parse_args()
    options.reff, options.fault = options.reff.resolve(), options.fault.resolve()
    return options


@dataclasses.dataclass
class Result:
    status: int  # exit status; negative: the signal that ended it; None: it did not end in time
    out: bytes
    err: bytes

    def message(self):
        """The line that main prints last, or ""."""
        lines = [line for line in self.err.decode("utf-8", "replace").splitlines() if line.startswith("reff: ")]
        return lines[-1] if lines else ""

    def is_told(self):
        return self.status == 1 and bool(self.message())


def environment(**more):
    """One thread and no colours, so that calls come in the same order every time; and one kind of OpenBLAS's kernels, since
    the program starts itself anew for better ones (core/kernels/gemm.c), which it cannot do with faults."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "MAKE", "MFLAGS"))}
    return {**kept, "OPENBLAS_CORETYPE": "Haswell", "LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NO_COLOR": "1",
            "REFF_HOME": str(ROOT), **more}


def communicate(process, timeout):
    """Waits for the program's end; on a busy machine longer, by as much as others take of it, before it counts as hanging."""
    try:
        return process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        share = os.getloadavg()[0] / len(os.sched_getaffinity(0))
        if share <= 1:
            raise
        return process.communicate(timeout=timeout * 3 * share)


def run(argv, folder, timeout=60, env=None, **more):
    """Runs a program with an empty standard input, in a process group that is gone afterwards."""
    process = subprocess.Popen([str(word) for word in argv], cwd=folder, env=env or environment(), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, **more)
    try:
        out, err = communicate(process, timeout)
        status = process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        status = None
    return Result(status, out, err)


class Attack:
    """One part at work."""

    def __init__(self, name, options, seconds, folder):
        self.name, self.options, self.folder = name, options, folder
        self.reff, self.fault_library = options.reff, options.fault
        self.random = random.Random(f"{options.seed} {name}")
        self.seconds = seconds
        self.start()
        self.tries = collections.Counter()  # {(row, kind, outcome): count}
        self.findings = {}  # {what: [count, again]}
        self.skipped = ""  # why the part, or some of it, could not be done here
        folder.mkdir(parents=True)

    def start(self):
        """The part's time begins now: called once more when what it starts from has been made."""
        self.deadline = time.monotonic() + self.seconds

    def time_is_up(self):
        return time.monotonic() >= self.deadline

    def run(self, *words, folder=None, timeout=60, env=None):
        return run([self.reff, *words], folder or self.folder, timeout, env)

    def run_program(self, argv, folder, timeout=60):
        """The same of any program: a shell that sets a limit first."""
        return run(argv, folder, timeout)

    def same(self, row, kind):
        self.tries[row, kind, SAME] += 1

    def told(self, row, kind):
        self.tries[row, kind, TOLD] += 1

    def foreign(self, row, kind):
        self.tries[row, kind, FOREIGN] += 1

    def found(self, row, kind, what, again):
        self.tries[row, kind, FOUND] += 1
        first = self.findings.setdefault(f"{row}, {kind}: {what}", [0, again])
        first[0] += 1
        if self.options.complete and first[0] == 1:  # the end may be hours away
            print(f"{self.name}: {row}, {kind}: {what}\n    again: {again}", file=sys.stderr, flush=True)

    def fresh(self, name):
        """An empty folder of that name below the part's own."""
        path = self.folder / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        return path


def table(attack):
    """Lines of the table of a part's tries: a row each, with a cell "tries (told, foreign, found)" a kind."""
    rows = sorted({row for row, _, _ in attack.tries})
    kinds = sorted({kind for _, kind, _ in attack.tries})
    cells = [["", *kinds]]
    for row in rows:
        cells.append([row])
        for kind in kinds:
            counts = [attack.tries[row, kind, outcome] for outcome in (SAME, TOLD, FOREIGN, FOUND)]
            words = [f"{count} {name}" for count, name in zip(counts, (SAME, TOLD, FOREIGN, FOUND)) if count]
            cells[-1].append(", ".join(words))
    widths = [max(len(line[i]) for line in cells) for i in range(len(kinds) + 1)]
    return ["  ".join(word.ljust(width) for word, width in zip(line, widths)).rstrip() for line in cells]
