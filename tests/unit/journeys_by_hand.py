"""Knows example journeys, written by hand, for the tests of what shows journeys."""

from __future__ import annotations

from dataclasses import replace

from netkit.journey.shown.table import Journey
from netkit.journey.values import Hop
from netkit.model import Frame
from netkit.netfilter import TraceEvent

START = 1_700_000_000_000_000_000


class Way:
    """Puts the hops of a journey together, step by step; each follows the one before unless told otherwise."""

    def __init__(self) -> None:
        self.hops: list[Hop] = []

    def _add(self, namespace: str, after: int | None, told: tuple[list[str], str], **more: object) -> Way:
        number = len(self.hops)
        before = number - 1 if after is None and number else after
        self.hops.append(Hop(number, before, namespace, changed=told[0], decided=told[1], **more))
        return self

    def at(
        self, where: str, direction: str, *changed: str, by: str = "", after: int | None = None, data: bytes = b""
    ) -> Way:
        """A hop at "namespace:interface"."""
        namespace, _, interface = where.partition(":")
        number = len(self.hops)
        data = data or bytes([2, 0, 0, 0, 0, number]) + bytes(8)
        frame = Frame(START + number * 1000, namespace, interface, direction, data, len(data))
        more = {"interface": interface, "direction": direction, "time": number * 1e-6, "recorded": frame}
        return self._add(namespace, after, ([*changed], by), **more)

    def hook(self, where: str, *changed: str, by: str = "", verdict: str = "", after: int | None = None) -> Way:
        """A hop at "namespace hook"; a verdict makes an event of a policy."""
        namespace, _, hook = where.partition(" ")
        event = TraceEvent(namespace, 7, "ip", "filter", hook.upper(), hook, 0, "policy", verdict)
        events = (event,) if verdict else ()
        return self._add(namespace, after, ([*changed], by), hook=hook, events=events)

    def journey(self, number: int, protocol: str, ends: str, what: str, end: str, **more: object) -> Journey:
        """The journey; `ends` is "source → destination"."""
        source, _, destination = ends.partition(" → ")
        delivered = end.startswith("delivered")
        more = {"delivered": delivered, "dropped": end.startswith("dropped"), **more}
        return Journey(number, protocol, source, destination, what=what, hops=tuple(self.hops), end=end, **more)


FDB = "The FDB of brtest says: {} is behind {}."


def ping() -> list[Journey]:
    """An echo and its answer over the bridge of cases.section_4."""
    there = Way().hook("ns1 routing", by="The route 172.17.1.0/24 dev eth1 leads there, on the link.")
    there.at("ns1:eth1", "out", by="The neighbour entry of 172.17.1.2 says: 02:42:ac:11:01:02.")
    there.at("host:veth1", "in").at("host:veth2", "out", by=FDB.format("02:42:ac:11:01:02", "veth2"))
    there.at("ns2:eth1", "in").hook("ns2 routing", by="172.17.1.2 is an address of this namespace.")
    back = Way().hook("ns2 routing", by="The route 172.17.1.0/24 dev eth1 leads there, on the link.")
    back.at("ns2:eth1", "out").at("host:veth2", "in")
    back.at("host:veth1", "out", by=FDB.format("02:42:ac:11:01:01", "veth1")).at("ns1:eth1", "in")
    back.hook("ns1 routing", by="172.17.1.1 is an address of this namespace.")
    question = there.journey(
        1, "ICMP", "172.17.1.1 → 172.17.1.2", "echo request seq 1", "delivered to 172.17.1.2 in ns2"
    )
    answer = back.journey(2, "ICMP", "172.17.1.2 → 172.17.1.1", "echo reply seq 1", "delivered to 172.17.1.1 in ns1")
    return [question, replace(answer, answers=1)]


def flood() -> Journey:
    """An ARP request over the bridge of cases.section_4: two copies, and the host's own."""
    everyone = "ff:ff:ff:ff:ff:ff is for everyone: the bridge floods it."
    way = Way().at("ns1:eth1", "out").at("host:veth1", "in")
    way.at("host:brtest", "in", by=everyone).at("host:veth2", "out", by=everyone, after=1).at("ns2:eth1", "in")
    end = "delivered to 172.17.1.2 in ns2"
    return way.journey(1, "ARP", "172.17.1.1 → 172.17.1.2", "who has 172.17.1.2? tell 172.17.1.1", end)


