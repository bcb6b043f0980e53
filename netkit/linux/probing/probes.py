"""Send a probe: an echo request, TCP, UDP, a web page, a DNS question; does an answer come in 1 s (UDP: 0.3 s)?"""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import time
from typing import TYPE_CHECKING, NamedTuple

from netkit.errors import CommandFailed, KernelRefused
from netkit.linux.entering import inside
from netkit.linux.probing import echoes, targets, web
from netkit.linux.probing import ping as pings
from netkit.linux.run import run
from netkit.packets import dns
from netkit.validation import endpoint

if TYPE_CHECKING:
    from netkit.validation import IPAddress

_SECONDS, _SECONDS_FOR_UDP = 1.0, 0.3
_SECONDS_TO_START = 10.0
_SECONDS_BETWEEN_PAGES = 0.02
_SECONDS_TO_RESET = 0.05
_TFTP = 69
"""Where answers come from another port as they should (RFC 1350, 4)."""

_SILENCE = "no answer"
_RESETS = "takes the connection and resets it at once"
_ICMP_HEADER, _IP_HEADERS = 8, {4: 20, 6: 40}


class Answered(NamedTuple):
    """What became of a probe.

    Attributes:
        ok: whether an answer came; None where none has to come.
        command: what does the same in a shell.
        words: what it said.
        silent: whether nobody said anything, not even why there is no answer.
        strange: what somebody did who is there, instead of an answer: "resets the connection at once"; "" for nothing.
    """

    ok: bool | None
    command: str
    words: str
    silent: bool = False
    strange: str = ""


def probe(path: str, protocol: str, address: IPAddress, port: int | None, seconds: float = _SECONDS) -> Answered:
    """Ask once.

    Args:
        path: a file that opens the namespace that asks.
        protocol: "icmp", "tcp" or "udp".
        address: who is asked; a link-local one with its interface.
        port: at which port; None for ICMP.
        seconds: float, how long an answer is waited for.

    Returns:
        Whether an answer came in time.
    """
    if protocol == "icmp" or port is None:
        return echo(path, address, seconds=seconds)
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    command = f"nc {'-u ' if protocol == 'udp' else ''}{address} {port}"
    with inside(path, lambda: socket.socket(family, kind | socket.SOCK_CLOEXEC)) as asking:
        targets.hear_errors(asking)  # also one that comes while connect(2) holds the socket: IPv6's, 1 s later else
        asking.settimeout(seconds if protocol == "tcp" else _SECONDS_FOR_UDP)
        try:
            target = inside(path, lambda: targets.of(address, port))
            if protocol == "tcp":
                asking.connect(target)
                return _kept(asking, command)
            return _echoed(asking, target, command)
        except TimeoutError:
            return Answered(None if protocol == "udp" else False, command, _SILENCE, silent=True)
        except OSError as error:
            words = os.strerror(error.errno) if error.errno else str(error)
            strange = _RESETS if isinstance(error, ConnectionResetError) else ""
            return Answered(ok=False, command=command, words=words, strange=strange)


def _kept(asking: socket.socket, command: str) -> Answered:
    """Whether a connection is still there a moment after it was made."""
    asking.settimeout(_SECONDS_TO_RESET)
    try:
        asking.recv(1)
    except ConnectionResetError as error:
        return Answered(ok=False, command=command, words=os.strerror(error.errno or 0), strange=_RESETS)
    except TimeoutError:  # it waits for what the client says
        pass
    return Answered(ok=True, command=command, words="connected")


def _echoed(asking: socket.socket, target: tuple[str, int] | tuple[str, int, int, int], command: str) -> Answered:
    """Whether a datagram is answered, and by whom."""
    asking.sendto(b"netkit", target)
    _, sender = asking.recvfrom(1)
    if ipaddress.ip_address(sender[0].partition("%")[0]) != ipaddress.ip_address(target[0]):
        strange = f"answers from {sender[0]}, not from {target[0]}, at which it was asked: the sender throws that away"
        return Answered(ok=False, command=command, words=f"an answer from {sender[0]}", strange=strange)
    if sender[1] != target[1] != _TFTP:
        strange = f"answers from port {sender[1]}: who has connected to port {target[1]}, as most do, throws that away"
        return Answered(ok=False, command=command, words=f"an answer from port {sender[1]}", strange=strange)
    return Answered(ok=True, command=command, words="answered")


