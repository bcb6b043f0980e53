"""What can be wanted of names: which container finds which."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netkit.lab.looks import snapshot
from netkit.lab.place import Place
from netkit.lab.why import why
from netkit.lessons.task import Found, Hints
from netkit.linux.run import run

if TYPE_CHECKING:
    from netkit.model import Snapshot

_SECONDS_TO_START, _SECONDS_BETWEEN_LOOKS = 3.0, 0.05
_IMPATIENT = "RES_OPTIONS=timeout:1 attempts:1"
"""For who asks name servers (resolv.conf(5))."""


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
        if self._unknown(world):
            return Found(ok=False, words=f"{self.room} does not know the name {self.name}: `getent hosts {self.name}`")
        said = why(self.room, self.name)
        return Found(said.ok or said.layer == "mtu", said.explanation)  # small packets are answered

    def _unknown(self, world: Snapshot) -> bool:
        """Whether a namespace whose programs read the host's own files finds no such name there.

        A program that was just started may be about to get files of its own: it is waited for. Meanwhile only files
        are read: where nobody answers, name servers are waited for much longer than that takes.
        """
        deadline = time.monotonic() + _SECONDS_TO_START
        while world[self.room].hosts is None:
            if self._looked_up("-s", "files"):
                return False
            if time.monotonic() > deadline:
                return not self._looked_up()
            time.sleep(_SECONDS_BETWEEN_LOOKS)
            world = snapshot()
        return False

    def _looked_up(self, *sources: str) -> bool:
        """Whether a program in the room finds the name; each name server is asked once, and not for long."""
        words = ["env", _IMPATIENT, "getent", *sources, "hosts", self.name]
        return run(Place.get(self.room).path, words).returncode == 0

    def hints(self, world: Snapshot) -> Hints:
        """Where names are looked up; else what nk.why finds: the layer, then what shows it, then what mends it."""
        if self._unknown(world):
            address = min(world[self.name].addresses - {"127.0.0.1", "::1"}, default="ADDRESS")
            return Hints(
                f"Which names does {self.room} know? Look: getent hosts {self.name}",
                "A name is a line of /etc/hosts: an address and the name that leads to it",
                f"echo {address} {self.name} >> /etc/hosts",
            )
        said = why(self.room, self.name)
        return Hints(
            f"Which layer is it? nk.why says: {said.layer or 'none that it knows'}",
            "\n".join((said.explanation, *said.evidence)),
            "\n".join(said.repair),
        )
