# SPDX-License-Identifier: Apache-2.0
"""Odd folders, names, locales, time zones and numbers of threads: every command does the same in all of them."""
import os

import commands
import harness

SHARE = 1
ENDS = True  # when everything has been tried
NAMES = {"space": "a b  c ", "newline": "a\nb", "UTF-8": "größe-数-🂡", "no UTF-8": os.fsdecode(b"a\xff\xfeb"), "quotes": "a'b\"c$d`e\\f",
         "dash": "--output", "percent": "%s%n%d", "long": "n" * 200, "dots": "a..b.", "brackets": "[*?]{a,b}#;|&"}
ENVIRONMENTS = {"C": {"LC_ALL": "C"}, "German": {"LC_ALL": "de_DE.UTF-8"}, "Turkish": {"LC_ALL": "tr_TR.UTF-8"},
                "unknown locale": {"LC_ALL": "no_WHERE.KOI8"}, "Kiritimati": {"TZ": "Pacific/Kiritimati"},
                "no home": {"HOME": "", "TERM": ""}, "columns": {"COLUMNS": "3", "TERM": "dumb"},
                "2 threads": {"OMP_NUM_THREADS": "2"}, "3 threads": {"OMP_NUM_THREADS": "3"}, "7 threads": {"OMP_NUM_THREADS": "7"}}


def _try(a, base, command, undisturbed, row, folder_name, env):
    folder = commands.place(a, base, command)
    if folder_name:
        odd = a.fresh("odd") / folder_name
        folder.rename(odd)
        folder = odd
    result = a.run(*command.words, folder=folder, env=harness.environment(**env))
    expected, files = undisturbed
    if result.status != 0:
        a.found(command.name, row, f"exit status {result.status}: {result.message()}", f"{row}: {env or folder_name!r}")
    elif commands.printed(result.out) != expected:
        a.found(command.name, row, "other output", f"{row}: {env or folder_name!r}")
    elif commands.made(folder, command)[0] != files:
        a.found(command.name, row, "other files", f"{row}: {env or folder_name!r}")
    else:
        a.same(command.name, row)


def attack(a):
    base = commands.base(a)
    undisturbed = {}
    for command in commands.COMMANDS:
        folder = commands.place(a, base, command)
        undisturbed[command.name] = (commands.printed(a.run(*command.words, folder=folder).out),
                                     commands.made(folder, command)[0])
    tries = [(command, row, name, {}) for command in commands.COMMANDS for row, name in NAMES.items()]
    tries += [(command, row, "", env) for command in commands.COMMANDS for row, env in ENVIRONMENTS.items()]
    a.random.shuffle(tries)
    a.start()
    for command, row, name, env in tries:
        if a.time_is_up():
            break
        _try(a, base, command, undisturbed[command.name], row, name, env)
