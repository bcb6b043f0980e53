"""Folders that a sandbox has empty and for itself: /etc/netns, /var/lib/docker, /var/lib/cni; and its resolv.conf.

`ip netns exec` looks for a namespace's files in /etc/netns (ip-netns(8)), the Docker Engine keeps its networks in
/var/lib/docker, CNI plugins the addresses that they gave in /var/lib/cni.
"""

import os
from contextlib import suppress

from netkit.sandbox import system

OWN = ("/etc/netns", "/var/lib/docker", "/var/lib/cni")
_PLAIN = system.NO_SUID | system.NO_DEV
_UPPER = "/run/netkit-upper"
_NO_SERVER = (
    "# A sandbox has no name server: names are looked up in /etc/hosts, and what is not there is not found at once.\n"
)
_RESOLVER = "/etc/resolv.conf"


def own_places() -> None:
    """Put an empty folder over each of OWN; where there is none, in a parent that shows the machine's and its own.

    A kernel that knows no overlay for users leaves out those that are not there.
    """
    for parent in dict.fromkeys(os.path.dirname(place) for place in OWN):
        names = [os.path.basename(place) for place in OWN if os.path.dirname(place) == parent]
        missing = [name for name in names if not os.path.isdir(f"{parent}/{name}")]
        if missing and os.path.isdir(parent):
            with suppress(OSError):
                _lay_over(parent, missing)
    for place in OWN:
        if os.path.isdir(place):
            system.mount("netkit-own", place, "tmpfs", _PLAIN, "mode=755")


def _lay_over(parent: str, names: list[str]) -> None:
    """A folder that shows the machine's, has these besides, and takes what is written (overlayfs)."""
    inner = [place for place in _mounts_below(parent) if os.path.exists(place)]
    kept = {place: os.open(place, os.O_PATH | os.O_CLOEXEC) for place in inner}
    os.makedirs(_UPPER, exist_ok=True)
    system.mount("netkit-upper", _UPPER, "tmpfs", _PLAIN, "mode=755")
    try:
        for folder in ("work", "upper", *(f"upper/{name}" for name in names)):
            os.mkdir(f"{_UPPER}/{folder}")
        options = f"lowerdir={parent},upperdir={_UPPER}/upper,workdir={_UPPER}/work,userxattr"
        system.mount("netkit-own", parent, "overlay", _PLAIN, options)
        for place, file in kept.items():
            system.bind(f"/proc/self/fd/{file}", place, recursive=True)
    finally:
        for file in kept.values():
            os.close(file)
        system.unmount(_UPPER)
        os.rmdir(_UPPER)


def _mounts_below(top: str) -> list[str]:
    """The places below a folder where something is mounted, those above others first (proc_pid_mountinfo(5))."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as mounts:
        places = {line.split()[4] for line in mounts}
    below = sorted(place for place in places if place.startswith(top + "/"))
    return [place for place in below if not any(place.startswith(other + "/") for other in below)]


def have_no_name_server() -> None:
    """Give the sandbox a resolv.conf that names no server: the machine's would be waited for, and cannot be reached.

    Without one a look-up asks this very namespace, where nobody listens, and fails at once (resolv.conf(5)).
    """
    target = os.path.realpath(_RESOLVER)
    if not os.path.exists(target) and target.startswith("/run/"):  # the machine's own, which is covered
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "w", encoding="ascii") as file:
            file.write(_NO_SERVER)
    elif os.path.isfile(target):
        with open("/run/netkit/resolv.conf", "x", encoding="ascii") as file:
            file.write(_NO_SERVER)
        system.bind("/run/netkit/resolv.conf", target)
