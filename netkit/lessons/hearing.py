"""Who hears what is asked, by each namespace's counters (IcmpInEchos, TcpPassiveOpens), whoever seems to answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.linux import namespaces
from netkit.linux.looks import counters

if TYPE_CHECKING:
    from collections.abc import Sequence

_ECHOES = ("IcmpInEchos", "Icmp6InEchos")
_TAKEN, _ARRIVED = ("TcpPassiveOpens", *_ECHOES), ("TcpInSegs", *_ECHOES)


class Hearing:
    """What is heard in each namespace from now on; rules of INPUT keep from it what they drop."""

    def __init__(self) -> None:
        self._paths = {place.name: place.path for place in namespaces.find()}
        self._before = self._counted()

    def answering(self) -> list[str]:
        """Where a connection was taken since, or an echo request arrived."""
        return self._more(_TAKEN)

    def reached(self) -> list[str]:
        """Where a segment of TCP arrived since, or an echo request."""
        return self._more(_ARRIVED)

    def _more(self, names: Sequence[str]) -> list[str]:
        now, before = self._counted(), self._before
        return [room for room in now if any(now[room].get(name, 0) > before[room].get(name, 0) for name in names)]

    def _counted(self) -> dict[str, dict[str, int]]:
        return {room: counters.of_protocols(path) for room, path in self._paths.items()}


def others(answering: Sequence[str], wanted: Sequence[str]) -> str:
    """Who answers in somebody else's place, in words; "" if nobody does.

    Args:
        answering: the namespaces that answered.
        wanted: those one of which should have.
    """
    if not wanted or set(wanted) & set(answering):
        return ""
    return f"{' and '.join(answering) or 'somebody else'} answers there, not {' or '.join(wanted)}"
