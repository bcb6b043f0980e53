"""Which base chains a packet passes at a hook, in order of priority, and what becomes of it: dropped, or led on."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from netkit.diagnosis import nft, xtables
from netkit.diagnosis.nft_values import Sets, of_table
from netkit.model import Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from netkit.diagnosis.matching import Act, Passing
    from netkit.diagnosis.packet import Packet
    from netkit.model import Namespace

    Place = tuple[tuple[str, int], ...]
    """Where a packet is: chain and number of the rule, and those to come back to before it."""

_XTABLES = {
    "PREROUTING": ("raw", "mangle", "nat"),
    "INPUT": ("mangle", "nat", "filter", "security"),
    "FORWARD": ("mangle", "filter", "security"),
    "OUTPUT": ("raw", "mangle", "nat", "filter", "security"),
    "POSTROUTING": ("mangle", "nat"),
}
"""Which tables have a chain at a hook (iptables(8))."""

_PRIORITIES = {"raw": -300, "mangle": -150, "filter": 0, "security": 50}
_DESTINATION, _SOURCE = -100, 100
"""When chains are passed that translate the one and the other address (<linux/netfilter_ipv4.h>)."""

_CONNTRACK = -200
"""When a packet becomes a part of a connection (NF_IP_PRI_CONNTRACK)."""

_BRIDGES = -200
"""When the chains of ebtables are passed (<linux/netfilter_bridge.h>)."""

_TOOLS = {"ip4": ("iptables", "iptables-legacy"), "ip6": ("ip6tables", "ip6tables-legacy")}
_FAMILIES = {"ip4": ("ip", "inet"), "ip6": ("ip6", "inet"), "netdev": ("netdev", "inet")}
_MOST_WAYS = 64
_DEVICES = re.compile(r"\bdevices? (?:= \{ )?(.+?)(?: \})? priority ")
"""The devices of a base chain, as nft lists it."""


@dataclass(frozen=True)
class Verdict:
    """What became of a packet at a hook.

    Attributes:
        packet: as it goes on.
        dropped: whether it ended there.
        rule: the rule or policy that dropped or changed it, None where nothing did.
        doubts: rules that may have dropped it, where nobody knows whether they matched.
        proxy: whether a program of the namespace gets it.
        path: the rules that led it into the chain where it ended, the first one's in the base chain.
        turns: rules that may have led it elsewhere than it goes on here, each with the packet as it left that.
    """

    packet: Packet
    dropped: bool = False
    rule: Rule | None = None
    doubts: tuple[Rule, ...] = ()
    proxy: bool = False
    path: tuple[Rule, ...] = ()
    turns: tuple[tuple[Rule, Packet], ...] = ()


@dataclass(frozen=True)
class Step:
    """A rule, and what it may do with a packet."""

    rule: Rule
    does: Callable[[Passing], list[Act]]


@dataclass(frozen=True)
class Base:
    """A base chain, where packets begin, with all chains of its table.

    Attributes:
        name: the chain's.
        priority: the lower the earlier.
        translates: whether only the first packet of a connection passes it.
        chains: the rules by chain.
        policy: the rule that says so where it drops what comes to the end, else None.
    """

    name: str
    priority: int
    translates: bool
    chains: Mapping[str, Sequence[Step]]
    policy: Rule | None = None


def at_hook(  # noqa: PLR0913, PLR0917  (a hook is what all this meets)
    space: Namespace,
    hook: str,
    passing: Passing,
    ruleset: Sequence[Any] = (),
    layer: str = "",
    track: Callable[[Passing], Passing] | None = None,
) -> Verdict:
    """Let a packet pass a hook of a namespace.

    Args:
        space: the namespace.
        hook: "PREROUTING", "INPUT", "FORWARD", "OUTPUT" or "POSTROUTING"; of a device "INGRESS" or "EGRESS".
        passing: the packet, and its interfaces.
        ruleset: what `nft -j list ruleset` lists there.
        layer: "bridge", "arp" or "netdev"; "" for the filter of its version of IP.
        track: what conntrack makes of the packet, behind the chains before it; None where it knows it already.
    """
    doubts: list[Rule] = []
    changed: Rule | None = None
    translated = False
    turns: tuple[tuple[Rule, Packet], ...] = ()
    for base in bases(space, hook, passing, ruleset, layer):
        if track is not None and base.priority > _CONNTRACK:
            passing, track = track(passing), None
        if base.translates and (translated or passing.tracked != "NEW"):
            continue
        ways = list(islice(_ways(base, ((base.name, 0),), passing, None), _MOST_WAYS))
        lost = {way.rule: way.path for way in ways if way.dropped and way.rule is not None}
        if all(way.dropped for way in ways):
            return _stopped(passing, lost, tuple(doubts))
        doubts += lost
        chosen = next(way for way in reversed(ways) if not way.dropped)
        if chosen.proxy:
            return Verdict(passing.packet, rule=chosen.rule, doubts=tuple(doubts), proxy=True)
        changed = chosen.rule or changed
        translated = base.translates and chosen.packet != passing.packet
        turns += _turns(ways, chosen) if base.translates else ()
        passing = passing.with_packet(chosen.packet)
    return Verdict((track or _as_it_is)(passing).packet, rule=changed, doubts=tuple(doubts), turns=turns)


def _as_it_is(passing: Passing) -> Passing:
    return passing


def _turns(ways: Sequence[Verdict], chosen: Verdict) -> tuple[tuple[Rule, Packet], ...]:
    """The rules that may have led a packet elsewhere than that of the way that is followed."""
    found = {w.rule: w.packet for w in ways if w.rule and not w.dropped and w.packet.aim != chosen.packet.aim}
    return tuple(found.items())


def _stopped(passing: Passing, lost: Mapping[Rule, tuple[Rule, ...]], doubts: tuple[Rule, ...]) -> Verdict:
    """What becomes of a packet that no way leads on: one rule drops it for certain, or one of several does."""
    if len(lost) == 1:
        [(rule, path)] = lost.items()
        return Verdict(passing.packet, dropped=True, rule=rule, doubts=doubts, path=path)
    return Verdict(passing.packet, doubts=(*doubts, *lost))


def _ways(base: Base, place: Place, passing: Passing, rule: Rule | None) -> Iterator[Verdict]:
    """All that may become of a packet; last of all what does where every condition that nobody knows is not met."""
    while place:
        chain, at = place[-1]
        steps = base.chains.get(chain, ())
        if at >= len(steps):
            place = place[:-1]
            continue
        step, place = steps[at], (*place[:-1], (chain, at + 1))
        first, *others = step.does(passing)
        path = tuple(base.chains[name][number - 1].rule for name, number in place[:-1])
        for act in others:
            end = _end(act, step, passing, rule)
            if end is not None:
                yield replace(end, path=path)
            else:
                yield from _ways(base, _next(act, place), _after(act, passing), rule)
        end = _end(first, step, passing, rule)
        if end is not None:
            yield replace(end, path=path)
            return
        changes = first.packet is not None and first.packet != passing.packet
        place, passing, rule = _next(first, place), _after(first, passing), step.rule if changes else rule
    yield Verdict(passing.packet, dropped=base.policy is not None, rule=base.policy or rule)


def _end(act: Act, step: Step, passing: Passing, rule: Rule | None) -> Verdict | None:
    """The verdict where an act is one, None where the packet goes on in this chain or another one."""
    if act.kind in ("drop", "proxy"):
        return Verdict(passing.packet, dropped=act.kind == "drop", rule=step.rule, proxy=act.kind == "proxy")
    if act.kind != "accept":
        return None
    packet = act.packet or passing.packet
    return Verdict(packet, rule=step.rule if packet != passing.packet else rule)


def _after(act: Act, passing: Passing) -> Passing:
    return passing.with_packet(act.packet or passing.packet)


def _next(act: Act, place: Place) -> Place:
    """Where a packet goes on after an act that is no verdict."""
    if act.kind == "jump":
        return (*place, (act.chain, 0))
    if act.kind == "goto":
        return (*place[:-1], (act.chain, 0))
    return place[:-1] if act.kind == "return" else place


def bases(space: Namespace, hook: str, passing: Passing, ruleset: Sequence[Any], layer: str) -> list[Base]:
    """The base chains that a packet passes at a hook, in their order.

    Args:
        space: the namespace.
        hook: in capitals.
        passing: the packet.
        ruleset: what `nft -j list ruleset` lists there.
        layer: "bridge", "arp" or "netdev"; "" for the filter of its version of IP.
    """
    layer = layer or f"ip{passing.packet.version}"
    tools = _TOOLS.get(layer) or {"bridge": ("ebtables",), "arp": ("arptables",)}.get(layer, ())
    found = [base for tool in tools for base in _of_xtables(space, tool, hook)]
    found += _of_nft(space, hook, passing, ruleset, _FAMILIES.get(layer, (layer,)))
    return sorted(found, key=lambda base: base.priority)


def _of_xtables(space: Namespace, tool: str, hook: str) -> Iterator[Base]:
    tables: dict[str, list[Rule]] = defaultdict(list)
    for rule in space.rules:
        if rule.tool == tool and rule.table in _XTABLES.get(hook, ()):
            tables[rule.table].append(rule)
    for table, rules in tables.items():
        chains: dict[str, list[Step]] = {rule.chain: [] for rule in rules}
        for rule in rules:
            if rule.kind == "rule":
                chains[rule.chain].append(Step(rule, partial(xtables.does, rule, chains)))
        if tool == "ebtables":
            _end_with_policies(rules, chains)
        policy = next((rule for rule in rules if rule.chain == hook and rule.policy == "DROP"), None)
        if policy or chains.get(hook):
            yield Base(hook, _priority(tool, table, hook), table == "nat" and tool != "ebtables", chains, policy)


def _end_with_policies(rules: Sequence[Rule], chains: Mapping[str, list[Step]]) -> None:
    """A chain of one's own of ebtables ends with a policy, ACCEPT where nobody set another one."""
    said = {rule.chain: rule for rule in rules if rule.kind == "policy"}
    for head in [rule for rule in rules if rule.kind == "chain"]:
        policy = said.get(head.chain, head)
        chains[head.chain].append(Step(policy, partial(xtables.ends, policy)))


