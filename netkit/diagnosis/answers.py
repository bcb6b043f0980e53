"""What the kernel answers to a walk's questions, as frozen values: routes, `ip rule`, IPsec, VLANs, listeners."""

from __future__ import annotations

from dataclasses import dataclass

_NAMES = {1: "icmp", 6: "tcp", 17: "udp", 58: "ipv6-icmp"}
_REFUSE = {"blackhole": "EINVAL", "unreachable": "ENETUNREACH", "prohibit": "EACCES"}


@dataclass(frozen=True)
class RouteAnswer:
    """What the kernel says (rtnetlink(7), RTM_GETROUTE).

    Attributes:
        kind: "unicast", "local" …; "" where the kernel refuses.
        via: the next router; None when the destination is on the link.
        device: the interface that the packet leaves by.
        source: the address that it gets when its sender did not choose one.
        error: the kernel's refusal as the C library's name, "ENETUNREACH"; "" for none.
        words: the refusal in words, "Network is unreachable".
        mtu: bytes of the largest packet that the route takes; 0 where its interface decides.
        hops: the TTL that the route gives to packets; 0 where a switch decides.
    """

    kind: str = ""
    via: str | None = None
    device: str | None = None
    source: str | None = None
    error: str = ""
    words: str = ""
    mtu: int = 0
    hops: int = 0


@dataclass(frozen=True)
class Port:
    """Facts of an interface beyond those of a snapshot.

    Attributes:
        arp: whether it asks and answers for addresses; `ip link set … arp off` ends that.
        state: as a bridge's port: "disabled", "listening", "learning", "forwarding", "blocking"; "" for others.
        off: as a bridge's port, what is switched off that is on by itself: "learning", "flood", "mcast_flood",
            "bcast_flood"; and "unlocked", where it takes only frames of senders that it knows.
    """

    arp: bool = True
    state: str = ""
    off: frozenset[str] = frozenset()


@dataclass(frozen=True)
class PolicyRule:
    """One rule by which the kernel chooses a routing table (ip-rule(8)).

    Attributes:
        version: of IP.
        priority: the lower the earlier.
        action: "lookup", "goto", "nop", "blackhole", "unreachable" or "prohibit".
        table: where to look up: "local", "main", "default" or a number.
        source: a prefix that the source has to be in; "" for any.
        destination: a prefix that the destination has to be in; "" for any.
        iif: the interface that a packet has come in by; "" for any, "lo" for the namespace's own packets.
        oif: the interface that a packet is bound to; "" for any.
        mark: what the packet's mark, under the mask, has to be; None for any.
        mask: of the mark.
        protocol: the number of the protocol in the packet; 0 for any.
        source_ports: the first and the last port; None for any.
        destination_ports: the first and the last port; None for any.
        inverted: whether it is for all packets that it does not describe.
        suppressed: routes with at most this prefix length do not count; -1 for none.
        target: the priority that "goto" goes on at.
        further: whether it asks for more than is told here: realms, a tunnel, a group of interfaces, a VRF.
        service: the type of service that a packet has to have; 0 for any.
        users: the first and the last user whose own packets it is for; None for all packets.
        group: routes by interfaces of this group do not count; -1 for none.
    """

    version: int
    priority: int
    action: str
    table: str
    source: str = ""
    destination: str = ""
    iif: str = ""
    oif: str = ""
    mark: int | None = None
    mask: int = 0xFFFFFFFF
    protocol: int = 0
    source_ports: tuple[int, int] | None = None
    destination_ports: tuple[int, int] | None = None
    inverted: bool = False
    suppressed: int = -1
    target: int = 0
    further: bool = False
    service: int = 0
    users: tuple[int, int] | None = None
    group: int = -1

    @property
    def refusal(self) -> str:
        """How the kernel refuses what the rule is for, "ENETUNREACH"; "" where it does not."""
        return _REFUSE.get(self.action, "")

    @property
    def selector(self) -> str:
        """Which packets it is for, in the words of `ip rule`."""
        words = ["not"] if self.inverted else []
        words += [f"from {self.source or 'all'}"]
        words += [f"to {self.destination}"] if self.destination else []
        words += [f"tos {self.service:#x}"] if self.service else []
        if self.mark is not None:
            words.append(f"fwmark {self.mark:#x}" + ("" if self.mask == 0xFFFFFFFF else f"/{self.mask:#x}"))
        words += [f"{key} {name}" for key, name in (("iif", self.iif), ("oif", self.oif)) if name]
        words += [f"ipproto {self.protocol}"] if self.protocol else []
        for key, ports in (("sport", self.source_ports), ("dport", self.destination_ports)):
            words += [f"{key} {ports[0]}" + (f"-{ports[1]}" if ports[1] != ports[0] else "")] if ports else []
        words += [f"uidrange {self.users[0]}-{self.users[1]}"] if self.users else []
        return " ".join(words)

    @property
    def does(self) -> str:
        """What it does with them, in the words of `ip rule`."""
        if self.action == "goto":
            return f"goto {self.target}"
        if self.action != "lookup":
            return self.action
        suppressed = f" suppress_prefixlength {self.suppressed}" if self.suppressed >= 0 else ""
        suppressed += f" suppress_ifgroup {self.group}" if self.group >= 0 else ""
        return f"lookup {self.table}{suppressed}"

    @property
    def text(self) -> str:
        """As `ip rule` lists it."""
        return f"{self.priority}: {self.selector} {self.does}"

    @property
    def removal(self) -> str:
        """The command that takes it away."""
        return f"ip{' -6' if self.version == 6 else ''} rule del priority {self.priority} {self.selector} {self.does}"


