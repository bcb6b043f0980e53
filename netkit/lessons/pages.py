"""What can be wanted of web servers: who gets a page, and who gets none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netkit.lab.place import Place
from netkit.lab.why import why
from netkit.lessons.task import Found, Hints
from netkit.linux.probing import probes

if TYPE_CHECKING:
    from netkit.model import Snapshot

_SECONDS_OF_SILENCE = 0.5
"""How long it takes until nobody is believed to answer."""


@dataclass(frozen=True)
class Served:
    """A namespace gets a page from a web server.

    Attributes:
        room: who asks.
        address: where.
        port: at which.
        line: what makes it so where nk.why knows no repair.
    """

    room: str
    address: str
    port: int
    line: str = ""
    needs_traffic = True

    @property
    def text(self) -> str:
        """The property, as a sentence."""
        return f"a web server answers {self.room} at {self.address}:{self.port}"

    def found(self, world: Snapshot) -> Found:
        """Whether a network has it; a page is asked for."""
        if self.room not in world.namespaces:
            return Found(ok=False, words=f"there is no namespace {self.room}")
        answer = probes.page(Place.get(self.room).path, self.address, self.port)
        return Found(answer.ok is True, f"{answer.command}: {answer.words}")

    def hints(self, _world: Snapshot) -> Hints:
        """What nk.why finds; the task's own line where it knows none."""
        found = why(self.room, self.address, self.port)
        return Hints(
            f"Which layer is it? nk.why says: {found.layer or 'none that it knows'}",
            "\n".join((found.explanation, *found.evidence)) or f"The task itself says what leads to {self.port}",
            "\n".join(found.repair) or self.line,
        )


@dataclass(frozen=True)
class Refused:
    """A namespace gets no page from a web server, however long it waits.

    Attributes:
        room: who asks.
        address: where.
        port: at which.
        rule: what stands behind `iptables` in the line that makes it so.
    """

    room: str
    address: str
    port: int
    rule: str
    needs_traffic = True

    @property
    def text(self) -> str:
        """The property, as a sentence."""
        return f"nobody answers {self.room} at {self.address}:{self.port}"

    def found(self, world: Snapshot) -> Found:
        """Whether a network has it; a page is asked for."""
        if self.room not in world.namespaces:
            return Found(ok=False, words=f"there is no namespace {self.room}")
        answer = probes.page(Place.get(self.room).path, self.address, self.port, _SECONDS_OF_SILENCE)
        return Found(not answer.ok, f"{answer.command}: {answer.words}")

    def hints(self, _world: Snapshot) -> Hints:
        """Which packets a rule has to match."""
        return Hints(
            f"Which rule does the first packet of {self.room} meet in FORWARD, and with which port? X-ray it",
            "DNAT comes before FORWARD: a rule in there sees the container's address and port. The port that was "
            "asked for is remembered by conntrack: -m conntrack --ctorigdstport",
            f"iptables {self.rule}",
        )
