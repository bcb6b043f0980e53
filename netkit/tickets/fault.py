"""The vocabulary of tickets, as frozen values: networks that work, what flows in them, and what breaks them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netkit.tickets.flows import Flow, Server

OPEN_ALL, FLUSH_ALL, OTHER_SERVICE = "open everything", "flush everything", "offer another service"
"""What people in a hurry do instead of a repair."""


@dataclass(frozen=True)
class Network:
    """A network that works, with names and addresses of its own.

    Attributes:
        names: what its parts are called in the lines of faults: "a", "a_ip" …
        scene: what a user knows of it.
        lines: shell lines for the host that build it.
        servers: who answers there.
        flows: what works, by a short name.
        closed: what does not, and is not to.
        hosts: lines of the file /etc/hosts that all of it sees; without any, the host's own.
        wrong: shell lines of each repair in a hurry, by its name.
        published: TCP ports of the host that are held, as an Engine holds those that it publishes.
    """

    names: Mapping[str, str]
    scene: str
    lines: tuple[str, ...]
    servers: tuple[Server, ...]
    flows: Mapping[str, Flow]
    closed: tuple[Flow, ...] = ()
    hosts: tuple[str, ...] = ()
    wrong: Mapping[str, str] = field(default_factory=dict)
    published: tuple[int, ...] = ()

    def told(self, text: str) -> str:
        """A line or a sentence of a fault with this network's names: "ip -n {a} link set {a_if} down"."""
        return text.format_map(self.names)


@dataclass(frozen=True)
class Kind:
    """What faults of one kind have in common.

    Attributes:
        question: to ask oneself.
        where: the layer, and what shows it.
    """

    question: str
    where: str


@dataclass(frozen=True)
class Fault:
    """One way to break a network; lines and sentences have `{names}` of the network in them.

    Attributes:
        name: what is wrong, in words.
        kind: one of `kinds.KINDS`.
        base: one of `bases.BASES`.
        flow: the name of what does not work any more.
        says: what a user says.
        inject: shell lines for the host that break it.
        repair: shell lines for the host that mend it.
        wrong: what somebody may do instead, by a name; those of the network stand beside it.
        equal: regular expressions of changes that mend it as well and may stay.
        needs: "nft", "nft for ip", or a switch without which this kernel cannot have it.
    """

    name: str
    kind: str
    base: str
    flow: str
    says: str
    inject: str
    repair: str
    wrong: Mapping[str, str] = field(default_factory=dict)
    equal: tuple[str, ...] = ()
    needs: str = ""
