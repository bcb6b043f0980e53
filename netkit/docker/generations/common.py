"""What the generations of iptables share: ways into chains of nat, MASQUERADE, a port's DNAT, hairpin, links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.docker.generations.values import Rule, alone, loopback
from netkit.validation import endpoint

if TYPE_CHECKING:
    from netkit.docker.generations.values import Binding, How, Segment

_LOCAL = "-m addrtype --dst-type LOCAL"


def into_nat(how: How, tool: str) -> list[Rule]:
    """What leads packets for the machine's own addresses into the chain of published ports.

    Where docker-proxy serves what the machine itself asks of 127.0.0.1, the rules leave that to it.
    """
    unless = f"! -d {loopback(tool)} " if how.proxy else ""
    return [
        Rule("-t nat PREROUTING", f"{_LOCAL} -j DOCKER", tool=tool),
        Rule("-t nat OUTPUT", f"{unless}{_LOCAL} -j DOCKER", tool=tool),
    ]


def hiding(segment: Segment, how: How) -> list[Rule]:
    """What hides a network's containers behind the machine's address, and, without docker-proxy, the machine itself.

    The machine that asks 127.0.0.1 would else come to the container from 127.0.0.1.
    """
    bridge, tool = segment.bridge, segment.tool
    own = Rule("-t nat POSTROUTING", f"-s {segment.subnet} ! -o {bridge} -j {segment.hidden}", 1, tool)
    machines = Rule("-t nat POSTROUTING", f"-o {bridge} -m addrtype --src-type LOCAL -j {segment.hidden}", 1, tool)
    return [*([own] if segment.masquerade and segment.translated else []), *([] if how.proxy else [machines])]


def asked(published: Binding, port: int) -> str:
    """What matches a port: "-p tcp -m tcp --dport 80"."""
    return f"-p {published.protocol} -m {published.protocol} --dport {port}"


def translation(published: Binding, address: str, segment: Segment, how: How) -> Rule:
    """The DNAT of a published port; with docker-proxy a network's own containers do not come by it."""
    at = "" if published.everywhere else f"-d {alone(published.address)} "
    # A link-local source cannot be answered from elsewhere than its own link.
    source = "! -s fe80::/10 " if ":" in address else ""
    unless = f"! -i {segment.bridge} " if how.proxy else ""
    there = endpoint(address, published.there)
    words = f"{source}{at}{unless}{asked(published, published.here)} -j DNAT --to-destination {there}"
    return Rule("-t nat DOCKER", words, tool=segment.tool)


def hairpin(published: Binding, address: str, segment: Segment) -> Rule:
    """A container that calls its own published port would else get the answer from its own address."""
    own = alone(address)
    words = f"-s {own} -d {own} {asked(published, published.there)} -j MASQUERADE"
    return Rule("-t nat POSTROUTING", words, tool=segment.tool)


def opening(published: Binding, address: str, segment: Segment, place: int) -> Rule:
    """What lets a published port in."""
    bridge = segment.bridge
    words = f"-d {alone(address)} ! -i {bridge} -o {bridge} {asked(published, published.there)} -j ACCEPT"
    return Rule("DOCKER", words, place, segment.tool)


def linked(asker: str, server: str, asked: str, segment: Segment) -> list[Rule]:
    """What lets one container ask another, on a network that keeps its containers apart, and be answered.

    Args:
        asker: its address.
        server: the other one's.
        asked: the protocol and the port: "tcp 80".
        segment: the network.
    """
    protocol, _, port = asked.partition(" ")
    within, match = f"-i {segment.bridge} -o {segment.bridge}", f"-p {protocol} -m {protocol}"
    return [
        Rule(
            "DOCKER",
            f"-s {alone(one)} -d {alone(other)} {within} {match} --{end}port {port} -j ACCEPT",
            tool=segment.tool,
        )
        for one, other, end in ((asker, server, "d"), (server, asker, "s"))
    ]
