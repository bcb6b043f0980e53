"""What counters (nstat, conntrack -S, xfrm_stat, sockets) say was thrown away while a probe was sent; full backlogs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.diagnosis.commands import shown, typed
from netkit.diagnosis.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from netkit.diagnosis.answers import Listener
    from netkit.diagnosis.findings import World
    from netkit.diagnosis.packet import Packet

_TELLING = {
    "TCPMD5NotFound": (
        "service",
        "drops TCP segments that bear no signature (TCP MD5, RFC 2385): its server wants one",
    ),
    "TCPMD5Unexpected": ("service", "drops TCP segments that bear a signature (TCP MD5): its server wants none"),
    "TCPMD5Failure": ("service", "drops TCP segments whose signature is wrong (TCP MD5): the keys differ"),
    "XfrmInNoStates": ("filter", "drops packets encrypted by IPsec for which it has no state with the keys"),
    "XfrmInStateMismatch": ("filter", "drops packets encrypted by IPsec in another way than its state says"),
    "XfrmInStateProtoError": ("filter", "drops packets encrypted by IPsec with other keys than its own"),
    "XfrmInTmplMismatch": ("filter", "drops packets that an IPsec policy wants encrypted"),
    "XfrmInNoPols": ("filter", "drops packets that IPsec has decrypted, and no policy of it lets in"),
    "XfrmInPolBlock": ("filter", "drops packets by an IPsec policy (block)"),
    "XfrmOutPolBlock": ("filter", "drops packets by an IPsec policy (block)"),
    "XfrmOutNoStates": ("filter", "has an IPsec policy for these packets and no state with the keys"),
    "ConntrackDrop": (
        "conntrack",
        "drops packets of new connections: its table of tracked ones is full (net.netfilter.nf_conntrack_max)",
    ),
    "NeighbourTableFull": (
        "neighbour",
        "can learn no further neighbour: the kernel's table of them, which all namespaces share, is full "
        "(net.ipv4.neigh.default.gc_thresh3, for IPv6 net.ipv6.neigh.default.gc_thresh3)",
    ),
    "TCPMinTTLDrop": (
        "service",
        "drops TCP segments that have passed more routers than their server allows (IP_MINTTL, IPV6_MINHOPCOUNT)",
    ),
    **dict.fromkeys(
        ("TCPReqQFullDrop", "ListenDrops"),
        (
            "service",
            "throws requests for new TCP connections away, as it does while many half-open ones wait "
            "(net.ipv4.tcp_max_syn_backlog) and net.ipv4.tcp_syncookies is 0",
        ),
    ),
}
"""What counts packets that a namespace throws away, and for one reason only (Documentation/networking/snmp_counter)."""

HALF_OPEN = "half-open"
"""What stands among the counters for how many connections wait for the last segment of their beginning."""

_COOKIES, _BACKLOG = "net/ipv4/tcp_syncookies", "net/ipv4/tcp_max_syn_backlog"
_LIMITS = (
    ("IcmpInEchos", "IcmpOutEchoReps", "IcmpOutRateLimit", "net/ipv4/icmp_rate", "6168"),
    ("Icmp6InEchos", "Icmp6OutEchoReplies", "Icmp6OutRateLimit", "net/ipv6/icmp/rate", "0-1,3-127"),
)
"""What counts echo requests, replies, and messages that a limit kept back; how the limit's switches begin; and its
usual mask, which limits errors only (ip-sysctl, icmp_ratemask)."""

_XFRM = "cat /proc/net/xfrm_stat"
_LISTED = {"ConntrackDrop": "conntrack -S", "NeighbourTableFull": "ip -s ntable show"}
"""What lists them, where nstat(8) does not."""


def thrown_away(
    world: World, before: Mapping[str, Mapping[str, int]], after: Mapping[str, Mapping[str, int]]
) -> Finding | None:
    """Why packets ended, where a counter says so.

    Args:
        before: the counters by namespace, before a probe was sent.
        after: the same after it.
    """
    for namespace, counted in after.items():
        for name, (layer, what) in _TELLING.items():
            more = _more(before[namespace], counted, name)
            if name == "ListenDrops" and not _many_half_open(world, namespace, counted):
                continue  # it has many other causes
            if more > 0:
                listing = _LISTED.get(name) or (_XFRM if name.startswith("Xfrm") else f"nstat -asz TcpExt{name}")
                line = shown(world, namespace, listing, f"{name}: {more} more while the probe was sent")
                return Finding(layer, f"{namespace} {what}", (line,), _repair(world, namespace, name), namespace)
        if (limited := _limited(world, namespace, before[namespace], counted)) is not None:
            return limited
    return None


def _limited(world: World, namespace: str, before: Mapping[str, int], after: Mapping[str, int]) -> Finding | None:
    """Whether a namespace answers fewer echo requests than it gets, since it limits how many messages it sends."""
    for asked, answered, kept, switch, usual in _LIMITS:
        lost = _more(before, after, asked) - _more(before, after, answered)
        if lost > 0 and any(_more(before, after, name) > 0 for name in after if name.startswith(kept)):
            names = [f"{switch}{each}" for each in ("limit", "mask")]
            values = [world.switch(namespace, name) or "" for name in names]
            words = (
                f"{namespace} does not answer every echo request: {switch.rpartition('/')[2]}mask is {values[1]}, so "
                f"that replies are limited too, to one in {values[0]} ms for each receiver"
            )
            lines = tuple(shown(world, namespace, f"sysctl {n}", v) for n, v in zip(names, values, strict=True))
            repair = typed(world, namespace, f"sysctl -w {names[1]}={usual}")
            return Finding("sysctl", words, lines, (repair,), namespace)
    return None


def _more(before: Mapping[str, int], after: Mapping[str, int], name: str) -> int:
    return after.get(name, 0) - before.get(name, 0)


def _many_half_open(world: World, namespace: str, counted: Mapping[str, int]) -> bool:
    """Whether a quarter of the backlog or less is left, and no cookies help: then requests are refused (tcp(7))."""
    most = world.switch(namespace, _BACKLOG) or ""
    without = world.switch(namespace, _COOKIES) == "0" and most.isdigit()
    return without and int(most) - counted.get(HALF_OPEN, 0) <= int(most) // 4


def _repair(world: World, namespace: str, name: str) -> tuple[str, ...]:
    """What helps without opening anything: cookies instead of half-open connections (tcp(7), tcp_syncookies)."""
    of_requests = name in ("TCPReqQFullDrop", "ListenDrops") and world.switch(namespace, _COOKIES) == "0"
    return (typed(world, namespace, f"sysctl -w {_COOKIES}=1"),) if of_requests else ()


def unheard(world: World, namespace: str, packet: Packet, now: Iterable[Listener]) -> Finding | None:
    """Whether the socket that datagrams are for throws them away.

    Args:
        namespace: whose sockets.
        packet: as it was sent.
        now: those sockets, after the probe.
    """
    before = {(each.address, each.port, each.pid): each.lost for each in world.listeners(namespace)}
    for each in now:
        more = each.lost - before.get((each.address, each.port, each.pid), each.lost)
        if each.protocol == packet.protocol and more > 0:
            words = (
                f"{each.program or 'a program'} in {namespace} has udp port {each.port}, and its socket throws away "
                "what comes: its queue is full, or a filter of the program's own (SO_ATTACH_FILTER) takes none of it"
            )
            line = shown(world, namespace, "cat /proc/net/udp", f"port {each.port}: {more} more drops after the probe")
            return Finding("service", words, (line,), (), namespace, lasting=True)
    return None
