"""Knows how a packet-filter rule is put into a few words for a badge, and how many badges there are at most (6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netkit.model import Rule

MOST_BADGES = 6


def badges(rules: Iterable[Rule]) -> list[tuple[str, str]]:
    """The rules that decide what becomes of packets, in few words.

    Args:
        rules: of one namespace.

    Returns:
        (words, role) pairs: role "nat" for what rewrites addresses, "drop" for what stops packets, "quiet" for a
        count of those that found no place.

    Example:
        >>> from netkit.model import Rule
        >>> badges([Rule("iptables", "filter", "FORWARD", "-P FORWARD DROP")])
        [('FORWARD DROP', 'drop')]
    """
    found: dict[tuple[str, str], None] = {}
    for rule in rules:
        badge = _nft(rule) if rule.tool == "nft" else _iptables(rule)
        if badge:
            found.setdefault(badge)
    told = list(found)
    if len(told) <= MOST_BADGES:
        return told
    # Where there is no room for all, published ports come before what lets out or stops.
    shown = sorted(told, key=lambda badge: not badge[0].startswith(("DNAT", "REDIRECT")))[: MOST_BADGES - 1]
    return [*(badge for badge in told if badge in shown), (f"+ {len(told) - MOST_BADGES + 1} more rules", "quiet")]


def _iptables(rule: Rule) -> tuple[str, str] | None:
    if rule.kind == "policy":
        return None if rule.policy == "ACCEPT" else (f"{rule.chain} {rule.policy}", "drop")
    source, port = _asked(rule, "-s"), _asked(rule, "--dport", "--dports")
    if rule.target in {"DNAT", "REDIRECT"}:
        aim = rule.option("--to-destination") or rule.option("--to-ports")
        return _words(rule.target, _asked(rule, "-p"), port, f"→ {aim}" if aim else ""), "nat"
    if rule.target in {"SNAT", "MASQUERADE"}:
        aim = rule.option("--to-source") or rule.option("--to-ports")
        out = _asked(rule, "-o") if not source else ""
        return _words(rule.target, source, f"out {out}" if out else "", f"→ {aim}" if aim else ""), "nat"
    if rule.target in {"DROP", "REJECT"}:
        come, go = source or _asked(rule, "-i"), _asked(rule, "-d") or _asked(rule, "-o")
        parts = (_asked(rule, "-p"), port, f"from {come}" if come else "", f"to {go}" if go else "")
        return _words(rule.chain, rule.target, *parts), "drop"
    return None


def _nft(rule: Rule) -> tuple[str, str] | None:
    if rule.target in {"dnat", "snat"} and rule.option("to"):
        return _words(rule.target.upper(), _nft_port(rule), f"→ {rule.option('to')}"), "nat"
    if rule.target == "masquerade":
        return _words("MASQUERADE", _asked(rule, "-s")), "nat"
    if (verdict := rule.policy or rule.target) in {"drop", "reject"}:
        return _words(rule.chain, verdict.upper(), _nft_port(rule)), "drop"
    return None


def _nft_port(rule: Rule) -> str:
    found = (name for name in ("tcp dport", "udp dport", "sctp dport") if rule.asks(name))
    return next((f"{name.partition(' ')[0]} {rule.asks(name)}" for name in found), "")


def _asked(rule: Rule, *fields: str) -> str:
    """What the first of these fields that a rule looks at has to be; "not …" in front of what it must not be."""
    match = next((match for match in rule.matches if match.option in fields), None)
    return f"{'not ' if match.negated else ''}{match.value}" if match else ""


def _words(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)
