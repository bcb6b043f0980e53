"""Which hooks a packet meets on its way, and when: PREROUTING to POSTROUTING, those of bridges, of devices, of ARP."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from netkit.diagnosis import bridged, conntrack, rejections, translations
from netkit.diagnosis.findings import Found
from netkit.diagnosis.flows import Flows
from netkit.diagnosis.matching import Doubt, Passing, Place, Setting, Turn
from netkit.diagnosis.packet import Packet
from netkit.diagnosis.packetfilter import at_hook

if TYPE_CHECKING:
    from netkit.diagnosis.findings import World
    from netkit.diagnosis.packetfilter import Verdict
    from netkit.model import End, Namespace, Rule

_EVERYBODY = "ff:ff:ff:ff:ff:ff"
_LOOPBACK = {4: "127.0.0.1", 6: "::1"}
_POINT_TO_POINT = 31
"""The shortest prefix of a network without a broadcast address (RFC 3021)."""

_NEIGHBOURS = ipaddress.ip_network("ff02::1:ff00:0/104")
"""Solicited-node addresses (RFC 4291, 2.7.1): where the question for a neighbour's MAC goes."""


class Hooks:
    """Lets the packets of one question pass packet filters, and remembers what connections these then know.

    Attributes:
        flows: the connection, as each namespace knows it.
        doubts: where nobody knows whether a packet was dropped.
        turns: where nobody knows whether it was led elsewhere.
        setting: the last rule that changed the packet's TTL, None where none did.
        leading: by namespace, the rule that gave a packet another destination.
        untracking: by namespace, the rule that kept a packet from being tracked, so that nothing translates it.
        zoning: by namespace, the rule that put a packet into a zone of conntrack.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.flows = Flows(partial(conntrack.forgets, world))
        self.doubts: list[Doubt] = []
        self.turns: list[Turn] = []
        self.setting: Setting | None = None
        self.leading: dict[str, Rule] = {}
        self.untracking: dict[str, Rule] = {}
        self.zoning: dict[str, Rule] = {}
        self._macs = ("", "")

    def sent(self, start: End, target: End) -> None:
        """Note between which interfaces a packet travels as a frame."""
        self._macs = (self._world.link(start).mac or "", self._world.link(target).mac or "")

    def at(self, place: Place, packet: Packet) -> Packet:
        """The packet behind a hook.

        Args:
            place: the hook.
            packet: in front of it.

        Raises:
            Found: it is dropped there, or a program gets it.
        """
        space = self._world.space(place.namespace)
        if not space.rules:
            return packet if place.layer else self._through(place, packet)

        def track(early: Passing) -> Passing:
            known = self.flows.enters(place.namespace, place.hook, early.packet)
            return replace(self._passing(place, space, known), proxies=early.proxies)

        passing = self._passing(place, space, packet)
        ruleset = self._world.ruleset(place.namespace)
        verdict = at_hook(space, place.hook, passing, ruleset, place.layer, None if place.layer else track)
        if verdict.proxy and verdict.rule and rejections.unproxied(self._world, place, packet, verdict.rule):
            passing = replace(passing, proxies=False)
            verdict = at_hook(space, place.hook, passing, ruleset, place.layer, None if place.layer else track)
        if verdict.doubts:
            self.doubts.append(Doubt(place, passing, verdict.doubts))
        self.turns += [Turn(place.namespace, rule, passing.packet, after) for rule, after in verdict.turns]
        self._told(place, passing, verdict)
        return verdict.packet if place.layer else self.flows.leaves(place.namespace, place.hook, verdict.packet)

    def _through(self, place: Place, packet: Packet) -> Packet:
        """The packet behind a hook without rules."""
        entered = self.flows.enters(place.namespace, place.hook, packet)
        return self.flows.leaves(place.namespace, place.hook, entered)

    def _told(self, place: Place, passing: Passing, verdict: Verdict) -> None:
        rule = verdict.rule
        if rule is None:
            return
        if verdict.dropped:
            flow = self.flows.of(place.namespace, passing.packet)
            bare = translations.exposed(self._world, place, rule, flow) if flow is not None else None
            raise Found(bare or rejections.dropped(self._world, place, passing, rule, known=flow is not None))
        if verdict.proxy:
            raise Found(rejections.proxied(self._world, place.namespace, passing.packet, rule))
        if verdict.packet.aim != passing.packet.aim:
            self.leading[place.namespace] = rule
        if verdict.packet.source != passing.packet.source and place.hook == "POSTROUTING":
            found = conntrack.used_up(self._world, place.namespace, verdict.packet, rule)
            if found is not None:
                raise Found(found)
        if verdict.packet.untracked and not passing.packet.untracked:
            self.untracking[place.namespace] = rule
        if verdict.packet.zone != passing.packet.zone:
            self.zoning[place.namespace] = rule
        if verdict.packet.ttl != passing.packet.ttl:
            self.setting = Setting(place.namespace, rule)

    def _passing(self, place: Place, space: Namespace, packet: Packet) -> Passing:
        return Passing(
            packet,
            place.iif,
            place.oif,
            space.addresses,
            *place.ports,
            masquerade=self._own(place.namespace, place.oif, packet) if place.hook in ("POSTROUTING", "INPUT") else "",
            redirect=self._redirect(place, packet),
            mac="" if place.hook == "OUTPUT" and not place.layer else self._macs[0],
            target=_EVERYBODY if packet.protocol == "arp" and not packet.answer else self._macs[1],
            meant=self._macs[1],
            bridge=place.bridge,
            broadcasts=_broadcasts(space),
            state=self.flows.state(place.namespace, packet),
            first=self.flows.first(place.namespace, packet),
            translated=self.flows.translated(place.namespace, packet),
        )

    def _own(self, namespace: str, device: str, packet: Packet) -> str:
        """The address that a namespace itself uses on an interface; "" for none."""
        if device not in self._world.space(namespace).interfaces:
            return ""
        mine = self._world.topology.prefixes((namespace, device), packet.version)
        return str(mine[0].ip) if mine else ""

    def _redirect(self, place: Place, packet: Packet) -> str:
        """Where REDIRECT leads: to the namespace itself."""
        if place.hook == "OUTPUT":
            return _LOOPBACK[packet.version]
        return self._own(place.namespace, place.iif, packet) if place.hook == "PREROUTING" else ""

    def device(self, end: End, hook: str, packet: Packet) -> None:
        """A frame passes the hook of an interface itself.

        Args:
            end: the interface.
            hook: "INGRESS" or "EGRESS".
            packet: what it carries.

        Raises:
            Found: it is dropped there.
        """
        namespace, name = end
        ways = {"iif": name} if hook == "INGRESS" else {"oif": name}
        self.at(Place(namespace, hook, layer="netdev", **ways), packet)

    def devices(self, way: list[End], packet: Packet) -> None:
        """A frame passes those of all interfaces on its way that send it or get it.

        Args:
            way: the interfaces, sender first.
            packet: what it carries.

        Raises:
            Found: it is dropped there.
        """
        if self._world.link(way[0]).kind == "bridge":
            self.device(way[0], "EGRESS", packet)
        for one, other in pairwise(way):
            if self._world.link(one).peer == other or self._world.link(one).kind == "vxlan":
                self.device(one, "EGRESS", packet)
                self.device(other, "INGRESS", packet)
        if self._world.link(way[-1]).kind == "bridge" and len(way) > 1:
            self.device(way[-1], "INGRESS", packet)

    def bridge(self, before: End | None, middle: End, after: End | None, packet: Packet) -> Packet:
        """A frame passes a bridge: from port to port, or from one to the bridge itself, or the other way.

        Args:
            before: the port that it comes in by; None if the bridge itself sends it.
            middle: the bridge.
            after: the port that it leaves by; None if the bridge itself is meant.
            packet: what it carries.

        Returns:
            The packet as the filter of IP leaves it, where the bridge shows it to that (br_netfilter).

        Raises:
            Found: it is dropped there.
        """
        namespace, name = middle
        one, other = before[1] if before else "", after[1] if after else ""
        hooks = ("PREROUTING",) * bool(one) + (("FORWARD" if one and other else "INPUT" if one else "OUTPUT"),)
        shows = bool(one and other) and self.shows(middle, packet)
        for hook in (*hooks, *(("POSTROUTING",) * bool(other))):
            ways = {"iif": one if hook in ("PREROUTING", "FORWARD", "INPUT") else ""}
            ways["oif"] = other if hook in ("FORWARD", "OUTPUT", "POSTROUTING") else ""
            self.at(Place(namespace, hook, **ways, bridge=name, layer="bridge"), packet)
            if shows:
                own = {key: name if ways[key] else "" for key in ways}
                packet = self.at(Place(namespace, hook, **own, ports=(one, ways["oif"])), packet)
        return packet

    def shows(self, bridge: End, packet: Packet) -> bool:
        """Whether a bridge shows a packet that it forwards to the filter of IP."""
        return packet.protocol != "arp" and bool(bridged.shows(self._world, bridge, packet.version))

    def question(self, way: list[End], hop: str) -> None:
        """The question for a neighbour's MAC, and the answer to it, pass a way.

        Args:
            way: the interfaces, who asks first.
            hop: the address that is asked for.

        Raises:
            Found: one of them is dropped.
        """
        own = self._own(way[0][0], way[0][1], Packet("", hop))
        if ":" in hop:
            asks = Packet(own or "fe80::1", str(_group(hop)), kind="neighbour-solicitation", asked=hop, ttl=255)
            answers = Packet(hop, asks.source, kind="neighbour-advertisement", ttl=255)
        else:
            asks = Packet(own or "0.0.0.0", hop, "arp")  # noqa: S104  (what a question without an address has)
            answers = asks.reversed()
        for packet, path in ((asks, way), (answers, way[::-1])):
            self.sent(path[0], path[-1])
            self._neighbourly(path[0], ("OUTPUT", "POSTROUTING"), packet)
            self.frame(path, packet)
            self._neighbourly(path[-1], ("PREROUTING", "INPUT"), packet)

    def _neighbourly(self, end: End, hooks: tuple[str, str], packet: Packet) -> None:
        """A question or an answer passes the hooks of whom it comes from or is for; ARP has fewer than IPv6."""
        arp = packet.protocol == "arp"
        for hook in [each for each in hooks if not arp or each in ("OUTPUT", "INPUT")]:
            ways = {"iif": end[1]} if hook in ("PREROUTING", "INPUT") else {"oif": end[1]}
            place = Place(end[0], hook, **ways, layer="arp" if arp else "")
            if self.at(place, packet).ttl != packet.ttl and self.setting is not None:
                raise Found(rejections.from_afar(self._world, place, packet, self.setting.rule))

    def frame(self, way: list[End], packet: Packet) -> Packet:
        """A frame passes the bridges and devices of a way.

        Args:
            way: the interfaces, sender first.
            packet: what it carries.

        Returns:
            The packet as it gets there.
        """
        self.devices(way, packet)
        for place, end in enumerate(way):
            if self._world.link(end).kind == "bridge" and len(way) > 1:
                before = way[place - 1] if place else None
                after = way[place + 1] if place + 1 < len(way) else None
                packet = self.bridge(before, end, after, packet)
        return packet


def moved(packet: Packet, *, elsewhere: bool) -> Packet:
    """A packet that has come to its next stop: what only its namespace knew of it is forgotten in another one.

    Args:
        packet: as it left.
        elsewhere: whether that is another namespace.
    """
    return replace(packet, mark=0, untracked=False, kept=0, zone=0) if elsewhere else packet


def _group(address: str) -> ipaddress.IPv6Address:
    return _NEIGHBOURS[int(ipaddress.IPv6Address(address)) & 0xFFFFFF]  # type: ignore[return-value]


def _broadcasts(space: Namespace) -> frozenset[str]:
    """The broadcast addresses of a namespace's networks."""
    texts = (text for link in space.interfaces.values() for text in link.addresses if ":" not in text)
    networks = (ipaddress.ip_interface(text).network for text in texts)
    return frozenset(str(network.broadcast_address) for network in networks if network.prefixlen < _POINT_TO_POINT)
