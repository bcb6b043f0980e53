"""What can be wanted of a network that only packets can tell: asked when everything else is right."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netkit.lab.place import Place
from netkit.lab.why import why
from netkit.lessons.task import Found, Hints
from netkit.linux.probing import probes

if TYPE_CHECKING:
    from netkit.diagnosis import Diagnosis
    from netkit.model import Snapshot


@dataclass(frozen=True)
class Reaches:
    """A namespace gets an answer from an address: to an echo request or, with a port, by TCP."""

    room: str
    address: str
    port: int | None = None
    needs_traffic = True

    @property
    def text(self) -> str:
        """The property, as a sentence."""
        return f"{self.room} reaches {self.address}" + (f" at TCP port {self.port}" if self.port else "")

    def found(self, world: Snapshot) -> Found:
        """Whether a network has it; one packet is sent."""
        if self.room not in world.namespaces:
            return Found(ok=False, words=f"there is no namespace {self.room}")
        protocol = "tcp" if self.port else "icmp"
        path = Place.get(self.room).path
        answer = probes.probe(path, protocol, ipaddress.ip_address(self.address), self.port)
        return Found(answer.ok is True, f"{answer.command}: {answer.words}")

    def hints(self, _world: Snapshot) -> Hints:
        """What nk.why finds: the layer, then what shows it, then what mends it."""
        found = self._why()
        return Hints(
            f"Which layer is it? nk.why says: {found.layer or 'none that it knows'}",
            "\n".join((found.explanation, *found.evidence)),
            "\n".join(found.repair),
        )

    def _why(self) -> Diagnosis:
        return why(self.room, self.address, self.port)
