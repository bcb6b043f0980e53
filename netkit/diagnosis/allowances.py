"""The wording of conditions (iptables, nft) that let just one packet and its answers pass, for `permissions`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netkit.diagnosis.findings import World
    from netkit.diagnosis.matching import Passing, Place
    from netkit.diagnosis.packet import Packet
    from netkit.model import Rule

ANSWERS = {"iptables": "-m conntrack --ctstate RELATED,ESTABLISHED", "nft": "ct state established,related"}
_FINE = frozenset({"-s", "-d", "-p", "--sport", "--dport", "--dports", "--sports", "--icmp-type", "--icmpv6-type"})
"""Conditions that a list of what is allowed goes by where it is finer than the interfaces."""


def ways(names: tuple[str, str]) -> str:
    """The conditions for the interfaces that a packet comes in and leaves by; "" for none."""
    return " ".join(f"{option} {name}" for option, name in zip(("-i", "-o"), names, strict=True) if name)


def allowed(world: World, rule: Rule, place: Place, passing: Passing) -> list[str]:
    """Conditions and verdict of rules that let the packet pass, and the answers to it where it goes through."""
    if rule.tool in ("ebtables", "arptables"):
        return [f"{each} -j ACCEPT" for each in _framed(rule, place, passing.packet)]
    if rule.tool == "nft":
        return [f"{each} accept" for each in _of_nft(rule, place, passing)]
    fine = any(_is_fine(each, rule, place.hook) for each in world.space(place.namespace).rules)
    return [f"{each} -j ACCEPT" for each in of_iptables(place, passing, fine=fine)]


def _is_fine(other: Rule, rule: Rule, hook: str) -> bool:
    """Whether a rule of a table, of this hook as it seems, lets packets pass by more than the interfaces they use."""
    same = (other.tool, other.table, other.target) == (rule.tool, rule.table, "ACCEPT")
    elsewhere = other.chain in {"INPUT", "FORWARD", "OUTPUT"} - {hook} or other.chain.startswith("DOCKER")
    return same and not elsewhere and any(match.field in _FINE for match in other.matches)


def of_iptables(place: Place, passing: Passing, *, fine: bool = False) -> list[str]:
    """The conditions in iptables' words.

    Args:
        place: the hook.
        passing: the packet.
        fine: whether its addresses and port count too, and not only the interfaces.
    """
    packet, way = passing.packet, ways((passing.iif, passing.oif))
    if packet.kind.startswith("neighbour"):
        return [f"-p ipv6-icmp -m icmp6 --icmpv6-type {packet.kind}"]
    if passing.tracked in ("ESTABLISHED", "RELATED"):
        narrow = ways(("" if passing.oif else passing.iif, passing.oif))
        known = ANSWERS["iptables"] if passing.tracked == "ESTABLISHED" else "-m conntrack --ctstate RELATED"
        return [f"{narrow} {known}".strip()]
    if passing.tracked != "NEW":
        return [_flow(packet)]
    through = place.hook == "FORWARD" and passing.iif != passing.oif
    answers = [f"{ways(('', passing.iif))} {ANSWERS['iptables']}"] if through else []
    leads = through and "DNAT" in passing.translated  # to a port that was published, one of many there
    narrow = f"{way} {_flow(packet)}".strip()
    return [led(packet, way) if leads else narrow if fine or not way else way, *answers]


def led(packet: Packet, way: str) -> str:
    """Packets for one port of one address, on one way."""
    port = f" --dport {packet.destination_port}" if packet.destination_port else ""
    return f"-d {packet.destination} {way} -p {packet.protocol}{port}"


def _flow(packet: Packet) -> str:
    """Just the packets between two addresses, at these ports."""
    ports = (("--sport", packet.source_port),) if packet.answer else (("--dport", packet.destination_port),)
    name = "ipv6-icmp" if packet.protocol == "icmp" and packet.version == 6 else packet.protocol
    words = [f"-s {packet.source}", f"-d {packet.destination}", f"-p {name}"]
    return " ".join([*words, *(f"{option} {port}" for option, port in ports if port)])


def _of_nft(rule: Rule, place: Place, passing: Passing) -> list[str]:
    packet, family = passing.packet, rule.table.partition(" ")[0]
    if family == "arp" or packet.protocol == "arp":
        return [f"arp saddr ip {packet.source}", f"arp saddr ip {packet.destination}"]
    if packet.kind.startswith("neighbour"):
        return [f"icmpv6 type nd-neighbor-{'solicit' if packet.kind.endswith('solicitation') else 'advert'}"]
    if passing.tracked in ("ESTABLISHED", "RELATED") and not place.layer:
        return [ANSWERS["nft"] if passing.tracked == "ESTABLISHED" else "ct state related"]
    first = _pair(packet, packet.source, packet.destination)
    through = place.hook == "FORWARD" and not packet.answer
    if through and "DNAT" in passing.translated and packet.destination_port:  # to a port that was published for all
        first = first.partition(f"{packet.source} ")[2]
    back = _pair(packet, packet.destination, packet.source) if place.layer else ANSWERS["nft"]
    return [first, back] if through or place.layer else [first]


def _pair(packet: Packet, source: str, destination: str) -> str:
    family = "ip" if packet.version == 4 else "ip6"
    port = packet.source_port if packet.answer else packet.destination_port
    asked = (source == packet.source) is not packet.answer
    ports = f" {packet.protocol} {'dport' if asked else 'sport'} {port}" if port else ""
    if packet.protocol == "icmp":
        ports = f" meta l4proto {'icmp' if packet.version == 4 else 'ipv6-icmp'}"
    return f"{family} saddr {source} {family} daddr {destination}{ports}"


def _framed(rule: Rule, place: Place, packet: Packet) -> list[str]:
    """The same for frames, which know no connections: there and back."""
    ends = (packet.source, packet.destination)
    pairs = (ends, ends[::-1]) if place.hook not in ("INPUT", "OUTPUT") or rule.tool == "ebtables" else (ends,)
    if rule.tool == "arptables":
        return [f"-s {source} -d {destination}" for source, destination in pairs]
    if packet.protocol == "arp":
        return [f"-p ARP --arp-ip-src {source} --arp-ip-dst {destination}" for source, destination in pairs]
    name, option = ("IPv4", "ip") if packet.version == 4 else ("IPv6", "ip6")
    return [f"-p {name} --{option}-src {source} --{option}-dst {destination}" for source, destination in pairs]
