#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the Debian package, looks it over with lintian, installs it, uses the program from / and removes it. Nothing is
# installed where reff is a package already: that one is somebody's. Ends with one line: N passed, N failed, N skipped.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/install/checks.sh

installed=0
trap '[ "$installed" -eq 0 ] || dpkg -r reff >/dev/null 2>&1; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

if ! command -v dpkg >/dev/null; then
    skip 'the Debian package' 'no dpkg: not a Debian system'
    at_end
    exit
fi
if ! can dh debhelper; then
    skip 'the Debian package' 'debhelper is not there and cannot be installed'
    at_end
    exit
fi

check 'make deb builds a package' make deb
package=build/reff_$(sed -n 's/.*REFF_VERSION "\(.*\)"/\1/p' core/base/version.h)_$(dpkg --print-architecture).deb
check 'the package has the version and the architecture in its name' test -s "$package"

# Two lists of the same: what `make` installs to build, and what the package says it is built from.
for needed in $(sed -n '/^Build-Depends:/,/^[^ B]/p' scripts/packaging/debian/control | grep -oE 'lib[a-z0-9.-]*-dev|zlib1g-dev'); do
    check "$needed is of scripts/setup too" grep -qw -- "$needed" scripts/setup
done

if can lintian lintian; then
    check 'lintian has no error and no warning' lintian --allow-root --fail-on error,warning "$package"
else
    skip 'lintian has no error and no warning' 'lintian is not there and cannot be installed'
fi

if [ "$(id -u)" -ne 0 ]; then
    skip 'the package is installed, used and removed' 'not root'
    at_end
    exit
fi
if dpkg-query -W -f='${db:Status-Status}' reff 2>/dev/null | grep -qx installed; then
    skip 'the package is installed, used and removed' 'a package reff is installed already'
    at_end
    exit
fi

installed=1
check 'dpkg installs it, with no dependency missing' dpkg -i "$package"
dpkg -L reff | while read -r file; do [ -d "$file" ] || echo "$file"; done >"$work/files"
check 'it holds more than a program' test "$(wc -l <"$work/files")" -ge 60
check 'its version is the tree'"'"'s' from_root says "$(build/release/reff --version)" /usr/bin/reff --version
check 'it finds its definitions from /' \
    from_root says "is none of the profiles: $(ls experiments/profiles | sed 's/\.ini$//' | paste -sd' ')" \
    /usr/bin/reff table table1 --profile nonsense
check 'it generates a shard from /' \
    from_root /usr/bin/reff gen textured-mnist --size 28 --canvas 32 --count 20 --output "$work/shard.h5"
check 'the shard is there' test -s "$work/shard.h5"
if grep -qsE '^path-exclude[ =]*/usr/share/man' /etc/dpkg/dpkg.cfg /etc/dpkg/dpkg.cfg.d/*; then
    skip 'man finds its page' 'this dpkg leaves manual pages out'
elif command -v man >/dev/null; then
    check 'man finds its page' from_root says /usr/share/man/man1/reff-train.1.gz man -w reff-train
else
    check 'its manual page is there' test -s /usr/share/man/man1/reff-train.1.gz
fi
check 'dpkg removes it' dpkg -r reff
installed=0
xargs -d '\n' ls -d <"$work/files" >"$work/left" 2>/dev/null
check 'no file of it is left' test ! -s "$work/left"
check 'no folder of it is left' test ! -e /usr/share/reff -a ! -e /usr/share/doc/reff

at_end
