# SPDX-License-Identifier: Apache-2.0
"""Allocations that fail, ours and those of libraries."""
import walk

SHARE = 3
ENDS = True  # when everything has been tried


def attack(a):
    walk.walk(a, ["memory"])
