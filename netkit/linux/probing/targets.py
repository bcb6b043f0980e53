"""What every socket that asks needs: whom it asks (fe80::… with its interface), to hear ICMP errors (IP_RECVERR)."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netkit.validation import IPAddress

_RECVERR = {socket.AF_INET: (socket.IPPROTO_IP, 11), socket.AF_INET6: (socket.IPPROTO_IPV6, 25)}
"""The option with which a socket hears of errors (ip(7), ipv6(7)); Python has no names for it."""


def hear_errors(asking: socket.socket) -> None:
    """Let a socket hear that an ICMP message said why no answer will come, as a connected one does.

    Args:
        asking: of IPv4 or IPv6.
    """
    asking.setsockopt(*_RECVERR[asking.family], 1)


def of(address: IPAddress, port: int = 0) -> tuple[str, int] | tuple[str, int, int, int]:
    """What a socket of the namespace that the calling thread is in sends to: a link-local address with its interface.

    Args:
        address: who is asked.
        port: at which port; 0 for a protocol without ports.
    """
    plain, _, scope = str(address).partition("%")
    return (plain, port, 0, socket.if_nametoindex(scope)) if scope else (plain, port)
