"""What lost a packet before or behind netfilter: filters and queues of tc, iptables-legacy, checksums, counters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from netkit.journey.joining.wiring import LED_TO
from netkit.journey.telling.claims import NOTHING, Claim, Counted, said
from netkit.packets import checksums
from netkit.packets.ip import ICMP, ICMPV6, TCP, UDP

if TYPE_CHECKING:
    from collections.abc import Collection

    from netkit.journey.telling.around import Around
    from netkit.journey.values import Step
    from netkit.model import Queue, Rule
    from netkit.netfilter import Loss
    from netkit.packets.ip import IpHeader

SILENT = "the kernel does not say why it went no further"
TAKEN_IN, SENT = ("PREROUTING", "INPUT"), ("OUTPUT", "POSTROUTING")
ON_THE_WAY, ANYWHERE = ("PREROUTING", "INPUT", "FORWARD", "POSTROUTING"), ()

_COUNTERS = {
    TCP: ("TCP", ("TcpInCsumErrors",)),
    UDP: ("UDP", ("UdpInCsumErrors", "Udp6InCsumErrors")),
    ICMP: ("ICMP", ("IcmpInCsumErrors",)),
    ICMPV6: ("ICMPv6", ("Icmp6InCsumErrors",)),
}
"""What each protocol is called, and which counters tell of wrong checksums."""

_ABOUT_IP = ("IpInHdrErrors", "IpExtInCsumErrors", "IpExtInTruncatedPkts", "Ip6InHdrErrors", "Ip6InTruncatedPkts")
_FOLLOWING = ("Icmp", "Tcp", "Udp", "IpReasm", "IpExtIn", "IpOutNoRoutes")
"""What begins so counts packets that have their own end, or says no more than others do."""

_BASE_CHAINS = {"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"}
_COUNTING = {
    **dict.fromkeys(["iptables-legacy", "iptables"], 4),
    **dict.fromkeys(["ip6tables-legacy", "ip6tables"], 6),
    **dict.fromkeys(["ebtables", "arptables"], 0),
}
"""Whose rules all have counters, and the version of IP that they are for."""
_NUMBER = re.compile(r" (?:handle|fh) (?!\S+ ht divisor)")
"""What a filter has, u32's as well, and the line that heads a list of some, or u32's table of them, has not."""

_DROPPING = ("DROP", "REJECT")


def thrown_away(around: Around, step: Step, head: IpHeader) -> Claim:
    """Whether what passed all filters was thrown away for its checksum; NOTHING where it was not.

    Args:
        around: the networks.
        step: where it came in.
        head: its IP header.
    """
    name, counters = _COUNTERS.get(head.protocol, ("", ()))
    counted = around.meanwhile.counted(step.namespace, *counters)
    if counted is None or not checksums.wrong(head):
        return NOTHING
    words = f"it came in at {step.where} with a wrong {name} checksum: {step.namespace} threw it away ({counted.name})"
    return said(words, step.frame, counted)


def by_older(around: Around, namespace: str, chains: Collection[str], version: int = 0) -> Claim:
    """Which rules that report nothing dropped packets meanwhile, as they counted; NOTHING for none.

    Args:
        around: the networks.
        namespace: where.
        chains: those base chains that the packet may have come to; empty for all.
        version: of IP; 0 for any.
    """
    spaces = around.spaces(namespace)
    if not spaces:
        return NOTHING
    traced = namespace in around.seen.traced
    old, new = (
        [r for r in space.rules if _may_drop(r, chains, version, traced=traced)] for space in (spaces[0], spaces[-1])
    )
    if [rule.text for rule in old] != [rule.text for rule in new]:
        return NOTHING
    found = [
        said(
            f"{'the policy' if rule.policy else 'the rule'} `{rule.text}` of {rule.tool} ({rule.table}) in {namespace} "
            f"counted {rule.packets - before.packets} meanwhile",
            before,
            rule,
        )
        for before, rule in zip(old, new, strict=True)
        if rule.packets > before.packets
    ]
    return said("; ".join(each.text for each in found), *found) if found else NOTHING


def _may_drop(rule: Rule, chains: Collection[str], version: int, *, traced: bool) -> bool:
    """Whether a rule drops, reports nothing of it, and stands where a packet may come by."""
    for_version = _COUNTING.get(rule.tool)
    if for_version is None or (rule.policy or rule.target) not in _DROPPING:
        return False
    if traced and not rule.tool.endswith("-legacy"):
        return False  # it would have been reported
    elsewhere = bool(chains) and rule.chain in _BASE_CHAINS and rule.chain not in chains
    return not elsewhere and (not version or for_version in (0, version))


def stopped_outside(around: Around, came: Step) -> Claim:
    """A frame that came in, but of which netfilter saw nothing: what may stand before PREROUTING."""
    begin = f"it came in at {came.where}, but did not come to PREROUTING"
    if why := at_door(around, *came.place, "ingress"):
        return said(f"{begin}: {why}", came.frame, why)
    if why := bad_header(around, came.namespace):
        return said(f"{begin}: {why}", came.frame, why)
    return said(f"{begin}; {SILENT}", came.frame)


def bad_header(around: Around, namespace: str) -> Claim:
    """That a namespace counted a wrong IP header; NOTHING if it did not."""
    counted = around.meanwhile.counted(namespace, *_ABOUT_IP)
    return said(f"{namespace} counted a wrong IP header ({counted.name})", counted) if counted else NOTHING


def at_door(around: Around, namespace: str, device: str, way: str) -> Claim:
    """What stands at an interface before all else, or behind it: a filter of tc, or a chain of nft.

    Args:
        around: the networks.
        namespace: where.
        device: the interface.
        way: "ingress" or "egress".
    """
    if counted := counted_at_door(around, namespace, device, way):
        return counted
    if namespace in around.seen.traced:
        return NOTHING  # chains would have reported
    for space in around.spaces(namespace):
        for rule in space.rules:
            if rule.hook == way and f'"{device}"' in rule.text:
                return said(f"the chain {rule.chain} of the table {rule.table} stands before that", rule)
    filters = _filters(around, namespace, device, way)
    return said("a filter of tc stands before that", *filters) if filters and not around.seen.losses else NOTHING


def counted_at_door(around: Around, namespace: str, device: str, way: str) -> Claim:
    """What a filter of tc at an interface, or the ifb device that it leads to, dropped meanwhile; NOTHING for none.

    Args:
        around: the networks.
        namespace: where.
        device: the interface.
        way: "ingress" or "egress".
    """
    losses = [each for each in around.meanwhile.losses(namespace, device) if each.queue in ("ingress", "clsact")]
    filters = _filters(around, namespace, device, way)
    counted = next((each for each in losses if each.packets), None)
    if len(filters) == 1 and (led := _at_ifb(around, namespace, filters[0], counted)):
        return led
    if not filters or counted is None:
        return NOTHING
    which = f"the filter `{filters[0].text}`" if len(filters) == 1 else "a filter"
    where, count = f"{namespace}:{device}", counted.packets
    words = f"{which} of tc at {where} stands there, and its {counted.queue} dropped {count} meanwhile"
    return said(words, counted, *filters)


def _at_ifb(around: Around, namespace: str, rule: Queue, counted: Loss | None) -> Claim:
    """What kept packets at the ifb device that a filter leads them to: its queue, or that it is off (tc-mirred(8))."""
    for name in LED_TO.findall(rule.text) if " Redirect to" in rule.text else ():
        link, own = around.interface(namespace, name), around.record(namespace, name)
        begin = f"a filter of tc leads packets to {namespace}:{name}"
        if link is None or link.kind != "ifb":
            continue
        if not link.up and counted is not None:
            where = f"the {counted.queue} of {counted.namespace}:{counted.device}"
            return said(f"{begin}, which is off: {where} dropped {counted.packets} meanwhile", rule, own, counted)
        if why := by_queue(around, namespace, name):
            return said(f"{begin}, where {why}", rule, why)
    return NOTHING


def _filters(around: Around, namespace: str, device: str, way: str) -> list[Queue]:
    begins = (way, "parent ffff:") if way == "ingress" else (way,)
    queues = [queue for queue in around.last(namespace).queues if _NUMBER.search(queue.text)]
    return [q for q in queues if (q.what, q.device) == ("filter", device) and q.text.startswith(begins)]


def by_queue(around: Around, namespace: str, device: str | None) -> Claim:
    """What an interface's queue, or a filter there, dropped of what was to leave by it, or still holds."""
    if device is None:
        return NOTHING
    if why := at_door(around, namespace, device, "egress"):
        return why
    for loss in around.meanwhile.losses(namespace, device):
        if loss.queue not in ("ingress", "clsact", "RECEIVING", "SENDING"):
            return said(_of_queue(loss), loss)
    return by_loss(around, namespace, device, "SENDING")


def _of_queue(loss: Loss) -> str:
    where = f"the queue {loss.queue} of {loss.namespace}:{loss.device}"
    held = f"holds {loss.waiting}" if loss.waiting else ""
    lost = f"dropped {loss.packets} meanwhile" if loss.packets else ""
    return f"{where} {' and '.join(filter(None, [lost, held]))}"


def by_loss(around: Around, namespace: str, device: str, way: str) -> Claim:
    """What an interface itself counted as lost, "RECEIVING" or "SENDING"; NOTHING if it was nothing."""
    for loss in around.meanwhile.losses(namespace, device):
        if loss.queue == way and loss.packets:
            return said(f"{namespace}:{device} counted {loss.packets} dropped in {way.lower()} meanwhile", loss)
    return NOTHING


def counted_too(around: Around, namespace: str) -> Claim:
    """What a namespace counted of what went wrong: no cause, but all that the kernel tells."""
    names = around.seen.counted.get(namespace, {})
    found = [Counted(namespace, name, more) for name, more in names.items() if not name.startswith(_FOLLOWING)]
    if not found:
        return NOTHING
    told = ", ".join(f"{each.name} {each.more}" for each in found)
    return said(f"{SILENT}, but {namespace} counted {told} meanwhile", *found)
