"""All cases of tickets: single faults, and two at once; and which of them a lesson and a seed mean."""

from __future__ import annotations

import random
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from netkit.errors import NotFound
from netkit.spelling import shown
from netkit.tickets import faults_docked, faults_far, faults_mapped, faults_near, faults_now, faults_shared, faults_six
from netkit.tickets.bases import BASES, TOPICS
from netkit.tickets.draw import Draw

if TYPE_CHECKING:
    from collections.abc import Container

    from netkit.tickets.fault import Fault, Network

FAULTS = (
    *faults_near.CABLE,
    *faults_near.BRIDGE,
    *faults_shared.NAMES,
    *faults_shared.POD,
    *faults_far.ROUTER,
    *faults_far.ROUTERS,
    *faults_far.OVERLAY,
    *faults_docked.WAY_OUT,
    *faults_docked.PUBLISHED,
    *faults_now.PUBLISHED_NOW,
    *faults_now.PUBLISHED_THEN,
    *faults_mapped.MAPPED,
    *faults_docked.NETWORKS,
    *faults_six.SIX,
)

_PAIRS = (
    ("the host's end is switched off", "all that comes in is dropped"),
    ("no default route", "a rule at the router"),
    ("a router does not know the far network", "the second router does not forward"),
    ("the host does not forward", "nobody translates the sender's address"),
    ("the published port leads to a wrong port", "the container does not know a way back"),
    ("two tunnels with different numbers", "the tunnel's packets are filtered"),
    ("a rule in raw keeps the port for the host alone", "nothing leads to the rules of the bridge"),
)


@dataclass(frozen=True)
class Case:
    """What is wrong in a ticket's network.

    Attributes:
        faults: one, or several of the same base at once; a user complains of the first.
    """

    faults: tuple[Fault, ...]

    @property
    def name(self) -> str:
        """What is wrong, in words."""
        return ", and ".join(fault.name for fault in self.faults)

    @property
    def base(self) -> str:
        """The network that it begins with."""
        return self.faults[0].base

    @property
    def lessons(self) -> tuple[str, ...]:
        """Where it belongs: the lessons that know its network, and speak of all that is wrong."""
        kinds = {fault.kind for fault in self.faults}
        return tuple(lesson for lesson in BASES[self.base].lessons if kinds <= TOPICS.get(lesson, kinds))

    @property
    def needs(self) -> frozenset[str]:
        """What a kernel has to have."""
        return frozenset(fault.needs for fault in self.faults if fault.needs)

    def network(self, seed: str) -> Network:
        """Its network, with names and addresses drawn anew.

        Args:
            seed: the same one draws the same.
        """
        return BASES[self.base].build(Draw(random.Random(f"{seed} {self.name}")))  # noqa: S311  (a game)


_BY_NAME = {fault.name: fault for fault in FAULTS}
CASES = (
    *(Case((fault,)) for fault in FAULTS),
    *(Case(tuple(_BY_NAME[name] for name in names)) for names in _PAIRS),
)
LESSONS = tuple(sorted({lesson for each in CASES for lesson in each.lessons}))
"""The lessons that have tickets."""


def case(lesson: str, seed: int, lacking: Container[str] = ()) -> Case:
    """The case that a lesson and a seed mean; one that is new in the catalogue leaves most others as they were.

    Args:
        lesson: its number, "06"; "" for any.
        seed: draws it.
        lacking: what this kernel does not have; a case that needs it is passed over.

    Raises:
        NotFound: the lesson has no tickets, or none that this kernel can have.
    """
    if lesson and lesson not in LESSONS:
        rule = f"there are some for: {', '.join(LESSONS)}"
        raise NotFound(f"lesson {shown(lesson)} has no tickets", rule, 'Try nk.fault("06"), or nk.fault() for any')
    fitting = [each for each in CASES if not lesson or lesson in each.lessons]
    possible = [each for each in fitting if not any(need in lacking for need in each.needs)]
    if not possible:
        missing = sorted({need for each in fitting for need in each.needs})
        rule = f"this kernel has not what they need: {', '.join(missing)}"
        raise NotFound(f"lesson {shown(lesson)} has no tickets here", rule, "Try nk.fault() for one of any lesson")
    return min(possible, key=lambda each: sha256(f"{lesson} {seed} {each.name}".encode()).digest())
