"""Which commands let a dropped packet pass, and where: before or without the rule, DOCKER-USER, a set's element."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from netkit.diagnosis import allowances, mapped, nft_values, packetfilter, xtables
from netkit.diagnosis.allowances import ANSWERS

if TYPE_CHECKING:
    from netkit.diagnosis.findings import World
    from netkit.diagnosis.matching import Passing, Place
    from netkit.model import Rule

_BROAD = frozenset({"-i", "-o", "-m", "--ctstate", "ct state", "meta l4proto", "-p"})
"""Conditions that a rule at the end of a list of what is allowed may have: it stands there for all the rest."""

_LEAVING = ("RETURN", "return")
_CT = "DOCKER-CT"
"""Docker's chain of answers, since 28."""

_BY_NUMBER = frozenset(
    ["--connlimit-above", "--connlimit-upto", "--hashlimit-name", "--quota", "--name", "--match-set"]
)
"""Conditions of rules that the kernel adds something to, so that iptables does not find them by their words."""


def table(rule: Rule) -> str:
    """How a table other than filter is named in a command: "-t nat "."""
    return "" if rule.table == "filter" else f"-t {rule.table} "


def lines(world: World, place: Place, passing: Passing, rule: Rule) -> list[str]:
    """The commands that let a packet pass, as one types them in its namespace.

    Args:
        place: the hook at which it is dropped.
        passing: the packet.
        rule: the rule or policy that drops it.
    """
    if rule.kind in ("policy", "base"):
        return _added(world, rule, place, passing)
    if rule.chain.startswith("DOCKER") and rule.chain != "DOCKER-USER":
        return _moved(world, place, passing, rule) or _beside_docker(world, place, passing, rule)
    calling = None if _ends_a_list(world, place.namespace, rule) else _calling(world, place, passing, rule)
    if calling is not None:  # the chain drops all that comes there: it is for others too
        return _at_call(world, place, passing, calling)
    if rule.tool == "nft":
        return _nft(world, place, passing, rule)
    if _ends_a_list(world, place.namespace, rule):
        return _before(world, place, passing, rule)
    return without(world, place.namespace, rule)


def _calling(world: World, place: Place, passing: Passing, rule: Rule) -> Rule | None:
    """The rule that led a packet into a chain of one's own which drops all that comes there, or that several lead to.

    None for a rule that drops some packets only.
    """
    rules = [r for r in world.space(place.namespace).rules if (r.tool, r.table) == (rule.tool, rule.table)]
    callers = [each for each in rules if each.target == rule.chain]
    if not _is_broad(rule) or (rule.matches and len(callers) < 2):
        return None
    if rule.tool != "nft":
        callers = [each for each in callers if xtables.matches(each, passing) is not False]
    if len(callers) < 2:
        return next(iter(callers), None)
    ruleset = world.ruleset(place.namespace)
    verdict = packetfilter.at_hook(world.space(place.namespace), place.hook, passing, ruleset, place.layer)
    led = (verdict.rule, *verdict.path[::-1])
    return led[led.index(rule) + 1] if rule in led[:-1] else None


def _is_broad(rule: Rule) -> bool:
    return {match.option for match in rule.matches} <= _BROAD and "vmap" not in rule.text.split()


def _at_call(world: World, place: Place, passing: Passing, calling: Rule) -> list[str]:
    """What lets a packet pass where a rule leads it into a chain of others: that rule goes, or one before it helps."""
    if not _is_broad(calling) and "vmap" not in calling.text.split():
        return lines(world, place, passing, calling)
    if _ends_a_list(world, place.namespace, calling):
        return _before(world, place, passing, calling)
    further = _calling(world, place, passing, calling)
    if further is not None:
        return _at_call(world, place, passing, further)
    return _before(world, place, passing, calling)


def _before(world: World, place: Place, passing: Passing, rule: Rule) -> list[str]:
    """Rules that let a packet pass, in front of one."""
    allowed = allowances.allowed(world, rule, place, passing)
    if rule.tool != "nft":
        at = number(world, place.namespace, rule)
        return [f"{rule.tool} {table(rule)}-I {rule.chain} {at} {each}" for each in allowed]
    answered = len(allowed) > 1 and not place.layer and _answered(world, place, passing)
    where = f"{rule.table} {rule.chain} handle {rule.handle}"
    return [f"nft insert rule {where} {each}" for each in allowed[: 1 if answered else None]]


