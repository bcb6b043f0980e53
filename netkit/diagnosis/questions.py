"""What a walk asks the kernel, beyond what a snapshot tells, as frozen values: each as one would type it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RouteQuestion:
    """Where does this namespace send packets to that address? `ip route get DESTINATION [from SOURCE iif DEVICE]`.

    Attributes:
        namespace: who is asked.
        destination: the packet's.
        source: the packet's; None where its sender has not chosen one.
        iif: the interface that the packet came in by; None for one of the namespace's own.
        oif: the interface that it has to leave by; None where the kernel chooses one.
        mark: the packet's.
        protocol: "icmp", "tcp", "udp"; "" where no rule of the namespace asks for it.
        ports: the packet's source and destination port, each None where no rule asks for it, or there is none.
        service: the packet's type of service; 0 where no rule asks for it.
    """

    namespace: str
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
class SwitchQuestion:
    """What is this switch set to? `sysctl NAME`.

    Attributes:
        namespace: who is asked.
        name: of the switch.
    """

    namespace: str
    name: str


@dataclass(frozen=True)
class ListenersQuestion:
    """Who listens in this namespace? `ss -tulnp`.

    Attributes:
        namespace: who is asked.
    """

    namespace: str


@dataclass(frozen=True)
class RulesetQuestion:
    """What are the rules of nft here, as values? `nft -j list ruleset`.

    Attributes:
        namespace: who is asked.
    """

    namespace: str


@dataclass(frozen=True)
class PortQuestion:
    """What does the kernel know of this interface that a snapshot does not tell? `ip -d link show dev NAME`.

    Attributes:
        namespace: who is asked.
        interface: which.
    """

    namespace: str
    interface: str


@dataclass(frozen=True)
class RulesQuestion:
    """By which rules does this namespace choose a routing table? `ip rule`.

    Attributes:
        namespace: who is asked.
        version: of IP.
    """

    namespace: str
    version: int


@dataclass(frozen=True)
class PoliciesQuestion:
    """Which packets does this namespace drop by IPsec, or encrypt? `ip xfrm policy`.

    Attributes:
        namespace: who is asked.
    """

    namespace: str


@dataclass(frozen=True)
class VlansQuestion:
    """In which VLANs are the ports of this namespace's bridges? `bridge vlan show`.

    Attributes:
        namespace: who is asked.
    """

    namespace: str


@dataclass(frozen=True)
class ProxiesQuestion:
    """For which addresses of others does this namespace answer neighbour questions? `ip neigh show proxy`.

    Attributes:
        namespace: who is asked.
    """

    namespace: str


@dataclass(frozen=True)
class UnreadyQuestion:
    """Which addresses of this namespace cannot be used (yet)? `ip addr show tentative`, `ip addr show dadfailed`.

    Attributes:
        namespace: who is asked.
    """

    namespace: str
