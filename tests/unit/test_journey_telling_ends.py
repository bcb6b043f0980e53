"""What became of packets: steps written by hand, and the words for their end; and who answers whom."""

from __future__ import annotations

from typing import Any

import pytest

from netkit.journey.joining.parsed import parsed, quoted
from netkit.journey.shown.tree import finish
from netkit.journey.telling.answers import answers
from netkit.journey.telling.journeys import tell
from netkit.journey.telling.targets import leads_to
from netkit.journey.telling.trip import Trip
from netkit.journey.values import Seen, Step
from netkit.model import ForwardingEntry, Frame, Interface, Namespace, Route, Snapshot
from netkit.netfilter import TraceEvent
from tests.unit.journeys.packets import ICMP, Packet, arp, echo, ethernet, tcp, udp, vxlan

A, B, C = (bytes.fromhex(f"02420a0000{n}") for n in ("01", "02", "03"))
REQUEST = ethernet(A, B, Packet("10.0.0.1", "10.0.0.2", ICMP, echo(8, 7, 1)))


def link(name: str, mac: bytes, *addresses: str, **more: object) -> Interface:
    given = {"up": True, "carrier": True, "kind": "veth", **more}
    return Interface(name, mac=mac.hex(":"), addresses=addresses, **given)


def space(name: str, *links: Interface, **more: object) -> Namespace:
    return Namespace(name, {each.name: each for each in links}, **more)


def steps(*places: str, data: bytes = REQUEST) -> list[Step]:
    """Steps one after the other: "ns1:eth0 out", or "ns1 routing"."""
    found = []
    for number, place in enumerate(places):
        where, _, way = place.partition(" ")
        namespace, _, interface = where.partition(":")
        after = number - 1 if number else None
        if interface:
            recorded = Frame(number, namespace, interface, way, data, len(data))
            found.append(Step(after, namespace, interface, None, way, recorded))
        else:
            found.append(Step(after, namespace, hook=way))
    return found


def end(spaces: list[Namespace], *places: str, data: bytes = REQUEST, **more: Any) -> tuple[bool, str]:
    snapshot = Snapshot({each.name: each for each in spaces})
    frames = tuple(step.frame for step in steps(*places, data=data) if step.frame)
    told = tell(1, steps(*places, data=data), Seen(frames, (), snapshot, snapshot, **more))
    return told.delivered, told.end


NS1 = space("ns1", link("eth0", A, "10.0.0.1/24"))
NS2 = space("ns2", link("eth0", B, "10.0.0.2/24"))


def test_it_ended_where_it_was_taken_and_not_in_a_namespace_of_almost_the_same_name() -> None:
    """One of two namespaces of the same program is called after its place: "[httpd]#2"."""
    taker, other = space("[httpd]#2", link("eth0", B, "10.0.0.2/24")), space("[httpd]", link("eth0", C, "10.0.0.3/24"))
    snapshot = Snapshot({each.name: each for each in (NS1, taker, other)})
    everyone = arp(A, "10.0.0.1", "10.0.0.2")
    places = [("ns1", "out", None), ("[httpd]#2", "in", 0), ("[httpd]", "in", 0)]
    copies = [Step(after, name, "eth0", None, way, Frame(1, name, "eth0", way, everyone, len(everyone)))
              for name, way, after in places]  # fmt: skip
    told = tell(1, copies, Seen((), (), snapshot, snapshot))
    assert told.end == "delivered to 10.0.0.2 in [httpd]#2, ignored by [httpd]"
    assert finish(told.hops, told.places) == told.hops[1]


def bridge(*ports: Interface, up: bool = True, fdb: tuple[ForwardingEntry, ...] = ()) -> Namespace:
    return space("host", link("br0", C, kind="bridge", up=up), *ports, fdb=fdb)


def port(number: int, **more: object) -> Interface:
    return link(f"port{number}", bytes([6, 0, 0, 0, 0, number]), master="br0", **more)


class TestABridgeThatSendsNothingOn:
    IN = "host:port1 in"

    def test_it_is_down(self) -> None:
        found = end([NS1, bridge(port(1), port(2), up=False)], self.IN)
        assert found == (False, "it came in at host:port1, but the bridge br0 is down")

    def test_it_has_no_other_port(self) -> None:
        assert end([bridge(port(1))], self.IN) == (False, "br0 has no other port that is up")
        assert end([bridge(port(1), port(2, carrier=False))], self.IN) == (False, "br0 has no other port that is up")

    def test_its_other_ports_do_not_forward(self) -> None:
        ports = bridge(port(1), port(2), port(3), port(4, up=False))
        told = end([ports], self.IN, blocked={"host": (("port2", "listening"), ("port3", "blocking"))})
        words = "br0 has no other port that forwards: it keeps port2 listening, port3 blocking"
        assert told == (False, words)

    def test_the_destination_is_where_it_came_from(self) -> None:
        fdb = (ForwardingEntry(B.hex(":"), "port1", "br0"),)
        said = "the FDB of br0 says: 02:42:0a:00:00:02 is behind port1, where the frame came from"
        said += " and which is not in hairpin mode"
        assert end([bridge(port(1), port(2), fdb=fdb)], self.IN) == (False, said)

    def test_the_destination_is_behind_a_port_without_a_carrier(self) -> None:
        fdb = (ForwardingEntry(B.hex(":"), "port2", "br0"),)
        said = "the FDB of br0 says: 02:42:0a:00:00:02 is behind port2, but that has no carrier"
        assert end([bridge(port(1), port(2, carrier=False), port(3), fdb=fdb)], self.IN) == (False, said)

    def test_isolated_ports(self) -> None:
        apart = (("isolated", "1"),)
        found = end([bridge(port(1, details=apart), port(2, details=apart))], self.IN)
        assert found == (False, "br0 sends nothing from one isolated port to another")

    def test_nobody_knows_why(self) -> None:
        said = "br0 took it in at host:port1 and sent it to no port; the kernel does not say why it went no further"
        assert end([bridge(port(1), port(2))], self.IN) == (False, said)


