"""What each task asks for, found out without netkit: by what programs say in the namespaces themselves."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any

from tests.inside.truth import addresses, bare, program

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.inside.truth import Truth

_PC = "192.168.1.50"


def _up(link: dict[str, Any]) -> bool:
    return "UP" in link["flags"]


def _straight(truth: Truth, one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether a cable leads from one room to the other, with an address at each end."""
    return any(one[1] in addresses(near) and other[1] in addresses(far) for near, far in truth.cables(one[0], other[0]))


def _with_page(truth: Truth) -> bool:
    translated = "--dport 8081" in truth.run("host", "iptables-save -t nat").stdout
    return translated and truth.page("host", "127.0.0.1", 8081)


def _dark(truth: Truth) -> bool:
    ports = [link for link in truth.links("host") if link.get("master") == "docker0"]
    bridge = next((link for link in truth.links("host") if link["ifname"] == "docker0"), None)
    far = [end for end, _ in truth.cables("c1", "host")]
    return bool(ports) and bridge is not None and _up(bridge) and not any(map(_up, ports)) and all(map(_up, far))


def _pod(truth: Truth) -> bool:
    return truth.opened("[pause]") is not None and all(truth.listens("[pause]", port) for port in (80, 81))


def _beside(truth: Truth) -> bool:
    pids = [pid for pid in os.listdir("/proc") if pid.isdigit() and program(pid) == "tail"]
    return truth.inode("two") in {os.stat(f"/proc/{pid}/ns/net").st_ino for pid in pids}


def _second(truth: Truth) -> bool:
    bridges = {far.get("master") for _, far in truth.cables("db", "host")} - {None}
    there = any(truth.plugged("other", bridge, "172.30.0.3/24") for bridge in bridges)
    return there and truth.plugged("other", "docker0") and truth.pings("other", "172.30.0.2", by="db")


def _found(truth: Truth, room: str, name: str) -> bool:
    """Whether a name leads the programs of a room to whom it is meant for."""
    inode = truth.inode(room)
    pids = [pid for pid in os.listdir("/proc") if pid.isdigit() and _inode(pid) == inode]
    if not pids:
        return False
    looked = ["nsenter", f"--target={min(pids, key=int)}", "--mount", "--net", "getent", "ahostsv4", name]
    words = subprocess.run(looked, check=False, capture_output=True, text=True).stdout.split()
    if not words or not any(words[0] in bare(link) for link in truth.links(name)):
        return False
    return truth.pings(room, words[0])


def _unique(truth: Truth, room: str) -> bool:
    """Whether no guest has an address of a room's."""
    return all(truth.alone(address, [room, "twin"]) for link in truth.links(room) for address in bare(link))


def _inode(pid: str) -> int:
    try:
        return os.stat(f"/proc/{pid}/ns/net").st_ino
    except OSError:
        return 0


def _jumbo(truth: Truth) -> bool:
    mtu = next((link["mtu"] for link in truth.links("one") if "10.0.0.2" in bare(link)), 0)
    large = truth.pings("node1", "192.168.2.2", 9000, "node2") and truth.pings("one", "10.0.0.3", 8950, "two")
    return large and mtu == 8950


def _room_at_bridge(truth: Truth, room: str, bridge: str, address: str, others: list[str]) -> bool:
    return truth.plugged(room, bridge, address) and truth.alone(address.partition("/")[0], [room, *others])


