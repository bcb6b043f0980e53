"""Knows how a packet-filter rule is put into a few words for a badge."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netkit.model import Rule

MOST_BADGES = 6
_OPTIONS = {
    "-s": "source", "--source": "source", "-d": "to", "--destination": "to", "-p": "protocol", "--protocol": "protocol",
    "-i": "in", "-o": "out", "-j": "target", "--dport": "port", "--dports": "port", "--to-destination": "new",
    "--to-source": "new", "--to-ports": "new", "-P": "policy", "-A": "chain", "--icmp-type": "type",
}  # fmt: skip


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
    return [*told[: MOST_BADGES - 1], (f"+ {len(told) - MOST_BADGES + 1} more rules", "quiet")]


def _iptables(rule: Rule) -> tuple[str, str] | None:
    said = _options(rule.text)
    if "policy" in said:
        return None if rule.text.endswith(" ACCEPT") else (f"{rule.chain} {rule.text.split()[-1]}", "drop")
    target = said.get("target", "")
    if target in {"DNAT", "REDIRECT"}:
        aim = said.get("new", "")
        return _words(target, said.get("protocol"), said.get("port"), f"→ {aim}" if aim else ""), "nat"
    if target in {"SNAT", "MASQUERADE"}:
        aim = f"→ {said['new']}" if "new" in said else ""
        return _words(target, said.get("source"), _out(said) if "source" not in said else "", aim), "nat"
    if target in {"DROP", "REJECT"}:
        parts = (said.get("protocol"), said.get("port"), _from(said), _to(said))
        return _words(rule.chain, target, *parts), "drop"
    return None


def _out(said: dict[str, str]) -> str:
    return f"out {said['out']}" if "out" in said else ""


def _from(said: dict[str, str]) -> str:
    return f"from {said.get('source') or said.get('in')}" if {"source", "in"} & said.keys() else ""


def _to(said: dict[str, str]) -> str:
    return f"to {said.get('to') or said.get('out')}" if {"to", "out"} & said.keys() else ""


def _options(text: str) -> dict[str, str]:
    """An iptables rule's options by meaning; "!" stays in front of the value it turns round."""
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    said = {}
    for before, option, value in zip(["", *words], words, words[1:], strict=False):
        if option in _OPTIONS:
            said[_OPTIONS[option]] = f"not {value}" if before == "!" else value
    return said


def _nft(rule: Rule) -> tuple[str, str] | None:
    text = rule.text
    if match := re.search(r"\b(dnat|snat)(?: ip6?)? to (\S+)", text):
        return _words(match[1].upper(), _nft_port(text), f"→ {match[2]}"), "nat"
    if re.search(r"\bmasquerade\b", text):
        source = re.search(r"\bip6? saddr (\S+)", text)
        return _words("MASQUERADE", source and source[1]), "nat"
    if re.search(r"\b(drop|reject)\b", text):
        verdict = "REJECT" if re.search(r"\breject\b", text) else "DROP"
        return _words(rule.chain, verdict, _nft_port(text)), "drop"
    return None


def _nft_port(text: str) -> str:
    match = re.search(r"\b(tcp|udp|sctp) dport (\{[^}]*\}|\S+)", text)
    return f"{match[1]} {match[2]}" if match else ""


def _words(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)
