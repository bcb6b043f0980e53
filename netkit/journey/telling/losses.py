"""Knows why a packet went no further where nobody told: from switches, routes, FDBs and the state of interfaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.journey.telling.decisions import written
from netkit.journey.telling.reasons import no_neighbour, no_route
from netkit.journey.values import ENTERED, OUTSIDE, ROUTING
from netkit.packets import checksums
from netkit.packets.ip import ICMP, ICMPV6, TCP, UDP

if TYPE_CHECKING:
    from netkit.journey.joining.parsed import View
    from netkit.journey.telling.around import Around
    from netkit.journey.telling.trip import Trip
    from netkit.journey.values import Step
    from netkit.model import Interface
    from netkit.packets.ip import IpHeader

_TAG = 4  # bytes that the kernel lets a frame have beyond its MTU: a VLAN tag (is_skb_forwardable)
_SILENT = "the kernel does not say why it went no further"


def lost(trip: Trip, around: Around, leaf: int) -> str:
    """Why a packet, or one of its copies, was not seen any further.

    Args:
        trip: its steps.
        around: the networks.
        leaf: its last step.
    """
    step = trip.steps[leaf]
    at = leaf if step.interface is not None else trip.frame_before(leaf)
    view = _view(trip, leaf)
    head = view.ip if view is not None else None
    came = trip.steps[at] if at is not None and trip.steps[at].namespace == step.namespace else None
    if came is not None and around.passing(came.namespace, came.interface or ""):
        return f"{_last_seen(step, came)}, which was there for a while only, so nothing is known of it"
    if leaf == at:
        if step.direction == "out":
            return _went_out(around, step, head)
        if around.master(step.namespace, step.interface or "") is not None and view is not None:
            return _at_port(trip, around, leaf, view)
    if view is not None and view.vni is not None and came is not None and came.direction == "in":
        return _tunnel_ends(around, step.namespace, view)
    if came is not None and came.direction == "in" and came.fate == OUTSIDE:
        return _stopped_outside(around, came)
    if came is not None and head is not None and (now := around.rewritten(came)) is not None:
        head = head._replace(target=now)
    reason = _not_routed(around, came, step, head) if head is not None else ""
    return reason or f"{_last_seen(step, came)}; {_by_older(around, step.namespace) or _SILENT}"


_COUNTERS = {
    TCP: ("TCP", ("TcpInCsumErrors",)),
    UDP: ("UDP", ("UdpInCsumErrors", "Udp6InCsumErrors")),
    ICMP: ("ICMP", ("IcmpInCsumErrors",)),
    ICMPV6: ("ICMPv6", ("Icmp6InCsumErrors",)),
}
"""What each protocol is called, and which counters tell of wrong checksums."""


def thrown_away(around: Around, step: Step, head: IpHeader) -> str:
    """Whether what passed all filters was thrown away for its checksum; "" where it was not.

    Args:
        around: the networks.
        step: where it came in.
        head: its IP header.
    """
    name, counters = _COUNTERS.get(head.protocol, ("", ()))
    if not name or not around.counted(step.namespace, *counters) or not checksums.wrong(head):
        return ""
    counted = next(each for each in counters if around.counted(step.namespace, each))
    where = f"{step.namespace}:{step.interface}"
    return f"it came in at {where} with a wrong {name} checksum: {step.namespace} threw it away ({counted})"


_COUNTING = frozenset(["iptables-legacy", "ip6tables-legacy", "ebtables", "arptables"])
"""Whose rules all have counters, and may leave no trace."""


def _by_older(around: Around, namespace: str) -> str:
    """Which rules of iptables' older kind and kin dropped packets meanwhile, as they counted; "" for none."""
    spaces = list(around.spaces(namespace))
    old, new = ([rule for rule in space.rules if rule.tool in _COUNTING] for space in (spaces[0], spaces[-1]))
    if [rule.text for rule in old] != [rule.text for rule in new]:
        return ""
    found = [
        f"{'the policy' if rule.policy else 'the rule'} `{rule.text}` of {rule.tool} ({rule.table}) in {namespace} "
        f"counted {rule.packets - before.packets} meanwhile"
        for before, rule in zip(old, new, strict=True)
        if rule.packets > before.packets and (rule.policy or rule.target) in ("DROP", "REJECT")
    ]
    return "; ".join(found)


