"""What recordings of the real kernel have shown about the joining of journeys."""

from __future__ import annotations

import json
from pathlib import Path

from netkit.journey import journeys
from netkit.journey.values import Seen
from netkit.plain import rebuilt

RECORDED = Path(__file__).parent / "recorded"


def seen(name: str) -> Seen:
    return rebuilt(Seen, json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8")))


def test_reports_that_are_read_late_still_find_their_packets() -> None:
    """On a busy machine netfilter's reports were read 60 ms after the last frame: two pings through a router."""
    told = journeys(seen("late-reports"))
    places = [[hop.where for hop in journey.hops] for journey in told]
    there = ["ns1 routing", "ns1:eth0", "r1:west", "r1 routing", "r1 FORWARD", "r1:east", "ns2:eth0", "ns2 routing"]
    back = ["ns2 routing", "ns2:eth0", "r1:east", "r1 routing", "r1 FORWARD", "r1:west", "ns1:eth0", "ns1 routing"]
    assert places == [there, back, there, back]


def test_a_tunnels_own_packets_pass_output() -> None:
    """VXLAN between two hosts; both filter the outer packet, and one drops it."""
    [ping] = journeys(seen("tunnel-hooks"))
    assert [hop.where for hop in ping.hops] == [
        "left routing", "left OUTPUT", "left:vx", "left routing", "left OUTPUT", "left:eth0",
        "right:eth0", "right routing", "right INPUT",
    ]  # fmt: skip