def without(world: World, namespace: str, rule: Rule) -> list[str]:
    """The commands that take a rule away, as often as it is there.

    Args:
        namespace: where it is.
        rule: the rule.
    """
    if rule.tool == "nft":
        return [f"nft delete rule {rule.table} {rule.chain} handle {rule.handle}"] if rule.handle else []
    same = [at for at, each in enumerate(chain(world, namespace, rule), 1) if each == rule]
    if same and any(match.field in _BY_NUMBER for match in rule.matches):
        return [f"{rule.tool} {table(rule)}-D {rule.chain} {at}" for at in reversed(same)]
    return [f"{rule.tool} {table(rule)}-D {rule.specification}"] * max(len(same), 1)


def instead(world: World, namespace: str, rule: Rule, wrong: str, right: str) -> list[str]:
    """The commands that put a rule of iptables in the place of one.

    Args:
        namespace: where it is.
        rule: the one that is there.
        wrong: some of its words.
        right: what the other one has in their place.
    """
    words = rule.specification.partition(" ")[2].replace(wrong, right)
    there = f"{rule.chain} {number(world, namespace, rule)}"
    here = there if any(match.field in _BY_NUMBER for match in rule.matches) else rule.specification
    return [f"{rule.tool} {table(rule)}-D {here}", f"{rule.tool} {table(rule)}-I {there} {words}"]


def chain(world: World, namespace: str, rule: Rule) -> list[Rule]:
    """The rules of the chain that a rule stands in.

    Args:
        namespace: where it is.
        rule: the rule.
    """
    rules = world.space(namespace).rules
    return [r for r in rules if (r.tool, r.table, r.chain, r.kind) == (rule.tool, rule.table, rule.chain, "rule")]


def number(world: World, namespace: str, rule: Rule) -> int:
    """The number by which iptables knows a rule of a chain, from 1 on."""
    return chain(world, namespace, rule).index(rule) + 1


def _moved(world: World, place: Place, passing: Passing, rule: Rule) -> list[str]:
    """A rule that lets the packet pass, where one stands behind the one that drops it, goes in front of that."""
    space = world.space(place.namespace)
    own = chain(world, place.namespace, rule)
    for later in (each for each in own[own.index(rule) + 1 :] if each.target == "ACCEPT" and each.matches):
        others = [each for each in space.rules if each is not later]
        at = others.index(rule)
        thought = replace(space, rules=(*others[:at], later, *others[at:]))
        verdict = packetfilter.at_hook(thought, place.hook, passing, world.ruleset(place.namespace))
        if not verdict.dropped and not verdict.doubts:
            words = later.specification.partition(" ")[2]
            there = f"{rule.chain} {own.index(rule) + 1}"
            return [
                f"{rule.tool} {table(rule)}-D {later.specification}",
                f"{rule.tool} {table(rule)}-I {there} {words}",
            ]
    return []


def _beside_docker(world: World, place: Place, passing: Passing, rule: Rule) -> list[str]:
    """Docker's own rules stay, since they come back with it; one of the kind that it writes lets the packet in."""
    if passing.tracked in ("ESTABLISHED", "RELATED"):
        answers = f"{allowances.ways(('', passing.oif))} {ANSWERS['iptables']} -j ACCEPT"
        known = [each for each in world.space(place.namespace).rules if (each.tool, each.chain) == (rule.tool, _CT)]
        there = any(each.specification == f"{_CT} {answers}" for each in known)
        return [f"{rule.tool} -A {_CT} {answers}" if known and not there else f"{rule.tool} -I DOCKER-USER {answers}"]
    if rule.chain == "DOCKER" and passing.packet.destination_port:  # as it opens a published port there
        way = allowances.ways((passing.iif, passing.oif))
        return [f"{rule.tool} -I DOCKER {allowances.led(passing.packet, way)} -j ACCEPT"]
    return [f"{rule.tool} -I DOCKER-USER {each} -j ACCEPT" for each in allowances.of_iptables(place, passing)]


