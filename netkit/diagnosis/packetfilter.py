"""What the packet filter of a namespace does with a packet: chains and rules tried as the kernel tries them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from netkit.diagnosis import matching, nft

if TYPE_CHECKING:
    from netkit.diagnosis.matching import Passing
    from netkit.diagnosis.packet import Packet
    from netkit.model import Namespace, Rule

_TABLES = {
    "PREROUTING": ("raw", "mangle", "nat"),
    "INPUT": ("mangle", "filter", "security", "nat"),
    "FORWARD": ("mangle", "filter", "security"),
    "OUTPUT": ("raw", "mangle", "nat", "filter", "security"),
    "POSTROUTING": ("mangle", "nat"),
}
"""Which tables have a chain at a hook, in the order in which they are passed (iptables(8))."""

_MAX_JUMPS = 64


@dataclass(frozen=True)
class Verdict:
    """What became of a packet at a hook.

    Attributes:
        rule: the rule or policy that dropped or translated it, None where nothing did.
        dropped: whether it ended there.
        packet: as it goes on.
    """

    packet: Packet
    dropped: bool = False
    rule: Rule | None = None


def at_hook(space: Namespace, hook: str, passing: Passing) -> Verdict:
    """Let a packet pass a hook of a namespace.

    Args:
        space: the namespace.
        hook: "PREROUTING", "INPUT", "FORWARD", "OUTPUT" or "POSTROUTING".
        passing: the packet, and its interfaces.
    """
    rules = [rule for rule in space.rules if rule.tool != "nft" and passing.packet.version in rule.versions]
    translated = None
    for table in _TABLES[hook]:
        if table == "nat" and passing.packet.answer:
            continue  # only a connection's first packet asks there
        said = _table([rule for rule in rules if rule.table == table], hook, passing)
        if said.dropped:
            return said
        translated = said.rule or translated
        passing = replace(passing, packet=said.packet)
    said = _nft(space, hook, passing)
    return said if said.dropped else Verdict(passing.packet, rule=translated)


def _table(rules: list[Rule], hook: str, passing: Passing) -> Verdict:
    """A table's chain at a hook, and its policy."""
    found = _chain(rules, hook, passing, 0)
    if found is None:
        policy = next((rule for rule in rules if rule.chain == hook and rule.policy == "DROP"), None)
        return Verdict(passing.packet, dropped=policy is not None, rule=policy)
    rule, target = found
    if target in ("DROP", "REJECT"):
        return Verdict(passing.packet, dropped=True, rule=rule)
    packet = _translated(rule, passing)
    return Verdict(packet, rule=rule if packet != passing.packet else None)


def _chain(rules: list[Rule], chain: str, passing: Passing, depth: int) -> tuple[Rule, str] | None:
    """The rule that decides, and its target; None where the chain comes to its end."""
    chains = {rule.chain for rule in rules}
    for rule in rules:
        if rule.chain != chain or not rule.target or depth > _MAX_JUMPS or not matching.matches(rule, passing):
            continue
        if rule.target in chains:
            found = _chain(rules, rule.target, passing, depth + 1)
            if found is not None or rule.goto:
                return found
        elif rule.target == "RETURN":
            return None
        elif rule.target in _TERMINAL:
            return rule, rule.target
    return None


_TERMINAL = frozenset({"ACCEPT", "DROP", "REJECT", "DNAT", "SNAT", "MASQUERADE", "REDIRECT"})


def _translated(rule: Rule, passing: Passing) -> Packet:
    """The packet after a rule of the table nat."""
    packet = passing.packet
    if rule.target == "DNAT":
        address, port = _target(rule.option("--to-destination"))
        return replace(
            packet, destination=address or packet.destination, destination_port=port or packet.destination_port
        )
    if rule.target == "SNAT":
        return replace(packet, source=_target(rule.option("--to-source"))[0] or packet.source)
    if rule.target == "MASQUERADE":
        return replace(packet, source=passing.masquerade or packet.source)
    if rule.target == "REDIRECT":
        ports = rule.option("--to-ports")
        return replace(packet, destination_port=int(ports.partition("-")[0]) if ports else packet.destination_port)
    return packet


def _target(text: str) -> tuple[str, int | None]:
    """Address and port of "172.17.0.2:80", "172.17.0.2", ":80", "[fd00::2]:80"."""
    if text.startswith("["):
        address, _, port = text[1:].partition("]")
        return address, int(port[1:]) if port else None
    if text.count(":") > 1:
        return text, None
    address, _, port = text.partition(":")
    return address.partition("-")[0], int(port.partition("-")[0]) if port else None


def _nft(space: Namespace, hook: str, passing: Passing) -> Verdict:
    """The base chains of nft's own tables at a hook; named sets, maps and jumps are not followed."""
    chains: dict[tuple[str, str], list[Rule]] = {}
    for rule in space.rules:
        if rule.tool == "nft" and passing.packet.version in rule.versions:
            chains.setdefault((rule.table, rule.chain), []).append(rule)
    for lines in chains.values():
        base = next((line for line in lines if line.hook == hook.lower()), None)
        if base is None:
            continue
        rule = _dropping(base, [line for line in lines if line is not base], passing)
        if rule is not None:
            return Verdict(passing.packet, dropped=True, rule=rule)
    return Verdict(passing.packet)


def _dropping(base: Rule, lines: list[Rule], passing: Passing) -> Rule | None:
    """The rule of a base chain of nft, or the policy, that drops a packet; None if none does, or nobody can tell."""
    for line in lines:
        said = nft.does(line, passing)
        if said in ("drop", "reject"):
            return line
        if said == "return":
            break
        if said == "accept" or (said is None and line.target not in ("drop", "reject")):
            return None  # what cannot be read may have accepted it
    return base if base.policy == "drop" else None
