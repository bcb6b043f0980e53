#!/bin/sh
# Writes the locks: every dependency, its version and the hashes of its files, for Python 3.11 and newer, and no address.
#
#   requirements.lock       what a learner's environment holds: netkit's dependencies, JupyterLab, and what builds netkit
#   tests/test.lock         what the tests and the style need beside it
#   docs/docs.lock          what the documentation site needs beside it
#   deploy/hub.lock         what a container's image needs beside both for a JupyterHub
#
# It uses uv, from an environment of its own that is removed at the end.
#
#   sh tools/lock.sh            the newest versions of all
#   sh tools/lock.sh --keep     what is locked stays as it is; only what is new is chosen
set -eu
cd "$(dirname "$0")/.."

upgrade=--upgrade
if [ "${1:-}" = --keep ]; then upgrade=; fi
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
"${PYTHON:-python3}" -m venv "$place/uv"
"$place/uv/bin/python" -m pip install -qq uv

compile() {
    "$place/uv/bin/uv" pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url $upgrade \
        --quiet --custom-compile-command "make lock" "$@"
}

# The words that leave out what a lock has already.
beside() { sed -n 's/^\([a-z0-9-]*\)==.*/--no-emit-package \1/p' "$@" | sort -u; }

compile pyproject.toml --extra lab --group build --output-file requirements.lock
compile pyproject.toml --group test --constraint requirements.lock $(beside requirements.lock) \
    --output-file tests/test.lock
compile pyproject.toml --group docs --constraint requirements.lock $(beside requirements.lock) \
    --output-file docs/docs.lock
compile --group hub --constraint requirements.lock --constraint tests/test.lock --output-file deploy/hub.lock
for lock in requirements.lock tests/test.lock docs/docs.lock deploy/hub.lock; do
    echo "$lock: $(grep -c == "$lock") packages"
done