def _priority(tool: str, table: str, hook: str) -> int:
    if tool == "ebtables":
        return _BRIDGES
    return _PRIORITIES.get(table, _DESTINATION if hook in ("PREROUTING", "OUTPUT") else _SOURCE)


def _of_nft(
    space: Namespace, hook: str, passing: Passing, ruleset: Sequence[Any], families: Sequence[str]
) -> Iterator[Base]:
    own = {rule.table for rule in space.rules if rule.tool == "nft"}
    own -= {rule.table for rule in space.rules if rule.kind == "table" and "dormant" in rule.text}
    for said in ruleset:
        head = said.get("chain")
        if head is None or head.get("hook") != hook.lower() or head["family"] not in families:
            continue
        if f"{head['family']} {head['table']}" in own and _on(space, head, passing, hook):
            yield _base(space, head, ruleset)


def _on(space: Namespace, head: Mapping[str, Any], passing: Passing, hook: str) -> bool:
    """Whether a base chain is that of the device that the packet passes, where it belongs to some."""
    where = f"{head['family']} {head['table']}", head["name"], "base"
    text = next((r.text for r in space.rules if (r.table, r.chain, r.kind) == where), "")  # nft -j leaves them out
    devices = re.findall(r"[^\s\",]+", (_DEVICES.search(text) or ("", ""))[1])
    name = passing.oif if hook == "EGRESS" else passing.iif
    return not devices or name in devices


def _base(space: Namespace, head: Mapping[str, Any], ruleset: Sequence[Any]) -> Base:
    table = f"{head['family']} {head['table']}"
    listed = of_table(ruleset, table)
    sets = Sets.of(listed)
    texts = {(r.chain, r.handle): r for r in space.rules if r.tool == "nft" and r.table == table}
    chains: dict[str, list[Step]] = defaultdict(list)
    for said in listed:
        if "expr" in said:
            rule = texts.get((said["chain"], said["handle"])) or _untold(said)
            chains[said["chain"]].append(Step(rule, partial(nft.does, said, sets)))
    drops = head.get("policy") == "drop"
    policy = next((r for r in texts.values() if r.chain == head["name"] and r.kind == "base"), None) if drops else None
    return Base(head["name"], int(head["prio"]), head["type"] == "nat", chains, policy)


def _untold(said: Mapping[str, Any]) -> Rule:
    """A rule that came after the snapshot."""
    words = json.dumps(said["expr"])
    return Rule("nft", f"{said['family']} {said['table']}", said["chain"], words, handle=said["handle"])
