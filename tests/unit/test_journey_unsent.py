"""Which packets were sent and came to no interface, and what packets carry that are packets themselves."""

from __future__ import annotations

import pytest

from netkit.journey.joining.parsed import parsed
from netkit.journey.joining.unsent import unsent
from netkit.model import Frame
from netkit.netfilter import Mark
from netkit.packets.capsule import carried
from tests.unit.journeys.packets import ICMP, TCP, UDP, Packet, echo, ethernet, tcp, udp

A, B = bytes.fromhex("02420a000001"), bytes.fromhex("02420a000002")
PACKETS = [
    Packet("10.0.0.1", "10.0.0.2", ICMP, echo(8, 7, 1)),
    Packet("10.0.0.1", "10.0.0.2", ICMP, echo(8, 7, 2)),
    Packet("10.0.0.1", "10.0.0.2", UDP, udp(4000, 53, b"who")),
    Packet("10.0.0.1", "10.0.0.2", TCP, tcp(4000, 80, 5)),
]


def frame(packet: Packet, space: str = "ns1", way: str = "out") -> Frame:
    data = ethernet(A, B, packet)
    return Frame(1, space, "eth0", way, data, len(data))


def mark(packet: Packet, hook: str = "output") -> Mark:
    data = ethernet(A, B, packet)[14:]
    return Mark("ns1", 7, hook, None, data[:20], data[20:40], 0)


@pytest.mark.parametrize("packet", PACKETS, ids=lambda packet: str(packet.protocol))
def test_what_a_frame_shows_was_sent(packet: Packet) -> None:
    assert unsent([mark(packet)], [frame(packet)], {"ns1"}) == ()


def test_what_no_frame_shows_was_not() -> None:
    first, second = PACKETS[:2]
    assert unsent([mark(first)], [frame(second), frame(first, "ns2"), frame(first, way="in")], {"ns1"}) == (
        mark(first),
    )


def test_where_not_every_frame_is_there_nothing_is_said() -> None:
    assert unsent([mark(PACKETS[0])], [], set()) == ()


def test_other_marks_stay() -> None:
    came = mark(PACKETS[0], "input")
    assert unsent([came], [], set()) == (came,)
    assert unsent([came, mark(PACKETS[1])], [frame(PACKETS[1])], {"ns1"}) == (came,)


INNER = ethernet(A, B, PACKETS[0])


@pytest.mark.parametrize(
    ("protocol", "body", "name"),
    [(4, INNER[14:], "IP in IP"), (47, b"\0\0\x08\0" + INNER[14:], "GRE"), (47, b"\0\0\x65\x58" + INNER, "GRE"),
     (47, b"\x20\0\x08\0key!" + INNER[14:], "GRE")],
)  # fmt: skip
def test_a_packet_in_a_packet(protocol: int, body: bytes, name: str) -> None:
    outer = bytes([0x45, 0, *(20 + len(body)).to_bytes(2), 0, 1, 0, 0, 64, protocol, 0, 0, 10, 9, 0, 1, 10, 9, 0, 2])
    found = carried(outer + body, protocol)
    assert found is not None
    assert found[0] in (INNER, INNER[14:])
    view = parsed(A + B + b"\x08\0" + outer + body)
    assert (view.carrier, view.depth, view.innermost.ip and view.innermost.ip.ttl) == (name, 1, 64)


@pytest.mark.parametrize("body", [b"", b"\0\0\x08\0", b"\0\1\x08\0" + INNER, b"\0\0\x12\x34" + INNER])
def test_what_is_no_packet_is_not_taken_for_one(body: bytes) -> None:
    assert carried(bytes([0x45]) + bytes(19) + body, 47) is None
