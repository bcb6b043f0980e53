#!/bin/sh
# Makes .venv, or brings it up to date: the locked packages and netkit itself, editable.
#
#   sh tools/environment.sh          with what the tests need
#   sh tools/environment.sh lab      only what a learner needs; what is there already stays
#   sh tools/environment.sh docs     what the documentation site needs beside that
#   PYTHON=/usr/bin/python3.12 sh tools/environment.sh     another interpreter than python3
#
# Stamps in .venv say what it was made from, so that a second run ends at once.  A machine without
# python3-venv will do: the system's pip then fills the environment.
set -eu
cd "$(dirname "$0")/.."

case ${1:-all} in
    all) more=tests/test.lock ;;
    docs) more=docs/docs.lock ;;
    lab) more="" ;;
    *) echo "usage: sh tools/environment.sh [lab|docs]" >&2; exit 2 ;;
esac
stamp=.venv/netkit-stamp
stamp_of_more=.venv/netkit-stamp-${1:-all}
installed_from="requirements.lock pyproject.toml share/jupyter/kernels/netkit/kernel.json"

say() { printf '%s\n' "$*" >&2; }
stop() { say "$*"; exit 1; }

wanted() { pwd -P; cat $installed_from | sha256sum; }
wanted_more() { cat requirements.lock $more | sha256sum; }

# The interpreter that a Python really is: the same for a shim, a link or an environment made from it.
identity() { "$1" -c 'import sys; print(sys.base_prefix, *sys.version_info[:3])' 2>/dev/null; }

has_more() { [ -z "$more" ] || [ "$(cat "$stamp_of_more" 2>/dev/null)" = "$(wanted_more)" ]; }

up_to_date() {
    [ -r "$stamp" ] && [ -x .venv/bin/python ] && [ "$(cat "$stamp")" = "$(wanted)" ] || return 1
    [ -z "${PYTHON:-}" ] || [ "$(identity "$PYTHON")" = "$(identity .venv/bin/python)" ]
}

refuse_what_cannot_work() {
    if [ -e .venv ] && [ ! -w .venv ]; then
        stop ".venv belongs to $(stat -c %U .venv) and has to be made anew, which $(id -un) may not do:" \
            "run this as $(stat -c %U .venv), or copy the checkout to a folder of your own."
    fi
    [ -e .venv ] || [ -w . ] ||
        stop "$(pwd) is not writable for $(id -un): copy the checkout to a folder of your own."
    command -v "$python" >/dev/null 2>&1 ||
        stop "There is no $python: install Python 3.11 or newer, or name one: make PYTHON=/usr/bin/python3.12 env"
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        stop "$python is $("$python" --version 2>&1); netkit needs 3.11 or newer." \
            "Name another: make PYTHON=/usr/bin/python3.12 env"
    "$python" -c 'import venv' 2>/dev/null ||
        stop "$python has no module venv: install the package python3-venv."
}

# An environment that was moved, or belongs to another interpreter, cannot be repaired: start afresh.
make_venv() {
    if [ -r "$stamp" ] && [ "$(head -n 1 "$stamp")" != "$(pwd -P)" ]; then rm -rf .venv; fi
    if [ "$(identity "$python")" != "$(identity .venv/bin/python)" ]; then rm -rf .venv; fi
    [ -x .venv/bin/python ] && return
    if "$python" -c 'import ensurepip' 2>/dev/null; then
        "$python" -m venv .venv
    else
        "$python" -m venv --without-pip .venv
    fi
}

find_pip() {
    for pip in ".venv/bin/python -m pip" "$python -m pip --python .venv/bin/python" \
        "pip3 --python .venv/bin/python" "pip --python .venv/bin/python"; do
        if $pip --version >/dev/null 2>&1; then return; fi
    done
    stop "There is no pip that can fill .venv: install python3-venv, or pip 22.3 or newer."
}

# The packages of a lock, with a line now and then; errors are shown at the end.  --no-deps: the lock is complete.
install_lock() {
    rm -f .venv/netkit-failed
    { $pip install --no-compile --no-deps --require-hashes --progress-bar off -r "$1" 2>.venv/netkit-errors ||
        : >.venv/netkit-failed; } | tell_progress "$(grep -c == "$1")"
    if [ -e .venv/netkit-failed ]; then
        grep -v ^WARNING: .venv/netkit-errors >&2
        stop "The packages of $1 could not be installed."
    fi
    rm -f .venv/netkit-errors
}

# What pip says, cut to what tells how far it is.
tell_progress() {
    seen=0
    while IFS= read -r line; do
        case $line in
            "Collecting "* | "Processing "* | "Requirement "* | "Ignoring "*) seen=$((seen + 1)) ;;
            "Installing collected"*) say "  all are downloaded; installing them ..." ;;
            *) continue ;;
        esac
        if [ "$seen" -gt 0 ] && [ $((seen % 25)) = 0 ]; then say "  $seen of $1 packages ..."; fi
    done
}

install_packages() {
    find_pip
    pip="$pip --disable-pip-version-check --no-input"
    for lock in requirements.lock $more; do install_lock "$lock"; done
    $pip install -qq --no-deps --no-build-isolation --editable .
}

# All at once, with every processor: pip would compile one file after the other, and netkit not at all, which a kernel whose
# user may not write here would do with each start. Some packages hold files that are no Python; nothing is lost by those.
compile_all() { .venv/bin/python -m compileall -q -j 0 .venv/lib netkit >/dev/null 2>&1 || true; }

# The first import of matplotlib lists the machine's fonts, seconds long: not in a learner's first cell.
# Without a writable home it cannot be kept, and nothing is lost.
list_fonts() { .venv/bin/python -c 'import matplotlib.font_manager' >/dev/null 2>&1 || true; }

up_to_date && has_more && exit 0
python=${PYTHON:-python3}
refuse_what_cannot_work
say "Making .venv with $("$python" --version): $(cat requirements.lock $more | grep -c ==) packages, about a minute ..."
rm -f "$stamp.new"
make_venv
install_packages
say "  preparing the first start ..."
compile_all
list_fonts
[ -z "$more" ] || wanted_more >"$stamp_of_more"
wanted >"$stamp.new"
mv "$stamp.new" "$stamp"
case ${MAKECMDGOALS:-env} in
    env) say "Made .venv. Next: make lab, or .venv/bin/netkit demo" ;;
    *) say "Made .venv." ;;
esac
