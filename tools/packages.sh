#!/bin/sh
# Installs the distribution's packages that netkit uses, when it may: as root, or with sudo after saying so.
# Else it names the missing ones in one line, and what works without them goes on working.
#
#   sh tools/packages.sh [--again] lab|test|bench ...
#
# What could not be installed is remembered in .venv, so that the next run does not try (--again: does).
set -eu
cd "$(dirname "$0")/.."

for_lab="bridge-utils conntrack iproute2 iptables iputils-ping kmod net-tools nftables procps tcpdump uidmap"
for_test="chromium tshark util-linux"
for_bench="mininet"

remembered=.venv/netkit-packages-missing

say() { printf '%s\n' "$*" >&2; }

# Of these packages, those that are not installed.
missing_of() {
    list=""
    for package in "$@"; do
        case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) in
            installed) ;;
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

# apt-get refuses a whole list for one name that it does not know (Ubuntu has no package chromium).
install() {
    apt="env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120"
    $root $apt update || return 0
    known=""
    for package in "$@"; do
        if apt-cache show "$package" >/dev/null 2>&1; then known="$known $package"; fi
    done
    [ -z "$known" ] || $root $apt install --yes --no-install-recommends $known >/dev/null || return 0
}

again=no
if [ "${1:-}" = --again ]; then again=yes; shift; fi
packages=""
for purpose in "$@"; do
    case $purpose in
        lab) packages="$packages $for_lab" ;;
        test) packages="$packages $for_test" ;;
        bench) packages="$packages $for_bench" ;;
    esac
done
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "This is not Debian or Ubuntu: netkit uses what these packages hold:$packages."
    exit 0
fi

missing=$(missing_of $packages)
if [ -n "$missing" ] && { [ $again = yes ] || [ "$missing" != "$(cat $remembered 2>/dev/null)" ]; }; then
    root=$(way_to_root)
    if [ "$root" != no ]; then
        say "Installing distribution packages: ${root:+$root }apt-get install --no-install-recommends $missing ..."
        install $missing
        missing=$(missing_of $packages)
    fi
    if [ -w .venv ]; then printf '%s' "$missing" >$remembered; fi
fi
[ -z "$missing" ] || say "Not installed, so some things will not work: apt-get install $missing"
