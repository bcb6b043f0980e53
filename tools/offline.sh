#!/bin/sh
# Makes offline/: all that a machine without internet needs, for machines like this one.  docs/offline.md tells more.
#
#   sh tools/offline.sh               wheels, and the distribution's packages
#   PACKAGES=no sh tools/offline.sh   wheels only
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

folder=offline
rm -rf "$folder"
mkdir -p "$folder/wheels" "$folder/packages"

say "Downloading Python's packages ..."
pip=".venv/bin/python -m pip --disable-pip-version-check --no-input"
$pip --version >/dev/null 2>&1 || pip="python3 -m pip --python .venv/bin/python --disable-pip-version-check --no-input"
$pip download -qq --no-deps --require-hashes --only-binary :all: --dest "$folder/wheels" -r requirements.lock
$pip wheel -qq --no-deps --no-build-isolation --wheel-dir "$folder/wheels" .
cp requirements.lock "$folder/"

cat >"$folder/install.sh" <<'END'
#!/bin/sh
# Makes an environment with netkit in a folder, from what lies beside this file alone: sh install.sh ~/netkit
set -eu
here=$(cd "$(dirname "$0")" && pwd)
place=${1:?"usage: sh install.sh FOLDER"}
"${PYTHON:-python3}" -m venv "$place"
pip="$place/bin/python -m pip --isolated --disable-pip-version-check --no-input"
$pip install -qq --no-index --no-deps --find-links "$here/wheels" --require-hashes -r "$here/requirements.lock"
$pip install -qq --no-index --no-deps "$here"/wheels/netkit_lab-*.whl
"$place/bin/python" -c 'import matplotlib.font_manager' >/dev/null 2>&1 || true
echo "netkit is in $place. Next: $place/bin/netkit lab"
END

cat >"$folder/packages.sh" <<'END'
#!/bin/sh
# Installs, as root, those of the distribution's packages beside this file that this machine lacks; no service is started.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
policy=${NETKIT_POLICY:-/usr/sbin/policy-rc.d}
work=$(mktemp -d)
trap '[ ! -e "$work/policy" ] || rm -f "$policy"; rm -rf "$work"' EXIT
if [ ! -e "$policy" ]; then
    : >"$work/policy"
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi
echo "deb [trusted=yes] file:$here/packages ./" >"$work/sources.list"
mkdir -p "$work/lists/partial"
alone="-o Dir::Etc::sourcelist=$work/sources.list -o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists=$work/lists"
alone="$alone -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root"
apt-get -qq $alone update
env DEBIAN_FRONTEND=noninteractive apt-get -qq $alone --yes --no-install-recommends --no-remove install $(cat "$here/packages/wanted")
END

if [ "${PACKAGES:-yes}" = no ] || ! command -v apt-get >/dev/null; then
    rm -r "$folder/packages" "$folder/packages.sh"
else
    say "Downloading the distribution's packages ..."
    sh tools/packages.sh --download "$folder/packages" lab
fi
say "Made $folder: $(du -sh "$folder" | cut -f 1). docs/offline.md tells how it is used."
