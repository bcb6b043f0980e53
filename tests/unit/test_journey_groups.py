"""What is said of a frame for a group where a bridge sends it on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from netkit.journey.telling.journeys import tell
from tests.unit.journeys.packets import ICMP, Packet, echo, ethernet
from tests.unit.test_journey_telling import BR, ONE, frame, line, link, seen, space


@pytest.mark.parametrize(
    ("listeners", "said"),
    [
        (
            (),
            "The frame is for a group of which br0 knows no listener: it floods it but port3, where mcast_flood is "
            "off.",
        ),
        ((("port2", "239.1.2.3"),), "The frame is for a group: the mdb of br0 has a listener of it behind port2."),
        (
            (("port1", "239.1.2.3"),),
            "The frame is for a group: br0 sends it out by port2 too, where it knows no listener.",
        ),
    ],
)
def test_a_bridge_with_a_frame_for_a_group(listeners: tuple[tuple[str, str], ...], said: str) -> None:
    ports = [link(f"port{n}", bytes([6, 0, 0, 0, 0, n]), master="br0") for n in (1, 2)]
    closed = link("port3", bytes([6, 0, 0, 0, 0, 3]), master="br0", details=(("mcast_flood", "0"),))
    host = space("host", link("br0", BR, kind="bridge"), *ports, closed)
    data = ethernet(ONE, bytes.fromhex("01005e010203"), Packet("172.17.0.2", "239.1.2.3", ICMP, echo(8, 7, 1)))
    steps = line(frame("host:port1", "in", data), frame("host:port2", "out", data))
    recorded = replace(seen(host), listeners={"host": listeners})
    assert tell(1, steps, recorded).hops[1].decided == said
