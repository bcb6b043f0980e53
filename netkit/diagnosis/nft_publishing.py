"""A port published by nft: DNAT rules and maps, whom they lead to and let in, and what publishes one more."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from netkit.diagnosis import nat
from netkit.diagnosis.commands import shown, typed
from netkit.diagnosis.findings import Finding
from netkit.validation import endpoint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netkit.diagnosis.findings import World
    from netkit.diagnosis.packet import Packet
    from netkit.model import Rule

_FAMILIES = {4: ("ip ", "inet "), 6: ("ip6 ", "inet ")}
_MAP = re.compile(r"dnat (?:ip6? )?to (\w+) dport map @(\S+)")
"""A rule that leads ports on by a map."""
_ELEMENT = re.compile(r"(\d+) : ([\da-f.:]+?)(?: \. (\d+))?(?=,| \})")
_LOCAL = re.compile(r"fib daddr type (?:2|local) (?:counter )?jump (\S+)$")
"""A rule that leads all that is for the machine itself to a chain; the kernel has the number 2 for `local`."""
_NAMED, _JUMP = re.compile(r"@([\w.-]+)"), re.compile(r"\b(?:jump|goto) ([\w./-]+)")


def relevant(rules: Iterable[Rule], version: int) -> list[Rule]:
    """Those of some rules that are nft's, in families that see a version of IP."""
    return [rule for rule in rules if rule.tool == "nft" and rule.table.startswith(_FAMILIES[version])]


def translates(rule: Rule, hook: str) -> bool:
    """Whether it heads a base chain that translates at a hook."""
    return rule.hook == hook and rule.text.startswith("type nat ")


def led(rules: list[Rule], packet: Packet) -> set[tuple[str, int | None]]:
    """Where rules lead connections to; by a map, each of its elements."""
    found = {nat.target(rule.option("to")) for rule in rules if rule.target == "dnat"}
    elements = (each for entry in _maps(rules, packet) for each in _ELEMENT.findall(entry.text))
    return found | {(address, int(port or outer)) for outer, address, port in elements}


def let_in(rules: list[Rule], packet: Packet) -> list[tuple[str, int]]:
    """The addresses and ports that rules accept packets for, one by one."""
    address, port = "ip daddr" if packet.version == 4 else "ip6 daddr", f"{packet.protocol} dport"
    accepting = (rule for rule in rules if rule.target == "accept")
    asked = ((rule.asks(address), rule.asks(port)) for rule in accepting)
    return [(one, int(other)) for one, other in asked if one and "/" not in one and other.isdigit()]


def to_publish(world: World, namespace: str, packet: Packet, end: tuple[str, int]) -> tuple[str, list[str]] | None:
    """What shows that a port is not led on, and the commands that lead it, where it is nft that translates.

    Args:
        world: the networks.
        namespace: whose port it is.
        packet: for that port.
        end: the address and the port that it is to lead to.

    Returns:
        None where no table of nft translates what arrives.
    """
    rules = relevant(world.space(namespace).rules, packet.version)
    for entry in _maps(rules, packet):
        name = entry.text.split()[1]
        keyed = re.search(r"ipv[46]_addr \. inet_service;", entry.text)
        if keyed or end[1] == packet.destination_port:
            aim = f"{end[0]} . {end[1]}" if keyed else end[0]
            line = f"nft add element {entry.table} {name} {{ {packet.destination_port} : {aim} }}"
            return shown(world, namespace, f"nft list map {entry.table} {name}", entry.text), [line]
    table = next((rule.table for rule in rules if translates(rule, "prerouting")), None)
    if table is None:
        return None
    here = [rule for rule in rules if rule.table == table]
    family = f"{'ip' if packet.version == 4 else 'ip6'} " if table.startswith("inet ") else ""
    chains = [_chain(here, rule.chain) for hook in ("prerouting", "output") for rule in here if translates(rule, hook)]
    rule = f"{packet.protocol} dport {packet.destination_port} counter dnat {family}to {endpoint(*end)}"
    lines = [f"nft add rule {table} {chain} {local}{rule}" for chain, local in dict.fromkeys(chains)]
    return _listed(world, namespace, here, chains[0][0]), lines


def unled(world: World, namespace: str, packet: Packet, *, reserved: bool) -> Finding | None:
    """A rule that would lead a port on, in a chain to which nothing of its table leads.

    Args:
        world: the networks.
        namespace: whose rules.
        packet: for that port.
        reserved: whether somebody holds the port.
    """
    space = world.space(namespace)
    hook = "output" if packet.source in ("", *map(str, space.addresses)) else "prerouting"
    rules, port = relevant(space.rules, packet.version), f"{packet.protocol} dport"
    for rule in rules:
        here = [each for each in rules if each.table == rule.table]
        base = next((each.chain for each in here if translates(each, hook)), None)
        fits = rule.target == "dnat" and rule.asks(port) == str(packet.destination_port)
        if not fits or base is None or rule.chain in reached(here, base):
            continue
        chain, local = _chain(here, base)
        line = f"nft add rule {rule.table} {chain} {local or f'{port} {packet.destination_port} '}jump {rule.chain}"
        words = (
            f"the rule `{rule.text}` of {namespace} leads port {packet.destination_port} on, but no rule of {base} "
            f"leads into its chain {rule.chain}"
        )
        evidence = _listed(world, namespace, here, chain)
        return Finding("nat", words, (evidence,), (typed(world, namespace, line),), namespace, lasting=reserved)
    return None


def reached(rules: list[Rule], base: str) -> set[str]:
    """The chains of a table that one chain leads to, itself too; also by verdict maps, whatever their keys.

    Args:
        rules: those of the table, of nft or of iptables, with its maps.
        base: the chain.
    """
    maps = {rule.text.split()[1]: rule.text for rule in rules if rule.kind == "set"}
    found, pending = {base}, [base]
    while pending:
        chain = pending.pop()
        here = [rule for rule in rules if rule.chain == chain and rule.kind == "rule"]
        texts = [rule.text for rule in here]
        texts += [maps.get(name, "") for text in texts for name in _NAMED.findall(text)]
        new = {rule.target for rule in here}.union(*map(_JUMP.findall, texts)) - found
        found, pending = found | new, [*pending, *new]
    return found


def _listed(world: World, namespace: str, rules: list[Rule], chain: str) -> str:
    """The rules of a chain, as nft lists it."""
    listed = "\n".join(each.text for each in rules if each.chain == chain and each.kind == "rule") or "no rule"
    return shown(world, namespace, f"nft -s list chain {rules[0].table} {chain}", listed)


def _maps(rules: list[Rule], packet: Packet) -> list[Rule]:
    """The maps by which rules lead a protocol's ports on."""
    found = {
        (rule.table, match[2]) for rule in rules if (match := _MAP.search(rule.text)) and match[1] == packet.protocol
    }
    return [entry for entry in rules if entry.kind == "set" and (entry.table, entry.text.split()[1]) in found]


def _chain(rules: list[Rule], base: str) -> tuple[str, str]:
    """Where a rule for the machine's own port belongs: (chain, what it has to ask for itself)."""
    led = (match[1] for rule in rules if rule.chain == base and (match := _LOCAL.match(rule.text)))
    return next(((chain, "") for chain in led), (base, "fib daddr type local "))
