#!/bin/sh
# Installs the distribution's packages that netkit uses, when it may: as root, or with sudo after saying so.
# Else it names the missing ones in one line, and what works without them goes on working.
#
#   sh tools/packages.sh [--again|--insist] lab|container|test|bench ...
#   sh tools/packages.sh --download FOLDER lab|container|test|bench ...   gets them, and what they depend on, as files
#
# What could not be installed is remembered in .venv, so that the next run does not try (--again: does; --insist: does,
# and fails if something is missing in the end).  Where no user namespace can be had, lab means User-Mode Linux as well.
# The programs of the real Docker Engine, which runs in the sandbox only, come without their services: nothing
# of them starts on the machine, now or when it boots.
set -eu
cd "$(dirname "$0")/.."

for_lab="bridge-utils conntrack iproute2 iptables iputils-ping kmod net-tools nftables procps tcpdump uidmap"
for_test="chromium mmdebstrap tshark util-linux"
for_bench="mininet"
for_engine="busybox-static docker.io nginx"
for_container="python3 python3-venv tini"
for_uml="tcc user-mode-linux"
[ "$(uname -m)" = x86_64 ] || for_uml="" # there is none for other machines

policy=${NETKIT_POLICY:-/usr/sbin/policy-rc.d}
remembered=.venv/netkit-packages-missing

say() { printf '%s\n' "$*" >&2; }

# Of these packages, those that are not installed.
missing_of() {
    list=""
    for package in "$@"; do
        case " $list $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) " in
            *" installed " | *" $package "*) ;;
            *) list="$list $package" ;;
        esac
    done
    echo $list
}

# How to become root: nothing for root, "sudo ..." where that can work, "no" elsewhere.
way_to_root() {
    if [ "$(id -u)" = 0 ]; then
        echo ""
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        echo "sudo -n"
    elif command -v sudo >/dev/null && [ -t 0 ] && [ -z "${CI:-}" ]; then
        echo "sudo"
    else
        echo "no"
    fi
}

# What of the Engine is not installed.  Docker's own packages hold the same programs; Debian's would push them out.
missing_of_engine() {
    wanted=$for_engine
    for other in docker-ce moby-engine containerd.io; do
        [ -n "$(missing_of $other)" ] || wanted="busybox-static nginx"
    done
    missing_of $wanted
}

# Whether this machine allows what the user world needs first (unshare(1)); AppArmor refuses only the mount.
has_namespaces() { unshare --user --map-root-user --mount true 2>/dev/null; }

# apt-get refuses a whole list for one name that it does not know (Ubuntu has no package chromium).
install() {
    known=""
    for package in "$@"; do
        if apt-cache show "$package" >/dev/null 2>&1; then known="$known $package"; fi
    done
    [ -z "$known" ] || $root $apt install --yes --no-install-recommends --no-remove $known >/dev/null || return 0
}

# invoke-rc.d(8) asks policy-rc.d whether it may start a service; a machine that has one keeps it.
install_engine() {
    before=$(missing_of containerd "$@")
    trap without_services EXIT
    trap 'exit 130' INT TERM HUP
    if [ ! -e "$policy" ]; then
        forbidding=yes
        printf '#!/bin/sh\nexit 101\n' | $root tee "$policy" >/dev/null
        $root chmod 755 "$policy"
    fi
    case " $* " in *" docker.io "*) set -- "$@" docker-cli ;; esac # the docker command, from Debian 13 on
    install "$@"
    without_services
    trap - EXIT INT TERM HUP
}

without_services() {
    [ "$forbidding" = no ] || $root rm -f "$policy"
    forbidding=no
    command -v systemctl >/dev/null || return 0
    for package in $before; do
        [ -z "$(missing_of $package)" ] || continue
        case $package in
            containerd) services="containerd.service" ;;
            docker.io) services="docker.service docker.socket" ;;
            nginx) services="nginx.service" ;;
            *) continue ;;
        esac
        $root systemctl disable --now --quiet $services >/dev/null 2>&1 || true
    done
}

again=no
insist=no
target=""
case ${1:-} in
    --again) again=yes; shift ;;
    --insist) again=yes insist=yes; shift ;;
    --download) target=$2; shift 2 ;;
esac
packages=""
engine=no
forbidding=no
apt="env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120"
for purpose in "$@"; do
    case $purpose in
        lab)
            packages="$packages $for_lab" engine=yes
            has_namespaces || packages="$packages $for_uml"
            ;;
        container) packages="$packages $for_container $for_uml" ;;
        test) packages="$packages $for_test $for_uml" engine=yes ;;
        bench) packages="$packages $for_bench" ;;
    esac
done
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "This is not Debian or Ubuntu: netkit uses what these packages hold:$packages."
    exit 0
fi

# The packages and all that they may need, as an archive of apt's (its index: deb-src(5), Packages).
download() {
    known=""
    for package in $packages $for_engine docker-cli; do
        if apt-cache show "$package" >/dev/null 2>&1; then known="$known $package"; fi
    done
    only="--no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances"
    every=$(apt-cache depends --recurse $only $known | grep '^[a-z0-9]' | sort -u)
    cd "$target"
    apt-get -qq download $every 2>/dev/null || { say "apt-get could not download all of:" $every; exit 1; }
    for file in *.deb; do
        dpkg-deb --field "$file"
        printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$file" "$(stat -c %s "$file")" "$(sha256sum <"$file" | cut -c 1-64)"
    done >Packages
    echo $known >wanted
}

if [ -n "$target" ]; then
    download
    exit 0
fi

look() {
    missing=$(missing_of $packages)
    missing_engine=""
    [ $engine = no ] || missing_engine=$(missing_of_engine)
    every=$(echo $missing $missing_engine)
}

look
if [ -n "$every" ] && { [ $again = yes ] || [ "$every" != "$(cat $remembered 2>/dev/null)" ]; }; then
    root=$(way_to_root)
    if [ "$root" != no ]; then
        say "Installing distribution packages: ${root:+$root }apt-get install --no-install-recommends $every ..."
        if $root $apt update; then
            [ -z "$missing" ] || install $missing
            [ -z "$missing_engine" ] || install_engine $missing_engine
        fi
        look
    fi
    if [ -w .venv ]; then printf '%s' "$every" >$remembered; fi
fi
[ -z "$missing" ] || say "Not installed, so some things will not work: apt-get install $missing"
[ -z "$missing_engine" ] || say "Not installed, so nk.engine() will not work, or without its nginx image:" \
    "$missing_engine ('make packages', as root, installs them and starts nothing)"
[ $insist = no ] || [ -z "$every" ]
