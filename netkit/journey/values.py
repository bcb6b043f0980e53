"""What an x-ray saw, and the steps that its packets made, as values."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - netkit.plain reads the annotations
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Literal, NamedTuple

from netkit.model import Frame, Snapshot
from netkit.netfilter import Loss, Mark, TraceEvent  # noqa: TC001
from netkit.packets.reader import STANDARD, tunnel_ports

if TYPE_CHECKING:
    from scapy.packet import Packet

OUTSIDE, ENTERED, TAKEN = "outside", "entered", "taken"
"""A frame that came in never came to netfilter; came there, and no further than that; passed all filters of INPUT."""

ROUTING = "routing"
"""The `hook` of the hop at which the kernel looks a packet's way up in its routing table."""


@dataclass(frozen=True)
class Seen:
    """All that an x-ray recorded; turns into JSON and back (netkit.plain).

    Attributes:
        frames: in the order in which the kernel handled them (time order; each namespace's own order is exact).
        events: netfilter's, in each namespace in the order in which the kernel reported them.
        before: the networks when the x-ray began.
        after: the networks when it ended; its connections tell the address translations.
        lost: how many frames came but could not be recorded.
        lost_events: whether the kernel had to drop reports of netfilter.
        untraced: why there are no events, "" if they could be recorded.
        watched: the interfaces at which frames were recorded, by namespace; empty for all.
        marks: the packets that came to netfilter, those that were taken in, and of those that a namespace itself sent
            the ones that no frame shows; in each namespace in order.
        traced: the namespaces of which the marks are complete.
        counted: how much more each namespace counted of what went wrong there, by nstat(8)'s names.
        losses: what interfaces and their queues lost meanwhile, or held at the end.
        members: (interface, group) of the groups that each namespace belonged to before or after.
        listeners: (port, group) of the groups that a bridge of each namespace knew listeners of.
        blocked: (port, state) of the bridges' ports of each namespace that did not forward: "listening", "blocking" …
    """

    frames: tuple[Frame, ...]
    events: tuple[TraceEvent, ...] = ()
    before: Snapshot = field(default_factory=Snapshot)
    after: Snapshot = field(default_factory=Snapshot)
    lost: int = 0
    lost_events: bool = False
    untraced: str = ""
    watched: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    marks: tuple[Mark, ...] = ()
    traced: tuple[str, ...] = ()
    counted: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    losses: tuple[Loss, ...] = ()
    members: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    listeners: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    blocked: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)

    @cached_property
    def tunnels(self) -> frozenset[int]:
        """The UDP ports of VXLAN, those of its devices there included."""
        spaces = chain(self.before, self.after)
        return tunnel_ports(link for space in spaces for link in space.interfaces.values())


class Step(NamedTuple):
    """One observed station of a packet, before anything is said about it.

    Attributes:
        after: the place, among its journey's steps, of the one that it follows; None for the first. Several steps may
            follow one: a flood, fragments.
        namespace: where.
        interface: the interface at which a frame was seen; None at a hook.
        hook: one of netfilter.HOOKS, or ROUTING; None at an interface.
        direction: "in" or "out" at an interface, None at a hook.
        frame: what was seen there; None at a hook.
        events: what netfilter reported at the hook, in order.
        fate: of a frame that came in, as the marks tell: OUTSIDE, ENTERED or TAKEN; "" where nobody knows.
        mark: what the x-ray's own table saw: that it was taken in; at a hook, that it was sent, if no frame shows it.
    """

    after: int | None
    namespace: str
    interface: str | None = None
    hook: str | None = None
    direction: Literal["in", "out"] | None = None
    frame: Frame | None = None
    events: tuple[TraceEvent, ...] = ()
    fate: str = ""
    mark: Mark | TraceEvent | None = None

    @property
    def place(self) -> tuple[str, str]:
        """Namespace and interface, "" at a hook."""
        return self.namespace, self.interface or ""

    @property
    def where(self) -> str:
        """The interface in words: "ns1:eth0"."""
        return ":".join(self.place)


@dataclass(frozen=True)
class Hop:
    """One station of a packet's journey, with what is to be said about it.

    Attributes:
        number: its place in the journey's `.hops`, from 0 on.
        after: the number of the hop that it follows; None for the first.
        namespace: where: "host", "ns1".
        interface: which interface, None at a hook.
        hook: "prerouting", "input", "forward", "output", "postrouting" (netfilter's), "routing"; None at an interface.
        direction: "in" (the namespace receives it), "out" (it sends it), None at a hook.
        time: seconds (float) since the journey's first frame; None at a hook: the kernel tells none.
        recorded: the frame as recorded; None at a hook.
        events: what netfilter reported at this hook, in order.
        changed: what differs from the hop before, a sentence each: "TTL 64 → 63".
        decided: who decided, and what, in one sentence: "The FDB of br0 says: 02:42:ac:11:00:02 is behind veth1."
        tunnels: the UDP ports of VXLAN there.
        evidence: what was recorded that `changed` and `decided` rest on: frames, reports, entries of tables …
    """

    number: int
    after: int | None
    namespace: str
    interface: str | None = None
    hook: str | None = None
    direction: Literal["in", "out"] | None = None
    time: float | None = field(default=None, compare=False)
    recorded: Frame | None = None
    events: tuple[TraceEvent, ...] = ()
    changed: list[str] = field(default_factory=list)
    decided: str = ""
    tunnels: frozenset[int] = field(default=STANDARD, repr=False, compare=False)
    evidence: tuple[object, ...] = field(default=(), repr=False, compare=False)

    @cached_property
    def frame(self) -> Packet | None:
        """The frame as a scapy packet; None at a hook."""
        from netkit.packets.scapied import dissected

        return dissected(self.recorded, self.tunnels) if self.recorded else None

    @property
    def where(self) -> str:
        """As "ns1:eth0" at an interface, "host FORWARD" at a hook, "host routing" where the route is looked up."""
        if self.interface is not None:
            return f"{self.namespace}:{self.interface}"
        return f"{self.namespace} {self.hook if self.hook == ROUTING else str(self.hook).upper()}"
