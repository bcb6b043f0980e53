#!/bin/sh
# Writes requirements.lock: every dependency, its version and the hashes of its files, for Python 3.11 and
# newer, and no address.  It uses uv, from an environment of its own that is removed at the end.
set -eu
cd "$(dirname "$0")/.."

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
"${PYTHON:-python3}" -m venv "$place/uv"
"$place/uv/bin/python" -m pip install -qq uv
"$place/uv/bin/uv" pip compile pyproject.toml --group lab --group test --group build \
    --universal --python-version 3.11 --generate-hashes --no-emit-index-url --upgrade --quiet \
    --custom-compile-command "make lock" --output-file requirements.lock
echo "requirements.lock: $(grep -c == requirements.lock) packages"
