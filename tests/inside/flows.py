"""Flows whose end somebody else knows: plain commands build and break a network, counters of the kernel are the judge.

Two judges, neither of which netkit has a part in.  What a namespace took in, it has counted (IpInDelivers and its kin);
so many packets must be called delivered there, no more and no fewer.  What was lost has a witness of its own: a counter
of the rule, the queue or the protocol that grew, or nothing but the way in which the network was made.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

import netkit as nk
from tests.evidence import in_record
from tests.inside.wild import Case, Judge

if TYPE_CHECKING:
    from netkit.journey.shown.table import Journey
    from netkit.xrays import XRay

FLOWS_TALK = f"{sys.executable} {Path(__file__).with_name('flows_talk.py')}"
_TAKEN = {
    "ICMP echo request": "IcmpInEchos",
    "ICMP echo reply": "IcmpInEchoReps",
    r"ICMP (?!echo).*\(": "IcmpInDestUnreachs IcmpInTimeExcds IcmpInRedirects",
    "ICMPv6 echo request": "Icmp6InEchos",
    "ICMPv6 echo reply": "Icmp6InEchoReplies",
    r"ICMPv6 (?!echo).*\(": "Icmp6InDestUnreachs Icmp6InPktTooBigs Icmp6InTimeExcds",
    "TCP": "TcpInSegs -TcpInCsumErrors -TcpExtListenDrops",
    "UDP": "UdpInDatagrams UdpNoPorts Udp6InDatagrams Udp6NoPorts",
}
"""What counts the packets of a kind that a namespace took in, by nstat(8)'s names, and what takes from that."""

_COLONS_OF_A_MAC = 5
_FOR_GROUPS = re.compile(r"joined|listener|whom it was not for|nobody|keeps listening|Ip6OutDiscards")
"""How a packet for a group may end which nobody takes in, though nobody stops it: kernels report their own groups."""


@dataclass(frozen=True)
class Lost:
    """What became of packets that nobody took in.

    Attributes:
        what: the beginning of what is sent: "ICMP echo request".
        cause: a regular expression that the journey's end must hold.
        proof: a shell line that prints a number, which must have grown; "" where the network is proof enough.
        most: how many journeys may end so; 0 for any number from 1 on, -1 for any.
    """

    what: str
    cause: str
    proof: str = ""
    most: int = 0


@dataclass(frozen=True)
class Flow:
    """Packets of one kind.

    Attributes:
        name: of the kind.
        base: the lines that build the network.
        act: the line that sends.
        lost: what becomes of those that nobody takes in.
        breaking: lines after the warming up.
        servers: as `wild.Judge` begins them, "b udp 0.0.0.0 5300"; or "b: PROGRAM" for lines that stay.
        warm: a line that lets neighbours find one another, before it is broken.
        said: a regular expression for each that the ends, or the hops, of some journey must hold.
        absent: that none may hold.
        journeys: how many journeys the packets of `what` make: ("UDP", 3); an empty name for any.
        uncounted: namespaces whose counters say otherwise: a sender of a broadcast gets a copy that no frame shows,
            what nobody listens for is counted as taken in.
    """

    name: str
    base: list[str]
    act: str
    lost: tuple[Lost, ...] = ()
    breaking: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    warm: str = ""
    said: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    journeys: tuple[str, int] = ("", 0)
    uncounted: tuple[str, ...] = ()


def at(name: str, *lines: str) -> tuple[str, ...]:
    """Lines in a namespace."""
    return tuple(line if name == "host" else f"ip netns exec {name} {line}" for line in lines)


def ping(name: str, target: str, options: str = "-c1") -> str:
    return at(name, f"ping -n -W0.4 {options} {target}")[0]


def reached(name: str, target: str) -> str:
    """A line that lets all on the way find their neighbours: pings until one is answered."""
    return f"for _ in 1 2 3 4 5 6 7 8; do {ping(name, target)} && break; done"


def talk(name: str, words: str) -> str:
    """What flows_talk.py does in a namespace."""
    return at(name, f"{FLOWS_TALK} {words}")[0]


def counted(name: str, counter: str) -> str:
    """A proof: what nstat(8) tells."""
    return at(name, f"nstat -asz {counter} | awk '/{counter}/ {{ print $2 }}'")[0]


def ruled(name: str, program: str, table: str, part: str) -> str:
    """A proof: what a rule, or a policy, of iptables has counted whose words hold a part."""
    count = "sed 's/[^[]*[[]\\([0-9]*\\).*/\\1/' | head -1"
    return at(name, f"{program}-save -c -t {table} | grep -e '{part}' | {count}")[0]


def queued(name: str, device: str, kind: str) -> str:
    """A proof: what a queueing discipline has dropped."""
    return at(name, f"tc -s qdisc show dev {device} | grep -A1 'qdisc {kind}' | grep -o 'dropped [0-9]*' | cut -c9-")[0]


def nft_counted(name: str, table: str) -> str:
    """A proof: what the counters of a table of nft have counted."""
    return at(name, f"nft list table {table} | grep -o 'counter packets [0-9]*' | cut -c17- | head -1")[0]


@dataclass
class Verdict:
    """What an x-ray was right and wrong about."""

    packets: int
    wrong: list[str]
    unproven: list[str]

    @property
    def bad(self) -> int:
        """How many packets have a wrong end or a wrong cause: each complaint is at least about one."""
        return min(self.packets, len(self.wrong))


