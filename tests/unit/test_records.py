"""Rtnetlink's records as values: the bytes are those that a kernel sends, packed here by hand."""

from __future__ import annotations

import socket
import struct

import pytest

from netkit.linux.looks import records, ways
from netkit.linux.netlink.protocol import attributes
from netkit.model import ForwardingEntry, Neighbour, Route

MAC = bytes.fromhex("0242ac110002")


def attribute(number: int, value: bytes) -> bytes:
    """A netlink attribute (netlink(7)), padded to four bytes."""
    return struct.pack("=HH", 4 + len(value), number) + value + bytes(-len(value) % 4)


def u32(value: int) -> bytes:
    return struct.pack("=I", value)


def ip(text: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def link(*facts: bytes, index: int = 7, flags: int = 0x1001, hardware: int = 1) -> records.Link:
    body = struct.pack("=BxHiII", 0, hardware, index, flags, 0)
    body += attribute(3, b"eth0\0") + attribute(4, u32(1500)) + b"".join(facts)
    return records.link(memoryview(body))


def info(kind: bytes, data: bytes = b"", port: bytes = b"") -> bytes:
    inner = attribute(1, kind + b"\0") + (attribute(2, data) if data else b"")
    return attribute(18, inner + (attribute(4, b"bridge\0") + attribute(5, port) if port else b""))


def test_a_veth() -> None:
    found = link(
        *(attribute(1, MAC), attribute(33, b"\1"), attribute(16, b"\6"), attribute(10, u32(3))),
        *(attribute(5, u32(2)), attribute(37, u32(0)), info(b"veth")),
    )
    assert (found.name, found.kind, found.mac, found.mtu) == ("eth0", "veth", "02:42:ac:11:00:02", 1500)
    assert (found.up, found.carrier, found.state, found.master) == (True, True, "up", 3)
    assert found.end == (2, 0)
    addresses = [records.Address(7, "fe80::1/64"), records.Address(7, "10.0.0.1/24", "eth0:1", "peer 10.0.0.9")]
    assert records.interface(found, {3: "br0"}, addresses).addresses == ("10.0.0.1/24", "fe80::1/64")
    assert records.interface(found, {3: "br0"}).master == "br0"
    assert records.interface(found, {3: "br0"}, addresses).labels == (("10.0.0.1/24", "peer 10.0.0.9 label eth0:1"),)


def test_links_without_a_kind() -> None:
    assert link().kind == "ethernet"
    assert link(hardware=772).kind == "loopback"
    assert link(flags=0).up is False


def test_flag_bits_of_an_attribute_s_number_do_not_matter() -> None:
    assert bytes(attributes(memoryview(attribute(0x8000 | 9, b"abc")))[9]) == b"abc"


def test_a_truncated_attribute_ends_the_list() -> None:
    assert attributes(memoryview(attribute(1, b"ok") + b"\0\0\0\0")).keys() == {1}


def test_a_vxlan_device() -> None:
    data = attribute(1, u32(42)) + attribute(4, ip("10.0.0.1")) + attribute(2, ip("10.0.0.2"))
    data += attribute(15, struct.pack(">H", 4789)) + attribute(7, b"\0")
    details = dict(link(info(b"vxlan", data)).details)
    assert details == {"vni": "42", "local": "10.0.0.1", "group": "10.0.0.2", "port": "4789", "learning": "0"}


def test_a_port_of_a_bridge() -> None:
    found = link(info(b"veth", port=attribute(1, b"\3") + attribute(4, b"\1") + attribute(33, b"\1")))
    assert (found.port_state, found.details) == (3, (("hairpin", "1"), ("isolated", "1")))


def test_kind_and_master_alone() -> None:
    body = struct.pack("=BxHiII", 0, 1, 7, 1, 0) + attribute(10, u32(3)) + info(b"bridge")
    assert records.kind_and_master(memoryview(body)) == ("bridge", 3)


@pytest.mark.parametrize(("address", "family"), [("10.0.0.1", socket.AF_INET), ("fd00::1", socket.AF_INET6)])
def test_addresses(address: str, family: int) -> None:
    header = struct.pack("=BBBBi", family, 24, 0, 0, 7)
    assert records.address(memoryview(header + attribute(1, ip(address)))) == (7, f"{address}/24", "", "")
    peer = attribute(1, ip("10.9.9.9" if family == socket.AF_INET else "fd09::9")) + attribute(2, ip(address))
    found = records.address(memoryview(header + peer))
    assert found.text == f"{address}/24", "IFA_LOCAL is the own end"
    assert found.further.startswith("peer ")


def route(*facts: bytes, length: int = 24, table: int = 254, kind: int = 1, flags: int = 0) -> list[Route]:
    header = struct.pack("=BBBBBBBBI", socket.AF_INET, length, 0, 0, table, 3, 0, kind, flags)
    found, local = ways.routes([memoryview(header + b"".join(facts))], {7: "eth0", 8: "eth1"})
    return [*found, *local]


def test_routes() -> None:
    facts = attribute(1, ip("10.9.0.0")), attribute(5, ip("10.0.0.254")), attribute(4, u32(7)), attribute(6, u32(9))
    assert route(*facts) == [Route("10.9.0.0/24", via="10.0.0.254", device="eth0", metric=9)]
    assert route(attribute(4, u32(7)), length=0) == [Route("default", device="eth0")]
    assert route(attribute(1, ip("10.9.0.0")), kind=6) == [Route("10.9.0.0/24", kind="blackhole")]
    assert route(*facts, attribute(15, u32(1000)), table=0)[0].table == "1000"


def test_routes_that_are_left_out() -> None:
    assert route(attribute(4, u32(7)), flags=0x200) == [], "a cached one"
    assert route(attribute(4, u32(7)), kind=99) == [], "of a kind that nobody knows"


def test_what_else_a_route_has() -> None:
    metrics = attribute(2, u32(900)) + attribute(8, u32(860)) + attribute(1, u32(1 << 2))
    [one] = route(attribute(1, ip("10.9.0.0")), attribute(8, metrics), attribute(30, u32(5)), flags=4)
    assert dict(one.details) == {"mtu": "lock 900", "advmss": "860", "nhid": "5", "onlink": ""}
    assert (one.detail("nhid"), one.detail("weight")) == ("5", None)


def test_a_route_with_several_ways() -> None:
    def hop(index: int, router: str) -> bytes:
        inner = attribute(5, ip(router))
        return struct.pack("=HBBi", 8 + len(inner), 0, 0, index) + inner

    found = route(attribute(1, ip("10.9.0.0")), attribute(9, hop(7, "10.0.0.2") + hop(8, "10.0.0.3")))
    assert [(one.via, one.device) for one in found] == [("10.0.0.2", "eth0"), ("10.0.0.3", "eth1")]


def test_a_router_of_the_other_family() -> None:
    via = struct.pack("=H", socket.AF_INET6) + ip("fe80::9")
    assert route(attribute(1, ip("10.9.0.0")), attribute(18, via), attribute(4, u32(7)))[0].via == "fe80::9"


def neighbour(state: int, *facts: bytes, family: int = socket.AF_INET, flags: int = 0, kind: int = 0) -> memoryview:
    return memoryview(struct.pack("=BxxxiHBB", family, 7, state, flags, kind) + b"".join(facts))


def test_neighbours() -> None:
    links = {7: link(attribute(1, MAC))}
    known = neighbour(2, attribute(1, ip("10.0.0.2")), attribute(2, MAC))
    assert ways.neighbour(known, links) == Neighbour("10.0.0.2", "eth0", "02:42:ac:11:00:02", "reachable")
    failed = neighbour(32, attribute(1, ip("10.0.0.2")))
    assert ways.neighbour(failed, links) == Neighbour("10.0.0.2", "eth0", None, "failed")
    assert ways.neighbour(neighbour(64, attribute(1, ip("10.0.0.2"))), links) is None, "NOARP is computed"
    proxy = neighbour(0, attribute(1, ip("10.0.0.9")), flags=8)
    assert ways.neighbour(proxy, links) == Neighbour("10.0.0.9", "eth0", None, "proxy")
    told = neighbour(64, attribute(1, ip("10.0.0.2")), attribute(2, bytes(6)), kind=1)
    assert ways.neighbour(told, links) == Neighbour("10.0.0.2", "eth0", "00:00:00:00:00:00", "noarp")


def test_forwarding_entries() -> None:
    port, bridge = link(attribute(1, MAC), info(b"veth")), link(info(b"bridge"), index=9)
    links = {7: port, 9: bridge}
    other = bytes.fromhex("0242ac110003")
    learned = neighbour(2, attribute(2, other), attribute(9, u32(9)), family=socket.AF_BRIDGE)
    assert ways.forwarding_entry(learned, links) == ForwardingEntry("02:42:ac:11:00:03", "eth0", "eth0", None)
    own = neighbour(128, attribute(2, MAC), attribute(9, u32(9)), family=socket.AF_BRIDGE)
    assert ways.forwarding_entry(own, links).state == "permanent"  # type: ignore[union-attr]
    fixed = neighbour(64, attribute(2, other), attribute(9, u32(9)), family=socket.AF_BRIDGE)
    assert ways.forwarding_entry(fixed, links).state == "static"  # type: ignore[union-attr]
    group = neighbour(128, attribute(2, bytes.fromhex("33330000000a")), attribute(9, u32(9)), family=socket.AF_BRIDGE)
    assert ways.forwarding_entry(group, links) is None


def test_what_a_vxlan_device_was_told() -> None:
    device = link(info(b"vxlan", attribute(1, u32(42))))
    entry = neighbour(128, attribute(2, bytes(6)), attribute(1, ip("10.0.0.2")), family=socket.AF_BRIDGE)
    assert ways.forwarding_entry(entry, {7: device}) == ForwardingEntry(
        "00:00:00:00:00:00", "eth0", None, "10.0.0.2", "static"
    )
