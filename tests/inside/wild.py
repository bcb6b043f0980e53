"""Networks that plain commands build and break, and the judge of what `nk.why` says of them: traffic alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile

import netkit as nk

TALK = f"{sys.executable} {Path(__file__).with_name('wild_talk.py')}"
ROUNDS = 6
"""How often a repair is followed by another question."""


def space(*names: str) -> list[str]:
    """Namespaces with lo up; IPv6 without waiting for doubles."""
    return [
        line
        for name in names
        for line in (
            f"ip netns add {name}",
            f"ip -n {name} link set lo up",
            f"ip netns exec {name} sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0",
        )
    ]


def cable(*ends: tuple[str, str, str]) -> list[str]:
    """A cable between two namespaces; of each end its namespace, its name and its addresses."""
    (one, name, _), (other, far, _) = ends
    lines = [f"ip link add {name} netns {one} type veth peer name {far} netns {other}"]
    for where, what, addresses in ends:
        lines += [f"ip -n {where} addr add {each} dev {what}" for each in addresses.split()]
        lines.append(f"ip -n {where} link set {what} up")
    return lines


def forward(*names: str) -> list[str]:
    """Routers."""
    both = "net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1"
    return [f"ip netns exec {name} sysctl -qw {both}" for name in names]


ROUTED = [
    *space("a", "r1", "r2", "b"),
    *forward("r1", "r2"),
    *cable(("a", "eth0", "10.20.1.2/24 fd20:1::2/64"), ("r1", "in0", "10.20.1.1/24 fd20:1::1/64")),
    *cable(("r1", "out0", "10.20.2.1/24 fd20:2::1/64"), ("r2", "in0", "10.20.2.2/24 fd20:2::2/64")),
    *cable(("r2", "out0", "10.20.3.1/24 fd20:3::1/64"), ("b", "eth0", "10.20.3.2/24 fd20:3::2/64")),
    *("ip -n a route add default via 10.20.1.1", "ip -n b route add default via 10.20.3.1"),
    *("ip -n r1 route add 10.20.3.0/24 via 10.20.2.2", "ip -n r2 route add 10.20.1.0/24 via 10.20.2.1"),
    *("ip -n a -6 route add default via fd20:1::1", "ip -n b -6 route add default via fd20:3::1"),
    *("ip -n r1 -6 route add fd20:3::/64 via fd20:2::2", "ip -n r2 -6 route add fd20:1::/64 via fd20:2::1"),
]
"""a - r1 - r2 - b."""

SWITCHED = [
    *space("h1", "h2", "h3", "sw"),
    "ip -n sw link add br0 type bridge",
    "ip -n sw link set br0 up",
    *[
        line
        for number in (1, 2, 3)
        for line in (
            *cable((f"h{number}", "eth0", f"10.21.0.{number}/24 fd21::{number}/64"), ("sw", f"p{number}", "")),
            f"ip -n sw link set p{number} master br0",
        )
    ],
]
"""Three hosts at a switch in a namespace of its own."""

TRANSLATED = [
    *space("in1", "in2", "gw", "out"),
    *forward("gw"),
    "ip -n gw link add lan type bridge",
    "ip -n gw addr add 10.22.0.1/24 dev lan",
    "ip -n gw link set lan up",
    *[
        line
        for number in (1, 2)
        for line in (
            *cable((f"in{number}", "eth0", f"10.22.0.1{number}/24"), ("gw", f"to{number}", "")),
            f"ip -n gw link set to{number} master lan",
            f"ip -n in{number} route add default via 10.22.0.1",
        )
    ],
    *cable(("gw", "wan", "10.23.0.1/24"), ("out", "eth0", "10.23.0.2/24")),
    "ip netns exec gw iptables -t nat -A POSTROUTING -s 10.22.0.0/24 -o wan -j MASQUERADE",
    "ip netns exec gw iptables -t nat -A PREROUTING -i wan -p tcp --dport 8080 -j DNAT --to-destination 10.22.0.11:80",
]
"""Two hosts behind a gateway that translates, and publishes a port of the first."""

OVER = [
    *space("m1", "m2", "c1", "c2"),
    *cable(("m1", "eth0", "10.24.0.1/24"), ("m2", "eth0", "10.24.0.2/24")),
    *[
        line
        for one, other in ((1, 2), (2, 1))
        for line in (
            f"ip -n m{one} link add br0 type bridge",
            f"ip -n m{one} link set br0 up",
            f"ip -n m{one} link add vx0 type vxlan id 42 local 10.24.0.{one} remote 10.24.0.{other} dstport 4789",
            f"ip -n m{one} link set vx0 mtu 1450 master br0 up",
            *cable((f"c{one}", "eth0", f"10.25.0.{one}/24"), (f"m{one}", "p0", "")),
            f"ip -n m{one} link set p0 master br0",
            f"ip -n c{one} link set eth0 mtu 1450",
            f"ip -n m{one} link set p0 mtu 1450",
        )
    ],
]
"""Two containers on two machines, joined by VXLAN."""

UPON = [
    *space("v1", "v2", "up"),
    *cable(("host", "trunk", "10.26.0.1/24"), ("up", "eth0", "10.26.0.9/24")),
    *[
        line
        for number in (1, 2)
        for line in (
            f"ip link add mv{number} link trunk type macvlan mode bridge",
            f"ip link set mv{number} netns v{number}",
            f"ip -n v{number} addr add 10.26.0.1{number}/24 dev mv{number}",
            f"ip -n v{number} link set mv{number} up",
        )
    ],
]
UPON = [line.replace(" netns host ", " ").replace("ip -n host ", "ip ") for line in UPON]
"""Two macvlans on one interface of the host, whose cable leads to another machine."""


@dataclass(frozen=True)
class Case:
    """One broken network.

    Attributes:
        name: of the fault.
        base: the lines that build the network.
        ask: (from, to), or (from, to, port, "tcp" or "udp").
        layers: those that may be named, " or " between them; "" where only the place is sure.
        where: the namespace that decides.
        breaking: the lines that break it.
        healthy: further lines before, after which traffic flows.
        servers: "b tcp 0.0.0.0 80": who serves from the start.
        big: bytes in each ping that must not be cut in pieces; 0 for few.
        heals: whether a repair has to make traffic flow; else there is none that a tool could know.
        twin: whether traffic flows before it is broken.
    """

    name: str
    base: list[str]
    ask: tuple[str, str] | tuple[str, str, int, str]
    layers: str
    where: str
    breaking: tuple[str, ...]
    healthy: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    big: int = 0
    heals: bool = True
    twin: bool = True


@dataclass
class Judge:
    """Builds, breaks and asks; what falls short is in `short`."""

    case: Case
    short: list[str] = field(default_factory=list)
    running: dict[str, int] = field(default_factory=dict)

    def shell(self, line: str) -> subprocess.CompletedProcess[str]:
        """One line; `serve`, `unserve` and `keep` begin and end what talks."""
        what, _, rest = line.partition(" ")
        if what in ("serve", "keep"):
            name, _, words = rest.partition(" ")
            command = f"ip netns exec {name} {TALK} {what} {words} >/dev/null 2>&1 & echo $!"
            self.running[rest] = int(self.shell(command).stdout)  # nobody's child: whoever kills it sees it go
            self._begun(name, words, what)
            return subprocess.CompletedProcess([], 0)
        if what == "unserve":
            self._end(self.running.pop(rest))
            return subprocess.CompletedProcess([], 0)
        with TemporaryFile("w+") as said:  # not a pipe: what a repair leaves running would keep that open
            done = subprocess.run(["sh", "-c", line], stdin=subprocess.DEVNULL, stdout=said, stderr=said, check=False)
            said.seek(0)
            text = said.read()
        return subprocess.CompletedProcess(line, done.returncode, text, text)

    def _begun(self, name: str, words: str, what: str) -> None:
        """Wait until the socket is there."""
        protocol, _, port, *_ = words.split()
        flags = "-Htn" if what == "keep" else "-Htlan" if protocol == "tcp" else "-Huan"
        deadline = time.monotonic() + 10
        while f":{port}" not in self.shell(f"ip netns exec {name} ss {flags}").stdout:
            assert time.monotonic() < deadline, f"{words} does not begin"
            time.sleep(0.05)

    @staticmethod
    def _end(pid: int) -> None:
        with suppress(ProcessLookupError):  # a repair has ended it
            os.kill(pid, signal.SIGKILL)

    def flows(self) -> bool:
        """What traffic says."""
        source, to, *rest = self.case.ask
        if rest:
            return self.shell(f"ip netns exec {source} {TALK} ask {rest[1]} {to} {rest[0]}").returncode == 0
        enter = "" if source == "host" else f"ip netns exec {source} "
        size = f" -M do -s {self.case.big}" if self.case.big else ""
        return self.shell(f"{enter}ping -n -c 2 -i 0.2 -W 1{size} {to}").returncode == 0

    def build(self) -> None:
        """The healthy network."""
        for line in (*self.case.base, *(f"serve {server}" for server in self.case.servers), *self.case.healthy):
            done = self.shell(line)
            assert done.returncode == 0, f"{line}: {done.stderr}"
        deadline = time.monotonic() + 5
        while not (there := self.flows()) and self.case.twin and time.monotonic() < deadline:
            pass
        assert there is self.case.twin, f"traffic {'flows' if there else 'does not flow'} before"
        if there and not (said := nk.why(*self.case.ask)).ok:
            self.short.append(f"a false alarm: {said.layer}@{said.where} {said.explanation}")

    def run(self) -> list[str]:
        """What falls short of what is asked of `nk.why`."""
        self.build()
        for line in self.case.breaking:
            done = self.shell(line)
            assert done.returncode == 0, f"{line}: {done.stderr}"
        assert not self.flows(), "traffic flows although it is broken"
        self._diagnosed()
        return self.short

    def _diagnosed(self) -> None:
        """The first answer, then those after its repairs."""
        done: list[tuple[str, ...]] = []
        for _ in range(ROUNDS):
            said = nk.why(*self.case.ask)
            repair = tuple(said.repair)
            if said.ok and done and not self.case.heals:
                return  # somebody else serves there now, who says something else
            if said.ok:
                self.short.append(f"a false ✓ after {done}")
                return
            if not done:
                self._placed(str(said.layer), said.where, said.explanation, repair)
            if not repair or repair in done:
                break
            if self._healed(repair):
                return
            done.append(repair)
        if self.case.heals:
            self.short.append(f"not repaired: {said.layer}@{said.where} {said.explanation} {list(said.repair)}")

    def _healed(self, repair: tuple[str, ...]) -> bool:
        """Whether traffic flows after a repair; what else it says then falls short."""
        for line in repair:
            result = self.shell(line)
            if result.returncode:
                self.short.append(f"refused: {line}: {result.stdout.strip()}")
        there = self.flows()
        if there and not nk.why(*self.case.ask).ok:
            self.short.append("an alarm after the repair")
        return there

    def _placed(self, layer: str, where: str, words: str, repair: tuple[str, ...]) -> None:
        layers = self.case.layers.split(" or ")
        if (self.case.where and where != self.case.where) or (
            self.case.layers and not any(each in layer for each in layers)
        ):
            wanted = f"{self.case.layers}@{self.case.where}"
            self.short.append(f"placed at {layer}@{where} instead of {wanted}: {words} {list(repair)}")

    def close(self) -> None:
        """End what was started, also by repairs."""
        for one in self.running.values():
            self._end(one)
        for name in self.shell("ip netns list | cut -d' ' -f1").stdout.split():
            for one in self.shell(f"ip netns pids {name}").stdout.split():
                self._end(int(one))
