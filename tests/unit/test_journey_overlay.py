"""A VXLAN device that was moved, as Docker's overlay networks have it: its packets still leave where it was made."""

from __future__ import annotations

import json
from pathlib import Path

from netkit.journey import journeys
from netkit.journey.joining.wiring import Wiring
from netkit.journey.shown.table import way
from netkit.journey.values import Seen
from netkit.pictures.ink.path import Stage
from netkit.plain import rebuilt

RECORDED = Path(__file__).parent / "recorded" / "overlay.json"
"""One echo and its answer over `nk.overlay`, recorded on the real kernel."""


def seen() -> Seen:
    return rebuilt(Seen, json.loads(RECORDED.read_text(encoding="utf-8")))


def test_the_home_of_a_moved_device_is_the_namespace_with_its_address() -> None:
    homes = Wiring(seen().before, seen().after).homes
    assert homes == {("node1-ov", "vxlan0"): "node1", ("node2-ov", "vxlan0"): "node2"}


def test_one_journey_leads_through_the_tunnel_and_the_machines_below_it() -> None:
    question, answer = journeys(seen())
    assert [hop.where for hop in question.hops if hop.interface] == [
        "[sleep]:eth0", "node1-ov:veth83d65af", "node1-ov:vxlan0", "node1:eth0", "host:lan1", "host:lan2",
        "node2:eth0", "node2-ov:vxlan0", "node2-ov:vethf34bcc8", "[sleep]#2:eth0",
    ]  # fmt: skip
    assert (question.delivered, answer.delivered, answer.answers) == (True, True, 1)
    assert way(answer).startswith("[sleep]#2:eth0 → node2-ov:vethf34bcc8 … vxlan0 → node2:eth0 → host:lan2 … lan1")


def test_the_tunnel_and_the_way_below_it_are_lit() -> None:
    question, _ = journeys(seen())
    strokes = Stage(seen().after, [question]).sheet(question).strokes
    assert [stroke.role for stroke in strokes].count("inner") == 1
    assert len(strokes) == 7  # four cables, over two bridges, and the tunnel
