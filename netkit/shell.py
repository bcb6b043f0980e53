"""How commands are typed: words quoted for a shell, `ip netns exec` or `nsenter`, the words of `ip route add`."""

from __future__ import annotations

import shlex
from functools import lru_cache
from typing import TYPE_CHECKING

from netkit.model import HOST
from netkit.model.routing import PER_HOP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netkit.model import Route


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


def route_words(hops: tuple[Route, ...]) -> str:
    """What stands behind `ip route add`: a route, of several hops where it has them.

    Args:
        hops: of one route.
    """
    first, several = hops[0], len(hops) > 1 and hops[0].detail("nhid") is None
    words = ([] if first.kind == "unicast" else [first.kind]) + [first.destination]
    words += [] if several or first.detail("nhid") is not None else [_way(first)]
    words += [
        f"{key} {value}" for key, value in first.details if key not in PER_HOP or (key == "encap" and not several)
    ]
    words += [f"src {first.source}"] if first.source else []
    words += [f"metric {first.metric}"] if first.metric not in (0, 1024 if first.version == 6 else 0) else []
    words += [f"table {first.table}"] if first.table != "main" else []
    words += [f"nexthop {_way(hop)} weight {hop.detail('weight') or 1}" for hop in hops if several]
    return " ".join(word.strip() for word in words if word)


def _way(hop: Route) -> str:
    """Where a hop leads: IPv4 may go by a router of IPv6."""
    via = f"via {'inet6 ' if hop.version == 4 and ':' in hop.via else ''}{hop.via}" if hop.via else ""
    onlink = "onlink" if hop.detail("onlink") is not None else ""
    return f"{via} {f'dev {quoted(hop.device)}' if hop.device else ''} {onlink}".strip()
