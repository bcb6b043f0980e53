#!/bin/sh
# What the Dockerfile does as root: packages, the environment with netkit, and the user with hand-outs of the lessons.
#
#   NB_USER=jovyan NB_UID=1000 sh deploy/image.sh
#
# The user may run everything here and change nothing of it; the notebooks at home are the user's own.
set -eu
cd "$(dirname "$0")/.."

sh tools/packages.sh --insist lab container
apt-get clean
rm -rf /var/lib/apt/lists/*

chmod -R a+rX .
export PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
export MPLCONFIGDIR=/nonexistent # the Dockerfile lists the fonts as the user
sh tools/environment.sh
.venv/bin/python -m pip install -qq --no-deps --require-hashes -r deploy/hub.lock
# They are large, and serve nothing but the tests of the project itself.
.venv/bin/python -m pip uninstall -qq --yes playwright ruff

useradd --create-home --uid "$NB_UID" --no-user-group --gid users --shell /bin/bash "$NB_USER"
.venv/bin/netkit handout "/home/$NB_USER/notebooks"
chown -R "$NB_UID:users" "/home/$NB_USER"