class TestACable:
    def test_its_other_end_is_down(self) -> None:
        ns1 = space("ns1", link("eth0", A, peer=("ns2", "eth0")))
        ns2 = space("ns2", link("eth0", B, up=False))
        said = "it left by ns1:eth0, but ns2:eth0, the cable's other end, is down"
        assert end([ns1, ns2], "ns1:eth0 out") == (False, said)

    def test_it_leads_out_of_sight(self) -> None:
        assert end([NS1], "ns1:eth0 out") == (False, "it left the watched networks by ns1:eth0")

    def test_nobody_knows_why(self) -> None:
        ns1 = space("ns1", link("eth0", A, peer=("ns2", "eth0")))
        said = "it left by ns1:eth0 and did not come in at ns2:eth0; the kernel does not say why it went no further"
        assert end([ns1, NS2], "ns1:eth0 out") == (False, said)


class TestATunnel:
    OUTER = ethernet(A, B, Packet("10.0.0.1", "10.0.0.2", 17, vxlan(42, REQUEST)))

    def arrived(self, *devices: Interface) -> tuple[bool, str]:
        right = space("right", link("eth0", B, "10.0.0.2/24"), *devices)
        return end([right], "right:eth0 in", "right routing", data=self.OUTER)

    def device(self, vni: str, number: str, **more: object) -> Interface:
        return link("vx", C, "10.0.0.2/24", kind="vxlan", details=(("port", number), ("vni", vni)), **more)

    def test_no_device_has_its_network(self) -> None:
        assert self.arrived() == (False, "no VXLAN device of right has the network 42")
        assert self.arrived(self.device("43", "4789")) == (False, "no VXLAN device of right has the network 42")

    def test_the_device_listens_elsewhere(self) -> None:
        assert self.arrived(self.device("42", "8472")) == (False, "vx of right listens on UDP port 8472, not on 4789")

    def test_the_device_is_down(self) -> None:
        assert self.arrived(self.device("42", "4789", up=False)) == (False, "vx of right is down")

    def test_no_vtep_is_known(self) -> None:
        left = space("left", link("vx", A, kind="vxlan"))
        assert end([left], "left:vx out") == (False, "left:vx knows no VTEP to send it to")


class TestARouter:
    def routed(self, *routes: Route, forward: str = "1", **more: object) -> tuple[bool, str]:
        links = link("west", B, "10.0.9.1/24"), link("east", C, "10.0.8.1/24", **more)
        r1 = space("r1", *links, routes=routes, sysctls={"net.ipv4.ip_forward": forward})
        return end([NS1, r1], "ns1:eth0 out", "r1:west in")

    def test_it_does_not_forward(self) -> None:
        found = self.routed(Route("default", None, "east"), forward="0")
        assert found == (False, "r1 does not forward it: net.ipv4.ip_forward is 0 there")

    def test_it_has_no_route(self) -> None:
        assert self.routed() == (False, "no route to 10.0.0.2 in r1")

    def test_its_route_refuses(self) -> None:
        found = self.routed(Route("10.0.0.0/24", kind="blackhole"))
        assert found == (False, "the blackhole route 10.0.0.0/24 of r1 refuses 10.0.0.2")

    def test_the_interface_is_down(self) -> None:
        found = self.routed(Route("10.0.0.0/24", None, "east"), up=False)
        assert found == (False, "the route 10.0.0.0/24 dev east leads to 10.0.0.2, but east is down")

    def test_nobody_knows_why(self) -> None:
        found = self.routed(Route("10.0.0.0/24", None, "east"))
        assert found == (False, "last seen coming in at r1:west; the kernel does not say why it went no further")


def test_everybody_on_the_link_takes_a_broadcast() -> None:
    data = ethernet(A, b"\xff" * 6, Packet("10.0.0.1", "10.0.0.255", 17, udp(40000, 9, b"hello")))
    assert end([NS1, NS2], "ns1:eth0 out", "ns2:eth0 in", "ns2 routing", data=data) == (True, "delivered to ns2")


