"""Which rules translate an end of a packet (DNAT, REDIRECT, SNAT, MASQUERADE, NETMAP), and where they lead it."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from netkit.model import Rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netkit.netfilter import TraceEvent

End = tuple[bytes, int | None]
"""An address and a port."""

TARGETS = {
    "destination": ("DNAT", "REDIRECT"),
    "source": ("MASQUERADE", "SNAT"),
}
HOOKS = {"destination": ("prerouting", "output"), "source": ("postrouting", "input")}
"""The hooks at which each end is translated (the kernel's nf_nat)."""

_ONE = re.compile(r"(\d+\.\d+\.\d+\.\d+)(?::(\d+))?")
"""One IPv4 address, perhaps with a port: no range."""


def _rule_of(event: TraceEvent) -> Rule:
    """The rule that did what was reported, read from its words."""
    return Rule(event.tool, event.table, event.chain, event.rule)


def target(event: TraceEvent) -> str:
    """What a rule does with a packet, as iptables calls it: "DNAT", "MASQUERADE", "REJECT" …; "" for a mere count."""
    return _target(event.tool, event.table, event.chain, event.rule)


@lru_cache(4096)  # many packets meet few rules
def _target(*words: str) -> str:
    return Rule(*words).target.upper()


def translated(event: TraceEvent) -> str:
    """Which end a rule translates: "source", "destination" or "" for none; NETMAP does either, by its hook."""
    kind = target(event)
    ends = HOOKS if kind == "NETMAP" else TARGETS
    return next((end for end, those in ends.items() if (event.hook if kind == "NETMAP" else kind) in those), "")


def translating(events: Sequence[TraceEvent], name: str) -> TraceEvent | None:
    """The event of the rule that translates the "source" or the "destination", if there is one."""
    return next((e for e in events if e.kind == "rule" and translated(e) == name), None)


def leads_to(events: Sequence[TraceEvent]) -> End | None:
    """Where a rule sends a packet: the address, and the port if it names one; None where no rule names just one.

    Args:
        events: at one hook, in order.
    """
    event = translating(events, "destination")
    rule = _rule_of(event) if event is not None else None
    found = _ONE.fullmatch(rule.option("--to-destination") or rule.option("to")) if rule is not None else None
    return (ipaddress.ip_address(found[1]).packed, int(found[2]) if found[2] else None) if found else None
