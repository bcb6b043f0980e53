"""Where programs are in PATH (execvp(3)), and which packages have them."""

from __future__ import annotations

import os
from functools import lru_cache

PACKAGES = {
    "ping": "iputils-ping",
    "nft": "nftables",
    "brctl": "bridge-utils",
    "busybox": "busybox-static",
    "ifconfig": "net-tools",
    "route": "net-tools",
    "ip": "iproute2",
    "docker": "docker.io",
    "dockerd": "docker.io",
    **{program: program for program in ("conntrack", "iptables", "tcpdump", "tshark")},
}
"""Which package of Debian has a program."""


def find(program: str) -> str:
    """The file of a program, which the kernel then need not look for in each folder; its bare name if it is nowhere.

    Where it was found is remembered as long as it is there, as a shell does (hash(1p)).

    Args:
        program: as it is typed.
    """
    if "/" in program:
        return program
    folders = os.environ.get("PATH", os.defpath)
    file = _found(program, folders)
    if not os.access(file, os.X_OK):
        _found.cache_clear()
        file = _found(program, folders)
    return file


@lru_cache(256)
def _found(program: str, folders: str) -> str:
    files = (f"{folder or '.'}/{program}" for folder in folders.split(os.pathsep))
    return next((file for file in files if os.access(file, os.X_OK) and os.path.isfile(file)), program)
