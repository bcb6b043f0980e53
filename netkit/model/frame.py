"""A frame that was seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from netkit.handles import guarded


@guarded()
@dataclass(frozen=True)
class Frame:
    """One frame, seen at one interface in one direction.

    Attributes:
        time: nanoseconds since the epoch, the kernel's own timestamp.
        namespace: where it was seen.
        interface: at which interface.
        direction: "in" (the namespace receives it) or "out" (it sends it).
        data: the bytes, from the Ethernet header on (from the IP header on where a link has none).
        length: how many bytes it had on the wire.
        link: what `data` begins with: "ethernet" or "ip".
    """

    time: int = field(compare=False)
    namespace: str
    interface: str
    direction: Literal["in", "out"]
    data: bytes = field(repr=False)
    length: int
    link: Literal["ethernet", "ip"] = "ethernet"
