"""A rule or policy that drops a packet: in words, with what shows it and what mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.diagnosis.commands import shown, typed
from netkit.diagnosis.findings import Finding

if TYPE_CHECKING:
    from netkit.diagnosis.findings import World
    from netkit.diagnosis.matching import Passing
    from netkit.model import Rule


def dropped(world: World, namespace: str, hook: str, passing: Passing, rule: Rule) -> Finding:
    """A packet was dropped at a hook.

    Args:
        namespace: where.
        hook: "FORWARD" …
        rule: the rule or the policy that did it.
    """
    packet = passing.packet
    what = f"{packet.protocol} packets from {packet.source} to {packet.destination}"
    policy = rule.kind == "policy"
    why = "no rule allows them, and the policy is DROP" if policy else f"by the rule `{rule.text}`"
    words = f"the packet filter of {namespace} drops {what} in {hook}: {why}"
    evidence = [_listed(world, namespace, rule)]
    if passing.port_in:
        family = "iptables" if packet.version == 4 else "ip6tables"
        switch = f"net.bridge.bridge-nf-call-{family}"
        words += f"; the bridge {passing.iif} shows it what goes from port to port"
        evidence.append(shown(world, namespace, f"sysctl {switch}", "1"))
    return Finding("filter", words, tuple(evidence), _repair(world, namespace, hook, passing, rule), namespace)


def _listed(world: World, namespace: str, rule: Rule) -> str:
    if rule.tool == "nft":
        return shown(world, namespace, f"nft list chain {rule.table} {rule.chain}", rule.text)
    table = "" if rule.table == "filter" else f"-t {rule.table} "
    return shown(world, namespace, f"{rule.tool} {table}-S {rule.chain}", rule.text)


def _repair(world: World, namespace: str, hook: str, passing: Passing, rule: Rule) -> tuple[str, ...]:
    if rule.tool == "nft":
        return _nft(world, namespace, passing, rule)
    table = "" if rule.table == "filter" else f"-t {rule.table} "
    if rule.kind == "policy":
        lines = [f"{rule.tool} {table}-A {hook} {each} -j ACCEPT" for each in _directions(passing)]
    elif rule.chain.startswith("DOCKER"):
        lines = [f"{rule.tool} -I DOCKER-USER {each} -j ACCEPT" for each in _directions(passing)]
    else:
        lines = [f"{rule.tool} {table}-D {rule.specification}"]
    return tuple(typed(world, namespace, line) for line in lines)


def _directions(passing: Passing) -> list[str]:
    """What matches the packet's way, and the way back where it is another one."""
    there = " ".join(f"{option} {name}" for option, name in (("-i", passing.iif), ("-o", passing.oif)) if name)
    back = " ".join(f"{option} {name}" for option, name in (("-i", passing.oif), ("-o", passing.iif)) if name)
    return [there] if not (passing.iif and passing.oif) else list(dict.fromkeys((there, back)))


def _nft(world: World, namespace: str, passing: Passing, rule: Rule) -> tuple[str, ...]:
    """An accept ahead of what drops, in both directions."""
    family = "ip" if passing.packet.version == 4 else "ip6"
    one, other = passing.packet.source, passing.packet.destination
    pairs = ((one, other), (other, one)) if passing.iif and passing.oif else ((one, other),)
    lines = [
        f"nft insert rule {rule.table} {rule.chain} {family} saddr {source} {family} daddr {destination} accept"
        for source, destination in pairs
    ]
    return tuple(typed(world, namespace, line) for line in lines)
