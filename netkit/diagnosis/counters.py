"""What the counters of a namespace and of its sockets tell of packets that were thrown away while a probe was sent."""

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

_COOKIES = "net/ipv4/tcp_syncookies"
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
            more = counted.get(name, 0) - before[namespace].get(name, 0)
            if more > 0:
                listing = _LISTED.get(name) or (_XFRM if name.startswith("Xfrm") else f"nstat -asz TcpExt{name}")
                line = shown(world, namespace, listing, f"{name}: {more} more while the probe was sent")
                return Finding(layer, f"{namespace} {what}", (line,), _repair(world, namespace, name), namespace)
    return None


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
