"""What a diagnosis is made from and says, as frozen values: World, Decision, Finding, and the LAYERS in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from netkit.diagnosis.questions import (
    ListenersQuestion,
    MatchQuestion,
    PoliciesQuestion,
    PortQuestion,
    ProxiesQuestion,
    RulesetQuestion,
    RulesQuestion,
    SwitchQuestion,
    UnreadyQuestion,
    VlansQuestion,
)
from netkit.model.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from netkit.diagnosis.answers import Listener, Member, Policy, PolicyRule, Port, RouteAnswer
    from netkit.diagnosis.packet import Packet
    from netkit.diagnosis.questions import RouteQuestion
    from netkit.model import End, Interface, Namespace, Neighbour, Route, Snapshot

LAYERS = (
    *("name", "link", "carrier", "address", "route", "neighbour", "bridge", "tunnel"),
    *("sysctl", "filter", "nat", "conntrack", "qdisc", "tc", "mtu", "return path", "service"),
)
"""The layers, in the order in which they are shown."""


@dataclass(frozen=True)
class World:
    """All that a diagnosis rests on: a snapshot, and answers of the kernel to questions of a walk.

    Attributes:
        snapshot: the state of every namespace.
        paths: files that open the namespaces, by name, for commands in nameless ones.
        facts: the answers by question; those that are missing are asked for.
        ask: answers a question; a world without it has to hold all facts.
        avoided: tunnels whose outer packets are followed: those do not travel through the tunnels themselves.
        user: whose packets are followed (getuid(2)).
    """

    snapshot: Snapshot
    paths: Mapping[str, str] = field(default_factory=dict)
    facts: dict[Any, Any] = field(default_factory=dict)
    ask: Callable[[Any], Any] | None = None
    avoided: frozenset[End] = frozenset()
    user: int = 0

    def _fact(self, question: Any) -> Any:
        if question not in self.facts and self.ask is not None:
            self.facts[question] = self.ask(question)
        return self.facts[question]

    def route(self, question: RouteQuestion) -> RouteAnswer:
        """The kernel's own answer to a question for a route."""
        return self._fact(question)  # type: ignore[no-any-return]

    def switch(self, namespace: str, name: str) -> str | None:
        """A switch's value, None where this kernel has none."""
        return self._fact(SwitchQuestion(namespace, name))  # type: ignore[no-any-return]

    def listeners(self, namespace: str) -> tuple[Listener, ...]:
        """Who listens in a namespace, for anybody."""
        return tuple(each for each in self._fact(ListenersQuestion(namespace)) if not each.peer)

    def connected(self, namespace: str) -> tuple[Listener, ...]:
        """Who takes datagrams in a namespace, of one peer only."""
        return tuple(each for each in self._fact(ListenersQuestion(namespace)) if each.peer)

    def matched(self, question: RouteQuestion) -> Route | None:
        """The route that the kernel takes for a packet; None where it refuses."""
        return self._fact(MatchQuestion(question))  # type: ignore[no-any-return]

    def rules(self, namespace: str, version: int) -> tuple[PolicyRule, ...]:
        """The rules by which a namespace chooses a routing table, in their order."""
        return self._fact(RulesQuestion(namespace, version))  # type: ignore[no-any-return]

    def proxies(self, namespace: str) -> tuple[tuple[str, str], ...]:
        """(address, interface) of those whom a namespace answers neighbour questions for."""
        return self._fact(ProxiesQuestion(namespace))  # type: ignore[no-any-return]

    def unready(self, namespace: str) -> tuple[tuple[str, str, str], ...]:
        """(interface, address, "tentative" or "dadfailed") of each address that a namespace cannot use."""
        return self._fact(UnreadyQuestion(namespace))  # type: ignore[no-any-return]

    def policies(self, namespace: str) -> tuple[Policy, ...]:
        """The policies of IPsec of a namespace."""
        return self._fact(PoliciesQuestion(namespace))  # type: ignore[no-any-return]

    def vlans(self, namespace: str) -> tuple[Member, ...]:
        """In which VLANs the ports of a namespace's bridges are."""
        return self._fact(VlansQuestion(namespace))  # type: ignore[no-any-return]

    def port(self, end: End) -> Port:
        """What a snapshot does not tell of an interface."""
        return self._fact(PortQuestion(*end))  # type: ignore[no-any-return]

    def ruleset(self, namespace: str) -> tuple[Mapping[str, Any], ...]:
        """The rules of nft as values, none where a namespace has none of its own."""
        if not any(rule.tool == "nft" for rule in self.space(namespace).rules):
            return ()
        return self._fact(RulesetQuestion(namespace))  # type: ignore[no-any-return]

    def tables(self, namespace: str) -> tuple[Mapping[str, Any], ...]:
        """All that nft lists, tables of iptables too, also empty ones."""
        return self._fact(RulesetQuestion(namespace))  # type: ignore[no-any-return]

    @cached_property
    def topology(self) -> Topology:
        """Who is joined to whom."""
        return Topology(self.snapshot)

    def space(self, namespace: str) -> Namespace:
        """A namespace."""
        return self.topology.space(namespace)

    def link(self, end: End) -> Interface:
        """An interface."""
        return self.topology.link(end)

    def borne(self, end: End, address: str) -> str:
        """An address that an interface bears, with its prefix length."""
        return next(text for text in self.link(end).addresses if text.partition("/")[0] == address)

    def entries(self, end: End, address: str) -> list[Neighbour]:
        """What a namespace knows of an address's MAC at an interface (ip-neighbour(8))."""
        return [each for each in self.space(end[0]).neighbours if (each.device, each.address) == (end[1], address)]


@dataclass(frozen=True)
class Decision:
    """A namespace has chosen a way for a packet.

    Attributes:
        namespace: which.
        answer: the way.
        packet: as it was then.
        iif: the interface that it came in by, "" for one of the namespace's own.
        question: what the kernel was asked for it.
    """

    namespace: str
    answer: RouteAnswer
    packet: Packet
    iif: str = ""
    question: RouteQuestion | None = None


@dataclass(frozen=True)
class Finding:
    """A fault: the first layer that fails.

    Attributes:
        layer: one of LAYERS.
        explanation: what is wrong, in words.
        evidence: what shows it, line by line, with the command that one types on the host.
        repair: shell lines for the host that mend it; empty where nobody can know how.
        where: the namespace.
        lasting: whether traffic that flows now does not disprove it: two bearers of one address, say.
        size: bytes of the packets that are too large, 0 where it is not about their size.
        asks: for a bottleneck, the namespace whose large packets are lost there, and whom they are for.
        blind: whether it only says where the walk could not see any further.
    """

    layer: str
    explanation: str
    evidence: tuple[str, ...] = ()
    repair: tuple[str, ...] = ()
    where: str = ""
    lasting: bool = False
    size: int = 0
    asks: tuple[str, str] = ("", "")
    blind: bool = False


class Found(Exception):
    """A walk has come to its end at a finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.explanation)
        self.finding = finding