def _stopped_outside(around: Around, came: Step) -> str:
    """A frame that came in, but of which netfilter saw nothing: what may stand before PREROUTING."""
    begin = f"it came in at {came.namespace}:{came.interface}, but did not come to PREROUTING"
    for space in around.spaces(came.namespace):
        for rule in space.rules:
            if rule.hook == "ingress" and f'"{came.interface}"' in rule.text:
                return f"{begin}: the chain {rule.chain} of the table {rule.table} stands before that"
        for queue in space.queues:
            if queue.device == came.interface and queue.what == "filter":
                return f"{begin}: a filter of tc stands before that"
    if around.counted(came.namespace, "IpInHdrErrors", "IpExtInCsumErrors"):
        return f"{begin}: {came.namespace} counted a wrong IP header"
    return f"{begin}; {_SILENT}"


def _view(trip: Trip, leaf: int) -> View | None:
    before = trip.shown_before(leaf)
    return trip.last[leaf] or (trip.last[before] if before is not None else None)


def _last_seen(step: Step, came: Step | None) -> str:
    if step.hook not in (None, ROUTING):
        return f"last seen at {step.namespace} {str(step.hook).upper()}"
    if came is None:
        return f"last seen in {step.namespace}, where it was sent"
    way = "coming in at" if came.direction == "in" else "going out of"
    return f"last seen {way} {came.namespace}:{came.interface}"


def _went_out(around: Around, step: Step, head: IpHeader | None) -> str:
    """A frame that was sent and seen nowhere else."""
    link = around.interface(step.namespace, step.interface or "")
    where = f"{step.namespace}:{step.interface}"
    if link is not None and link.kind == "vxlan":
        return f"{where} knows no VTEP to send it to"
    ports = around.ports(step.namespace, link.name) if link is not None and link.kind == "bridge" else []
    if ports and not any(port.up and port.carrier for port in ports):
        return f"{link.name} has no port that is up"
    if link is not None and link.kind == "veth" and link.peer is not None and around.is_watched(*link.peer):
        return _at_other_end(around, where, link.peer, head)
    return f"last seen going out of {where}; {_SILENT}" if ports else f"it left the watched networks by {where}"


def _at_other_end(around: Around, where: str, peer: tuple[str, str], head: IpHeader | None) -> str:
    """A frame that did not come in at the other end of a cable (veth(4))."""
    other, end = around.interface(*peer), ":".join(peer)
    if other is not None and not other.up:
        return f"it left by {where}, but {end}, the cable's other end, is down"
    size = head.size + _header(head) if head is not None else 0
    if other is not None and size > other.mtu + _TAG:
        return f"it has {size} bytes, but {end}, the cable's other end, takes at most {other.mtu}"
    return f"it left by {where} and did not come in at {end}; {_SILENT}"


def _header(head: IpHeader) -> int:
    return 40 if head.version == 6 else 20


def _at_port(trip: Trip, around: Around, leaf: int, view: View) -> str:
    """A frame that a bridge took in and sent nowhere (bridge(8))."""
    step = trip.steps[leaf]
    bridge = around.master(step.namespace, step.interface or "") or ""
    link = around.interface(step.namespace, bridge)
    where, mac = f"{step.namespace}:{step.interface}", view.macs[0] if view.macs else b"\xff"
    if link is not None and not link.up:
        return f"it came in at {where}, but the bridge {bridge} is down"
    known = around.knows(step.namespace, bridge, mac, step.frame.time) if step.frame else None
    if known == step.interface:
        return f"the FDB of {bridge} says: {around.wording.mac(mac)} is behind {known}, where the frame came from"
    others = [port for port in around.ports(step.namespace, bridge) if port.name != step.interface]
    if known is not None and (port := _named(others, known)) is not None and not (port.up and port.carrier):
        return f"the FDB of {bridge} says: {around.wording.mac(mac)} is behind {known}, but that is down"
    if not any(port.up and port.carrier for port in others):
        return f"{bridge} has no other port that is up"
    own = around.interface(step.namespace, step.interface or "")
    if own is not None and all(port.has("isolated") for port in [own, *others] if port.up):
        return f"{bridge} sends nothing from one isolated port to another"
    silent = _by_older(around, step.namespace) or _SILENT
    return f"{bridge} took it in at {where} and sent it to no port; {silent}"


