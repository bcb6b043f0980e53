"""What can be wanted of names: which container finds which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netkit.lab.why import why
from netkit.lessons.task import Found, Hints

if TYPE_CHECKING:
    from netkit.model import Snapshot


@dataclass(frozen=True)
class Finds:
    """A name leads a namespace to whom it belongs, and that one answers."""

    room: str
    name: str
    needs_traffic = True

    @property
    def text(self) -> str:
        """The property, as a sentence."""
        return f"{self.room} finds {self.name} by its name"

    def found(self, world: Snapshot) -> Found:
        """Whether a network has it; the name is looked up, and one packet is sent."""
        if missing := [each for each in (self.room, self.name) if each not in world.namespaces]:
            return Found(ok=False, words=f"there is no namespace {missing[0]}")
        said = why(self.room, self.name)
        return Found(said.ok is True, said.explanation)

    def hints(self, _world: Snapshot) -> Hints:
        """What nk.why finds: the layer, then what shows it, then what mends it."""
        said = why(self.room, self.name)
        return Hints(
            f"Which layer is it? nk.why says: {said.layer or 'none that it knows'}",
            "\n".join((said.explanation, *said.evidence)),
            "\n".join(said.repair),
        )
