"""Which sysctl refuses a packet for its source or destination: rp_filter, ip_forward, route_localnet, accept_local."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.journey.telling.claims import NOTHING, Claim, Switch, said
from netkit.journey.telling.routed import written

if TYPE_CHECKING:
    from netkit.journey.telling.around import Around
    from netkit.journey.values import Step
    from netkit.model import Interface
    from netkit.packets.ip import IpHeader

_LOOPBACK = 127
_GROUPS, _GROUPS_6 = 224, 255
"""Addresses whose first byte is at least that are those of groups, or reserved."""
_STRICT, _LOOSE = 1, 2
_COUNTER = "TcpExtIPReversePathFilter"


def no_router(around: Around, came: Step, head: IpHeader) -> Claim:
    """That a namespace does not forward what comes in at an interface."""
    name = "net.ipv6.conf.all.forwarding" if head.version == 6 else "net.ipv4.ip_forward"
    every = around.sysctl(came.namespace, name)
    link = around.record(*came.place)
    own = _own(link, "ipv4.forwarding")
    if every is None or (head.version == 4 and own == 1):
        return NOTHING
    if every.value == "0":
        return said(f"{came.namespace} does not forward it: {every.name} is 0 there", came.frame, every)
    if head.version == 4 and link is not None and _are_read(around, came.namespace):
        switch = f"net.ipv4.conf.{link.name}.forwarding"
        words = f"{came.namespace} does not forward what comes in at {link.name}: {switch} is 0"
        return said(words, came.frame, link)
    return NOTHING


def _are_read(around: Around, namespace: str) -> bool:
    """Whether a snapshot tells the switches of its interfaces: in a router, that of loopback is on as well."""
    return any(_own(link, "ipv4.forwarding") for link in around.links(namespace))


def refused_source(around: Around, came: Step, head: IpHeader) -> Claim:
    """That a namespace refuses a packet for its sender's address: rp_filter, a group's, an own one, or loopback's."""
    if head.source[0] >= (_GROUPS if head.version == 4 else _GROUPS_6):
        words = f"no packet comes from {around.wording.address(head.source)}, which is the address of many (RFC 1122)"
        return said(words, came.frame)
    if head.version != 4:
        return NOTHING
    link = _inner(around, came)
    where, source = f"{came.namespace}:{link.name if link else came.interface}", around.wording.address(head.source)
    if head.source[0] == _LOOPBACK and not _either(around, came, link, "route_localnet"):
        words = f"{source} may come by loopback only: route_localnet of {where} is 0"
        return said(words, came.frame, link or around.searched(came.namespace))
    if around.own(came.namespace, head.source) and not _either(around, came, link, "accept_local"):
        bearer = around.bearer(came.namespace, head.source)
        words = f"{source}, the sender's address, is one of {came.namespace}'s own: accept_local of {where} is 0"
        return said(words, came.frame, bearer, link)
    return _wrong_way_back(around, came, head)


def _wrong_way_back(around: Around, came: Step, head: IpHeader) -> Claim:
    """Whether the sender's address does not belong where it came in (RFC 3704): a counter tells, if it is known."""
    source = around.wording.address(head.source)
    link, every = around.record(*came.place), _all(around, came, "rp_filter")
    mode = max(_own(link, "ipv4.rp_filter"), int(every.value) if every else 0)  # the greater one counts
    counted = around.meanwhile.counted(came.namespace, _COUNTER)
    if mode not in (_STRICT, _LOOSE) or (counted is None and came.namespace in around.seen.counted):
        return NOTHING
    back = around.route(came.namespace, head.source, None)
    begin = f"rp_filter is {mode} in {came.namespace}: it came in at {came.where}, but"
    if mode == _STRICT and back is not None and back.device != came.interface:
        return said(f"{begin} the way back to {source} is {written(back)}", came.frame, back, link, every, counted)
    if back is None or back.kind != "unicast":
        space = around.searched(came.namespace)
        return said(f"{begin} no way leads back to {source}", came.frame, space, link, every, counted)
    return NOTHING


def refused_target(around: Around, came: Step, head: IpHeader) -> Claim:
    """That a namespace refuses a packet for an address of loopback that came by another interface."""
    link = _inner(around, came)
    loopback = link is None or link.kind == "loopback"
    if head.version != 4 or head.target[0] != _LOOPBACK or loopback or _either(around, came, link, "route_localnet"):
        return NOTHING
    where, target = f"{came.namespace}:{link.name}", around.wording.address(head.target)
    return said(f"{target} is reached by loopback only: route_localnet of {where} is 0", came.frame, link)


def kept_inside(around: Around, namespace: str, head: IpHeader) -> Claim:
    """That what has loopback's address may not leave by another interface: DNAT at OUTPUT would have it do so."""
    route = around.route(namespace, head.target, None)
    link = around.record(namespace, route.device or "") if route is not None else None
    if head.version != 4 or head.source[0] != _LOOPBACK or link is None or link.kind == "loopback":
        return NOTHING
    every = around.sysctl(namespace, "net.ipv4.conf.all.route_localnet")
    if _own(link, "ipv4.route_localnet") or (every is not None and every.value != "0"):
        return NOTHING
    source = around.wording.address(head.source)
    words = f"{source} may not leave by {namespace}:{link.name}: route_localnet is 0 there"
    return said(words, route, link, every)


def _own(link: Interface | None, name: str) -> int:
    """A switch of an interface; those that are 0 unless somebody sets them."""
    return int(dict(link.switches).get(name, "0")) if link is not None else 0


def _inner(around: Around, came: Step) -> Interface | None:
    """The interface as IP sees it: a port's bridge, where that is filtered (br_netfilter)."""
    name = came.interface or ""
    return around.record(came.namespace, around.master(came.namespace, name) or name)


def _all(around: Around, came: Step, name: str) -> Switch | None:
    return around.sysctl(came.namespace, f"net.ipv4.conf.all.{name}")


def _either(around: Around, came: Step, link: Interface | None, name: str) -> bool:
    """Whether a switch is on for the interface or for all of them."""
    every = _all(around, came, name)
    return bool(_own(link, f"ipv4.{name}")) or (every is not None and every.value != "0")
