"""Who listens in a namespace (`ss -tulnp`): its sockets (proc(5), /proc/net/tcp) and the programs that have them."""

from __future__ import annotations

import dataclasses
import itertools
import os
import socket
import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netkit.diagnosis.answers import Listener
from netkit.errors import KernelRefused
from netkit.linux.entering import HOST_PATH, home, inside
from netkit.linux.netlink.protocol import Talk, attributes, number

if TYPE_CHECKING:
    from collections.abc import Iterator

_LISTEN, _UNCONNECTED, _CONNECTED = "0A", "07", "01"
_TABLES = (("tcp", (_LISTEN,)), ("tcp6", (_LISTEN,)), *((each, (_UNCONNECTED, _CONNECTED)) for each in ("udp", "udp6")))
_NETLINK_SOCK_DIAG, _SOCK_DIAG_BY_FAMILY = 4, 20
_INET_DIAG_SKV6ONLY, _INET_DIAG_MARK = 11, 15
_TCP_LISTEN = 10
_WAITING = 1 << _TCP_LISTEN | 1 << 7
"""The states in which TCP listens, and UDP is unconnected."""

_DIAG = struct.Struct("=xBxx36xI8x4xII4xI")
"""Of struct inet_diag_msg: its state, the interface, both queues' lengths, the inode."""

_ENGINE, _PROXY = "dockerd", "docker-proxy"


def listeners(path: str) -> tuple[Listener, ...]:
    """The sockets of a namespace that wait for whoever calls: `ss -tulnp`.

    Args:
        path: a file that opens the namespace.

    Returns:
        TCP's, then UDP's, each sorted by port. A socket of this very process, or of the Docker Engine's, only holds a
        published port: it is `reserved`; where a docker-proxy has it too, that one serves it.

    Raises:
        NotFound: the namespace is not there.
    """
    found = [entry for table, states in _TABLES for entry in inside(path, lambda t=table, s=states: list(_read(t, s)))]
    owners = _owners(path, {inode for *_, inode in found}) if found else {}
    told = inside(path, _told) if found else {}
    sockets = [
        dataclasses.replace(_listener(listener, owners.get(inode)), **told.get(inode, {})) for listener, inode in found
    ]
    return tuple(sorted(sockets, key=lambda each: (each.protocol, each.port, each.address)))


def _told() -> dict[int, dict[str, Any]]:
    """What the kernel tells of the waiting sockets of the namespace that the calling thread is in, by inode.

    sock_diag(7): what `ss -e` shows; nothing of a protocol whose module is not there.
    """
    found: dict[int, dict[str, Any]] = {}
    with Talk(_NETLINK_SOCK_DIAG) as talk:
        for family in (socket.AF_INET, socket.AF_INET6):
            for protocol in (socket.IPPROTO_TCP, socket.IPPROTO_UDP):
                request = struct.pack("=BBBxI48x", family, protocol, 0, _WAITING)
                try:
                    found |= {_inode(body): _facts(talk, body) for body in talk.dump(_SOCK_DIAG_BY_FAMILY, request)}
                except KernelRefused:  # tcp_diag or udp_diag is not there
                    continue
    return found


def _inode(body: memoryview) -> int:
    return int(_DIAG.unpack_from(body)[4])


def _facts(talk: Talk, body: memoryview) -> dict[str, Any]:
    state, index, waiting, most, _ = _DIAG.unpack_from(body)
    facts = attributes(body[_DIAG.size :])
    only_six, mark = facts.get(_INET_DIAG_SKV6ONLY), facts.get(_INET_DIAG_MARK)
    return {
        "only_six": bool(only_six is not None and number(only_six)),
        "device": talk.name_of(index) if index else "",
        "waiting": (waiting, most) if state == _TCP_LISTEN else (0, 0),
        "mark": number(mark) if mark is not None else 0,
    }


def _listener(listener: Listener, pid: int | None) -> Listener:
    """A socket, with what is told of the process that has it."""
    if pid is None:
        return listener
    program = _said(pid, "comm").strip()
    command = tuple(_said(pid, "cmdline").rstrip("\0").split("\0"))
    state = _said(pid, "stat").rpartition(")")[2].split()[:1]
    reserved = pid == os.getpid() or program == _ENGINE
    told = {"program": program, "pid": pid, "command": command, "reserved": reserved, "stopped": state == ["T"]}
    return dataclasses.replace(listener, **told, leads=_led(command) if program == _PROXY else None)  # type: ignore[arg-type]


def _led(command: tuple[str, ...]) -> tuple[str, int] | None:
    """Where the command of a docker-proxy says that it leads to; ours ends with the address and the port."""
    said = dict(itertools.pairwise(command))
    address, port = said.get("-container-ip", command[-2:-1]), said.get("-container-port", command[-1])
    return ("".join(address), int(port)) if port.isdigit() else None


def _read(table: str, states: tuple[str, ...]) -> Iterator[tuple[Listener, int]]:
    """The waiting sockets of a table of the namespace that the calling thread is in, each with its inode."""
    file = Path(f"/proc/thread-self/net/{table}")
    if not file.exists():
        return
    for line in file.read_text().splitlines()[1:]:
        words = line.split()
        (address, _, port), (far, _, far_port) = (each.partition(":") for each in words[1:3])
        if words[3] in states:
            peer = f"{_address(far)} port {int(far_port, 16)}" if int(far_port, 16) else ""
            lost = int(words[12]) if table.startswith("udp") else 0
            yield Listener(table[:3], _address(address), int(port, 16), peer=peer, lost=lost), int(words[9])


def _address(text: str) -> str:
    """An address as /proc writes it: words of the machine's byte order, in hexadecimal digits."""
    order = "<" if sys.byteorder == "little" else ">"
    words = [int(text[start : start + 8], 16) for start in range(0, len(text), 8)]
    data = struct.pack(f"{order}{len(words)}I", *words)
    return socket.inet_ntop(socket.AF_INET if len(data) == 4 else socket.AF_INET6, data)


def _owners(path: str, inodes: set[int]) -> dict[int, int]:
    """The process that has each socket, of those in the namespace and of this one: {inode: pid}."""
    space = os.stat(path).st_ino if path != HOST_PATH else home()
    found: dict[int, int] = {}
    others = sorted(int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid())
    there = [os.getpid(), *(pid for pid in others if _namespace(pid) == space)]
    for pid in sorted(there, key=lambda each: _said(each, "comm").strip() != _PROXY):
        found = {**dict.fromkeys(inodes & _sockets(pid), pid), **found}  # the first: others may have inherited it
    return found


def _namespace(pid: int) -> int | None:
    try:
        return os.stat(f"/proc/{pid}/ns/net").st_ino
    except OSError:  # it has ended, or is somebody else's
        return None


def _sockets(pid: int) -> set[int]:
    """The inodes of a process's sockets (proc(5), /proc/PID/fd)."""
    try:
        names = os.listdir(f"/proc/{pid}/fd")
    except OSError:  # it has ended, or is somebody else's
        return set()
    targets = (_target(f"/proc/{pid}/fd/{name}") for name in names)
    return {int(target[8:-1]) for target in targets if target.startswith("socket:[")}


def _target(descriptor: str) -> str:
    """What a descriptor leads to; "" where it has been closed meanwhile."""
    try:
        return os.readlink(descriptor)
    except OSError:
        return ""


def _said(pid: int, file: str) -> str:
    try:
        return Path(f"/proc/{pid}/{file}").read_text(errors="replace")
    except OSError:
        return ""