ASKED: dict[str, Callable[[Truth], bool]] = {
    "00.1": lambda t: t.opened("red") is not None,
    "01.1": _with_page,
    "01.2": _beside,
    "02.1": _dark,
    "02.2": lambda t: (
        t.apart("c1", "c2", "172.17.0.3")
        and t.apart("c2", "c1", "172.17.0.2")
        and t.pings("c1", "192.168.1.20", by="server")
        and t.pings("c2", "192.168.1.20", by="server")
    ),
    "03.1": lambda t: (
        _straight(t, ("left", "10.1.1.1/24"), ("right", "10.1.1.2/24")) and t.pings("left", "10.1.1.2", by="right")
    ),
    "04.1": lambda t: (
        _room_at_bridge(t, "ns3", "brtest", "172.17.1.3/24", ["twin"])
        and _unique(t, "ns1")
        and t.pings("ns3", "172.17.1.1", by="ns1")
        and t.pings("ns2", "172.17.1.3", by="ns3")
    ),
    "05.1": lambda t: t.plugged("alone", "docker0", "172.17.0.50/16") and t.pings("alone", "192.168.1.20", by="server"),
    "05.2": lambda t: t.inode("web") == t.inode("other") != 0,
    "05.3": _second,
    "06.1": lambda t: (
        t.page("pc", "192.168.1.1", 8081, by="shop")
        and t.page("host", "192.168.1.1", 8081, by="shop")
        and t.policy("FORWARD") == "DROP"
        and t.shut("pc", "172.17.0.3", 22)
    ),
    "06.2": lambda t: (
        not t.page("guest", "192.168.2.1", 8082)
        and t.page("pc", "192.168.1.1", 8082, by="admin")
        and t.page("guest", "192.168.2.1", 8083, by="files")
    ),
    "07.1": _pod,
    "07.2": lambda t: (
        _straight(t, ("lonely", "10.9.0.2/24"), ("pc", "10.9.0.1/24")) and t.page("pc", "10.9.0.2", 80, by="lonely")
    ),
    "08.1": lambda t: _found(t, "c2", "c1") and all(_unique(t, room) for room in ("c1", "c2")),
    "08.2": lambda t: (
        t.pings("web", "172.17.0.4", by="c1")
        and _unique(t, "c1")
        and t.apart("web", "other", "172.17.0.2")
        and t.apart("web", "c2", "172.17.0.3")
    ),
    "09.1": lambda t: t.pings("one", "10.0.0.3", by="two"),
    "09.2": _jumbo,
    "10.1": lambda t: (
        t.page("pc", "192.168.1.1", 8080, by="web") and t.pings("web", _PC, by="pc") and t.policy("FORWARD") == "DROP"
    ),
    "10.2": lambda t: (
        t.page("pc", "192.168.1.1", 8080, by="web") and t.policy("FORWARD") == "DROP" and t.shut("pc", "172.17.0.2", 22)
    ),
    "11.1": lambda t: (
        _room_at_bridge(t, "web", "docker0", "172.17.0.2/16", ["twin"]) and t.pings("host", "172.17.0.2", by="web")
    ),
    "11.2": lambda t: t.policy("FORWARD") == "DROP" and t.pings("web", _PC, by="pc") and t.shut("pc", "172.17.0.2", 22),
    "11.3": lambda t: (
        t.listens("web", 80)
        and t.page("pc", "192.168.1.1", 8080, by="web")
        and t.page("host", "192.168.1.1", 8080, by="web")
    ),
    "11.4": lambda t: (
        _room_at_bridge(t, "db", "docker0", "172.17.0.3/16", ["twin"])
        and _unique(t, "web")
        and t.pings("db", _PC, by="pc")
        and _found(t, "db", "web")
    ),
    "12.1": lambda t: (
        not any(t.page("pc", address, 80) for address in ("172.17.0.2", "172.17.0.3"))
        and t.page("pc", "192.168.1.1", 8082, by="admin")
        and t.page("host", "172.17.0.2", 80, by="shop")
    ),
    "12.2": lambda t: (
        t.page("pc", "172.17.0.2", 80, by="shop")
        and not t.page("pc", "172.17.0.3", 80)
        and t.page("pc", "192.168.1.1", 8082, by="admin")
    ),
    "13.1": lambda t: t.page("pc", "192.168.1.1", 8082, by="api") and t.page("pc", "192.168.1.1", 8080, by="web"),
    "13.2": lambda t: (
        not t.page("guest", "192.168.2.1", 8080)
        and t.page("pc", "192.168.1.1", 8080, by="web")
        and t.pings("guest", "192.168.2.1")
    ),
}
"""By task: whether a network is what its text asks for."""