def echo(path: str, address: IPAddress, size: int = 0, *, seconds: float = _SECONDS) -> Answered:
    """One echo request: `ping -c 1 -W SECONDS ADDRESS`; a large one that nobody may cut into pieces, with a size.

    Args:
        path: a file that opens the namespace that asks.
        address: who is asked.
        size: bytes of the whole packet; 0 for a usual one.
        seconds: float, how long an answer is waited for.
    """
    words = pings.command(address, timeout=seconds)
    if size:
        words[1:1] = ["-M", "do", "-s", str(size - _IP_HEADERS[address.version] - _ICMP_HEADER)]
    try:
        if size or shutil.which("ping"):  # with a size, only ping knows to forbid fragments
            answer = pings.read(str(address), run(path, words, timeout=seconds + _SECONDS_TO_START))
        else:
            answer = echoes.ask(path, address, count=1, timeout=seconds)
    except CommandFailed:  # ping hangs, or the machine is that busy
        return Answered(ok=False, command=" ".join(words), words=_SILENCE, silent=True)
    said = "answered" if answer.ok else answer.reason or _SILENCE
    return Answered(answer.ok, " ".join(words), said, silent=not answer.ok and not answer.reason)


def page(path: str, address: str, port: int, seconds: float = _SECONDS) -> Answered:
    """Ask a web server for a page (RFC 9112), again and again while nobody listens: a server takes a moment to start.

    Args:
        path: a file that opens the namespace that asks.
        address: the server's.
        port: at which it is asked.
        seconds: float, how long an answer is waited for.

    Returns:
        Whether it answered; what is said of it is the first line.
    """
    command, deadline = f"busybox wget -qO- {endpoint(address, port)}", time.monotonic() + seconds
    while (found := web.page(path, ipaddress.ip_address(address), port, seconds)).refused:
        if time.monotonic() > deadline:
            break
        time.sleep(_SECONDS_BETWEEN_PAGES)
    return Answered(found.ok, command, found.words, silent=found.silent)


def relayed(path: str, server: str, port: int, data: bytes) -> bytes | None:
    """What a server answers to a datagram; None where it does not.

    Args:
        path: a file that opens the namespace that asks.
        server: the server's IPv4 address.
        port: at which UDP port it is asked.
        data: what is sent.
    """
    with inside(path, lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)) as asking:
        asking.settimeout(_SECONDS)
        try:
            asking.connect((server, port))
            asking.send(data)
            return asking.recv(4096)
        except OSError:  # nobody there, or no answer in time: the caller says so
            return None


class Named(NamedTuple):
    """What a name server said: the address of a name, None for none; whether it said anything; the status (RCODE)."""

    address: str | None
    heard: bool
    status: int = 0


def name(path: str, server: str, wanted: str) -> Named:
    """The address that a name server gives for a name, an IPv4 one before others (RFC 1035, RFC 3596).

    Args:
        path: a file that opens the namespace that asks.
        server: the name server's address.
        wanted: the name.

    Returns:
        The address, and whether the server answered at all.
    """
    family, said = socket.AF_INET6 if ":" in server else socket.AF_INET, Named(None, heard=False)
    with inside(path, lambda: socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)) as asking:
        asking.settimeout(_SECONDS)
        try:
            asking.connect((server, 53))
            for kind in (dns.A, dns.AAAA):
                asking.send(dns.write(kind, dns.RECURSION, dns.question(wanted, kind)))
                message = dns.read(asking.recv(4096))
                status = message.flags & dns.STATUS if message is not None else dns.MALFORMED
                records = message.records if message is not None and not status else ()
                address = next((each.address for each in records if each.kind == kind), None)
                said = Named(address, heard=True, status=status)
                if said.address is not None or status:
                    break
        except (OSError, KernelRefused):
            pass
    return said
