"""Wants about names (/etc/hosts, name servers): which container finds which, asked by `getent hosts`."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netkit.lab.looks import snapshot
from netkit.lab.place import Place
from netkit.lab.why import why
from netkit.lessons import impostors
from netkit.lessons.hearing import Hearing, others
from netkit.lessons.task import Found, Hints, Want
from netkit.lessons.traffic import of_why, somebody_else
from netkit.linux.run import run

if TYPE_CHECKING:
    from netkit.model import Snapshot

_SECONDS_TO_START, _SECONDS_BETWEEN_LOOKS = 3.0, 0.05
_IMPATIENT = "RES_OPTIONS=timeout:1 attempts:1"
"""For who asks name servers (resolv.conf(5))."""


@dataclass(frozen=True)
class Finds(Want):
    """A name leads a namespace to whom it belongs, and that one answers."""

    room: str
    name: str
    says = "{self.room} finds {self.name} by its name"
    needs_traffic = True

    def seen(self, world: Snapshot) -> Found:
        """Whether a network has it; the name is looked up, and one packet is sent."""
        if self.name not in world.namespaces:
            return Found(ok=False, words=f"there is no namespace {self.name}")
        if self._unknown(world):
            return Found(ok=False, words=f"{self.room} does not know the name {self.name}: `getent hosts {self.name}`")
        hearing = Hearing()
        said = why(self.room, self.name)
        reached = said.ok or said.layer == "mtu"  # small packets are answered
        instead = others(hearing.answering(), (self.name,)) if reached else ""
        return Found(reached and not instead, instead or said.explanation)

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

    def help(self, world: Snapshot) -> Hints:
        """Where names are looked up; else what nk.why finds: the layer, then what shows it, then what mends it."""
        if self._unknown(world):
            address = min(world[self.name].addresses - {"127.0.0.1", "::1"}, default="ADDRESS")
            return Hints(
                f"Which names does {self.room} know? Look: getent hosts {self.name}",
                "A name is a line of /etc/hosts: an address and the name that leads to it",
                f"echo {address} {self.name} >> /etc/hosts",
            )
        said = why(self.room, self.name)
        borne = sorted(world[self.name].addresses) if said.ok else []
        instead = [line for each in borne for line in impostors.ended(world, self.room, each, None, self.name)]
        return somebody_else(instead) if instead else of_why(said)