@dataclass(frozen=True)
class Policy:
    """A policy of IPsec (ip-xfrm(8)).

    Attributes:
        direction: "out", "in" or "fwd".
        source: a prefix that the source has to be in.
        destination: a prefix that the destination has to be in.
        blocks: whether it drops packets, instead of letting them pass.
        protocol: the number of the protocol; 0 for any.
        ports: source and destination port, each with the bits of it that count.
        priority: the lower the earlier.
        sealing: from where to where packets have to be encrypted, "10.0.0.1 → 10.0.0.2 by esp"; "" for in the clear.
        keyed: whether there are keys for that: a state (ip-xfrm(8)).
        further: whether it asks for more than is told here: a mark, an interface.
    """

    direction: str
    source: str
    destination: str
    blocks: bool = False
    protocol: int = 0
    ports: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0))
    priority: int = 0
    sealing: str = ""
    keyed: bool = False
    further: bool = False

    @property
    def text(self) -> str:
        """As `ip xfrm policy` lists it."""
        return f"{self._typed} dir {self.direction}" + (" action block" if self.blocks else "")

    @property
    def words(self) -> tuple[tuple[str, str], ...]:
        """The same with all that is known of it, a pair for each word."""
        more = [("action", "block")] if self.blocks else []
        more += [("priority", str(self.priority))] if self.priority else []
        more += [("encrypted", self.sealing)] if self.sealing else []
        more += [("with more than is told", "")] if self.further else []
        return (*self._selector, ("dir", self.direction), *more)

    @property
    def removal(self) -> str:
        """The command that takes it away."""
        return f"ip xfrm policy delete {self._typed} dir {self.direction}"

    @property
    def _typed(self) -> str:
        return " ".join(word for pair in self._selector for word in pair)

    @property
    def _selector(self) -> list[tuple[str, str]]:
        words = [("src", self.source), ("dst", self.destination)]
        words += [("proto", str(_NAMES.get(self.protocol, self.protocol)))] if self.protocol else []
        ports = zip(("sport", "dport"), self.ports, strict=True)
        return words + [(key, str(port)) for key, (port, mask) in ports if mask]


@dataclass(frozen=True)
class Member:
    """A port of a bridge, or the bridge itself, in a VLAN (bridge(8)).

    Attributes:
        port: the interface.
        vlan: the VLAN's number.
        own: whether frames that come in without a tag are of it (pvid).
        untagged: whether its frames leave without a tag.
    """

    port: str
    vlan: int
    own: bool = False
    untagged: bool = False

    @property
    def text(self) -> str:
        """As `bridge vlan` lists it."""
        return f"{self.port} {self.vlan}{' pvid' * self.own}{' untagged' * self.untagged}"


@dataclass(frozen=True)
class Listener:
    """A socket that waits for whoever calls (ss(8)).

    Attributes:
        protocol: "tcp" or "udp".
        address: where it listens; "0.0.0.0" or "::" for everywhere.
        port: its port.
        program: the name of the program that has it, "" where that cannot be seen.
        pid: its process, 0 where that cannot be seen.
        command: how it was started.
        reserved: whether it only holds a published port, so that nobody else takes it, and serves nobody.
        only_six: whether it is at "::" for IPv6 alone (IPV6_V6ONLY).
        device: the interface that packets have to come in by (SO_BINDTODEVICE); "" for any.
        waiting: how many connections wait to be accepted, and how many may.
        peer: the only one whose datagrams it takes, "10.0.0.9 port 53" (connect(2)); "" for anybody.
        stopped: whether its program is held (SIGSTOP): it takes nothing until it is let go on.
        lost: how many datagrams it has thrown away: its queue was full, or a filter of its own took none of them.
        mark: of what it sends, for rules and for routes to ask (SO_MARK).
        leads: where its program, a docker-proxy, leads what comes on to: address and port; None for any other program.
    """

    protocol: str
    address: str
    port: int
    program: str = ""
    pid: int = 0
    command: tuple[str, ...] = ()
    reserved: bool = False
    only_six: bool = False
    device: str = ""
    waiting: tuple[int, int] = (0, 0)
    peer: str = ""
    stopped: bool = False
    lost: int = 0
    mark: int = 0
    leads: tuple[str, int] | None = None

    @property
    def serves(self) -> bool:
        """Whether its program itself answers what comes."""
        return not self.reserved and self.leads is None

    @property
    def full(self) -> bool:
        """Whether no further connection is taken: more wait than may."""
        return self.protocol == "tcp" and self.waiting[0] > self.waiting[1]

    @property
    def everywhere(self) -> bool:
        """Whether it listens at every address."""
        return self.address in ("0.0.0.0", "::")  # noqa: S104  (read, not bound)
