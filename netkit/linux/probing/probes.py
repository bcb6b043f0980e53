"""Send a probe from a namespace: an echo request, a TCP connection, a datagram, and see whether an answer comes."""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING, NamedTuple

from netkit.errors import CommandFailed, KernelRefused
from netkit.linux.entering import inside
from netkit.linux.probing import ping as pings
from netkit.linux.run import run
from netkit.packets import dns

if TYPE_CHECKING:
    from netkit.validation import IPAddress

_SECONDS, _SECONDS_FOR_UDP = 1.0, 0.3
_SECONDS_TO_START = 10.0
_SECONDS_BETWEEN_PAGES = 0.02
_SILENCE = "no answer"
_ICMP_HEADER, _IP_HEADERS = 8, {4: 20, 6: 40}


class Answered(NamedTuple):
    """What became of a probe.

    Attributes:
        ok: whether an answer came; None where none has to come.
        command: what does the same in a shell.
        words: what it said.
        silent: whether nobody said anything, not even why there is no answer.
    """

    ok: bool | None
    command: str
    words: str
    silent: bool = False


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
        asking.settimeout(seconds if protocol == "tcp" else _SECONDS_FOR_UDP)
        try:
            asking.connect(inside(path, lambda: _socket_address(address, port)))
            if protocol == "tcp":
                return Answered(ok=True, command=command, words="connected")
            asking.send(b"netkit")
            asking.recv(1)
        except TimeoutError:
            return Answered(None if protocol == "udp" else False, command, _SILENCE, silent=True)
        except OSError as error:
            words = os.strerror(error.errno) if error.errno else str(error)
            return Answered(ok=False, command=command, words=words)
    return Answered(ok=True, command=command, words="answered")


def _socket_address(address: IPAddress, port: int) -> tuple[str, int] | tuple[str, int, int, int]:
    """What a socket of this very namespace connects to: a link-local address with the number of its interface."""
    plain, _, scope = str(address).partition("%")
    return (plain, port, 0, socket.if_nametoindex(scope)) if scope else (plain, port)


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
        answer = pings.read(str(address), run(path, words, timeout=seconds + _SECONDS_TO_START))
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
    command, deadline = f"busybox wget -qO- {address}:{port}", time.monotonic() + seconds
    while True:
        try:
            said = _first_line(path, address, port, seconds)
        except ConnectionRefusedError as error:
            if time.monotonic() > deadline:
                return Answered(ok=False, command=command, words=os.strerror(error.errno))
            time.sleep(_SECONDS_BETWEEN_PAGES)
        except TimeoutError:
            return Answered(ok=False, command=command, words=_SILENCE, silent=True)
        except OSError as error:
            return Answered(ok=False, command=command, words=os.strerror(error.errno) if error.errno else str(error))
        else:
            return Answered(said.startswith("HTTP/"), command, said or "it says nothing")


def _first_line(path: str, address: str, port: int, seconds: float) -> str:
    with inside(path, lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)) as asking:
        asking.settimeout(seconds)
        asking.connect((address, port))
        asking.sendall(b"GET / HTTP/1.0\r\n\r\n")
        return asking.recv(200).decode(errors="replace").partition("\r\n")[0]


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


def name(path: str, server: str, wanted: str) -> str | None:
    """The IPv4 address that a name server gives for a name (RFC 1035).

    Args:
        path: a file that opens the namespace that asks.
        server: the name server's address.
        wanted: the name.

    Returns:
        None where it knows none, or does not answer.
    """
    with inside(path, lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)) as asking:
        asking.settimeout(_SECONDS)
        try:
            asking.connect((server, 53))
            asking.send(dns.write(1, dns.RECURSION, dns.question(wanted)))
            data = asking.recv(4096)
        except (OSError, KernelRefused):
            return None
    message = dns.read(data)
    if message is None or message.flags & dns.STATUS:
        return None
    return next((record.address for record in message.records if record.kind == dns.A), None)