def published() -> Journey:
    """A published port of cases.docker: from outside to 192.168.1.7:8080, which is web's port 80."""
    rule = "-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80"
    way = Way().at("host:eth0", "in")
    way.hook("host prerouting", "destination 192.168.1.7:8080 → 172.17.0.2:80", verdict="accept",
             by=f"The rule {rule} (nat, DOCKER) sends it to 172.17.0.2:80.")  # fmt: skip
    way.hook("host routing", "TTL 64 → 63", by="The route 172.17.0.0/16 dev docker0 leads there, on the link.")
    way.hook("host forward", verdict="accept", by="The rule -A FORWARD -o docker0 -j DOCKER (filter) accepts it.")
    way.hook("host postrouting", verdict="accept", by="The policy of POSTROUTING (nat) is ACCEPT.")
    way.at("host:docker0", "out", "MACs: the MAC of a router → 02:42:ac:11:00:02")
    way.at("host:veth2a2b", "out", by="The FDB of docker0 says: 02:42:ac:11:00:02 is behind veth2a2b.")
    way.at("web:eth0", "in").hook("web input", verdict="accept", by="The policy of INPUT (filter) is ACCEPT.")
    ends, end = "192.168.1.9 → 192.168.1.7", "delivered to 172.17.0.2 port 80 in web"
    return way.journey(3, "TCP", ends, "SYN", end, source_port=40000, destination_port=8080)


def dropped() -> Journey:
    """A packet that FORWARD of cases.docker drops."""
    way = Way().at("web:eth0", "out").at("host:veth2a2b", "in").at("host:docker0", "in")
    way.hook("host prerouting", verdict="accept", by="The policy of PREROUTING (nat) is ACCEPT.")
    way.hook("host routing", "TTL 64 → 63", by="The route default via 192.168.1.1 dev eth0 leads there.")
    way.hook("host forward", verdict="drop", by="The policy of FORWARD (filter) is DROP.")
    end = "dropped in host by FORWARD: policy DROP"
    return way.journey(4, "ICMP", "172.17.0.2 → 192.0.2.1", "echo request seq 1", end)


def unsent() -> Journey:
    """A packet that OUTPUT dropped before any frame was made of it."""
    way = Way().hook("web routing", by="The route default via 172.17.0.1 dev eth0 leads there.")
    way.hook("web output", verdict="drop", by="The rule -A OUTPUT -p icmp -j DROP (filter, OUTPUT) drops it.")
    end = "dropped in web by OUTPUT: rule -A OUTPUT -p icmp -j DROP"
    return way.journey(5, "ICMP", "172.17.0.2 → 192.0.2.1", "echo request seq 2", end)


def tunnelled() -> Journey:
    """From a1 to b1 of cases.two_hosts, through the VXLAN tunnel."""
    way = Way().at("a1:eth0", "out").at("hostA:veth1", "in")
    way.at("hostA:vxlan42", "out", by="The FDB of br-overlay says: 02:42:0a:2a:02:01 is behind vxlan42.")
    outer = "now inside VXLAN, VNI 42: outer header 192.168.50.1 → 192.168.50.2, UDP port 4789"
    way.hook("hostA routing", by="The route 192.168.50.0/24 dev eth0 leads there, on the link.")
    way.at("hostA:eth0", "out", outer, by="The FDB of vxlan42 says: the VTEP is 192.168.50.2.")
    way.at("host:port1", "in").at("host:port2", "out", by="The FDB of switch says: it is behind port2.")
    way.at("hostB:eth0", "in").hook("hostB routing", by="192.168.50.2 is an address of this namespace.")
    way.at("hostB:vxlan42", "in", "out of VXLAN, VNI 42: the outer header is gone")
    way.at("hostB:veth1", "out", by="The FDB of br-overlay says: 02:42:0a:2a:02:01 is behind veth1.").at(
        "b1:eth0", "in"
    )
    end = "delivered to 10.42.2.1 in b1"
    return way.journey(6, "ICMP", "10.42.1.1 → 10.42.2.1", "echo request seq 1", end)


def fragments() -> Journey:
    """A packet of cases.section_4 that ns1 sends in two fragments and ns2 puts together."""
    size = "The MTU of eth1 is 1500 bytes, so it is cut into 2 fragments."
    way = Way().hook("ns1 routing", by="The route 172.17.1.0/24 dev eth1 leads there, on the link.")
    for cut in ("bytes 0 to 1479", "bytes 1480 to 2007"):
        way.at("ns1:eth1", "out", f"fragment: {cut}", by=size, after=0).at("host:veth1", "in").at("host:veth2", "out")
        way.at("ns2:eth1", "in")
    way.hook("ns2 routing", "put together from 2 fragments", by="172.17.1.2 is an address of this namespace.")
    end = "delivered to 172.17.1.2 in ns2"
    return way.journey(7, "ICMP", "172.17.1.1 → 172.17.1.2", "echo request seq 1", end)


JOURNEYS = {
    "ping": (ping, "section_4"),
    "flood": (lambda: [flood()], "section_4"),
    "published": (lambda: [published()], "docker"),
    "dropped": (lambda: [dropped()], "docker"),
    "unsent": (lambda: [unsent()], "docker"),
    "tunnelled": (lambda: [tunnelled()], "two_hosts"),
    "fragments": (lambda: [fragments()], "section_4"),
}
"""Journeys with the name, in cases.CASES, of the network that they happened in."""
