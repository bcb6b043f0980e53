"""What an x-ray costs: of one ping on the two-container network, and of joining many frames to journeys.

    netkit run -- python benchmarks/xray.py [--json FILE]

The ping is x-rayed in a process of its own each time for the first figure (it loads all libraries), and again and
again in one process for the second; table and path picture, as a notebook shows them, included.  The frames to join
are those of many pings from ns1 through a router with rules to ns2, recorded before.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import netkit as nk
from netkit.journey import journeys
from netkit.journey.joining.join import join

if TYPE_CHECKING:
    from collections.abc import Callable

    from netkit.xrays import XRay

ROUNDS, PINGS = 5, 2000
MOST_SECONDS, LEAST_FRAMES = 1.0, 40_000


def containers() -> None:
    """Two containers on a bridge."""
    bridge = nk.Bridge("brtest")
    for number in (1, 2):
        port, eth1 = nk.veth(f"veth{number}", "eth1", peer_namespace=nk.Namespace(f"ns{number}"))
        bridge.attach(port)
        eth1.add_address(f"172.17.1.{number}/24")
        port.up()
        eth1.up()
    bridge.up()
    nk.snapshot()  # waits until the bridge forwards


def one_ping() -> float:
    """Seconds for an x-ray of a ping with all that a notebook shows of it."""
    begun = time.perf_counter()
    with nk.xray() as x:
        nk.host.run("ip netns exec ns1 ping -c 1 172.17.1.2")
    _ = repr(x), x._repr_html_()
    x.path(x.find("icmp")[0])._repr_mimebundle_()
    return time.perf_counter() - begun


def routed() -> XRay:
    """An x-ray of many pings through a router with rules."""
    nk.host.run("sysctl -qw net.ipv4.ip_forward=1")
    for number, name in enumerate(("left", "right"), 1):
        space = nk.Namespace(name)
        port, eth0 = nk.veth(f"to-{name}", "eth0", peer_namespace=space)
        port.add_address(f"10.{number}.0.1/24")
        eth0.add_address(f"10.{number}.0.2/24")
        port.up()
        eth0.up()
        space.run(f"ip route add default via 10.{number}.0.1")
    nk.host.run("iptables -A FORWARD -p icmp -j ACCEPT")
    nk.host.run("iptables -t nat -A POSTROUTING -o to-right -j MASQUERADE")
    nk.snapshot()
    with nk.xray() as x:
        nk.host.run(f"ip netns exec left ping -q -i 0.001 -c {PINGS} -W 1 10.2.0.2")
    return x


def seconds(act: Callable[[], object]) -> float:
    """The time that it takes once."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def first_time() -> float:
    """Seconds in a fresh process, which has to load every library."""
    said = subprocess.run([sys.executable, __file__, "--once"], capture_output=True, text=True, check=True)
    return float(said.stdout)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--once", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    nk.echo(on=False)
    if options.once:
        print(one_ping())
        return
    containers()
    fresh = first_time()
    one_ping()
    again = statistics.median(one_ping() for _ in range(ROUNDS))
    seen = routed().seen
    figures = {
        "ping_first": fresh,
        "ping": again,
        "frames": len(seen.frames),
        "events": len(seen.events),
        "lost": seen.lost,
        "join_frames_a_second": len(seen.frames) / statistics.median(seconds(lambda: join(seen)) for _ in range(3)),
        "journeys_frames_a_second": len(seen.frames) / seconds(lambda: journeys(seen)),
    }
    print(json.dumps(figures, indent=1))
    print(f"x-ray of a ping: {again:.2f} s, the first one {fresh:.2f} s (at most {MOST_SECONDS:g} s)")
    print(f"joining: {figures['join_frames_a_second']:,.0f} frames a second (at least {LEAST_FRAMES:,})")
    if options.json:
        options.json.write_text(json.dumps(figures))


if __name__ == "__main__":
    main()
