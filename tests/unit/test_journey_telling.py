"""Sentences about journeys: steps written by hand, and what is to be said about them."""

from __future__ import annotations

import pytest

from netkit.journey.telling.journeys import tell
from netkit.journey.values import ROUTING, Seen, Step
from netkit.model import ForwardingEntry, Frame, Interface, Namespace, Neighbour, PolicyRule, Queue, Route, Snapshot
from netkit.netfilter import Connection, TraceEvent
from tests.unit.journeys.packets import ICMP, Packet, echo, ethernet, tcp, udp

ONE, TWO, BR = (bytes.fromhex(f"0242ac1100{n}") for n in ("02", "03", "01"))
REQUEST = Packet("172.17.0.2", "172.17.0.3", ICMP, echo(8, 7, 1))


def link(name: str, mac: bytes, *addresses: str, **more: object) -> Interface:
    return Interface(
        name, str(more.pop("kind", "veth")), mac.hex(":"), up=True, carrier=True, addresses=addresses, **more
    )


def space(name: str, *links: Interface, **more: object) -> Namespace:
    return Namespace(name, {each.name: each for each in links}, **more)


def frame(where: str, direction: str, data: bytes, time: int = 1000) -> Step:
    namespace, _, interface = where.partition(":")
    return Step(
        None, namespace, interface, None, direction, Frame(time, namespace, interface, direction, data, len(data))
    )


def hook(where: str, *events: TraceEvent) -> Step:
    namespace, _, name = where.partition(" ")
    return Step(None, namespace, hook=name, events=events)


def event(chain: str, kind: str, verdict: str, rule: str = "", packet: Packet = REQUEST, **more: object) -> TraceEvent:
    given = {"table": "filter", "hook": chain.lower(), "priority": 0, "family": "ip", **more}
    return TraceEvent(
        "host",
        1,
        chain=chain,
        kind=kind,
        verdict=verdict,
        rule=rule,
        network=packet.header,
        transport=packet.data[:20],
        **given,
    )


def line(*steps: Step) -> list[Step]:
    """Each step follows the one before."""
    return [step._replace(after=number - 1 if number else None) for number, step in enumerate(steps)]


def seen(*spaces: Namespace, frames: tuple[Frame, ...] = ()) -> Seen:
    snapshot = Snapshot({each.name: each for each in spaces})
    return Seen(frames, (), snapshot, snapshot)


NS1 = space("ns1", link("eth0", ONE, "172.17.0.2/16"))
NS2 = space("ns2", link("eth0", TWO, "172.17.0.3/16"))
SENT = ethernet(ONE, TWO, REQUEST)


