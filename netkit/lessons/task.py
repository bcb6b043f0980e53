"""What a lesson asks for, as frozen values: tasks with their wants, and questions with their options."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, ClassVar, NamedTuple

if TYPE_CHECKING:
    from netkit.model import Snapshot

_ROOMS = ("room", "other", "near", "far", "towards", "at")
"""The attributes of wants that name a room."""


class Found(NamedTuple):
    """What is there instead of, or as, what was wanted.

    Attributes:
        ok: whether it is as wanted.
        words: what is there.
    """

    ok: bool
    words: str = ""


class Hints(NamedTuple):
    """Help with one want, deeper with each step.

    Attributes:
        question: to ask oneself.
        layer: where to look, or which command does such a thing.
        line: shell lines for the host that bring this learner's network one step nearer.
    """

    question: str
    layer: str
    line: str


_GONE = Hints(
    "Which namespaces are there, and which containers run? Look: nk.draw()",
    "A room that the lesson had made is gone, or has another name by now",
    "",
)


@dataclass(frozen=True)
class Want(ABC):
    """One property that a network is to have, whatever its names and however it was made.

    Attributes:
        says: the property, as a sentence that can be true or false, with what it says of {self.…}.
        needs_traffic: whether a packet has to be sent: such wants are asked only when all others hold.
    """

    says: ClassVar[str]
    needs_traffic: ClassVar[bool] = False

    @property
    def text(self) -> str:
        """The property, as a sentence."""
        return self.says.format(self=self)

    @property
    def rooms(self) -> dict[str, str]:
        """The namespaces, or containers, that it is about, by the attributes that name them."""
        named = {field.name: getattr(self, field.name) for field in fields(self) if field.name in _ROOMS}
        return {attribute: room for attribute, room in named.items() if room}

    def found(self, world: Snapshot) -> Found:
        """Whether a network has it: not where a room is missing, else what is seen there.

        Args:
            world: the network; a want that needs traffic asks the kernel itself.
        """
        missing = next((room for room in self.rooms.values() if room not in world.namespaces), None)
        return self.seen(world) if missing is None else Found(ok=False, words=f"there is no namespace {missing}")

    def hints(self, world: Snapshot) -> Hints:
        """Help for a network that does not have it; no line brings a missing room back.

        Args:
            world: the network as it is.
        """
        return self.help(world) if set(self.rooms.values()) <= set(world.namespaces) else _GONE

    @abstractmethod
    def seen(self, world: Snapshot) -> Found:
        """Whether a network that has its rooms has it.

        Args:
            world: the network.
        """

    @abstractmethod
    def help(self, world: Snapshot) -> Hints:
        """Help for a network that has its rooms, and does not have it.

        Args:
            world: the network as it is.
        """


@dataclass(frozen=True)
class Wrong:
    """A network that somebody may well build instead.

    Attributes:
        title: the mistake, in words.
        lines: Python that makes it from the lesson's network.
        first: the text of the first want that it does not meet.
    """

    title: str
    lines: str
    first: str


@dataclass(frozen=True)
class Task:
    """Something to build.

    Attributes:
        id: the lesson's number and its own: "04.1".
        title: in a few words.
        text: what is to be there in the end.
        wants: its properties, in the order in which one builds them.
        solution: Python that builds it; names of the lesson's own variables may be used.
        given: Python that builds what the lesson has built when it asks.
        wrong: what somebody may build instead.
        others: further solutions, by hand or with other names.
        own: texts that in a course give way to the learner's own: (text, attribute of `nk.mine`).
    """

    id: str
    title: str
    text: str
    wants: tuple[Want, ...]
    solution: str
    given: str = ""
    wrong: tuple[Wrong, ...] = ()
    others: tuple[str, ...] = ()
    own: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Option:
    """One answer to a question.

    Attributes:
        text: the answer.
        because: why it is right or wrong.
        right: whether it is right.
    """

    text: str
    because: str
    right: bool = False


@dataclass(frozen=True)
class Question:
    """Something to think about.

    Attributes:
        id: the lesson's number and its own: "04.2".
        text: what is asked.
        options: by the letter that chooses them, exactly one of them right.
    """

    id: str
    text: str
    options: dict[str, Option]
