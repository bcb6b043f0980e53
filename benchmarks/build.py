"""How long netkit takes to build hosts on one bridge: beside `ip` processes, `ip -batch` and Mininet.

    python benchmarks/build.py [--quick] [--rounds 5] [--json FILE]

The ways take turns, each time in a fresh sandbox, so that whatever else the machine does hits all alike.  Mininet
mounts a writable /sys, which netkit's sandbox forbids; it gets plain namespaces of the same kinds (`unshare`).
Figures are medians in seconds.  A second part compares the import with bare Python, a snapshot of 100 namespaces
with an `ip -j -n NS addr` process for each, and times a picture of 10 namespaces.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
WAYS = ("netkit", "batch", "shell", "mininet")
SIZES = (2, 10, 100, 500)
QUICK = (2, 10)
DECISIVE = 100
BARE = "import sys"
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""So that modules are compiled once, as they are for a user."""

TARGETS = {"build / batch": 0.7, "build / mininet": 0.2, "import": 0.060, "snapshot / ip": 0.3, "draw": 0.150}
"""The most that each figure may be: ratios at 100 hosts, and seconds."""

_NETKIT_RUN = (sys.executable, "-m", "netkit.cli", "run", "--")
_PLAIN = ("unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c")
_PREPARED = 'mount -t tmpfs tmpfs /run && mkdir /run/netns && ip link set lo up && exec "$0" "$@"'


def printed(*command: str) -> dict[str, float]:
    """Run a program and read the JSON that is the last line of its output."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def build(way: str, count: int) -> float:
    """Seconds that one way takes to build that many hosts, in a place of its own."""
    arguments = (str(HERE / "hosts.py"), way, str(count))
    if way == "mininet":
        return printed(*_PLAIN, _PREPARED, "/usr/bin/python3", *arguments)["seconds"]
    return printed(*_NETKIT_RUN, sys.executable, *arguments)["seconds"]


def builds(sizes: tuple[int, ...], rounds: int) -> dict[int, dict[str, list[float]]]:
    """All ways in turn, for each size; the large ones fewer times."""
    found: dict[int, dict[str, list[float]]] = {}
    for count in sizes:
        found[count] = {way: [] for way in WAYS}
        for way in WAYS:
            build(way, 1)  # so that files are in memory
        for _ in range(max(3, rounds // 2) if count > DECISIVE else rounds):
            for way in WAYS:
                found[count][way].append(build(way, count))
        medians = {way: statistics.median(times) for way, times in found[count].items()}
        row = "".join(f"{medians[way]:10.3f}" for way in WAYS)
        print(f"{count:6}{row}{ratio(medians, 'batch'):12.2f}{ratio(medians, 'mininet'):12.2f}", flush=True)
    return found


def ratio(medians: dict[str, float], way: str) -> float:
    """Netkit's time as a multiple of another's."""
    return medians["netkit"] / medians[way]


def extra_import(rounds: int) -> float:
    """Seconds that `import netkit` takes more than a bare interpreter."""
    times: dict[str, list[float]] = {BARE: [], "import netkit": []}
    for _ in range(rounds):
        for program, seen in times.items():
            begun = time.perf_counter()
            subprocess.run([sys.executable, "-c", program], check=True, env=ENVIRONMENT)
            seen.append(time.perf_counter() - begun)
    bare, ours = (statistics.median(seen) for seen in times.values())
    return ours - bare


def main() -> None:
    """Measure, print each figure beside its target, and write all to a file if one is named."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="at most 10 hosts, and no second part")
    parser.add_argument("--rounds", type=int, default=5, help="how often each way is gone (default: 5)")
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    options = parser.parse_args()
    print(" hosts" + "".join(f"{way:>10}" for way in WAYS) + f"{'/ batch':>12}{'/ mininet':>12}", flush=True)
    times = builds(QUICK if options.quick else SIZES, options.rounds)
    figures: dict[str, float] = {}
    if not options.quick:
        medians = {way: statistics.median(seen) for way, seen in times[DECISIVE].items()}
        looks = printed(*_NETKIT_RUN, sys.executable, str(HERE / "looks.py"))
        figures = {f"build / {way}": ratio(medians, way) for way in ("batch", "mininet")}
        figures |= {"import": extra_import(21), "snapshot / ip": looks["snapshot"] / looks["ip"], "draw": looks["draw"]}
    for name, value in figures.items():
        print(f"{name:<16}{value:7.3f}   target: at most {TARGETS[name]}")
    if options.json:
        options.json.write_text(
            json.dumps({"seconds": times, "figures": figures, "targets": TARGETS}, indent=2), encoding="utf-8"
        )


if __name__ == "__main__":
    main()
