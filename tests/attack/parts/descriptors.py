# SPDX-License-Identifier: Apache-2.0
"""Descriptors 0 to 2 closed, as services and cron leave them.

What is printed is lost then, and nothing else: exit status and files are those of an undisturbed run.
"""
import itertools

import commands

SHARE = 1
CLOSED = {0: "<&-", 1: ">&-", 2: "2>&-"}


def _run(a, base, command, closed):
    """(Result, files, half-written files) of the command, started by a shell that closes descriptors for it."""
    folder = commands.place(a, base, command)
    line = f'exec "$@" {" ".join(CLOSED[number] for number in closed)}'
    result = a.run_program(["sh", "-c", line, "sh", a.reff, *command.words], folder)
    return (result, *commands.made(folder, command))


def _wrong(result, files, parts, undisturbed):
    if result.status is None:
        return "did not end"
    if result.status != undisturbed[0].status:
        return f"exit status {result.status}, not {undisturbed[0].status}: {result.message()}"
    if parts:
        return f"left {parts[0].split('.part-')[0]}.part behind"
    other = [name for name in undisturbed[1] if files.get(name) != undisturbed[1][name]]
    return f"another {other[0]}" if other else ""


def attack(a):
    base = commands.base(a)
    undisturbed = {command.name: _run(a, base, command, ()) for command in commands.COMMANDS}
    a.start()
    ways = [closed for count in (1, 2, 3) for closed in itertools.combinations(CLOSED, count)]
    tries = list(itertools.product(commands.COMMANDS, ways))
    a.random.shuffle(tries)
    for command, closed in tries:
        if a.time_is_up():
            return
        kind = f"without {','.join(map(str, closed))}"
        wrong = _wrong(*_run(a, base, command, closed), undisturbed[command.name])
        if wrong:
            shell = " ".join(CLOSED[number] for number in closed)
            a.found(command.name, kind, wrong, f"reff {' '.join(command.words)} {shell}")
        else:
            a.same(command.name, kind)
