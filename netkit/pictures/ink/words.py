"""A picture's alternative text: a sentence that sums it up, then addresses, routes, rules …, one fact a line.

The words are the same for the same network.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from netkit.configured import is_random_mac
from netkit.model.facts import Facts, listed, odd_mtu, own_addresses, vni
from netkit.pictures.ink.outline import outline
from netkit.visible import in_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.model import Interface, Namespace, Route, Rule, Snapshot

_ONLY_LEADS = re.compile(r"map \S+ \{ type [^;]+ : verdict;(?!.*: (?:accept|drop)\b)|.*\bvmap @\S+$")
"""nft's look-ups that lead to chains, and the maps for them."""


def describe(snapshot: Snapshot, *, mac: bool = False, whole: bool = False) -> str:
    """A network in words: a sentence that sums it up, then one fact a line.

    What the kernel draws at random or learns by itself is not told, so the text of the same network is the same.
    Where many rules only lead from chain to chain, they are counted, and those are told that decide.

    Args:
        snapshot: the network.
        mac: whether to tell MAC addresses (never random ones).
        whole: whether to tell every rule.

    Example:
        >>> from netkit.model import Interface, Namespace, Snapshot
        >>> lo = Interface("lo", "loopback", mtu=65536)
        >>> print(describe(Snapshot({"ns1": Namespace("ns1", {"lo": lo})})))
        1 namespace: ns1.
        ns1: lo is down.
    """
    facts = Facts(snapshot)
    lines = [outline(facts)]
    for name in facts.spaces:
        lines += (f"{in_line(name)}: {in_line(fact)}." for fact in _facts_of(facts, name, mac=mac, whole=whole))
    for a, b in facts.tunnels:
        ends = listed(f"{in_line(name)} of {in_line(space)}" for space, name in (a, b))
        lines.append(f"VXLAN tunnel, VNI {in_line(vni(facts.link(a)))}, between {ends}.")
    return "\n".join(lines)


def _facts_of(facts: Facts, name: str, *, mac: bool, whole: bool) -> Iterator[str]:
    space = facts.spaces[name]
    yield from _whose(facts, name)
    for link in facts.links(name):
        yield _interface(facts, name, link, mac=mac)
    yield from (_route(route) for route in facts.routes(name))
    yield from _entries(space)
    yield from (f"{switch} = {value}" for switch, value in facts.switches(name).items())
    yield from _rules(space, whole=whole)


def _rules(space: Namespace, *, whole: bool) -> Iterator[str]:
    tables: dict[str, list[Rule]] = {}
    for rule in space.rules:
        tables.setdefault(f"{rule.tool} table {rule.table}", []).append(rule)
    for table, rules in tables.items():
        told = [rule for rule in rules if rule.policy != "ACCEPT"]
        deciding = [rule for rule in told if _decides(rule, {each.chain for each in rules})]
        if not whole and len(deciding) + 1 < len(told):
            yield f"{table}: {_counted(rules)}; {'these decide' if deciding else 'none decides'}"
            told = deciding
        for rule in told:
            chain = f" chain {rule.chain}" if rule.tool == "nft" and rule.chain else ""
            yield f"{table}{chain}: {rule.text}"


def _decides(rule: Rule, chains: set[str]) -> bool:
    """Whether it does more than lead on or back, as a chain's head, a jump, or a map of jumps does."""
    back = rule.target in {"RETURN", "return"} and not rule.matches
    head = rule.kind == "chain" or rule.policy == "accept"
    return not (head or back or rule.target in chains - {""} or _ONLY_LEADS.match(rule.text))


def _counted(rules: list[Rule]) -> str:
    """How many rules there are, and in which chains."""
    each = Counter(rule.chain for rule in rules if rule.kind == "rule")
    chains = ", ".join(f"{number} in {name}" for name, number in each.items())
    return f"{each.total()} rule{'s' * (each.total() != 1)}{f': {chains}' if chains else ''}"


def _whose(facts: Facts, name: str) -> Iterator[str]:
    told = [f"{container} ({program})" for container, program in facts.containers(name).items()]
    if told:
        yield f"container{'s' * (len(told) > 1)} {listed(told)}"
    if machine := facts.machine(name):
        yield f"part of {machine}, where its VXLAN packets travel"
    if programs := facts.sharing(name):
        yield f"processes {listed(programs)}"


def _interface(facts: Facts, namespace: str, link: Interface, *, mac: bool) -> str:
    end = (namespace, link.name)
    kind = "" if link.kind in {"loopback", "veth", "ethernet"} else f"{link.kind} "
    state = "down" if not link.up else "up" if facts.carries(end) or link.kind == "loopback" else "up without a carrier"
    addresses = own_addresses(link)
    parts = [f"{kind}{link.name} is {state}{' with ' + listed(addresses) if addresses else ''}", odd_mtu(link)]
    if mac and link.mac and not is_random_mac(link.mac) and link.kind != "loopback":
        parts.append(f"MAC {link.mac}")
    parts += [f"{key} {value}" for key, value in link.details]
    if link.parent and link.kind != "vxlan":
        space, below = link.parent
        parts.append(f"on {below}" + (f" of {space}" if space != namespace else ""))
    if link.kind == "bridge":
        ports = facts.ports(*end)
        parts.append(f"port{'s' * (len(ports) > 1)} {listed(ports)}" if ports else "no ports")
    if link.master:
        parts.append(f"a port of {link.master}")
    if end in facts.peers:
        space, peer = facts.peers[end]
        parts.append(f"cabled to {peer}" + (f" of {space}" if space != namespace else " beside it"))
    elif link.kind == "veth":
        parts.append("the other end of its cable is out of sight")
    return ", ".join(part for part in parts if part)


def _route(route: Route) -> str:
    parts = ["route", route.kind if route.kind != "unicast" else "", route.destination]
    parts += [f"via {route.via}" if route.via else "", f"dev {route.device}" if route.device else ""]
    parts += [f"src {route.source}" if route.source else "", f"metric {route.metric}" if route.metric else ""]
    parts.append(f"table {route.table}" if route.table != "main" else "")
    return " ".join(part for part in parts if part)


def _entries(space: Namespace) -> Iterator[str]:
    for entry in space.neighbours:
        yield f"permanent neighbour {entry.address} dev {entry.device}, MAC {entry.mac}"
    for fdb in space.fdb:
        yield f"static FDB entry {fdb.mac} dev {fdb.device}" + (f" dst {fdb.destination}" if fdb.destination else "")