def _ends_a_list(world: World, namespace: str, rule: Rule) -> bool:
    """Whether a rule drops whatever those before it did not allow, or what belongs to no connection."""
    fields = {match.option for match in rule.matches}
    if not fields <= _BROAD:
        return False
    invalid = any("INVALID" in match.value.upper() for match in rule.matches)
    before = chain(world, namespace, rule)
    at = before.index(rule) if rule in before else len(before)
    allows = [r for r in before[:at] if r.target in ("ACCEPT", "accept") or (r.matches and r.target in _LEAVING)]
    last = all(r.target in _LEAVING and not r.matches for r in before[at + 1 :])
    return invalid or bool(allows and last and not fields & {"-p", "meta l4proto"})


def _added(world: World, rule: Rule, place: Place, passing: Passing) -> list[str]:
    """Rules at the end of a base chain, in front of its policy; or of a rule with which packets leave the chain."""
    allowed, before = allowances.allowed(world, rule, place, passing), chain(world, place.namespace, rule)
    if len(allowed) > 1 and not place.layer and _answered(world, place, passing):
        allowed = allowed[:1]
    leaving = next((r for r in before if r.goto or r.target in _LEAVING), None)
    if rule.tool == "nft":
        verb, where = ("insert", f"{rule.chain} handle {leaving.handle}") if leaving else ("add", rule.chain)
        return [f"nft {verb} rule {rule.table} {where} {each}" for each in allowed]
    how = f"-I {rule.chain} {before.index(leaving) + 1}" if leaving else f"-A {rule.chain}"
    return [f"{rule.tool} {table(rule)}{how} {each}" for each in allowed]


def _answered(world: World, place: Place, passing: Passing) -> bool:
    """Whether the answers to a packet that a hook drops pass it as it is."""
    space = world.space(place.namespace)
    back = replace(
        passing,
        packet=passing.packet.reversed(),
        iif=passing.oif,
        oif=passing.iif,
        state="ESTABLISHED",
        mac="",
        target="",
    )
    verdict = packetfilter.at_hook(space, place.hook, back, world.ruleset(place.namespace))
    return not verdict.dropped and not verdict.doubts


def _nft(world: World, place: Place, passing: Passing, rule: Rule) -> list[str]:
    """An element of a map or a set, else a rule in front of one that has other uses too; else that one goes."""
    maps = "vmap" in rule.text.split()
    element = (
        mapped.lines(world, place.namespace, place.hook, passing, lambda verdict: not verdict.dropped)
        if maps
        else _without_element(world, place.namespace, passing, rule)
    )
    if element or not (maps or _ends_a_list(world, place.namespace, rule)):
        return element or without(world, place.namespace, rule)
    return _before(world, place, passing, rule)


def _without_element(world: World, namespace: str, passing: Passing, rule: Rule) -> list[str]:
    """The element of a named set that a rule asks for is taken out of it, where it is just this packet's."""
    said = next((r for r in _rules(world, namespace) if _is(r, rule)), None)
    found = nft_values.Sets.of(nft_values.of_table(world.ruleset(namespace), rule.table))
    for statement in said["expr"] if said else ():
        match = statement.get("match", {})
        name = match.get("right")
        if match.get("op") == "!=" or not isinstance(name, str) or not name.startswith("@"):
            continue
        own = nft_values.value(match["left"], found, passing)
        parts = own if isinstance(own, tuple) else (own,)
        exact = {"concat": list(own)} if isinstance(own, tuple) else own
        if exact in found.elements(name):  # type: ignore[operator]
            return [f"nft delete element {rule.table} {name[1:]} {{ {' . '.join(map(str, parts))} }}"]
    return []


def _rules(world: World, namespace: str) -> list[dict[str, Any]]:
    return [said["rule"] for said in world.ruleset(namespace) if "rule" in said]  # type: ignore[misc]


def _is(said: dict[str, Any], rule: Rule) -> bool:
    return (f"{said['family']} {said['table']}", said["chain"], said["handle"]) == (rule.table, rule.chain, rule.handle)
