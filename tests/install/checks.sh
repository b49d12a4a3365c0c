# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the tests of installing share; they source it from the top of the source tree. $work is a folder that is removed
# at the end; at_end ends with one line: N passed, N failed, N skipped.

work=$(mktemp -d) || exit 1
passed=0 failed=0 skipped=0
# Nothing that make says of its jobs to a test that it calls concerns the make that is called here.
unset MAKEFLAGS MAKELEVEL MFLAGS REFF_HOME

check() { # NAME COMMAND...
    local name=$1
    shift
    if "$@" >"$work/log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $name: $*"
        tail -n 5 "$work/log"
    fi
}

skip() { # NAME REASON
    skipped=$((skipped + 1))
    echo "skipped: $1: $2"
}

says() { # TEXT COMMAND...: its output holds the text
    local text=$1
    shift
    "$@" 2>&1 | tee /dev/stderr | grep -qF -- "$text"
}

from_root() { (cd / && "$@"); }

can() { # COMMAND PACKAGE: the command is there, or its package can be installed
    command -v "$1" >/dev/null || scripts/setup "$2" >/dev/null 2>&1
}

at_end() {
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ]
}
