"""What each task asks for, found out without netkit: by ip, iptables, ping and wget in the namespaces themselves."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS, _PC = 1, "192.168.1.50"


class Unclear(Exception):
    """What is there cannot be told apart by these means."""


class Truth:
    """A network as its programs tell it.

    Args:
        names: the variables of whoever built it: containers are found by their process.
    """

    def __init__(self, names: dict[str, Any]) -> None:
        self.names = names

    def opened(self, room: str) -> str | None:
        """A file that opens the network of a namespace or a container; None if there is none."""
        if room == "host":
            return "/proc/self/ns/net"
        path = f"/run/netns/{room}"
        if os.path.exists(path):
            return path
        pids = [box.pid for box in self.names.values() if getattr(box, "name", "") == room and hasattr(box, "pid")]
        pids += [pid for value in self.names.values() if hasattr(value, "find") and (pid := _of_docker(value, room))]
        if room.startswith("["):
            pids += [int(each) for each in os.listdir("/proc") if each.isdigit() and _program(each) == room.strip("[]")]
        own = os.stat("/proc/self/ns/net").st_ino
        paths = (f"/proc/{pid}/ns/net" for pid in pids if pid)
        return next((each for each in paths if os.path.exists(each) and os.stat(each).st_ino != own), None)

    def run(self, room: str, command: str) -> subprocess.CompletedProcess[str]:
        """A command in the network of a room."""
        path = self.opened(room)
        words = ["nsenter", f"--net={path}", "sh", "-c", command] if path else ["false"]
        return subprocess.run(words, check=False, capture_output=True, text=True)

    def links(self, room: str) -> list[dict[str, Any]]:
        """What `ip addr` says, without loopback."""
        said = self.run(room, "ip -j -d addr").stdout
        return [each for each in json.loads(said or "[]") if each and each.get("link_type") != "loopback"]

    def pings(self, room: str, address: str, size: int = 0) -> bool:
        """Whether an echo request is answered; one of a size is not cut into pieces."""
        large = f"-M do -s {size - 28}" if size else ""
        return self.run(room, f"ping -c 2 -i 0.2 -W {SECONDS} {large} {address}").returncode == 0

    def page(self, room: str, address: str, port: int) -> bool:
        """Whether a page comes."""
        return self.run(room, f"timeout {SECONDS} busybox wget -qO- http://{address}:{port}").returncode == 0

    def listens(self, room: str, port: int) -> bool:
        """Whether a connection to a port of the room's own is taken."""
        return self.run(room, f"timeout {SECONDS} bash -c '</dev/tcp/127.0.0.1/{port}'").returncode == 0

    def cables(self, one: str, other: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """The veth pairs between two rooms: their ends."""
        near, far = (self.links(room) for room in (one, other))
        found = []
        for a in near:
            ends = [b for b in far if _kind(a) == _kind(b) == "veth" and _joined(a, b)]
            if len(ends) > 1:
                raise Unclear(f"{a['ifname']} of {one}: {ends}")
            found += [(a, b) for b in ends if self._really(one, a, other)]
        return found

    def _really(self, one: str, end: dict[str, Any], other: str) -> bool:
        """Whether the number that the kernel gave the other end's namespace is the other room's."""
        if end.get("link_netnsid") is None:
            return self.inode(one) == self.inode(other)
        listed = json.loads(self.run(one, "ip -j netns list-id").stdout or "[]")
        name = next((each.get("name") for each in listed if each.get("nsid") == end["link_netnsid"]), None)
        return name is None or self.inode(name) == self.inode(other)

    def inode(self, room: str) -> int:
        """The number of a room's network."""
        path = self.opened(room)
        return os.stat(path).st_ino if path else 0

    def plugged(self, room: str, bridge: str, address: str = "") -> bool:
        """Whether a cable of the room ends at a port of a bridge of the host, with an address at its end."""
        return any(
            far.get("master") == bridge and (not address or address in _addresses(near))
            for near, far in self.cables(room, "host")
        )

    def alone(self, address: str, rooms: list[str]) -> bool:
        """Whether at most one of some rooms has an address."""
        bearing = {self.inode(room) for room in rooms if any(address in _bare(link) for link in self.links(room))}
        return len(bearing) < 2

    def policy(self, chain: str) -> str:
        """The policy of a chain of the host's table filter."""
        lines = self.run("host", "iptables -S").stdout.splitlines()
        return next((line.split()[-1] for line in lines if line.startswith(f"-P {chain} ")), "ACCEPT")

    def shut(self, source: str, address: str, port: int) -> bool:
        """Whether a room gets no connection to an address of the host's containers, though it knows the way there."""
        route = f"{address} via {_gateway(self, source)}"
        added = self.run(source, f"ip route add {route}").returncode == 0
        try:
            connects = f"timeout {SECONDS} bash -c '</dev/tcp/{address}/{port}'"
            return self.run(source, f"{connects} 2>&1").returncode == 124 and not self.pings(source, address)
        finally:
            if added:
                self.run(source, f"ip route del {route}")


def _gateway(truth: Truth, room: str) -> str:
    """The host's address on the cable to a room."""
    return next(
        (text.partition("/")[0] for _, far in truth.cables(room, "host") for text in _addresses(far)), "127.0.0.2"
    )


def _of_docker(docker: Any, name: str) -> int:
    found = docker.find(name) if hasattr(docker, "ps") else None
    return found.pid if found and found.running else 0


def _program(pid: str) -> str:
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return ""


def _kind(link: dict[str, Any]) -> str:
    return link.get("linkinfo", {}).get("info_kind", "")


def _joined(one: dict[str, Any], other: dict[str, Any]) -> bool:
    far = one.get("link_index", other["ifindex"] if one.get("link") == other["ifname"] else None)
    near = other.get("link_index", one["ifindex"] if other.get("link") == one["ifname"] else None)
    return far == other["ifindex"] and near == one["ifindex"]


def _addresses(link: dict[str, Any]) -> list[str]:
    return [f"{each['local']}/{each['prefixlen']}" for each in link["addr_info"] if "local" in each]


def _bare(link: dict[str, Any]) -> list[str]:
    return [text.partition("/")[0] for text in _addresses(link)]


def _up(link: dict[str, Any]) -> bool:
    return "UP" in link["flags"]


def _straight(truth: Truth, one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether a cable leads from one room to the other, with an address at each end."""
    return any(
        one[1] in _addresses(near) and other[1] in _addresses(far) for near, far in truth.cables(one[0], other[0])
    )


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
    pids = [pid for pid in os.listdir("/proc") if pid.isdigit() and _program(pid) == "tail"]
    return truth.inode("two") in {os.stat(f"/proc/{pid}/ns/net").st_ino for pid in pids}


def _second(truth: Truth) -> bool:
    bridges = {far.get("master") for _, far in truth.cables("db", "host")} - {None}
    there = any(truth.plugged("other", bridge, "172.30.0.3/24") for bridge in bridges)
    return there and truth.plugged("other", "docker0") and truth.pings("other", "172.30.0.2")


def _found(truth: Truth, room: str, name: str) -> bool:
    """Whether a name leads the programs of a room to whom it is meant for."""
    inode = truth.inode(room)
    pids = [pid for pid in os.listdir("/proc") if pid.isdigit() and _inode(pid) == inode]
    if not pids:
        return False
    looked = ["nsenter", f"--target={min(pids, key=int)}", "--mount", "--net", "getent", "ahostsv4", name]
    words = subprocess.run(looked, check=False, capture_output=True, text=True).stdout.split()
    if not words or not any(words[0] in _bare(link) for link in truth.links(name)):
        return False
    return truth.pings(room, words[0])


def _unique(truth: Truth, room: str) -> bool:
    """Whether no guest has an address of a room's."""
    return all(truth.alone(address, [room, "twin"]) for link in truth.links(room) for address in _bare(link))


def _inode(pid: str) -> int:
    try:
        return os.stat(f"/proc/{pid}/ns/net").st_ino
    except OSError:
        return 0


def _jumbo(truth: Truth) -> bool:
    mtu = next((link["mtu"] for link in truth.links("one") if "10.0.0.2" in _bare(link)), 0)
    return truth.pings("node1", "192.168.2.2", 9000) and truth.pings("one", "10.0.0.3", 8950) and mtu == 8950


def _room_at_bridge(truth: Truth, room: str, bridge: str, address: str, others: list[str]) -> bool:
    return truth.plugged(room, bridge, address) and truth.alone(address.partition("/")[0], [room, *others])


ASKED: dict[str, Callable[[Truth], bool]] = {
    "00.1": lambda t: t.opened("red") is not None,
    "01.1": _with_page,
    "01.2": _beside,
    "02.1": _dark,
    "02.2": lambda t: (
        not t.pings("c1", "172.17.0.3")
        and not t.pings("c2", "172.17.0.2")
        and t.pings("c1", "192.168.1.20")
        and t.pings("c2", "192.168.1.20")
    ),
    "03.1": lambda t: _straight(t, ("left", "10.1.1.1/24"), ("right", "10.1.1.2/24")) and t.pings("left", "10.1.1.2"),
    "04.1": lambda t: (
        _room_at_bridge(t, "ns3", "brtest", "172.17.1.3/24", ["twin"])
        and _unique(t, "ns1")
        and t.pings("ns3", "172.17.1.1")
        and t.pings("ns2", "172.17.1.3")
    ),
    "05.1": lambda t: t.plugged("alone", "docker0", "172.17.0.50/16") and t.pings("alone", "192.168.1.20"),
    "05.2": lambda t: t.inode("web") == t.inode("other") != 0,
    "05.3": _second,
    "06.1": lambda t: (
        t.page("pc", "192.168.1.1", 8081)
        and t.page("host", "192.168.1.1", 8081)
        and t.policy("FORWARD") == "DROP"
        and t.shut("pc", "172.17.0.3", 22)
    ),
    "06.2": lambda t: (
        not t.page("guest", "192.168.2.1", 8082)
        and t.page("pc", "192.168.1.1", 8082)
        and t.page("guest", "192.168.2.1", 8083)
    ),
    "07.1": _pod,
    "07.2": lambda t: _straight(t, ("lonely", "10.9.0.2/24"), ("pc", "10.9.0.1/24")) and t.page("pc", "10.9.0.2", 80),
    "08.1": lambda t: _found(t, "c2", "c1") and all(_unique(t, room) for room in ("c1", "c2")),
    "08.2": lambda t: (
        t.pings("web", "172.17.0.4")
        and _unique(t, "c1")
        and not any(t.pings("web", f"172.17.0.{number}") for number in (2, 3))
    ),
    "09.1": lambda t: t.pings("one", "10.0.0.3"),
    "09.2": _jumbo,
    "10.1": lambda t: t.page("pc", "192.168.1.1", 8080) and t.pings("web", _PC) and t.policy("FORWARD") == "DROP",
    "10.2": lambda t: (
        t.page("pc", "192.168.1.1", 8080) and t.policy("FORWARD") == "DROP" and t.shut("pc", "172.17.0.2", 22)
    ),
    "11.1": lambda t: _room_at_bridge(t, "web", "docker0", "172.17.0.2/16", ["twin"]) and t.pings("host", "172.17.0.2"),
    "11.2": lambda t: t.policy("FORWARD") == "DROP" and t.pings("web", _PC) and t.shut("pc", "172.17.0.2", 22),
    "11.3": lambda t: (
        t.listens("web", 80) and t.page("pc", "192.168.1.1", 8080) and t.page("host", "192.168.1.1", 8080)
    ),
    "11.4": lambda t: (
        _room_at_bridge(t, "db", "docker0", "172.17.0.3/16", ["twin"])
        and _unique(t, "web")
        and t.pings("db", _PC)
        and _found(t, "db", "web")
    ),
    "12.1": lambda t: (
        not any(t.page("pc", address, 80) for address in ("172.17.0.2", "172.17.0.3"))
        and t.page("pc", "192.168.1.1", 8082)
        and t.page("host", "172.17.0.2", 80)
    ),
    "12.2": lambda t: (
        t.page("pc", "172.17.0.2", 80) and not t.page("pc", "172.17.0.3", 80) and t.page("pc", "192.168.1.1", 8082)
    ),
}
"""By task: whether a network is what its text asks for."""
