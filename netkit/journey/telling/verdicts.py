"""Which rule or policy decided at a hook, in one sentence: drops, rejects, lets pass, marks, translates, NFQUEUE."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from netkit.journey.telling.targets import target, translated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netkit.netfilter import TraceEvent


_TABLES = ("filter", "mangle", "nat", "raw", "security")
"""The tables of iptables; a policy there belongs to no rule that would tell its tool."""

_CHANGING = ("TTL", "HL", "TOS", "DSCP", "ECN", "TCPMSS", "CHECKSUM", "CLASSIFY")
"""Targets of iptables after which a packet goes on as another one (iptables-extensions(8))."""

_SETTING = re.compile(r"\b(ttl|hoplimit|dscp|ecn|size|priority|saddr|daddr|sport|dport) set\b")
"""The same in nft's words (nft(8), statements of payloads and of meta)."""

_QUOTED = re.compile(r'"[^"]*"')


class Verdict(NamedTuple):
    """The event that counted, and the chains that led to it."""

    event: TraceEvent
    chains: tuple[str, ...]

    @property
    def where(self) -> str:
        """As "filter FORWARD → DOCKER", for nft "inet t forward"."""
        event, chains = self.event, " → ".join(self.chains)
        by_iptables = event.tool != "nft" or (event.table in _TABLES and self.chains[0].lower() == event.hook)
        return f"{event.table} {chains}" if by_iptables else f"{event.family} {event.table} {chains}"


def dropped(events: Sequence[TraceEvent]) -> Verdict | None:
    """The rule or policy that dropped the packet, None if none did."""
    return _dropped(_verdicts(events))


def _dropped(verdicts: Sequence[Verdict]) -> Verdict | None:
    return next((verdict for verdict in verdicts if verdict.event.verdict == "drop"), None)


def _counted(verdicts: Sequence[Verdict], *, untranslated: bool) -> Verdict | None:
    """What decided at a hook: what dropped the packet, else what translated it, else what let it pass last."""
    translations = [v for v in verdicts if v.event.kind == "rule" and translated(v.event) and not untranslated]
    passing = [v for v in verdicts if v.event.verdict == "accept"]
    rules = [v for v in passing if v.event.kind == "rule"]
    choice = [*filter(None, [_dropped(verdicts)]), *translations[:1], *rules[-1:], *passing[-1:]]
    return choice[0] if choice else None


def sentence(events: Sequence[TraceEvent], *, untranslated: bool = False) -> str:
    """What decided at a hook, in one sentence; "" if nothing was reported that does.

    Args:
        events: at one hook, in order.
        untranslated: whether rules of NAT leave the packet as it is.

    Example:
        >>> from netkit.netfilter import TraceEvent
        >>> drop = TraceEvent("host", 1, "ip", "filter", "FORWARD", "forward", 0, "policy", "drop")
        >>> sentence([drop])
        'filter FORWARD: the policy DROP drops the packet.'
    """
    verdicts = _verdicts(events)
    verdict, before = _counted(verdicts, untranslated=untranslated), _altered(verdicts)
    if verdict is None:
        return before.rstrip()
    event = verdict.event
    if event.kind == "policy":
        effect = "drops the packet" if event.verdict == "drop" else "lets the packet pass"
        return f"{before}{verdict.where}: the policy {event.verdict.upper()} {effect}."
    return f"{before}{verdict.where}: {_rule(event)} {_effect(event, untranslated=untranslated)}."


def by_whom(verdict: Verdict) -> str:
    """The rule or policy that dropped a packet: "filter FORWARD: policy DROP"."""
    event = verdict.event
    return f"{verdict.where}: {'policy DROP' if event.kind == 'policy' else _rule(event)}"


def handed_over(events: Sequence[TraceEvent]) -> Verdict | None:
    """The rule that gave the packet to a program (NFQUEUE), None if none did, or it came back."""
    return Verdict(events[-1], (events[-1].chain,)) if events and events[-1].verdict.startswith("queue") else None


def rejects(event: TraceEvent) -> bool:
    """Whether a rule tells the sender that it drops the packet."""
    return target(event) == "REJECT"


def _rule(event: TraceEvent) -> str:
    return f"the rule `{event.rule}`" if event.rule else "a rule"


def _effect(event: TraceEvent, *, untranslated: bool) -> str:
    if event.verdict == "drop":
        return "rejects the packet" if rejects(event) else "drops the packet"
    end = "" if untranslated else translated(event)
    return f"translates the {end}" if end else "lets the packet pass"


def _altered(verdicts: Sequence[Verdict]) -> str:
    """What rules did to the packet that then went on, a sentence each with a space behind it."""
    found = ((v, _altering(v.event)) for v in verdicts if v.event.kind == "rule" and v.event.verdict == "continue")
    return "".join(f"{v.where}: {_rule(v.event)} {effect}. " for v, effect in found if effect)


def _altering(event: TraceEvent) -> str:
    """What a rule that decides nothing does to a packet, "" for one that only counts or notes it."""
    words = _QUOTED.sub("", event.rule) if event.tool == "nft" else ""
    if target(event) == "CONNMARK" or "ct mark set" in words:
        return "sets the mark of the packet's connection, or takes the packet's from there"
    if target(event) == "MARK" or "mark set" in words:
        return "marks the packet"
    return "changes the packet" if target(event) in _CHANGING or _SETTING.search(words) else ""


def _verdicts(events: Sequence[TraceEvent]) -> list[Verdict]:
    """Each event with the chains that a jump led through, the base chain first."""
    found: list[Verdict] = []
    chains: list[str] = []
    table = ("", "", 0)
    for event in events:
        if (event.family, event.table, event.priority) != table:
            table, chains = (event.family, event.table, event.priority), [event.chain]
        if event.chain in chains:
            del chains[chains.index(event.chain) + 1 :]
        else:
            chains.append(event.chain)
        found.append(Verdict(event, tuple(chains)))
    return found
