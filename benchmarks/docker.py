"""How long netkit's own docker takes for a container, beside the real Docker Engine.

    python benchmarks/docker.py [--rounds 5] [--containers 50] [--json FILE]

A round is a container with a published port: start, first HTTP answer, removal.  The Engine and each generation of
rules take turns, each time in a fresh sandbox with the daemon running already; figures are medians in seconds.  A
second part starts many containers on one network: the last ten ought to take hardly longer than the first ten.  The
Engine needs a plain user's sandbox: for root only netkit's own figures are measured.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path

from build import printed

from netkit.lessons.needs import engine_obstacle

HERE = Path(__file__).parent
TURNS = 3
TEN = 10
GENERATIONS = ("20.10", "28", "29", "29-nft", "netavark")
TARGET = 0.1
"""The most that a round may take, as a multiple of the Engine's."""


def measured(way: str, count: int, *like: str) -> list[float]:
    """What `containers.py` measures, in a sandbox of its own."""
    program = (sys.executable, str(HERE / "containers.py"), way, str(count), *like)
    return printed(sys.executable, "-m", "netkit.cli", "run", "--", *program)["seconds"]


def main() -> None:
    """Measure, print each figure beside its target, and write all to a file if one is named."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="rounds in each turn (default: 5)")
    parser.add_argument("--containers", type=int, default=50, help="on one network (default: 50)")
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    options = parser.parse_args()
    why_not = engine_obstacle()
    ways = GENERATIONS if why_not else (*GENERATIONS, "engine")
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(TURNS):
        for way in ways:
            own = ("engine", options.rounds) if way == "engine" else ("netkit", options.rounds, way)
            seconds[way] += measured(*own)
    medians = {way: statistics.median(found) for way, found in seconds.items()}
    for way, median in medians.items():
        print(f"{way:9}{median:8.3f} s a container")
    if why_not:
        print(f"no comparison: {why_not}")
    else:
        slowest = max(GENERATIONS, key=medians.__getitem__)
        print(f"ratio    {medians[slowest] / medians['engine']:8.3f}   of {slowest}; target: at most {TARGET}")
    grown = seconds["grow"] = measured("grow", options.containers)
    first, last = sum(grown[:TEN]), sum(grown[-TEN:])
    print(f"{len(grown)} on one network: {sum(grown):.2f} s; the last ten take {last / first:.2f} x the first ten")
    if options.json:
        figures = {"seconds": seconds, "medians": medians, "last / first ten": last / first, "target": TARGET}
        options.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
