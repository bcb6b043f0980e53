"""What steers packets beside routes, as values: rules (`ip rule`), shared next hops (`ip nexthop`), queues (`tc`)."""

from __future__ import annotations

from dataclasses import dataclass

from netkit.handles import guarded


@guarded()
@dataclass(frozen=True)
class PolicyRule:
    """One rule by which the kernel chooses a routing table (ip-rule(8)).

    Attributes:
        priority: the lower the earlier; those of the tables local, main and default are 0, 32766 and 32767.
        selectors: what a packet has to be like, as `ip rule` words it: (("from", "10.0.0.5"), ("fwmark", "1")).
        action: "lookup", "goto", "nop", "blackhole", "unreachable" or "prohibit".
        table: "main", "local", "default" or a number, of a "lookup"; the priority that a "goto" leads to.
        details: further facts of a "lookup": (("suppress_prefixlength", "0"),).
        version: of IP, 4 or 6.
    """

    priority: int
    selectors: tuple[tuple[str, str], ...] = ()
    action: str = "lookup"
    table: str = "main"
    details: tuple[tuple[str, str], ...] = ()
    version: int = 4

    @property
    def is_usual(self) -> bool:
        """Whether every namespace has it from its birth."""
        table = {0: "local", 32766: "main", 32767: "default"}.get(self.priority)
        return self == PolicyRule(self.priority, (), "lookup", table or "", (), self.version)

    def __str__(self) -> str:
        words = dict(self.selectors)
        first = ["not"] * ("not" in words) + ["from", words.get("from", "all")]
        rest = [word for key, value in self.selectors if key not in ("from", "not") for word in (key, value)]
        last = [self.action, *([self.table] if self.action in ("lookup", "goto") else [])]
        last = last if self.table or self.action != "lookup" else []  # an l3mdev's table is its device's
        return " ".join(word for word in (*first, *rest, *last, *(w for pair in self.details for w in pair)) if word)


@guarded()
@dataclass(frozen=True)
class NextHop:
    """A next hop that routes share by its number (ip-nexthop(8)).

    Attributes:
        number: its id.
        via: the next router's address.
        device: the interface that packets leave by.
        group: of others: (number, weight) of each.
        kind: "unicast", "blackhole", "group" or "fdb".
        details: further facts: (("onlink", ""),).
    """

    number: int
    via: str | None = None
    device: str | None = None
    group: tuple[tuple[int, int], ...] = ()
    kind: str = "unicast"
    details: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        members = "/".join(f"{number}" + (f",{weight}" if weight > 1 else "") for number, weight in self.group)
        parts = [f"group {members}" if members else "", f"via {self.via}" if self.via else ""]
        parts += [f"dev {self.device}" if self.device else "", self.kind if self.kind in ("blackhole", "fdb") else ""]
        return " ".join(part for part in (*parts, *(f"{key} {value}".rstrip() for key, value in self.details)) if part)


@guarded()
@dataclass(frozen=True)
class Queue:
    """A queueing discipline, class or filter of an interface that somebody set, as `tc` lists it (tc(8)).

    Attributes:
        device: the interface.
        what: "qdisc", "class" or "filter".
        text: the rest of its line, without counters: "tbf 8001: root rate 1Mbit burst 32Kb lat 400ms".
    """

    device: str
    what: str
    text: str

    @property
    def kind(self) -> str:
        """Which one it is, of a qdisc or a class: "tbf", "netem", "htb"."""
        return self.text.partition(" ")[0]
