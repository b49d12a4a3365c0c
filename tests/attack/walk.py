# SPDX-License-Identifier: Apache-2.0
"""Walks through the calls of every command: each try lets one of them fail, and judges what the command did then.

Right is the undisturbed output with the undisturbed exit status, or a message and exit status 1. Then nothing is there in
part, and the same command again, undisturbed, ends as if nothing had happened. Anything else is a finding.
"""
import sys
import time

import commands
import faults
import harness

REPORT = 60  # seconds between two lines of how far a complete walk has come
PATIENCE = 20  # seconds that no disturbed run needs; one that takes longer hangs


class Undisturbed:
    """What a command does when nothing fails, and which calls of each kind it makes."""

    def __init__(self, attack, base, command):
        folder = commands.place(attack, base, command)
        self.result, self.ways = faults.count(attack, command.words, folder)
        self.able = self.result.status != faults.UNABLE
        if self.able and self.result.status != 0:
            raise SystemExit(f"reff {' '.join(command.words)}: {self.result.message()}")
        self.out = commands.printed(self.result.out)
        self.files, _ = commands.made(folder, command)


_known = {}  # by command: what several parts ask for


def undisturbed_of(attack, base, command):
    if command.name not in _known:
        _known[command.name] = Undisturbed(attack, base, command)
    return _known[command.name]


def _judge(command, undisturbed, fault, result, notes, folder):
    """The outcome of a disturbed run, and in words what is wrong with it."""
    signal = notes.crashed or (-result.status if result.status and result.status < 0 else 0)
    if signal:
        # A jump to nowhere leaves no note, and a heap that was overwritten is noticed anywhere (libhdf5 collects what it
        # still holds when it lacks memory): then it is the crash of whose call failed.
        noted = notes.crashed and b"corrupted" not in result.err
        ours = (notes.crash_module if noted else notes.fault_module()) == "reff"
        return (harness.FOUND, f"crashed (signal {signal})") if ours else (harness.FOREIGN, "")
    if result.status is None:
        return harness.FOUND, f"did not end within {PATIENCE} seconds"
    files, parts = commands.made(folder, command)
    partly = [name for name, content in files.items() if content != undisturbed.files.get(name, content)]
    partly_results = [name for name in partly if not commands.says_itself(name)]
    if parts and not (fault.kind == "remove" or (fault.stay and fault.kind in ("open", "list", "stat"))):  # removing takes these
        return harness.FOUND, f"left {parts[0].split('.part-')[0]}.part behind"
    if result.status == undisturbed.result.status and commands.printed(result.out) == undisturbed.out:
        if fault.kind == "memory" and partly and all(name.endswith(".pdf") for name in partly):
            return harness.FOREIGN, ""  # cairo takes another form of a font where one finds no memory, and says nothing
        if partly or files.keys() < undisturbed.files.keys():
            return harness.FOUND, f"exit status 0 with another {(partly or ['set of files'])[0]}"
        return harness.SAME, ""
    if result.status == 0:
        return harness.FOUND, "exit status 0 with other output"
    if result.status != 1:
        return harness.FOUND, f"exit status {result.status}: {result.message()}"
    if not result.is_told():
        return harness.FOUND, "exit status 1 without a message"
    if partly_results:
        return harness.FOUND, f"a message, and another {partly_results[0]}"
    return harness.TOLD, ""


def _again(attack, command, undisturbed, folder):
    """In words, what is wrong when the command is given once more. Where all was made before the fault, nothing is."""
    if commands.made(folder, command)[0] == undisturbed.files:
        return ""
    result = attack.run(*command.words, folder=folder, timeout=PATIENCE)
    if result.status != 0:
        return f"then, undisturbed, exit status {result.status}: {result.message()}"
    files, _ = commands.made(folder, command)
    other = [name for name, content in undisturbed.files.items() if files.get(name) != content]
    return f"then, undisturbed, another {other[0]}" if other else ""


def one(attack, base, command, undisturbed, fault):
    """Tries one fault and tells the attack of it; the outcome, and what is wrong."""
    folder = commands.place(attack, base, command)
    result, notes = faults.run(attack, command.words, folder, fault, timeout=PATIENCE)
    outcome, wrong = _judge(command, undisturbed, fault, result, notes, folder)
    if outcome in (harness.TOLD, harness.FOREIGN) and command.repeats:
        wrong = _again(attack, command, undisturbed, folder)
        outcome = harness.FOUND if wrong else outcome
    if outcome == harness.FOUND:
        where = faults.functions(attack, notes.crash if notes.crashed and notes.crash_module == "reff" else notes.fault)
        attack.found(command.name, fault.kind, f"{wrong}; in {where}",
                     f"tests/attack/run --fault-at '{command.name} {fault}'")
    else:
        {harness.SAME: attack.same, harness.TOLD: attack.told, harness.FOREIGN: attack.foreign}[outcome](command.name,
                                                                                                         fault.kind)
    return outcome, wrong, result, notes


def _faults(attack, kind, ways):
    """All faults of a kind in a drawn order: every call, every errno, once and from there on. First those of one call of
    each way that calls come, and with --complete ways those alone: ten thousand allocations come in a few hundred ways."""
    first, rest, seen = [], [], set()
    for at in attack.random.sample(range(1, len(ways) + 1), len(ways)):
        each = [faults.Fault(kind, at, cause, stay) for cause in faults.KINDS[kind] for stay in (False, True)
                if not (stay and (cause == "EINTR" or kind == "memory"))]  # one asks to call again, libraries hang with the other
        attack.random.shuffle(each)
        (rest if ways[at - 1] in seen else first).extend(each)
        seen.add(ways[at - 1])
    attack.random.shuffle(first)
    return first + ([] if attack.options.complete == "ways" else rest)


def walk(attack, kinds, chosen=commands.COMMANDS):
    """Round after round in a drawn order, one fault of each kind for each command, until the time is up or all have been."""
    base = commands.base(attack)
    names = attack.options.commands.split() or [command.name for command in chosen]
    for name in set(names) - {command.name for command in commands.COMMANDS}:
        raise SystemExit(f"--commands: no command {name}; there are {' '.join(command.name for command in commands.COMMANDS)}")
    pairs = [(command, kind) for command in chosen for kind in kinds if command.name in names]
    queues = {}  # by pair: the faults still to be tried
    attack.random.shuffle(pairs)
    attack.start()
    told = time.monotonic()
    while pairs and not attack.time_is_up():
        for command, kind in list(pairs):
            if attack.time_is_up():
                return
            undisturbed = undisturbed_of(attack, base, command)
            if not undisturbed.able:
                attack.skipped = "the kernel takes no filter of calls (seccomp)"
                return
            if (command.name, kind) not in queues:
                queues[command.name, kind] = _faults(attack, kind, undisturbed.ways[kind])
            if not queues[command.name, kind]:
                pairs.remove((command, kind))
            else:
                one(attack, base, command, undisturbed, queues[command.name, kind].pop(0))
            if attack.options.complete and time.monotonic() > told + REPORT:
                told = time.monotonic()
                print(f"{attack.name}: {sum(attack.tries.values())} tried, {sum(map(len, queues.values()))} left,"
                      f" {len(attack.findings)} kinds found", file=sys.stderr, flush=True)
