"""Which rule keeps a network to itself, as Docker's internal ones are: it drops what leaves and what comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netkit.diagnosis.findings import World
    from netkit.model import End, Rule

LEAVING, COMING = ("-i", "-o", "-d"), ("-o", "-i", "-s")
"""Of packets that leave a network, or come to it: the options for its interface, for others', for their address."""


def closing(world: World, end: End, ends: tuple[str, str, str] = LEAVING) -> Rule | None:
    """The rule that drops what leaves such a network, or comes to it; None where the network is not kept to itself.

    One that another rule lets out is to have a way out: there a rule that drops is somebody's mistake.

    Args:
        end: the router's interface in it.
        ends: LEAVING or COMING.
    """
    rules = [rule for rule in world.space(end[0]).rules if rule.kind == "rule"]
    found = {each: [rule for rule in rules if keeps(rule, each) == end[1]] for each in (LEAVING, COMING)}
    return found[ends][0] if all(found.values()) and not any(_lets_out(rule, end[1]) for rule in rules) else None


def keeps(rule: Rule, ends: tuple[str, str, str]) -> str:
    """The interface whose packets a rule drops just because they are from others, or for others; "" for other rules.

    Args:
        rule: a rule.
        ends: LEAVING or COMING.
    """
    own, other, address = ends
    asked = _asked(rule)
    between = (other, True) in asked or {(own, False), (address, True)} <= asked.keys()
    drops = rule.target.upper() in ("DROP", "REJECT")
    if not drops or not between or not asked.keys() <= {(own, False), (other, True), (address, True)}:
        return ""
    names = {asked[key] for key in ((own, False), (other, True)) if key in asked}
    return names.pop() if len(names) == 1 else ""


def _lets_out(rule: Rule, interface: str) -> bool:
    asked = _asked(rule) if rule.target.upper() == "ACCEPT" else {}
    return asked.get(("-i", False)) == interface and asked.keys() <= {("-i", False), ("-o", True)}


def _asked(rule: Rule) -> dict[tuple[str, bool], str]:
    """What a rule asks for, by iptables' option and whether it is negated."""
    return {(match.option, match.negated): match.value for match in rule.matches}


def told(end: End, rule: Rule, ends: tuple[str, str, str] = LEAVING) -> str:
    """That a rule keeps the network of an interface to itself, in words.

    Args:
        end: the router's interface in it.
        rule: the rule.
        ends: LEAVING or COMING, as the rule does.
    """
    does = "leaves it for others" if ends is LEAVING else "comes to it from others"
    return f"the network of {end[1]} is kept to itself: {end[0]} drops what {does}, by the rule `{rule.text}`"