def _named(ports: list[Interface], name: str) -> Interface | None:
    return next((port for port in ports if port.name == name), None)


def _tunnel_ends(around: Around, namespace: str, view: View) -> str:
    """The outer packet arrived, the inner one did not come out (RFC 7348)."""
    port = view.ip.ports[1] if view.ip is not None else None
    links = {link.name: link for space in around.spaces(namespace) for link in space.interfaces.values()}
    devices = [link for link in links.values() if link.kind == "vxlan"]
    same = [link for link in devices if link.vni == view.vni]
    if not same:
        return f"no VXLAN device of {namespace} has the network {view.vni}"
    link = same[0]
    listens = link.detail("port")
    if listens is not None and listens != str(port):
        return f"{link.name} of {namespace} listens on UDP port {listens}, not on {port}"
    if not link.up:
        return f"{link.name} of {namespace} is down"
    return f"the tunnel's packet reached {namespace}, but nothing came out of {link.name}; {_SILENT}"


def _not_routed(around: Around, came: Step | None, step: Step, head: IpHeader) -> str:
    """A packet that a namespace neither took nor sent on."""
    if around.own(step.namespace, head.target):
        return _not_taken(around, came, head) if came is not None and came.fate == ENTERED else ""
    forwarding = _not_forwarded(around, came, head) if came is not None and came.direction == "in" else ""
    return forwarding or _no_way(around, step.namespace, head)


def _not_taken(around: Around, came: Step, head: IpHeader) -> str:
    """Why a namespace did not take in a packet for itself that had come to PREROUTING."""
    where = f"{came.namespace}:{came.interface}"
    if (wrong := _wrong_way_back(around, came, head)) != "":
        return wrong
    if head.fragment:
        return f"it came in at {where}, where {around.wording.address(head.target)} is, but not all fragments did"
    silent = _by_older(around, came.namespace) or _SILENT
    return f"it came in at {where}, but {came.namespace} did not take it in; {silent}"


def _not_forwarded(around: Around, came: Step, head: IpHeader) -> str:
    """Why a namespace does not act as a router."""
    switch = "net.ipv6.conf.all.forwarding" if head.version == 6 else "net.ipv4.ip_forward"
    if around.sysctl(came.namespace, switch) == "0":
        return f"{came.namespace} does not forward it: {switch} is 0 there"
    if (wrong := _wrong_way_back(around, came, head)) != "":
        return wrong
    limit = "hop limit" if head.version == 6 else "TTL"
    return f"its {limit} ran out in {came.namespace}" if head.ttl <= 1 else ""


def _no_way(around: Around, namespace: str, head: IpHeader) -> str:
    """Why a packet does not leave a namespace: routes, neighbours, interfaces, their MTU."""
    route = around.route(namespace, head.target, None)
    if route is None or route.kind != "unicast":
        return no_route(around, namespace, head.target)
    if (unanswered := no_neighbour(around, namespace, head.target)) != "":
        return unanswered
    link = around.interface(namespace, route.device or "")
    if link is not None and not (link.up and link.carrier):
        return f"the route {written(route)} leads to {around.wording.address(head.target)}, but {link.name} is down"
    if link is not None and head.whole and head.size + _header(head) > link.mtu:
        return f"too big for {namespace}:{link.name}, which takes {link.mtu} bytes, and not to be fragmented"
    return ""


def _wrong_way_back(around: Around, came: Step, head: IpHeader) -> str:
    """Whether rp_filter is strict and the sender's address does not belong there (RFC 3704, kernel's ip-sysctl)."""
    link = around.interface(came.namespace, came.interface or "")
    own = dict(link.switches).get("ipv4.rp_filter", "0") if link is not None else "0"
    every = around.sysctl(came.namespace, "net.ipv4.conf.all.rp_filter") or "0"
    if head.version != 4 or max(own, every) != "1":  # the greater one counts (kernel's ip-sysctl)
        return ""
    back = around.route(came.namespace, head.source, None)
    if back is None or back.device == came.interface:
        return ""
    where, source = f"{came.namespace}:{came.interface}", around.wording.address(head.source)
    return f"rp_filter is 1 in {came.namespace}: it came in at {where}, but the way back to {source} is {written(back)}"
