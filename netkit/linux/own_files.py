"""Knows how a program gets the files that a namespace has for itself in /etc/netns, as `ip netns exec` gives them."""

from __future__ import annotations

import os

_BINDING = 'for f in "$0"/*; do mount --bind "$f" "/etc/${f##*/}"; done; exec "$@"'


def binding(path: str) -> list[str]:
    """What puts those files in the place of those in /etc before a program starts, to be written before its name.

    Args:
        path: a file that opens the namespace.

    Returns:
        Nothing where the namespace has no name, or no files.
    """
    at, _, name = path.rpartition("/")
    folder = f"/etc/netns/{name}"
    if not at.endswith("/run/netns") or not os.path.isdir(folder) or not os.listdir(folder):
        return []
    return ["unshare", "--mount", "sh", "-c", _BINDING, folder]
