"""What the kernel tells of packets, as frozen values: a traced one's steps, a tracked connection, what a queue lost."""

from __future__ import annotations

from dataclasses import dataclass, field

from netkit.handles import guarded

TRACE_TABLE = "netkit-trace"
"""The nftables table that an x-ray traces with; it belongs to a socket, ends with it, and no snapshot shows it."""

HOOKS = ("prerouting", "input", "forward", "output", "postrouting")
"""The hooks of the packet filter, in the order of their numbers (<linux/netfilter.h>)."""


_LAST = 2**31 - 1
"""The priority behind all others."""


@guarded()
@dataclass(frozen=True)
class TraceEvent:
    """One thing that a chain did with a packet (nft(8), `meta nftrace`; enum nft_trace_attributes).

    Attributes:
        namespace: where.
        packet: the kernel's number for the packet; one packet keeps it from hook to hook of a namespace. Used again
            later for others.
        family: "ip", "ip6", "inet", "bridge", "arp" or "netdev".
        table: "nat", "filter" …
        chain: the chain that holds the rule; a base chain or one that a rule jumped to.
        hook: the hook whose base chain was being passed: one of HOOKS; "ingress" or "egress" at an interface.
        priority: that base chain's; the lower the earlier.
        kind: "rule" (a rule matched), "return" (the end of a chain that was jumped to), "policy" (a base chain's end).
        verdict: "accept", "drop", "continue", "return", "jump DOCKER", "goto DOCKER", "queue" or "stolen".
        rule: the rule's text as its tool lists it, "-A FORWARD -i br0 -j DROP"; "" for a policy or an unknown rule.
        tool: "iptables", "ip6tables" or "nft".
        iif: the interface that the packet came in by; None for one of the namespace's own.
        oif: the interface that it will leave by; None where that is not decided yet.
        network: the IP header as it was when the hook's base chain began, without what follows it.
        transport: the first bytes of what follows the IP header, at most 20.
        time: nanoseconds since the epoch at which netkit read the event; later than the packet passed.
    """

    namespace: str
    packet: int
    family: str
    table: str
    chain: str
    hook: str
    priority: int
    kind: str
    verdict: str
    rule: str = ""
    tool: str = "iptables"
    iif: str | None = None
    oif: str | None = None
    network: bytes = b""
    transport: bytes = b""
    time: int = field(default=0, compare=False)


@guarded()
@dataclass(frozen=True)
class Mark:
    """That a traced packet came to a hook, as an x-ray's own table saw it, which lets all packets pass.

    At "prerouting" it came in; at "input" it has passed all that filters there, and goes to the sockets; at "output"
    the namespace itself sends it.

    Attributes:
        namespace: where.
        packet: the kernel's number for the packet.
        hook: "prerouting", "input" or "output".
        iif: the interface that it came in by.
        network: its IP header there.
        transport: the first bytes of what follows that.
        at: how many of the namespace's events were reported before it.
        time: nanoseconds since the epoch at which netkit read the report.
    """

    namespace: str
    packet: int
    hook: str
    iif: str | None
    network: bytes
    transport: bytes
    at: int
    time: int = field(default=0, compare=False)

    family, table, kind, verdict, oif = "inet", TRACE_TABLE, "policy", "accept", None

    @property
    def priority(self) -> int:
        """Of the chain that saw the packet: behind all others at "input", else before them."""
        return _LAST if self.hook == "input" else -_LAST - 1


@guarded()
@dataclass(frozen=True)
class Loss:
    """What an interface, or one of its queues, lost while an x-ray recorded, or held when it ended (tc(8)).

    Attributes:
        namespace: where.
        device: the interface.
        queue: "tbf", "netem", "clsact" …; "RECEIVING" or "SENDING" for what the interface itself counts.
        packets: how many were lost.
        waiting: how many were in the queue at the end.
    """

    namespace: str
    device: str
    queue: str
    packets: int
    waiting: int = 0


@guarded()
@dataclass(frozen=True)
class Connection:
    """One tracked connection (conntrack(8)): how its packets look on the way there and on the way back.

    Where the way back is not the mirror image of the way there, addresses are translated.

    Attributes:
        protocol: "tcp", "udp", "icmp", "icmpv6", or the protocol's number as text.
        source: the first packet's, before translation.
        destination: the first packet's, before translation.
        source_port: None for a protocol without ports; ICMP's identifier.
        destination_port: None for a protocol without ports and for ICMP.
        reply_source: whom answers come from: the destination after DNAT.
        reply_destination: whom answers go to: the source after SNAT or MASQUERADE.
        reply_source_port: see `source_port`.
        reply_destination_port: see `source_port`.
        state: TCP's state, "ESTABLISHED"; "" for others.
        status: what the kernel noted: "seen reply", "assured", "source nat", "destination nat" …, sorted.
    """

    protocol: str
    source: str
    destination: str
    source_port: int | None
    destination_port: int | None
    reply_source: str
    reply_destination: str
    reply_source_port: int | None
    reply_destination_port: int | None
    state: str = ""
    status: tuple[str, ...] = ()

    @property
    def there(self) -> tuple[tuple[str, int | None], tuple[str, int | None]]:
        """Source and destination, each with its port, of a packet on the way there."""
        return (self.source, self.source_port), (self.destination, self.destination_port)

    @property
    def back(self) -> tuple[tuple[str, int | None], tuple[str, int | None]]:
        """Source and destination, each with its port, of an answer as it comes in."""
        return (self.reply_source, self.reply_source_port), (self.reply_destination, self.reply_destination_port)

    @property
    def translated(self) -> bool:
        """Whether the way back is not the mirror image of the way there."""
        return self.there != self.back[::-1]