class Watcher(Judge):
    """Builds a flow's network, sends, and judges."""

    def __init__(self, flow: Flow) -> None:
        super().__init__(Case(flow.name, flow.base, ("a", "b"), "", "", ()))
        self.flow = flow

    def prepared(self) -> None:
        """The network as it is when the x-ray begins."""
        for line in self.flow.base:
            self.must(line)
        for server in self.flow.servers:
            program = re.fullmatch(r"(\w+): (.*)", server)
            if program is not None:
                self._stays(*program.groups())
            else:
                self.must(f"serve {server}")
        if self.flow.warm:
            self.shell(self.flow.warm)
        for line in self.flow.breaking:
            self.must(line)
        nk.snapshot()

    def must(self, line: str) -> None:
        done = self.shell(line)
        assert done.returncode == 0, f"{line}: {done.stdout}"

    def _stays(self, name: str, words: str) -> None:
        """A program that goes on, and has begun when this returns."""
        before = self.shell(f"ip netns exec {name} sh -c 'ss -Htuan; cat /proc/net/igmp*'").stdout
        enter = "" if name == "host" else f"ip netns exec {name} "
        self.running[words] = int(self.shell(f"{enter}{words} >/dev/null 2>&1 & echo $!").stdout)
        for _ in range(200):
            if self.shell(f"ip netns exec {name} sh -c 'ss -Htuan; cat /proc/net/igmp*'").stdout != before:
                return
            self.shell("sleep 0.05")
        raise AssertionError(f"{words} does not begin")

    def judged(self) -> Verdict:
        """What the x-ray was right and wrong about."""
        self.prepared()
        names = ["host", *self.shell("ip netns list | cut -d' ' -f1").stdout.split()]
        proofs = [self._number(lost.proof) for lost in self.flow.lost]
        before = {name: self._counters(name) for name in names}
        with nk.xray() as x:
            self.shell(self.flow.act)
        counted = [name for name in names if name not in self.flow.uncounted]
        taken = {name: self._counters(name) - before[name] for name in counted}
        unproven = [
            f"the witness of {lost.cause} saw nothing: {lost.proof}"
            for lost, was in zip(self.flow.lost, proofs, strict=True)
            if lost.proof and self._number(lost.proof) <= was
        ]
        wrong = [*_wrong(x, self.flow), *_miscounted(x, taken), *_unfounded(x)]
        return Verdict(sum(map(is_packet, x.everything)), wrong, unproven)

    def _number(self, line: str) -> int:
        return int(self.shell(line).stdout.strip() or 0) if line else 0

    def _counters(self, name: str) -> Counter[str]:
        lines = self.shell(("" if name == "host" else f"ip netns exec {name} ") + "nstat -asz").stdout.splitlines()
        pairs = (line.split() for line in lines if line and not line.startswith("#"))
        return Counter({words[0]: int(words[1]) for words in pairs})


def is_packet(journey: Journey) -> bool:
    """Whether IP counts it: it is no ARP, and no frame of something else."""
    return journey.protocol != "ARP" and (journey.destination.count(":") != _COLONS_OF_A_MAC)


def _wrong(x: XRay, flow: Flow) -> list[str]:
    """What is said otherwise than it is of packets that nobody took in, and what has to be said of others."""
    found, met = [], Counter()
    for journey in x.everything:
        what = f"{journey.protocol} {journey.what}"
        fits = [lost for lost in flow.lost if what.startswith(lost.what) and re.search(lost.cause, journey.end)]
        if journey.delivered or not (is_packet(journey) or fits):
            continue
        met.update(lost.cause for lost in fits[:1])
        group = is_packet(journey) and ip_address(journey.destination).is_multicast
        as_all = [lost for lost in flow.lost if re.search(lost.cause, journey.end)]
        if not fits and not (group and (as_all or _FOR_GROUPS.search(journey.end))):
            found.append(f"{what} {journey.source} → {journey.destination}: {journey.end}")
    found += [f"nothing ended so: {lost.cause}" for lost in flow.lost if not met[lost.cause] and lost.most >= 0]
    many = [lost for lost in flow.lost if 0 < lost.most < met[lost.cause]]
    found += [f"{met[lost.cause]} ended so: {lost.cause}" for lost in many]
    text = "\n".join(repr(journey) for journey in x.everything)
    found += [f"nowhere: {words}" for words in flow.said if not re.search(words, text)]
    found += [f"said: {words}" for words in flow.absent if re.search(words, text)]
    name, count = flow.journeys
    of_name = [journey for journey in x.everything if f"{journey.protocol} {journey.what}".startswith(name)]
    return found + ([f"{len(of_name)} journeys of {name}, not {count}"] if name and len(of_name) != count else [])


def _unfounded(x: XRay) -> list[str]:
    """What is said without a record of the x-ray's own."""
    found = [(j.end, record) for j in x.everything for record in j.evidence or (None,)]
    told = [hop for journey in x.everything for hop in journey.hops if hop.decided or hop.changed]
    found += [(hop.decided or hop.changed[0], record) for hop in told for record in hop.evidence or (None,)]
    return [f"unfounded: {text}" for text, record in found if record is None or not in_record(x.seen, record)]


def _miscounted(x: XRay, taken: dict[str, Counter[str]]) -> list[str]:
    """Where a namespace took in more, or fewer, packets of a kind than are called delivered there."""
    found = []
    for kind, names in _TAKEN.items():
        of_kind = [j for j in x.everything if re.match(kind, f"{j.protocol} {j.what}")]
        said = Counter(place for j in of_kind if j.delivered for place in j.places)
        for name, counters in taken.items():
            really = sum(-counters[each[1:]] if each[0] == "-" else counters[each] for each in names.split())
            if really != said[name]:
                ends = [f"{j.source} → {j.destination} {j.what}: {j.end}" for j in of_kind][:6]
                found.append(f"{name} took in {really} of {kind}, {said[name]} are said: {ends}")
    return found
