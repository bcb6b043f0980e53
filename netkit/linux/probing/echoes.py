"""Echo requests by a socket of netkit's own (RFC 792, RFC 4443), for machines that lack ping(8)."""

from __future__ import annotations

import errno
import os
import socket
import struct
import time
from typing import TYPE_CHECKING

from netkit.linux.entering import inside
from netkit.linux.probing import targets
from netkit.outcomes import Ping
from netkit.packets import checksums

if TYPE_CHECKING:
    from netkit.validation import IPAddress

_SECONDS_BETWEEN = 0.2
_HEADER = struct.Struct("!BBHHH")
_DATA = b"netkit" * 8
_TYPES = {4: (8, 0), 6: (128, 129)}
"""Of a request and of a reply, by the version of IP."""

_WORDS = {errno.EHOSTUNREACH: "Destination Host Unreachable", errno.ECONNREFUSED: "Destination Port Unreachable"}
"""What ping says for them."""


def ask(path: str, address: IPAddress, *, count: int, timeout: float) -> Ping:
    """Ask an address for an answer, as `ping -c COUNT -W TIMEOUT ADDRESS` does.

    Args:
        path: the namespace that asks.
        address: who is asked.
        count: how many echo requests.
        timeout: seconds (float) to wait for the last answer.

    Returns:
        A Ping.

    Raises:
        NotFound: the namespace is not there.
    """
    asked: dict[int, float] = {}
    times: dict[int, float] = {}
    reason = ""
    with inside(path, lambda: _socket(address)) as asking:
        target = inside(path, lambda: targets.of(address))
        for number in range(1, count + 1):
            began = time.monotonic()
            try:
                asking.sendto(_request(address, number), target)
                asked[number] = began
                _listen(asking, address, asked, times, until=began + (timeout if number == count else _SECONDS_BETWEEN))
            except OSError as error:
                if not isinstance(error, TimeoutError):
                    reason = _WORDS.get(error.errno or 0) or error.strerror or str(error)
            if number < count:
                time.sleep(max(0.0, began + _SECONDS_BETWEEN - time.monotonic()))
    return Ping(str(address), len(asked), len(times), tuple(times.values()), reason if len(times) < count else "")


def _socket(address: IPAddress) -> socket.socket:
    """A socket of the namespace that the calling thread is in."""
    protocol = socket.IPPROTO_ICMP if address.version == 4 else socket.IPPROTO_ICMPV6
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    made = socket.socket(family, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
    targets.hear_errors(made)
    return made


def _request(address: IPAddress, number: int) -> bytes:
    kind, _ = _TYPES[address.version]
    identity = os.getpid() & 0xFFFF
    checksum = 0  # the kernel itself computes ICMPv6's
    if address.version == 4:
        checksum = checksums.checksum(_HEADER.pack(kind, 0, 0, identity, number) + _DATA)
    return _HEADER.pack(kind, 0, checksum, identity, number) + _DATA


def _listen(
    asking: socket.socket, address: IPAddress, asked: dict[int, float], times: dict[int, float], *, until: float
) -> None:
    """Note the answers that come, until there is one for each request.

    Raises:
        TimeoutError: they have not come by then.
        OSError: somebody said why none will come.
    """
    while len(times) < len(asked):
        asking.settimeout(max(0.0, until - time.monotonic()) or 1e-6)
        data = asking.recv(2048)
        start = (data[0] & 15) * 4 if address.version == 4 else 0  # IPv4 hands its own header on (raw(7))
        if len(data) < start + _HEADER.size:
            continue
        kind, _, _, identity, number = _HEADER.unpack_from(data, start)
        if (kind, identity) == (_TYPES[address.version][1], os.getpid() & 0xFFFF) and number in asked:
            times.setdefault(number, time.monotonic() - asked[number])
