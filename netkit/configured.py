"""What of a snapshot was configured, so that it counts in comparisons: no random MAC, fe80::, counter, learned entry.

What the kernel draws at random or learns by itself (random MACs, indexes, learned neighbours, process
ids, counters) does not.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from typing import Any

_PRIVATE = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))


def is_random_mac(mac: str | None) -> bool:
    """Whether the kernel drew this MAC at random.

    It sets the "locally administered" bit of such addresses (eth_hw_addr_random).  So do Docker's 02:42:…
    ones, which follow from a container's private IPv4 address (RFC 1918) and are therefore not random; that
    the kernel draws one of those by chance happens once in four million times.
    """
    if mac is None or not int(mac[:2], 16) & 2:
        return False
    behind = ipaddress.IPv4Address(bytes.fromhex(mac.replace(":", ""))[2:])
    return not (mac.startswith("02:42:") and any(behind in network for network in _PRIVATE))


def configured(space: Any) -> Any:
    """A namespace without what the kernel draws at random or learns by itself, all but its rules sorted.

    Args:
        space: a `netkit.model.Namespace`.

    Returns:
        The same kind of value: what counts when snapshots are compared.
    """
    interfaces = {
        name: dataclasses.replace(
            link,
            index=0,
            carrier=False,
            state="",
            mac=None if follows(link, space) else link.mac,
            addresses=tuple(sorted(a for a in link.addresses if not _by_itself(a))),
            labels=tuple(
                sorted((a, kept) for a, words in link.labels if not _by_itself(a) and (kept := lasting(words)))
            ),
        )
        for name, link in sorted(space.interfaces.items())
    }
    return dataclasses.replace(
        space,
        interfaces=interfaces,
        routes=_sorted(r for r in space.routes if not _by_itself(r.destination)),
        neighbours=_sorted(n for n in space.neighbours if n.state in _TOLD),
        fdb=_sorted(entry for entry in space.fdb if entry.state == "static"),
        rules=tuple(dataclasses.replace(rule, packets=0, handle=0) for rule in space.rules),
        sysctls=dict(sorted(space.sysctls.items())),
        processes=(),
        connections=(),
        hosts=None,
        containers={},
        files=tuple((path, text) for path, text in space.files if path.startswith("/etc/netns/")),
        local_routes=_sorted(r for r in space.local_routes if r.protocol != "kernel"),
    )


_TOLD = frozenset(["permanent", "noarp", "proxy"])
"""Neighbour entries in these states were made by somebody, those in others by asking."""

_FOR_A_MOMENT = frozenset(["nodad", "tentative", "optimistic"])


def lasting(words: str) -> str:
    """What an address has, but for what it has while nobody knows yet whether it is another one's too (RFC 4862)."""
    return " ".join(word for word in words.split() if word not in _FOR_A_MOMENT)


def follows(link: Any, space: Any) -> bool:
    """Whether nobody chose an interface's MAC: it is random, or a bridge's that it took over from a port (bridge(8)).

    Args:
        link: the interface.
        space: its namespace.
    """
    ports = (port.mac for port in space.ports(link.name))
    return is_random_mac(link.mac) or (link.kind == "bridge" and link.mac in ports)


def _sorted(values: Any) -> tuple[Any, ...]:
    return tuple(sorted(values, key=repr))


_BY_ITSELF = re.compile("(fe[89ab]|ff[0-9a-f])[0-9a-f]:", re.IGNORECASE)
"""How addresses of fe80::/10 and ff00::/8 begin."""


def _by_itself(prefix: str) -> bool:
    """Whether the kernel makes this address or route for IPv6 on its own (RFC 4291, 2.5.6)."""
    return _BY_ITSELF.match(prefix) is not None
