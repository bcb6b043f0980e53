"""Networks as one has them of Docker: what is typed, and what a generation of rules writes for them, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from netkit.docker.generations.statements import Element, Part, Statement
from netkit.docker.generations.values import IPTABLES, How, Rule, Segment
from netkit.docker.publishing import ports

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netkit.docker.generations.releases import Generation

OPTION = "com.docker.network.bridge."
IDLE = "busybox sleep 600"


@dataclass(frozen=True)
class Net:
    """A network of one's own.

    Attributes:
        name: its bridge is "br-" and this name.
        subnet: its addresses.
        internal: whether it has no way out.
        options: behind -o, without what all begin with.
    """

    name: str
    subnet: str
    internal: bool = False
    options: dict[str, str] = field(default_factory=dict)

    @property
    def typed(self) -> str:
        """What follows `docker`."""
        options = {"name": f"br-{self.name}", **self.options}
        told = "".join(f" -o {OPTION}{key}={value}" for key, value in options.items())
        return f"network create --subnet {self.subnet}{' --internal' * self.internal}{told} {self.name}"

    @property
    def segment(self) -> Segment:
        """As rules see it."""
        own = self.options
        return Segment(
            f"br-{self.name}",
            self.subnet,
            self.internal,
            own.get("enable_icc") != "false",
            own.get("gateway_mode_ipv4", "nat"),
            own.get("enable_ip_masquerade") != "false",
        )


@dataclass(frozen=True)
class Box:
    """A container.

    Attributes:
        name: its own.
        address: that it gets.
        net: the name of its network.
        ports: behind -p.
    """

    name: str
    address: str
    net: str = "bridge"
    ports: tuple[str, ...] = ()

    @property
    def typed(self) -> str:
        """What follows `docker`."""
        return f"run -d --name {self.name} --network {self.net}{''.join(f' -p {one}' for one in self.ports)} {IDLE}"


WEB = Box("web", "172.17.0.2", ports=("8080:80",))
_TWO_PORTS = ("8080:80", "127.0.0.1:9090:81")
_MANY = ("127.0.0.1:8085:80", "8080:80", "9000-9002:9000-9002", "53:53/udp", "53:53/tcp")


def _mode(mode: str, *, internal: bool = False) -> tuple[Net | Box, ...]:
    net = Net("net1", "172.18.0.0/16", internal, {"gateway_mode_ipv4": mode})
    return net, Box("c1", "172.18.0.2", "net1", _TWO_PORTS)


SCENES: dict[str, tuple[Net | Box, ...]] = {
    "port": (WEB,),
    "networks": (
        WEB,
        Net("net1", "172.18.0.0/16"),
        Net("net2", "172.19.0.0/16"),
        Box("c1", "172.18.0.2", "net1"),
        Box("c2", "172.19.0.2", "net2", ("127.0.0.1:9090:80",)),
        Net("int", "172.30.0.0/16", internal=True),
        Box("c3", "172.30.0.2", "int"),
    ),
    "icc off": (
        Net("net1", "172.18.0.0/16", options={"enable_icc": "false"}),
        Box("c1", "172.18.0.2", "net1", ("8080:80",)),
        Net("int", "172.30.0.0/16", internal=True, options={"enable_icc": "false"}),
        Box("c3", "172.30.0.2", "int"),
    ),
    "routed": _mode("routed"),
    "nat-unprotected": _mode("nat-unprotected"),
    "isolated": _mode("isolated", internal=True),
    "no masquerade": (
        Net("net1", "172.18.0.0/16", options={"enable_ip_masquerade": "false"}),
        Box("c1", "172.18.0.2", "net1", ("8080:80",)),
    ),
    "many ports": (Box("web", "172.17.0.2", ports=_MANY),),
}
OF_MODES = {"routed", "nat-unprotected", "isolated"}
"""What only releases know that have gateway modes."""


class Kernel:
    """What stands in each chain, as rules are added."""

    def __init__(self) -> None:
        self.chains: dict[str, list[str]] = {}
        self._ranked: dict[str, list[int]] = {}

    def take(self, values: Iterable[Any]) -> None:
        """Add rules, chains, elements of maps."""
        for each in values:
            if isinstance(each, Rule):
                table, _, chain = each.chain.rpartition(" ")
                own = self.chains.setdefault(f"{table[3:] or 'filter'} {chain}", [])
                own.insert(each.place - 1 if each.place else len(own), each.words)
            elif isinstance(each, Statement):
                own = self.chains.setdefault(f"{each.table} {each.chain}", [])
                ranks = self._ranked.setdefault(f"{each.table} {each.chain}", [])
                place = each.place(ranks)
                ranks.insert(place, each.rank)
                own.insert(place, each.words)
            elif isinstance(each, Element):
                self.chains.setdefault(f"{each.table} {each.map}", []).append(f'"{each.key}" : {each.verdict}')
            elif isinstance(each, Part):
                assert each.kind in ("table", "map", "chain")

    @property
    def listed(self) -> dict[str, list[str]]:
        """By chain, those that are not empty; a map's elements have no order."""
        return {name: sorted(own) if name.endswith("jumps") else own for name, own in self.chains.items() if own}


def played(generation: Generation, how: How, scene: str) -> dict[str, list[str]]:
    """What a generation writes for a scene, beside the default network."""
    writer, kernel = generation.writer, Kernel()
    segments = {"bridge": Segment("docker0", "172.17.0.0/16")}
    kernel.take(writer.chains(IPTABLES) if generation.by_nftables else ())
    kernel.take(writer.skeleton(how, IPTABLES))
    kernel.take(writer.network(segments["bridge"], how))
    for each in SCENES[scene]:
        if isinstance(each, Net):
            segments[each.name] = each.segment
            kernel.take(writer.network(each.segment, how))
        else:
            segment = segments[each.net]
            kernel.take(writer.container(segment, each.address))
            published = sorted(ports(list(each.ports)), key=writer.order)
            kernel.take(
                dict.fromkeys(rule for one in published for rule in writer.port(one, each.address, segment, how))
            )
    return kernel.listed


def told(text: str) -> dict[str, dict[str, list[str]]]:
    """What a file holds: by scene and chain, the rules in order.

    Args:
        text: "== SCENE", then "CHAIN" without and its rules with two blanks in front.
    """
    found: dict[str, dict[str, list[str]]] = {}
    own: dict[str, list[str]] = {}
    rules: list[str] = []
    for line in text.splitlines():
        if line.startswith("== "):
            own = found[line[3:]] = {}
        elif line.startswith("  "):
            rules.append(line[2:])
        elif line and not line.startswith("#"):
            rules = own[line] = []
    return found


def typed(scene: str) -> list[str]:
    """What one types for a scene, behind `docker`."""
    return [each.typed for each in SCENES[scene]]
