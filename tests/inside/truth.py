"""A network as its programs tell it, without netkit: ip, iptables, ping and wget in the namespaces themselves."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

SECONDS = 1


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
            pids += [int(each) for each in os.listdir("/proc") if each.isdigit() and program(each) == room.strip("[]")]
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

    def pings(self, room: str, address: str, size: int = 0, by: str = "") -> bool:
        """Whether an echo request is answered, by a room; one of a size is not cut into pieces."""
        large, before = f"-M do -s {size - 28}" if size else "", self.counted(by, "Icmp:", "InEchos")
        answered = self.run(room, f"ping -c 2 -i 0.2 -W {SECONDS} {large} {address}").returncode == 0
        return answered and (not by or self.counted(by, "Icmp:", "InEchos") > before)

    def page(self, room: str, address: str, port: int, by: str = "") -> bool:
        """Whether a page comes, from a room."""
        before = self.counted(by, "Tcp:", "PassiveOpens")
        answered = self.run(room, f"timeout {SECONDS} busybox wget -qO- http://{address}:{port}").returncode == 0
        return answered and (not by or self.counted(by, "Tcp:", "PassiveOpens") > before)

    def counted(self, room: str, group: str, name: str) -> int:
        """What the kernel has counted in a room (/proc/net/snmp)."""
        said = self.run(room, f"grep ^{group} /proc/net/snmp").stdout.split() if room else []
        return int(said[len(said) // 2 + said.index(name)]) if name in said else 0

    def apart(self, room: str, other: str, address: str) -> bool:
        """Whether a room hears nothing of another one, at any of its addresses: neither an echo nor a refusal."""
        borne = {text for link in self.links(other) for text in bare(link) if ":" not in text}
        connects = f"timeout {SECONDS} bash -c '</dev/tcp/{{}}/80' 2>&1"
        said = [self.run(room, connects.format(each)).stdout for each in borne]
        return not any("refused" in words for words in said) and not any(
            self.pings(room, each) for each in {address, *borne}
        )

    def listens(self, room: str, port: int) -> bool:
        """Whether a connection to a port of the room's own is taken."""
        return self.run(room, f"timeout {SECONDS} bash -c '</dev/tcp/127.0.0.1/{port}'").returncode == 0

    def cables(self, one: str, other: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """The veth pairs between two rooms: their ends."""
        near, far = (self.links(room) for room in (one, other))
        found = []
        for a in near:
            ends = [b for b in far if kind(a) == kind(b) == "veth" and _joined(a, b)]
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
            far.get("master") == bridge and (not address or address in addresses(near))
            for near, far in self.cables(room, "host")
        )

    def alone(self, address: str, rooms: list[str]) -> bool:
        """Whether at most one of some rooms has an address."""
        bearing = {self.inode(room) for room in rooms if any(address in bare(link) for link in self.links(room))}
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
        (text.partition("/")[0] for _, far in truth.cables(room, "host") for text in addresses(far)), "127.0.0.2"
    )


def _of_docker(docker: Any, name: str) -> int:
    found = docker.find(name) if hasattr(docker, "ps") else None
    return found.pid if found and found.running else 0


def program(pid: str) -> str:
    """What a process is called; "" where it has ended."""
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return ""


def kind(link: dict[str, Any]) -> str:
    """What `ip link add … type` would call it."""
    return link.get("linkinfo", {}).get("info_kind", "")


def _joined(one: dict[str, Any], other: dict[str, Any]) -> bool:
    far = one.get("link_index", other["ifindex"] if one.get("link") == other["ifname"] else None)
    near = other.get("link_index", one["ifindex"] if other.get("link") == one["ifname"] else None)
    return far == other["ifindex"] and near == one["ifindex"]


def addresses(link: dict[str, Any]) -> list[str]:
    """A link's addresses with their lengths."""
    return [f"{each['local']}/{each['prefixlen']}" for each in link["addr_info"] if "local" in each]


def bare(link: dict[str, Any]) -> list[str]:
    """A link's addresses alone."""
    return [text.partition("/")[0] for text in addresses(link)]
