"""How commands are typed: words quoted for a shell, and what runs a command inside a namespace."""

from __future__ import annotations

import shlex
from functools import lru_cache
from typing import TYPE_CHECKING

from netkit.model import HOST

if TYPE_CHECKING:
    from collections.abc import Sequence


quoted = lru_cache(1024)(shlex.quote)
"""A word as one types it in a shell; the same names are typed again and again."""


def joined(words: Sequence[str]) -> str:
    """Words as one types them in a shell; a lone `!` needs no quotes there."""
    return " ".join(word if word == "!" else quoted(word) for word in words)


def in_namespace(name: str, path: str, command: str) -> str:
    """A command as one types it on the host so that it runs inside a namespace.

    Args:
        name: the namespace's.
        path: a file that opens it, used where it has no name in /run/netns.
        command: quoted for a shell.

    Example:
        >>> in_namespace("ns1", "/run/netns/ns1", "ip route")
        'ip netns exec ns1 ip route'
    """
    if name == HOST:
        return command
    if is_nameless(name):
        return f"nsenter --net={quoted(path)} {command}"
    return f"ip netns exec {quoted(name)} {command}"


def is_nameless(name: str) -> bool:
    """Whether a snapshot calls a namespace so, "[httpd]", because it has no name in /run/netns."""
    return name.startswith("[")
