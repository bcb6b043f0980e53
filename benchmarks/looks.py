"""Looks at 100 namespaces and draws 10, inside a sandbox; `build.py` calls it.

    netkit run -- python benchmarks/looks.py

It prints the medians of some rounds in seconds: a snapshot, one `ip -j -n NS addr` process for each namespace
in turn, and a picture.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import time
from typing import TYPE_CHECKING

import netkit as nk

if TYPE_CHECKING:
    from collections.abc import Callable

NAMESPACES, DRAWN, ROUNDS = 100, 10, 7


def build(bridge: nk.Bridge, first: int, last: int) -> None:
    """Hosts of these numbers on a bridge."""
    for number in range(first, last):
        host = nk.Namespace(f"h{number}")
        port, eth0 = nk.veth(f"v{number}", "eth0", peer_namespace=host)
        bridge.attach(port)
        eth0.add_address(f"10.0.0.{number + 1}/16")
        port.up()
        eth0.up()


def ask_ip() -> None:
    """The same facts (fewer, in truth) by one process for each namespace."""
    for number in range(NAMESPACES):
        said = subprocess.run(["ip", "-j", "-n", f"h{number}", "addr"], capture_output=True, text=True, check=True)
        json.loads(said.stdout)


def seconds(act: Callable[[], object]) -> float:
    """The time that it takes once."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def picture() -> object:
    """Draw what is there, as a notebook shows it."""
    return nk.draw()._repr_mimebundle_()


def main() -> None:
    """Measure and print."""
    nk.echo(on=False)
    bridge = nk.Bridge("sw0")
    bridge.up()
    build(bridge, 0, DRAWN)
    nk.snapshot()  # it waits until the signals have settled
    first_picture = seconds(picture)  # loads matplotlib
    pictures = [seconds(picture) for _ in range(ROUNDS)]
    build(bridge, DRAWN, NAMESPACES)
    nk.snapshot()
    pairs = [(seconds(nk.snapshot), seconds(ask_ip)) for _ in range(ROUNDS)]
    figures = {
        "first_draw": first_picture,
        "draw": statistics.median(pictures),
        "snapshot": statistics.median(ours for ours, _ in pairs),
        "ip": statistics.median(theirs for _, theirs in pairs),
    }
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
