"""How fast recorded frames become journeys: joining alone, and with all that is said about each hop.

    python benchmarks/journeys.py [--packets 10000] [--json FILE]

The frames are those of a simulated network of containers, a host that translates addresses and another machine, with
mixed traffic (tests/unit/journeys); every joining is compared with the truth.  CPU seconds of one process, the best of
several rounds.  No sandbox is needed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from netkit.journey import journeys
from netkit.journey.joining.join import join
from tests.unit.journeys.topologies import with_outside
from tests.unit.journeys.traffic import mixed
from tests.unit.journeys.truth import Truth
from tests.unit.journeys.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 5


def measured(name: str, truth: Truth, work: Callable[[Any], Any], rounds: int) -> dict[str, Any]:
    """The best rate of some rounds."""
    best = float("inf")
    for _ in range(rounds):
        before = time.process_time()
        work(truth.seen)
        best = min(best, time.process_time() - before)
    frames, events = len(truth.seen.frames), len(truth.seen.events)
    return {"what": name, "frames": frames, "events": events, "frames each second": round(frames / best)}


def recorded(packets: int, *, traced: bool) -> Truth:
    """What a network of mixed traffic shows, and the truth about it."""
    world = World(1, processors=3)
    with_outside(world)
    world.spaces["host"].traced = traced
    mixed(world, packets)
    return Truth(world)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--packets", type=int, default=10_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    plain = recorded(options.packets, traced=False)
    traced = recorded(options.packets, traced=True)
    wrong = len(plain.faults(join(plain.seen))) + len(traced.faults(join(traced.seen)))
    few = recorded(max(1, options.packets // 20), traced=True)
    rows = [
        measured("joined", plain, join, ROUNDS),
        measured("joined with netfilter's reports", traced, join, ROUNDS),
        measured("joined and told", few, journeys, 1),
    ]
    for row in rows:
        print(
            f"{row['what']:34}{row['frames']:8} frames{row['events']:8} reports{row['frames each second']:9} frames/s"
        )
    print(f"wrong joins: {wrong}")
    if options.json:
        options.json.write_text(json.dumps({"rows": rows, "wrong joins": wrong}, indent=1) + "\n")


if __name__ == "__main__":
    main()
