"""Networks for x-rays, and journeys as texts that a test can spell out."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import netkit as nk
from netkit.packets.wording import CHOSEN
from tests.inside.wire import sh

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from netkit.journey.shown.table import Journey
    from netkit.xrays import XRay

TWO = """
netns add ns1
netns add ns2
netns add ns3
link add br0 type bridge
link add eth0 netns ns1 type veth peer name port1
link add eth0 netns ns2 type veth peer name port2
link add eth0 netns ns3 type veth peer name port3
-n ns1 link set eth0 address 02:42:0a:00:00:01
-n ns2 link set eth0 address 02:42:0a:00:00:02
-n ns3 link set eth0 address 02:42:0a:00:00:03
-n ns1 addr add 10.0.0.1/24 dev eth0
-n ns2 addr add 10.0.0.2/24 dev eth0
-n ns3 addr add 10.0.0.3/24 dev eth0
link set port1 master br0
link set port2 master br0
link set port3 master br0
-n ns1 link set eth0 up
-n ns2 link set eth0 up
-n ns3 link set eth0 up
link set port1 up
link set port2 up
link set port3 up
link set br0 up
"""
"""Three containers on a bridge of the host, which has no address itself."""
ROUTER = """
netns add ns1
netns add r1
netns add ns2
link add eth0 netns ns1 type veth peer name west netns r1
link add eth0 netns ns2 type veth peer name east netns r1
-n ns1 link set eth0 address 02:42:0a:00:01:02
-n r1 link set west address 02:42:0a:00:01:01
-n r1 link set east address 02:42:0a:00:02:01
-n ns2 link set eth0 address 02:42:0a:00:02:02
-n ns1 addr add 10.0.1.2/24 dev eth0
-n r1 addr add 10.0.1.1/24 dev west
-n r1 addr add 10.0.2.1/24 dev east
-n ns2 addr add 10.0.2.2/24 dev eth0
-n ns1 link set eth0 up
-n r1 link set west up
-n r1 link set east up
-n ns2 link set eth0 up
-n ns1 link set lo up
-n ns1 route add default via 10.0.1.1
-n ns2 route add default via 10.0.2.1
-n ns1 neigh replace 10.0.1.1 lladdr 02:42:0a:00:01:01 dev eth0 nud permanent
-n ns2 neigh replace 10.0.2.1 lladdr 02:42:0a:00:02:01 dev eth0 nud permanent
-n r1 neigh replace 10.0.1.2 lladdr 02:42:0a:00:01:02 dev west nud permanent
-n r1 neigh replace 10.0.2.2 lladdr 02:42:0a:00:02:02 dev east nud permanent
"""
"""Two hosts and a router between them; neighbours are known, so that no ARP comes between."""
TUNNEL = """
netns add left
netns add right
link add eth0 netns left type veth peer name eth0 netns right
-n left link set eth0 address 02:42:0a:00:00:01
-n right link set eth0 address 02:42:0a:00:00:02
-n left addr add 10.0.0.1/24 dev eth0
-n right addr add 10.0.0.2/24 dev eth0
-n left link set eth0 up
-n right link set eth0 up
-n left neigh replace 10.0.0.2 lladdr 02:42:0a:00:00:02 dev eth0 nud permanent
-n right neigh replace 10.0.0.1 lladdr 02:42:0a:00:00:01 dev eth0 nud permanent
-n left link add vx type vxlan id 42 dstport 4789 remote 10.0.0.2 dev eth0
-n right link add vx type vxlan id 42 dstport 4789 remote 10.0.0.1 dev eth0
-n left link set vx address 02:42:0a:2a:00:01
-n right link set vx address 02:42:0a:2a:00:02
-n left addr add 10.42.0.1/24 dev vx
-n right addr add 10.42.0.2/24 dev vx
-n left link set vx up
-n right link set vx up
"""
"""Two hosts with a VXLAN network between them."""


def forwarding(namespace: str) -> None:
    """Let a namespace act as a router."""
    sh(f"ip netns exec {namespace} sysctl -qw net.ipv4.ip_forward=1")


def xrayed(traffic: Callable[[], object]) -> XRay:
    """An x-ray of some traffic; no frame and no report of netfilter may be missing."""
    with nk.xray() as x:
        traffic()
    assert (x.lost, x.seen.lost_events, x.seen.untraced) == (0, False, "")
    return x


def story(journey: Journey) -> str:
    """A journey as text.

    Its title; then each hop with its number, behind it the hop that it follows unless that is the one above it;
    below it what changed (~) and what was decided (=); at last what became of the packet.
    """
    source = _end(journey.source, journey.source_port)
    destination = _end(journey.destination, journey.destination_port)
    lines = [f"{journey.protocol} {source} → {destination} {journey.what}"]
    for hop in journey.hops:
        after = "" if hop.after == (hop.number - 1 if hop.number else None) else f" after {hop.after}"
        lines.append(f"{hop.number} {' '.join(filter(None, [hop.where, hop.direction]))}{after}")
        lines += [f"  ~ {sentence}" for sentence in hop.changed]
        lines += [f"  = {hop.decided}"] if hop.decided else []
    return "\n".join([*lines, f"{'+' if journey.delivered else '-'} {journey.end}"])


def _end(address: str, port: int | None) -> str:
    return address if port is None else f"{address}:{'*' if port in CHOSEN else port}"


def expected(file: str, title: str) -> str:
    """What a test expects, written in a file of this folder's `stories` under that title."""
    text = (Path(__file__).parent / "stories" / f"{file}.txt").read_text(encoding="utf-8")
    [story] = [part for part in text.split("## ") if part.startswith(f"{title}\n")]
    return story.removeprefix(title).strip()


def told(text: str) -> str:
    """What a test expects, written with indentation."""
    return textwrap.dedent(text).strip()


def only(journeys: Iterable[Journey], protocol: str, what: str = "") -> Journey:
    """The one journey of a protocol whose line begins so."""
    found = [j for j in journeys if j.protocol == protocol and j.what.startswith(what)]
    assert len(found) == 1, [f"{j.protocol} {j.what}" for j in journeys]
    return found[0]


SENT = """
        0 ns1 routing
          = The route default via 10.0.1.1 dev eth0 leads to {}.
        1 ns1:eth0 out
          = The neighbour table of ns1 says: 10.0.1.1 is at 02:42:0a:00:01:01.
        2 r1:west in
"""
"""How every packet of ns1 begins its journey to another network."""


def sent(destination: str, text: str) -> str:
    """The title, what ns1 does, and the rest."""
    title, rest = told(text).split("\n", 1)
    return "\n".join([title, told(SENT.format(destination)), rest])


def r1(command: str) -> None:
    sh(f"ip netns exec r1 {command}")


def one_ping(options: str, target: str) -> XRay:
    return xrayed(lambda: sh(f"ip netns exec ns1 ping -c 1 {options} {target} || true"))
