# SPDX-License-Identifier: Apache-2.0
"""Calls of the system that fail: files, folders, locks, processes."""
import faults
import walk

SHARE = 3
ENDS = True  # when everything has been tried


def attack(a):
    walk.walk(a, [kind for kind in faults.KINDS if kind != "memory"])
