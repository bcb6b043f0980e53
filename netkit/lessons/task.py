"""What a lesson asks for, as frozen values: tasks with their wants, and questions with their options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from netkit.model import Snapshot


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


class Want(Protocol):
    """One property that a network is to have, whatever its names and however it was made."""

    @property
    def text(self) -> str:
        """The property, as a sentence that can be true or false."""
        ...

    @property
    def needs_traffic(self) -> bool:
        """Whether a packet has to be sent: such wants are asked only when all others hold."""
        ...

    def found(self, world: Snapshot) -> Found:
        """Whether a network has it.

        Args:
            world: the network; a want that needs traffic asks the kernel itself.
        """
        ...

    def hints(self, world: Snapshot) -> Hints:
        """Help for a network that does not have it.

        Args:
            world: the network as it is.
        """
        ...


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
