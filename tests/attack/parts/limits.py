# SPDX-License-Identifier: Apache-2.0
"""Limits on memory, from less than the program can start with to more than it needs.

The command does its work, or ends with a line; also where a library asks before main, and where it would ask for ever.
"""
import commands

SHARE = 1
LEAST, MOST = 60_000, 900_000  # KiB of addresses
PATIENCE = 60
LOADER, OPENMP = b"error while loading shared libraries", b"libgomp: "


def _wrong(result, files, parts, undisturbed):
    """What is wrong, "" for nothing; undisturbed: its Result and files."""
    if result.status is None:
        return f"did not end within {PATIENCE} seconds"
    if result.status < 0 or result.status > 128:
        return f"crashed ({result.status})"
    if parts:
        return f"left {parts[0].split('.part-')[0]}.part behind"
    if result.status == 0:
        other = [name for name in undisturbed[1] if files.get(name) != undisturbed[1][name]]
        return f"exit status 0 with another {other[0]}" if other else ""
    if LOADER in result.err or OPENMP in result.err:
        return ""  # they have said why
    return "" if result.is_told() else f"exit status {result.status} without a message: {result.err[-200:]!r}"


def attack(a):
    base = commands.base(a)
    undisturbed = {}
    for command in commands.COMMANDS:
        folder = commands.place(a, base, command)
        undisturbed[command.name] = (a.run(*command.words, folder=folder), commands.made(folder, command)[0])
    a.start()
    while not a.time_is_up():
        for command in commands.COMMANDS:
            if a.time_is_up():
                return
            limit = a.random.randrange(LEAST, MOST)
            folder = commands.place(a, base, command)
            result = a.run_program(["sh", "-c", f'ulimit -v {limit}; exec "$@"', "sh", a.reff, *command.words], folder,
                                   PATIENCE)
            kind = f"{limit // 300_000 * 300} MB and more"
            wrong = _wrong(result, *commands.made(folder, command), undisturbed[command.name])
            if wrong:
                a.found(command.name, kind, wrong, f"(ulimit -v {limit}; reff {' '.join(command.words)})")
            elif result.status == 0:
                a.same(command.name, kind)
            else:
                (a.told if result.is_told() else a.foreign)(command.name, kind)
