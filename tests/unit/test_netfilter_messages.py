"""What the kernel tells by netlink of traced packets, chains, rules and tracked connections, read from bytes."""

from __future__ import annotations

import struct
from ipaddress import ip_address

import pytest

from netkit.linux.looks import conntrack
from netkit.linux.looks.rules import parse_nft
from netkit.linux.netlink import nftables
from netkit.linux.netlink.protocol import attribute, attributes, every
from netkit.netfilter import Connection


def big(value: int, size: int = 4) -> bytes:
    return value.to_bytes(size, "big", signed=value < 0)


def body(*facts: tuple[int, bytes], family: int = 2) -> memoryview:
    return memoryview(bytes([family, 0, 0, 0]) + b"".join(attribute(number, value) for number, value in facts))


def nested(*facts: tuple[int, bytes]) -> bytes:
    return b"".join(attribute(number, value) for number, value in facts)


def reported(kind: int, *facts: tuple[int, bytes], family: int = 2) -> nftables.Report:
    names = (1, b"filter\0"), (2, b"FORWARD\0"), (4, big(kind)), (6, big(77))
    return nftables.report(body(*names, *facts, family=family))


class TestReports:
    @pytest.mark.parametrize(
        ("code", "chain", "verdict"),
        [
            (0, None, "drop"),
            (1, None, "accept"),
            (2, None, "stolen"),
            (3 | 5 << 16, None, "queue"),
            (0 | 1 << 16, None, "drop"),  # with an error for the sender
            (-1, None, "continue"),
            (-5, None, "return"),
            (-3, b"DOCKER\0", "jump DOCKER"),
            (-4, b"DOCKER\0", "goto DOCKER"),
        ],
    )
    def test_verdicts_of_rules(self, code: int, chain: bytes | None, verdict: str) -> None:
        inner = nested((1, big(code)), *([(2, chain)] if chain else []))
        found = reported(3, (3, big(9, 8)), (5, inner))
        assert (found.kind, found.verdict, found.handle) == ("rule", verdict, 9)

    def test_a_policy(self) -> None:
        found = reported(1, (16, big(0)))
        assert (found.packet, found.chain, found.kind) == (77, ("ip", "filter", "FORWARD"), "policy")
        assert (found.verdict, found.handle, found.iif, found.network) == ("drop", 0, 0, b"")

    @pytest.mark.parametrize("kind", [2, 3])
    def test_the_end_of_a_chain_whatever_the_kernel_calls_it(self, kind: int) -> None:
        found = reported(kind, (5, nested((1, big(-1)))), family=1)
        assert (found.kind, found.verdict, found.chain[0]) == ("return", "return", "inet")

    def test_headers_and_interfaces(self) -> None:
        found = reported(1, (16, big(1)), (8, b"E" * 20), (9, b"t" * 8), (10, big(3)), (12, big(4)))
        assert (found.network, found.transport, found.iif, found.oif) == (b"E" * 20, b"t" * 8, 3, 4)


class TestChainsAndRules:
    def test_a_base_chain(self) -> None:
        place = nested((1, big(4)), (2, big(-100)))
        found = nftables.chain(body((1, b"nat\0"), (3, b"POSTROUTING\0"), (4, place)))
        assert found == nftables.Chain(("ip", "nat", "POSTROUTING"), "postrouting", -100)

    @pytest.mark.parametrize(("family", "hook"), [(3, "output"), (5, "egress"), (7, "input"), (1, "input")])
    def test_hooks_of_other_families(self, family: int, hook: str) -> None:
        facts = (1, b"t\0"), (3, b"c\0"), (4, nested((1, big(1)), (2, big(0))))
        assert nftables.chain(body(*facts, family=family)).hook == hook

    def test_a_chain_that_others_jump_to(self) -> None:
        assert nftables.chain(body((1, b"nat\0"), (3, b"DOCKER\0"))) is None

    def test_a_rule(self) -> None:
        assert nftables.rule(body((1, b"t\0"), (2, b"c\0"), (3, big(12, 8)), family=10)) == (("ip6", "t", "c"), 12)

    def test_a_generation(self) -> None:
        assert nftables.generation(body((1, big(300)))) == 300


def test_the_table_that_switches_tracing_on() -> None:
    """It belongs to its socket, and each message of the transaction is acknowledged but for its edges."""
    messages = nftables.tracing("netkit-trace", "inet")
    headers = [struct.unpack_from("=IHHII", message) for message in messages]
    assert [length for length, *_ in headers] == list(map(len, messages))
    assert [kind for _, kind, *_ in headers] == [16, 0xA00, 0xA03, 0xA06, 0xA03, 0xA06, 0xA03, 17]
    assert [bool(flags & 4) for _, _, flags, *_ in headers] == [False, *[True] * 6, False]
    assert [number for *_, number, _ in headers] == list(range(1, 9))
    table = attributes(memoryview(messages[1])[20:])
    assert (bytes(table[1]), bytes(table[2])) == (b"netkit-trace\0", big(2))
    places = [attributes(attributes(memoryview(messages[at])[20:])[4]) for at in (2, 4, 6)]
    hooks = [(bytes(place[1]), bytes(place[2])) for place in places]
    assert hooks == [(big(0), big(-350)), (big(3), big(-350)), (big(1), big(2**31 - 1))]