class TestWhatChanged:
    def test_a_vlan_tag(self) -> None:
        tagged = SENT[:12] + b"\x81\x00\x00\x07" + SENT[12:]
        told = tell(
            1,
            line(
                frame("ns1:eth0.7", "out", SENT),
                frame("ns1:eth0", "out", tagged),
                frame("ns2:eth0", "in", tagged),
                frame("ns2:eth0.7", "in", SENT),
            ),
            seen(NS1, NS2),
        )
        assert [hop.changed for hop in told.hops] == [[], ["VLAN tag 7 added"], [], ["VLAN tag 7 removed"]]
        assert told.what == "echo request seq 1"

    def test_a_random_mac_is_called_by_its_bearer(self) -> None:
        drawn = bytes.fromhex("6e0000000001")
        other = ethernet(ONE, drawn, REQUEST)
        told = tell(
            1,
            line(frame("ns1:eth0", "in", SENT), frame("ns1:x", "out", other)),
            seen(NS1, space("web", link("eth0", drawn))),
        )
        assert told.hops[1].changed == ["destination MAC 02:42:ac:11:00:03 → the MAC of web:eth0"]

    def test_ports_that_the_kernel_drew_are_not_told(self) -> None:
        one = Packet("10.0.0.1", "10.0.0.2", 6, tcp(40000, 80, 1))
        other = Packet("10.0.0.9", "10.0.0.2", 6, tcp(50000, 80, 1))
        told = tell(
            1, line(frame("r:a", "in", ethernet(ONE, TWO, one)), frame("r:b", "out", ethernet(ONE, TWO, other))), seen()
        )
        assert told.hops[1].changed[:2] == [
            "source address 10.0.0.1 → 10.0.0.9",
            "source port: another one of those chosen at random",
        ]

    def test_dnat_is_told_at_its_hook_even_if_the_header_shows_it_later(self) -> None:
        before = Packet("10.0.0.1", "10.0.0.2", 6, tcp(40000, 8080, 1))
        after = Packet("10.0.0.1", "172.17.0.3", 6, tcp(40000, 80, 1))
        rule = "-A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 172.17.0.3:80"
        nat = event("PREROUTING", "rule", "accept", rule, before, table="nat", priority=-100)
        told = tell(
            1,
            line(
                frame("host:eth0", "in", ethernet(ONE, BR, before)),
                hook("host prerouting", nat),
                hook("host routing"),
                frame("host:br0", "out", ethernet(BR, TWO, after)),
            ),
            seen(),
        )
        assert told.hops[1].changed[:2] == [
            "destination address 10.0.0.2 → 172.17.0.3 (DNAT)",
            "destination port 8080 → 80 (DNAT)",
        ]
        assert not any("address" in sentence for sentence in told.hops[3].changed)
        assert (told.destination, told.destination_port) == ("10.0.0.2", 8080)

    def test_redirection_that_only_conntrack_shows(self) -> None:
        packet = Packet("10.0.0.1", "10.0.0.2", 6, tcp(40000, 8080, 1))
        entry = Connection("tcp", "10.0.0.1", "10.0.0.2", 40000, 8080, "10.0.0.2", "10.0.0.1", 80, 40000)
        host = space("host", link("eth0", BR, "10.0.0.2/24"), connections=(entry,))
        nat = event(
            "PREROUTING", "rule", "accept", "-A PREROUTING -p tcp -j REDIRECT --to-ports 80", packet, table="nat"
        )
        told = tell(
            1,
            line(
                frame("host:eth0", "in", ethernet(ONE, BR, packet)), hook("host prerouting", nat), hook("host routing")
            ),
            seen(host),
        )
        assert told.hops[1].changed == ["destination port 8080 → 80 (REDIRECT)"]

    @pytest.mark.parametrize("teller", ["192.168.7.3", "192.168.7.1"], ids=["the receiver", "a router before it"])
    def test_conntrack_undoes_the_translations_of_an_error(self, teller: str) -> None:
        """Of the packet that it quotes, from 10.0.0.1 to 10.0.0.2:53, both ends were translated."""
        entry = Connection("udp", "10.0.0.1", "10.0.0.2", 40000, 53, "192.168.7.3", "192.168.7.2", 5353, 40000)
        host = space("host", link("in0", BR, "10.0.0.2/24"), link("out0", TWO, "192.168.7.2/24"), connections=(entry,))
        error = b"\3\3" + bytes(6)
        quotes = (Packet("192.168.7.2", "192.168.7.3", 17, udp(40000, 5353)),
                  Packet("10.0.0.1", "10.0.0.2", 17, udp(40000, 53)))  # fmt: skip
        ends = (teller, "192.168.7.2"), ("10.0.0.2", "10.0.0.1")
        came, went = (ethernet(ONE, TWO, Packet(*pair, ICMP, error + quote.header + quote.data))
                      for pair, quote in zip(ends, quotes, strict=True))  # fmt: skip
        steps = frame("host:out0", "in", came), hook("host routing"), frame("host:in0", "out", went)
        _, routed, sent = tell(1, line(*steps), seen(host)).hops
        assert routed.changed == ["destination address 192.168.7.2 → 10.0.0.1 (source NAT undone by conntrack)"]
        assert sent.changed == [f"source address {teller} → 10.0.0.2 (destination NAT undone by conntrack)"]
        assert routed.decided.startswith("The conntrack entry of the connection turns 192.168.7.2 into 10.0.0.1; ")