def test_fragments_of_which_one_is_missing_are_not_delivered() -> None:
    first, *_ = Packet("10.0.0.1", "10.0.0.2", ICMP, echo(8, 7, 1, bytes(3000))).fragments(1500)
    delivered, said = end([NS1, NS2], "ns1:eth0 out", "ns2:eth0 in", data=ethernet(A, B, first))
    assert not delivered
    assert said == "last seen coming in at ns2:eth0; the kernel does not say why it went no further"


def test_a_question_that_many_heard_counts_them() -> None:
    names = [f"ns{number}" for number in range(2, 7)]
    spaces = [space(name, link("eth0", bytes([6, 0, 0, 0, 1, n]), f"10.0.0.{n}/24")) for n, name in enumerate(names, 2)]
    data = arp(A, "10.0.0.1", "10.0.0.4")
    tree = [step._replace(after=0 if number else None) for number, step in enumerate(
        steps("ns1:eth0 out", *(f"{name}:eth0 in" for name in names), data=data))]  # fmt: skip
    snapshot = Snapshot({each.name: each for each in [NS1, *spaces]})
    told = tell(1, tree, Seen((), (), snapshot, snapshot))
    assert told.end == "delivered to 10.0.0.4 in ns4, ignored by 4 others"


def pair(question: bytes, answer: bytes) -> list[int | None]:
    return answers([Trip(steps("ns1:eth0 out", "ns2:eth0 in", data=data)) for data in (question, answer)])


def reply(*ends: str, protocol: int = ICMP, data: bytes = b"") -> bytes:
    return ethernet(B, A, Packet(*(ends or ("10.0.0.2", "10.0.0.1")), protocol, data))


ASKED = arp(A, "10.0.0.1", "10.0.0.2")
IS_AT = A + B + b"\x08\x06" + bytes.fromhex("0001080006040002") + B + bytes([10, 0, 0, 2]) + A + bytes([10, 0, 0, 1])
SYN = ethernet(A, B, Packet("10.0.0.1", "10.0.0.2", 6, tcp(40000, 80, 100, flags=2)))
SYN_ACK = tcp(80, 40000, 900, flags=0x12).replace((7).to_bytes(4), (101).to_bytes(4))
DNS = ethernet(A, B, Packet("10.0.0.1", "10.0.0.2", 17, udp(40000, 53, b"\x12\x34" + bytes(10))))


class TestAnswers:
    @pytest.mark.parametrize(("question", "answer"), [
        (REQUEST, reply(data=echo(0, 7, 1))),
        (ASKED, IS_AT),
        (SYN, reply(protocol=6, data=SYN_ACK)),
        (DNS, reply(protocol=17, data=udp(53, 40000, b"\x12\x34" + bytes(20)))),
        (REQUEST, reply("10.0.0.9", "10.0.0.1", data=b"\x0b\0\0\0\0\0\0\0" + REQUEST[14:42])),
    ], ids=["echo", "arp", "tcp", "dns", "error"])  # fmt: skip
    def test_are_found(self, question: bytes, answer: bytes) -> None:
        assert pair(question, answer) == [None, 0]

    @pytest.mark.parametrize("answer", [
        reply(data=echo(0, 8, 1)), reply(data=echo(0, 7, 2)), reply("10.0.0.3", "10.0.0.1", data=echo(0, 7, 1)),
        REQUEST,
    ])  # fmt: skip
    def test_of_others_are_not_taken(self, answer: bytes) -> None:
        assert pair(REQUEST, answer) == [None, None]

    def test_equal_questions_are_answered_in_order(self) -> None:
        trips = [
            Trip(steps("ns1:eth0 out", data=data)) for data in (REQUEST, REQUEST, *[reply(data=echo(0, 7, 1))] * 3)
        ]
        assert answers(trips) == [None, None, 0, 1, None]

    def test_an_error_quotes_what_it_is_about(self) -> None:
        view = parsed(reply("10.0.0.9", "10.0.0.1", data=b"\x03\x01\0\0\0\0\0\0" + REQUEST[14:42]))
        about = quoted(view.ip) if view.ip else None
        assert about is not None
        assert (about.source, about.target, about.protocol) == (bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]), ICMP)


@pytest.mark.parametrize(
    ("rule", "where"),
    [
        ("-A DOCKER -p tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80", (bytes([172, 17, 0, 2]), 80)),
        ("-A DOCKER -j DNAT --to-destination 172.17.0.2", (bytes([172, 17, 0, 2]), None)),
        ("tcp dport 8080 dnat to 172.17.0.2:80", (bytes([172, 17, 0, 2]), 80)),
        ("-A DOCKER -j DNAT --to-destination 172.17.0.2-172.17.0.9", None),
        ("-A DOCKER -p tcp -j DNAT --to-destination 172.17.0.2:80-90", None),
        ("-A DOCKER -p tcp -j REDIRECT --to-ports 80", None),
        ("-A FORWARD -j ACCEPT", None),
    ],
)
def test_where_a_rule_sends_a_packet(rule: str, where: object) -> None:
    tool = "iptables" if rule.startswith("-") else "nft"
    event = TraceEvent("host", 1, "ip", "nat", "DOCKER", "prerouting", -100, "rule", "accept", rule=rule, tool=tool)
    assert leads_to([event]) == where