def test_a_table_that_traces_at_interfaces() -> None:
    """Its chains stand before all others, at the devices that are named, and mark nothing of IP's hooks."""
    messages = nftables.tracing("netkit-trace", "netdev", ("egress",), ("eth0", "eth1"))
    assert [struct.unpack_from("=IHHII", message)[1] for message in messages] == [16, 0xA00, 0xA03, 0xA06, 17]
    facts = attributes(memoryview(messages[2])[20:])
    place = attributes(facts[4])
    assert (bytes(facts[3]), bytes(place[1]), bytes(place[2])) == (b"at egress\0", big(1), big(-(2**31)))
    assert [bytes(value) for _, value in every(place[4])] == [b"eth0\0", b"eth1\0"]
    found = nftables.chain(memoryview(messages[2])[16:])
    assert found is not None
    assert (found.hook, found.devices) == ("egress", ("eth0", "eth1"))


def test_rules_as_nft_lists_them() -> None:
    listing = """
table inet lab { # handle 4
	set dark { # handle 9
		type ipv4_addr
		elements = { 10.0.0.1 }
	}

	chain way { # handle 1
		comment "the way through"
		type filter hook forward priority 7; policy accept;
		ip saddr { 10.3.0.0/24, 10.3.1.0/24,
			10.3.2.0/24 } drop # handle 5
		counter packets 12 bytes 900 accept comment "# handle 3" # handle 7
		jump other # handle 8
	}

	chain other { # handle 2
		return # handle 10
	}
}
"""
    assert {rule.handle: rule.text for rule in parse_nft(listing, "inet web") if rule.handle} == {
        5: "ip saddr { 10.3.0.0/24, 10.3.1.0/24, 10.3.2.0/24 } drop",
        7: 'counter accept comment "# handle 3"',
        8: "jump other",
        10: "return",
    }


def way(source: str, destination: str, *upper: tuple[int, bytes]) -> bytes:
    first = 1 if "." in source else 3
    addresses = (first, ip_address(source).packed), (first + 1, ip_address(destination).packed)
    return nested((1, nested(*addresses)), (2, nested(*upper)))


class TestConnections:
    def test_tcp_with_both_ends_translated(self) -> None:
        there = way("192.168.7.2", "192.168.7.1", (1, b"\6"), (2, big(40000, 2)), (3, big(8080, 2)))
        back = way("172.17.0.2", "172.17.0.1", (1, b"\6"), (2, big(80, 2)), (3, big(40000, 2)))
        state = nested((1, nested((1, b"\3"))))
        found = conntrack.connection(body((1, there), (2, back), (3, big(0b1_1011_1110)), (4, state)))
        assert found == Connection(
            *("tcp", "192.168.7.2", "192.168.7.1", 40000, 8080, "172.17.0.2", "172.17.0.1", 80, 40000),
            "ESTABLISHED",
            ("assured", "destination nat", "seen reply", "source nat"),
        )

    def test_icmp_and_its_identifier(self) -> None:
        there = way("10.0.0.1", "10.0.0.2", (1, b"\1"), (4, big(7, 2)), (5, b"\10"), (6, b"\0"))
        back = way("10.0.0.2", "10.0.0.1", (1, b"\1"), (4, big(7, 2)), (5, b"\0"), (6, b"\0"))
        found = conntrack.connection(body((1, there), (2, back), (3, big(8))))
        assert (found.protocol, found.source_port, found.destination_port) == ("icmp", 7, None)
        assert (found.state, found.status) == ("", ())

    def test_ipv6_and_a_protocol_without_a_name(self) -> None:
        there, back = way("fd00::1", "fd00::2", (1, b"\2")), way("fd00::2", "fd00::1", (1, b"\2"))
        found = conntrack.connection(body((1, there), (2, back), family=10))
        assert (found.protocol, found.source, found.reply_source) == ("2", "fd00::1", "fd00::2")

    @pytest.mark.parametrize("facts", [(), ((1, b""), (2, b"")), ((1, nested((1, b""), (2, b""))),) * 2])
    def test_an_entry_without_addresses(self, facts: tuple[tuple[int, bytes], ...]) -> None:
        assert conntrack.connection(body(*facts)) is None
