"""The rules by which Docker filters and translates, as text for iptables: pure, nothing is carried out here.

They are those of the Engine 20.10 with `--userland-proxy=false` (docs.docker.com, "Packet filtering and firewalls"):
no program stands between a published port and its container, all is done by rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netkit.docker.publishing import EVERYWHERE

if TYPE_CHECKING:
    from netkit.docker.publishing import Published

_ONE, _TWO = "DOCKER-ISOLATION-STAGE-1", "DOCKER-ISOLATION-STAGE-2"
_LOCAL = "-m addrtype --dst-type LOCAL"
_AFTER_THE_CHAINS = 3
"""Where a network's rules begin in FORWARD: behind the calls of DOCKER-USER and DOCKER-ISOLATION-STAGE-1."""


@dataclass(frozen=True)
class Rule:
    """A rule, its chain, and where it goes.

    Attributes:
        chain: its name, with "-t nat " in front where it is not of the table filter.
        words: what it matches, and its verdict.
        place: its number in the chain; 0 for the end.
    """

    chain: str
    words: str
    place: int = 0

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


CHAINS = ("-t nat DOCKER", "DOCKER", _ONE, _TWO, "DOCKER-USER")
"""The chains that Docker makes; the learner's own rules go into DOCKER-USER, which Docker never changes."""


def skeleton() -> list[Rule]:
    """What leads packets into the chains, made once at the start."""
    return [
        Rule("-t nat PREROUTING", f"{_LOCAL} -j DOCKER"),
        Rule("-t nat OUTPUT", f"{_LOCAL} -j DOCKER"),
        Rule(_ONE, "-j RETURN"),
        Rule(_TWO, "-j RETURN"),
        Rule("DOCKER-USER", "-j RETURN"),
        Rule("FORWARD", "-j DOCKER-USER"),
        Rule("FORWARD", f"-j {_ONE}"),
    ]


def network(subnet: str, bridge: str) -> list[Rule]:
    """The rules of a network with a way out.

    Args:
        subnet: "172.17.0.0/16".
        bridge: "docker0".
    """
    return [
        Rule("-t nat POSTROUTING", f"-s {subnet} ! -o {bridge} -j MASQUERADE", 1),
        Rule("-t nat POSTROUTING", f"-o {bridge} -m addrtype --src-type LOCAL -j MASQUERADE", 1),
        Rule("FORWARD", f"-i {bridge} -o {bridge} -j ACCEPT", _AFTER_THE_CHAINS),
        Rule("FORWARD", f"-i {bridge} ! -o {bridge} -j ACCEPT", _AFTER_THE_CHAINS),
        Rule("FORWARD", f"-o {bridge} -j DOCKER", _AFTER_THE_CHAINS),
        Rule("FORWARD", f"-o {bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", _AFTER_THE_CHAINS),
        Rule(_ONE, f"-i {bridge} ! -o {bridge} -j {_TWO}", 1),
        Rule(_TWO, f"-o {bridge} -j DROP", 1),
    ]


def internal(subnet: str, bridge: str) -> list[Rule]:
    """The rules of an internal network: nothing comes in from elsewhere, nothing gets out.

    Args:
        subnet: "172.30.0.0/16".
        bridge: "br-0123456789ab".
    """
    return [
        Rule("FORWARD", f"-i {bridge} -o {bridge} -j ACCEPT", _AFTER_THE_CHAINS),
        Rule(_ONE, f"! -d {subnet} -i {bridge} -j DROP", 1),
        Rule(_ONE, f"! -s {subnet} -o {bridge} -j DROP", 1),
    ]


def port(published: Published, address: str, bridge: str) -> list[Rule]:
    """The rules of a published port.

    Args:
        published: which port leads where.
        address: the container's.
        bridge: the bridge that the container is at.
    """
    match = f"-p {published.protocol} -m {published.protocol} --dport"
    there, at = published.there, f"-d {published.address}/32 " if published.address != EVERYWHERE else ""
    return [
        Rule("-t nat DOCKER", f"{at}{match} {published.here} -j DNAT --to-destination {address}:{there}"),
        Rule("DOCKER", f"-d {address}/32 ! -i {bridge} -o {bridge} {match} {there} -j ACCEPT"),
        # Hairpin: a container that calls its own published port would get the answer from its own address.
        Rule("-t nat POSTROUTING", f"-s {address}/32 -d {address}/32 {match} {there} -j MASQUERADE"),
    ]
