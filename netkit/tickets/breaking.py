"""Build a ticket's network and break it, without a word and without a trace."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, NamedTuple

from netkit import clearing
from netkit.lab import journal
from netkit.linux import sysctls
from netkit.linux.acts import containers, nft
from netkit.linux.entering import HOST_PATH
from netkit.linux.events import settle
from netkit.linux.looks import observe
from netkit.linux.run import checked
from netkit.tickets import building

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from socket import socket

    from netkit.model import Snapshot
    from netkit.tickets.fault import Network

_HOSTS, _SEEN = "/run/netkit-hosts", "/etc/hosts"
_kept: dict[str, str] = {}
"""The host's switches as they were before a ticket came."""

_covered = False
"""Whether a file lies over /etc/hosts."""

_held: list[socket] = []
"""What holds the ports that are published, until the ticket is gone."""


class Broken(NamedTuple):
    """A network, and its healthy twin.

    Attributes:
        twin: as it was before it was broken.
        states: as it was after each fault.
    """

    twin: Snapshot
    states: tuple[Snapshot, ...]


def lacking() -> frozenset[str]:
    """What this kernel does not have of what faults need."""
    words = ["nft", "--check", "add table inet probe"]
    lacks = {"nft": subprocess.run(words, check=False, capture_output=True).returncode, "nft for ip": nft.obstacle()}
    return frozenset(what for what, missing in lacks.items() if missing)


def build(network: Network, faults: Iterable[str]) -> Broken:
    """Take away what is there, build a network, and break it.

    Args:
        network: to build.
        faults: shell lines that break it, one text for each fault.

    Raises:
        KernelRefused: something of it cannot be done here.
    """
    global _covered  # noqa: PLW0603  (one sandbox, one file)
    clear()
    host = observe.namespace("host")
    _kept.update(host.sysctls)
    servers = [line for room, port in network.servers for line in (building.page(room), building.serving(room, port))]
    hosts = [f"printf '%s\\n' {' '.join(map(_quoted, network.hosts))} > {_HOSTS}", f"mount --bind {_HOSTS} {_SEEN}"]
    _held.extend(containers.reserve(HOST_PATH, "tcp", "0.0.0.0", port) for port in network.published)  # noqa: S104
    carry_out([*network.lines, *servers, *(hosts if network.hosts else [])])
    _covered = bool(network.hosts)
    states = [_at_rest()]
    for lines in faults:
        carry_out([lines])
        states.append(_at_rest())
    journal.begin_anew(states[-1])
    return Broken(states[0], tuple(states[1:]))


def clear() -> None:
    """Take away what is there, and give the host its switches back."""
    global _covered  # noqa: PLW0603
    clearing.quietly()
    while _held:
        _held.pop().close()
    for name, value in _kept.items():
        sysctls.write(HOST_PATH, name, value)
    _kept.clear()
    if _covered:
        checked(HOST_PATH, ["umount", "--", _SEEN])
        _covered = False
    checked(HOST_PATH, ["rm", "-rf", building.PAGES, _HOSTS])


def carry_out(lines: Sequence[str]) -> None:
    """Shell lines on the host, up to the first that fails.

    Raises:
        KernelRefused: one fails.
    """
    checked(HOST_PATH, ["sh", "-ec", "\n".join(lines)])


def _at_rest() -> Snapshot:
    settle.wait()
    return observe.snapshot()


def _quoted(text: str) -> str:
    return f"'{text}'"
