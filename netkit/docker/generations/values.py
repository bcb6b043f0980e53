"""What rules are made of, as values: Segment (a network), Binding (a port), gateway modes, iptables' Rule, Chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

NAT, UNPROTECTED, ROUTED, ISOLATED = "nat", "nat-unprotected", "routed", "isolated"
MODES = (NAT, UNPROTECTED, ROUTED, ISOLATED)
"""A network's gateway modes, by the names of `-o com.docker.network.bridge.gateway_mode_ipv4=…`."""

IPTABLES, IP6TABLES = "iptables", "ip6tables"


@dataclass(frozen=True)
class How:
    """How the daemon was started, as far as rules depend on it.

    Attributes:
        proxy: whether docker-proxy serves published ports beside the rules (`--userland-proxy`).
        icc: whether containers of the default network reach one another (`--icc`).
    """

    proxy: bool = False
    icc: bool = True


@dataclass(frozen=True)
class Segment:
    """A network, in one family of addresses, as its rules see it.

    Attributes:
        bridge: "docker0".
        subnet: "172.17.0.0/16", or one of IPv6.
        internal: whether it has no way out.
        icc: whether its containers reach one another (`enable_icc`).
        mode: its gateway mode, one of MODES.
        masquerade: whether its containers leave by the machine's address (`enable_ip_masquerade`).
        source: which one, "" for that of the interface that they leave by (`host_ipv4`).
        trusted: interfaces by which one may come straight to a container's address (`trusted_host_interfaces`).
    """

    bridge: str
    subnet: str
    internal: bool = False
    icc: bool = True
    mode: str = NAT
    masquerade: bool = True
    source: str = ""
    trusted: tuple[str, ...] = ()

    @property
    def hidden(self) -> str:
        """What iptables is told to do with its containers' addresses, and the machine's towards it."""
        return f"SNAT --to-source {self.source}" if self.source else "MASQUERADE"

    @property
    def tool(self) -> str:
        """What writes its rules: "iptables" or "ip6tables"."""
        return IP6TABLES if ":" in self.subnet else IPTABLES

    @property
    def translated(self) -> bool:
        """Whether its ports are published by DNAT, and its containers hidden: all modes but routed."""
        return self.mode != ROUTED

    @property
    def guarded(self) -> bool:
        """Whether what comes from elsewhere has to be let in."""
        return self.mode != UNPROTECTED


class Binding(Protocol):
    """A published port; `netkit.docker.publishing.Published` tells the attributes."""

    protocol: str
    here: int
    there: int
    address: str

    @property
    def everywhere(self) -> bool:
        """Whether it is published at all addresses."""
        ...

    @property
    def near(self) -> bool:
        """Whether it is published at an address of the machine's loopback."""
        ...


@dataclass(frozen=True)
class Rule:
    """A rule of iptables, its chain, and where it goes.

    Attributes:
        chain: its name, with "-t nat " in front where it is not of the table filter.
        words: what it matches, and its verdict, as `iptables -S` writes them.
        place: its number in the chain; 0 for the end.
        tool: "iptables" or "ip6tables".
    """

    chain: str
    words: str
    place: int = 0
    tool: str = IPTABLES

    @property
    def add(self) -> str:
        """What makes it, behind `iptables`."""
        table, _, chain = self.chain.rpartition(" ")
        how = f"-I {chain} {self.place}" if self.place > 1 else f"-I {chain}" if self.place else f"-A {chain}"
        return f"{table} {how} {self.words}".lstrip()

    @property
    def delete(self) -> str:
        """What removes it, behind `iptables`."""
        table, _, chain = self.chain.rpartition(" ")
        return f"{table} -D {chain} {self.words}".lstrip()


@dataclass(frozen=True)
class Chain:
    """A chain of iptables that Docker makes.

    Attributes:
        chain: its name, with "-t nat " in front where it is not of the table filter.
        tool: "iptables" or "ip6tables".
    """

    chain: str
    tool: str = IPTABLES

    @property
    def table(self) -> str:
        """The table that it is in."""
        return self.chain.rpartition(" ")[0][3:] or "filter"

    @property
    def name(self) -> str:
        """Its name alone."""
        return self.chain.rpartition(" ")[2]

    @property
    def add(self) -> str:
        """What makes it, behind `iptables`."""
        return self._line("N")

    @property
    def delete(self) -> str:
        """What removes it, behind `iptables`."""
        return self._line("X")

    def _line(self, act: str) -> str:
        table, _, name = self.chain.rpartition(" ")
        return f"{table} -{act} {name}".lstrip()


def alone(address: str) -> str:
    """An address as the subnet of one: "172.17.0.2/32"."""
    return f"{address}/{128 if ':' in address else 32}"


def loopback(tool: str) -> str:
    """The addresses of a machine for itself."""
    return "::1/128" if tool == IP6TABLES else "127.0.0.0/8"
