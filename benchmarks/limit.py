"""How near netkit's handles come to the kernel's limit: beside the same work in C with raw netlink.

    python benchmarks/limit.py [--sizes 2 100 500] [--rounds 5] [--json FILE]

`limit.c` and `limit_container.c` are compiled for it. C and the handles take turns, each time in a fresh sandbox, the
large networks fewer times and the small ones more often; each has built and dropped one host before it is timed.
Figures are medians in seconds, and their ratios stand beside what they may be. "best" is C
in the best order and with fused messages, "same" C with the messages that the handles send. "flat" are the same
messages by the interpreter's own calls and nothing else (`flat.py`): what Python costs, whatever is written in it.
Pictures, which C does not draw, stand beside the seconds that they may take. All of it takes some five minutes.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from build import printed

HERE = Path(__file__).parent
RUN = (sys.executable, "-m", "netkit.cli", "run", "--")
SIZES, ROUNDS = (2, 100, 500), 5

Times = dict[str, list[float]]

ROWS = (
    ("build, beside the same messages", "handles build", "same build", 1.3),
    ("build, beside the best order", "handles build", "best build", 1.5),
    ("build by flat Python", "flat build", "same build", None),
    ("snapshot", "handles snapshot", "best snapshot", 4.0),
    ("snapshot by flat Python", "flat snapshot", "best snapshot", None),
    ("true in a namespace", "handles run", "best run", 1.6),
    ("delete one by one", "handles each", "best each", 1.3),
    ("take all away at once", "handles all", "best all", 1.5),
)
"""What is compared with what, and the most that the ratio may be; None where it only tells."""

CONTAINER, CONTAINER_ROUNDS = ("container: start, first answer, removal", 1.5), 8
PICTURES = {10: 0.1, 200: 0.5}
"""The most seconds that a picture of so many hosts may take."""

_LARGE, _FEW = 100, 3
_SMALL, _AS_OFTEN = 10, 3
_IN_C = (("best", "each"), ("best", "all"), ("same", "all"))
"""What C does; with "each" its order does not matter."""


def compiled(folder: str, name: str) -> str:
    """A program in C."""
    program = str(Path(folder, name))
    subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-o", program, str(HERE / f"{name}.c")], check=True)
    return program


def containers(program: str, rounds: int) -> tuple[float, float]:
    """The median seconds of a container, through netkit's docker and in C, in turns."""
    ours, limit = [], []
    for _ in range(rounds):
        limit += printed(*RUN, program, str(CONTAINER_ROUNDS))["seconds"]
        handles = (sys.executable, str(HERE / "containers.py"), "netkit", str(CONTAINER_ROUNDS))
        ours += printed(*RUN, *handles)["seconds"]
    return statistics.median(ours), statistics.median(limit)


def row(count: int, what: str, ours: float, limit: float | None, most: float | None) -> None:
    """One line of the table; without a limit what it may be are seconds."""
    beside = f"{limit:10.4f}{ours / limit:8.2f}" if limit is not None else " " * 18
    print(f"{count:6}  {what:40}{ours:10.4f}{beside}   {most or ''}".rstrip(), flush=True)


def picture(count: int) -> float:
    """The median seconds of a picture of so many hosts."""
    return printed(*RUN, sys.executable, str(HERE / "handles.py"), str(count), "picture")["picture"]


def measured(program: str, count: int, rounds: int) -> Times:
    """The seconds of each part, in each round, by "way part"."""
    times: Times = defaultdict(list)
    limits = [(way, how, (program, way)) for way, how in _IN_C]
    handles = [("handles", how, (sys.executable, str(HERE / "handles.py"))) for how in ("each", "all")]
    for _ in range(min(rounds, _FEW) if count > _LARGE else rounds * _AS_OFTEN if count < _SMALL else rounds):
        for way, how, command in (*limits, *handles):
            for part, seconds in printed(*RUN, *command, str(count), how).items():
                times[f"{way} {how if part == 'drop' else part}"].append(seconds)
        for part, seconds in printed(*RUN, sys.executable, str(HERE / "flat.py"), str(count)).items():
            times[f"flat {part}"].append(seconds)
    return times


def main() -> None:
    """Measure, print each ratio beside its target, and write all to a file if one is named."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of hosts (default: 2 100 500)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each way is gone (default: 5)")
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    options = parser.parse_args()
    found: dict[int, Times] = {}
    print(f"{'hosts':>6}  {'':40}{'handles':>10}{'C':>10}{'ratio':>8}   at most")
    with tempfile.TemporaryDirectory(prefix="netkit-limit-") as folder:
        Path(folder).chmod(0o755)
        program = compiled(folder, "limit")
        for count in options.sizes:
            found[count] = measured(program, count, options.rounds)
            medians = {name: statistics.median(times) for name, times in found[count].items()}
            for what, ours, limit, most in ROWS:
                row(count, what, medians[ours], medians[limit], most)
        what, most = CONTAINER
        row(1, what, *containers(compiled(folder, "limit_container"), options.rounds), most)
    for count, seconds in PICTURES.items():
        row(count, "picture, seconds", picture(count), None, seconds)
    if options.json:
        options.json.write_text(json.dumps(found, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