class TestWhoDecided:
    def routed(
        self, *routes: Route, out: str = "eth0", neighbours: tuple[Neighbour, ...] = (), **rest: tuple[object, ...]
    ) -> list[str]:
        links = link("eth0", ONE, "172.17.0.2/16"), link("eth1", BR)
        ns1 = space("ns1", *links, routes=routes, neighbours=neighbours, **rest)
        steps = line(Step(None, "ns1", hook=ROUTING), frame(f"ns1:{out}", "out", SENT))
        return [hop.decided for hop in tell(1, steps, seen(ns1)).hops]

    def test_the_longest_prefix(self) -> None:
        routes = (
            Route("default", "10.0.0.1", "eth0"),
            Route("172.17.0.0/16", None, "eth0"),
            Route("172.16.0.0/12", None, "eth0"),
        )
        assert self.routed(*routes)[0] == "The route 172.17.0.0/16 dev eth0 leads to 172.17.0.3."

    def test_the_lowest_metric(self) -> None:
        routes = Route("default", "10.0.0.1", "eth0", metric=200), Route("default", "10.0.0.2", "eth0", metric=100)
        assert self.routed(*routes)[0] == "The route default via 10.0.0.2 dev eth0 leads to 172.17.0.3."

    def test_policy_routing_is_seen_by_where_the_packet_went(self) -> None:
        main, other = Route("172.17.0.0/16", None, "eth0"), Route("default", "10.9.0.1", "eth1", table="100")
        assert self.routed(main, other, out="eth1")[0] == (
            "The route default via 10.9.0.1 dev eth1 table 100 leads to 172.17.0.3."
        )
        away = "172.17.0.0/16 dev eth0 does not lead there."
        assert self.routed(main, out="eth1")[0] == f"It leaves by eth1, and it is not seen why: {away}"
        steered = self.routed(main, out="eth1", policies=(PolicyRule(50, (("fwmark", "0x1"),), table="9"),))
        assert steered[0] == f"It leaves by eth1, by a rule of policy routing: {away}"

    def test_a_filter_of_tc_that_leads_packets_away(self) -> None:
        said = "egress protocol ip u32 action order 1: mirred (Egress Redirect to device eth1) stolen"
        led = self.routed(Route("172.17.0.0/16", None, "eth0"), out="eth1", queues=(Queue("eth0", "filter", said),))
        assert led[0] == "A filter of tc at eth0 leads it to eth1."

    def test_the_neighbour_entry_of_the_next_router(self) -> None:
        known = Neighbour("10.0.0.1", "eth0", TWO.hex(":"))
        said = self.routed(Route("default", "10.0.0.1", "eth0"), neighbours=(known,))
        assert said[1] == "The neighbour table of ns1 says: 10.0.0.1 is at 02:42:ac:11:00:03."

    def test_a_neighbour_entry_that_was_overwritten_meanwhile_is_not_cited(self) -> None:
        known = Neighbour("172.17.0.3", "eth0", "02:42:ac:11:00:99")
        assert self.routed(Route("172.17.0.0/16", None, "eth0"), neighbours=(known,))[1] == ""

    @pytest.mark.parametrize(
        ("events", "said"),
        [
            ([event("FORWARD", "policy", "drop")], "filter FORWARD: the policy DROP drops the packet."),
            ([event("FORWARD", "policy", "accept")], "filter FORWARD: the policy ACCEPT lets the packet pass."),
            (
                [
                    event("FORWARD", "rule", "jump A", "-A FORWARD -j A"),
                    event("A", "rule", "jump B", "-A A -j B", hook="forward"),
                    event("B", "rule", "drop", "-A B -j DROP", hook="forward"),
                ],
                "filter FORWARD → A → B: the rule `-A B -j DROP` drops the packet.",
            ),
            (
                [
                    event("FORWARD", "rule", "jump A", "-A FORWARD -j A"),
                    event("A", "rule", "return", "-A A -j RETURN", hook="forward"),
                    event("FORWARD", "rule", "accept", "-A FORWARD -j ACCEPT"),
                ],
                "filter FORWARD: the rule `-A FORWARD -j ACCEPT` lets the packet pass.",
            ),
            (
                [
                    event(
                        "fwd", "rule", "drop", "tcp dport 80 drop", hook="forward", family="inet", table="t", tool="nft"
                    )
                ],
                "inet t fwd: the rule `tcp dport 80 drop` drops the packet.",
            ),
            ([event("FORWARD", "policy", "drop", tool="nft")], "filter FORWARD: the policy DROP drops the packet."),
            ([], ""),
        ],
    )
    def test_rules(self, events: list[TraceEvent], said: str) -> None:
        steps = line(frame("host:eth0", "in", SENT), hook("host forward", *events))
        assert tell(1, steps, seen()).hops[1].decided == said

    @pytest.mark.parametrize(
        ("entries", "said"),
        [
            (
                (ForwardingEntry(TWO.hex(":"), "port2", "br0"),),
                "The FDB of br0 says: 02:42:ac:11:00:03 is behind port2.",
            ),
            ((), "The FDB of br0 does not know 02:42:ac:11:00:03: br0 floods the frame to every other port."),
        ],
    )
    def test_a_bridge(self, entries: tuple[ForwardingEntry, ...], said: str) -> None:
        ports = [link(f"port{n}", bytes([6, 0, 0, 0, 0, n]), master="br0") for n in (1, 2)]
        host = space("host", link("br0", BR, kind="bridge"), *ports, fdb=entries)
        steps = line(frame("host:port1", "in", SENT), frame("host:port2", "out", SENT))
        assert [hop.decided for hop in tell(1, steps, seen(host)).hops] == ["", said]


