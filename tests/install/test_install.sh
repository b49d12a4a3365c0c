#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs into a folder, moves that elsewhere, and uses the program from / : it must find its own definitions and none
# of the source tree's. Ends with one line: N passed, N failed, N skipped.
set -u
cd "$(dirname "$0")/../.." || exit 1

. tests/install/checks.sh
trap 'rm -rf "$work"' EXIT

check 'make install puts everything below PREFIX' make install PREFIX=/opt/reff DESTDIR="$work/stage"
mkdir "$work/elsewhere"
mv "$work/stage/opt/reff" "$work/elsewhere/moved"
reff=$work/elsewhere/moved/bin/reff

# A profile of one method and one seed would do; tiny's table 1a with one row is quick enough.
check 'the version is told' from_root says 'reff ' "$reff" --version
check 'the installed definitions are found, and only they' \
    from_root says "is none of the profiles: $(ls experiments/profiles | sed 's/\.ini$//' | paste -sd' ')" \
    "$reff" table table1 --profile nonsense
check 'an installed profile is read from its own folder' from_root mv "$work/elsewhere/moved/share/reff/experiments/profiles/regress.ini" "$work/mine.ini"
check 'a profile that is gone is gone' from_root says "'regress' is none of the profiles" "$reff" table table1 --profile regress
check 'a profile by its path is read' from_root "$reff" table table1a --profile "$work/mine.ini" --results "$work/results"
check 'a shard is generated' from_root "$reff" gen textured-mnist --size 28 --canvas 32 --count 20 --output "$work/shard.h5"
if /usr/bin/python3 -c 'import h5py' 2>/dev/null; then
    check 'the Python file is installed and reads the shard' \
        from_root says '20 images' /usr/bin/python3 "$work/elsewhere/moved/share/reff/scripts/reff_shard.py" show "$work/shard.h5"
else
    skip 'the Python file is installed and reads the shard' 'no python3-h5py'
fi
check 'a table is run' from_root "$reff" run table1a --profile tiny --seeds 1, --rows 0 --columns baseline --results "$work/results"
check 'a table is printed' from_root bash -c "'$reff' table table1a --profile tiny --seeds 1, --rows 0 --columns baseline --results '$work/results' | grep -qE '^\| 0\.0 +\| [0-9]'"
check 'the reference of regress is there' test -s "$work/elsewhere/moved/share/reff/results/reference/regress.json"
check 'REFF_HOME names another home' from_root env REFF_HOME=/nowhere bash -c "'$reff' table table1 2>&1 | grep -q 'REFF_HOME: /nowhere'"

pages=$work/elsewhere/moved/share/man/man1
check 'every command has its page' test "$(ls "$pages" | wc -l)" -ge 20
if can mandoc mandoc; then
    check 'mandoc finds no error in a page' mandoc -Tlint -Wwarning "$pages"/*.1
elif command -v man >/dev/null; then
    check 'man finds nothing to warn of' bash -c "for p in '$pages'/*.1; do man --warnings -l \$p 2>&1 >/dev/null | grep . && exit 1; done; true"
else
    skip 'manual pages have no errors' 'neither mandoc nor man'
fi

complete_in_bash() { # EXPECTED WORD...: the last word is completed
    local expected=$1
    shift
    COMP_WORDS=("$reff" "$@") COMP_CWORD=$#
    _reff 2>/dev/null
    [[ " ${COMPREPLY[*]} " == *" $expected "* ]]
}
# shellcheck disable=SC1091
. "$work/elsewhere/moved/share/bash-completion/completions/reff"
check 'bash offers commands' complete_in_bash annotate an
check 'bash offers options' complete_in_bash --lambda train --lam
check 'bash offers the choices of an option' complete_in_bash validation gen textured-mnist --split val
check 'bash offers tables' complete_in_bash table1a run tab
check 'bash offers profiles' complete_in_bash quick run --profile q
check 'bash offers what is generated' complete_in_bash textured-mnist gen text
if command -v zsh >/dev/null; then
    check 'zsh reads its completion' zsh -n "$work/elsewhere/moved/share/zsh/site-functions/_reff"
else
    skip 'zsh reads its completion' 'no zsh'
fi
if command -v fish >/dev/null; then
    check 'fish offers profiles' says quick env PATH="$(dirname "$reff"):$PATH" fish --no-config -c \
        "source $work/elsewhere/moved/share/fish/vendor_completions.d/reff.fish; complete -C 'reff run --profile q'"
else
    skip 'fish offers profiles' 'no fish'
fi

check 'make install again' make install PREFIX="$work/here"
check 'make uninstall' make uninstall PREFIX="$work/here"
check 'nothing but empty folders is left' test -z "$(find "$work/here" -type f)"

at_end
