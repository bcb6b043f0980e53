"""What a walk asks the kernel beyond a snapshot, as frozen values: `ip route get`, sysctl, ss, `ip rule`, `nft -j`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class _OfNamespace:
    """A question.

    Attributes:
        namespace: who is asked.
    """

    namespace: str


@dataclass(frozen=True)
class RouteQuestion(_OfNamespace):
    """Where does this namespace send packets to that address? `ip route get DESTINATION [from SOURCE iif DEVICE]`.

    Attributes:
        destination: the packet's.
        source: the packet's; None where its sender has not chosen one.
        iif: the interface that the packet came in by; None for one of the namespace's own.
        oif: the interface that it has to leave by; None where the kernel chooses one.
        mark: the packet's.
        protocol: "icmp", "tcp", "udp"; "" where no rule of the namespace asks for it.
        ports: the packet's source and destination port, each None where no rule asks for it, or there is none.
        service: the packet's type of service; 0 where no rule asks for it.
    """

    destination: str
    source: str | None = None
    iif: str | None = None
    oif: str | None = None
    mark: int = 0
    protocol: str = ""
    ports: tuple[int | None, int | None] = (None, None)
    service: int = 0

    @property
    def command(self) -> str:
        """As one types it inside the namespace."""
        came = f" from {self.source}" if self.source else ""
        ways = (("iif", self.iif), ("oif", self.oif), ("mark", self.mark), ("ipproto", self.protocol))
        ways += (("sport", self.ports[0]), ("dport", self.ports[1]))
        ways += (("tos", hex(self.service) if self.service else ""),)
        return f"ip route get {self.destination}{came}" + "".join(f" {key} {name}" for key, name in ways if name)


@dataclass(frozen=True)
class MatchQuestion:
    """Which route does the kernel take for a packet? `ip route get fibmatch …`.

    Attributes:
        route: what is asked of it.
    """

    route: RouteQuestion

    @property
    def namespace(self) -> str:
        """Who is asked."""
        return self.route.namespace


@dataclass(frozen=True)
class SwitchQuestion(_OfNamespace):
    """What is this switch set to? `sysctl NAME`.

    Attributes:
        name: of the switch.
    """

    name: str


class ListenersQuestion(_OfNamespace):
    """Who listens in this namespace? `ss -tulnp`."""


class RulesetQuestion(_OfNamespace):
    """What are the rules of nft here, as values? `nft -j list ruleset`."""


@dataclass(frozen=True)
class PortQuestion(_OfNamespace):
    """What does the kernel know of this interface that a snapshot does not tell? `ip -d link show dev NAME`.

    Attributes:
        interface: which.
    """

    interface: str


@dataclass(frozen=True)
class RulesQuestion(_OfNamespace):
    """By which rules does this namespace choose a routing table? `ip rule`.

    Attributes:
        version: of IP.
    """

    version: int


class PoliciesQuestion(_OfNamespace):
    """Which packets does this namespace drop by IPsec, or encrypt? `ip xfrm policy`."""


class VlansQuestion(_OfNamespace):
    """In which VLANs are the ports of this namespace's bridges? `bridge vlan show`."""


class ProxiesQuestion(_OfNamespace):
    """For which addresses of others does this namespace answer neighbour questions? `ip neigh show proxy`."""


class UnreadyQuestion(_OfNamespace):
    """Which addresses of this namespace cannot be used (yet)? `ip addr show tentative`, `ip addr show dadfailed`."""