class TestWhatIsSaidOfAll:
    def test_names(self) -> None:
        told = tell(
            3, line(frame("ns1:eth0", "out", SENT, 5_000), frame("ns2:eth0", "in", SENT, 2_005_000)), seen(NS1, NS2)
        )
        assert (told.number, told.protocol, told.source, told.destination) == (3, "ICMP", "172.17.0.2", "172.17.0.3")
        assert (told.source_port, told.what, told.housekeeping) == (None, "echo request seq 1", False)
        assert [hop.time for hop in told.hops] == [0.0, 0.002]
        assert (told.delivered, told.end) == (True, "delivered to 172.17.0.3 in ns2")

    def test_what_only_netfilter_saw(self) -> None:
        packet = Packet("10.0.0.1", "10.0.0.2", 17, udp(40000, 53, bytes(500)))
        drop = event("OUTPUT", "rule", "drop", "-A OUTPUT -j DROP", packet)
        told = tell(1, line(Step(None, "host", hook=ROUTING), hook("host output", drop)), seen())
        assert (told.protocol, told.destination_port, told.what) == ("UDP", 53, "500 bytes")
        assert told.end == "dropped in host by filter OUTPUT: the rule `-A OUTPUT -j DROP`"

    @pytest.mark.parametrize("data", [b"", b"\0" * 13, SENT[:20], SENT[:33], SENT[:12] + b"\x81\x00\x00", bytes(60)])
    def test_frames_that_are_cut_short(self, data: bytes) -> None:
        told = tell(1, line(frame("ns1:eth0", "out", data), frame("ns2:eth0", "in", data)), seen(NS1, NS2))
        assert (len(told.hops), told.hops[1].changed) == (2, [])
        assert told.end
        assert told.what

    def test_copies_are_told_one_after_the_other(self) -> None:
        """At what moments they move is left to chance."""
        a, b = frame("host:port2", "out", SENT), frame("host:port3", "out", SENT)
        steps = [frame("host:port1", "in", SENT), a, b, frame("ns3:eth0", "in", SENT), frame("ns2:eth0", "in", SENT)]
        mixed = [step._replace(after=after) for step, after in zip(steps, (None, 0, 0, 2, 1), strict=True)]
        told = tell(1, mixed, seen(NS1, NS2))
        assert [(hop.where, hop.after) for hop in told.hops] == [
            ("host:port1", None),
            ("host:port2", 0),
            ("ns2:eth0", 1),
            ("host:port3", 0),
            ("ns3:eth0", 3),
        ]
