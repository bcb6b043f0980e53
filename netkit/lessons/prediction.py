"""What `%%predict` asks (choice, number, address, way, ends), which replies it refuses, and the kernel's answer."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from netkit.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from netkit.model import Snapshot

_SPACED = "Type them with a space between"


class Ran(NamedTuple):
    """A cell that has run, and the networks around it.

    Attributes:
        before: the networks before it.
        after: the networks after it, at rest.
        value: of the cell's last line.
        names: the notebook's variables.
    """

    before: Snapshot
    after: Snapshot
    value: Any
    names: Mapping[str, Any]


class Truth(NamedTuple):
    """What the kernel did.

    Attributes:
        value: as the learner's choice would say it.
        because: the sentence that explains it.
    """

    value: Any
    because: str


class Kind(Protocol):
    """A way to choose."""

    @property
    def prompt(self) -> str:
        """What is typed, as the words in front of the place where it is."""
        ...

    def menu(self, world: Snapshot) -> tuple[str, ...]:
        """The options, in the order of their numbers; none where something else is typed.

        Args:
            world: the networks before the cell.
        """
        ...

    def read(self, typed: str, menu: tuple[str, ...]) -> Any:
        """What was chosen.

        Args:
            typed: by the learner.
            menu: the options, in the order in which they were shown.

        Raises:
            InvalidValue: it is no choice.
        """
        ...

    def said(self, value: Any) -> str:
        """A choice, or the truth, in words."""
        ...


@dataclass(frozen=True)
class Choice:
    """One of some options."""

    options: tuple[str, ...]
    prompt = "The number of your choice"

    def menu(self, _world: Snapshot) -> tuple[str, ...]:
        """The options."""
        return self.options

    def read(self, typed: str, menu: tuple[str, ...]) -> str:
        """The option of that number, or that was typed itself."""
        same = [option for option in menu if option.casefold() == typed.strip().casefold()]
        return same[0] if same else menu[_place(typed, len(menu))]

    def said(self, value: str) -> str:
        """The option."""
        return value


@dataclass(frozen=True)
class Number:
    """A whole number, 0 or more."""

    prompt = "Your number"

    def menu(self, _world: Snapshot) -> tuple[str, ...]:
        """None: the number itself is typed."""
        return ()

    def read(self, typed: str, _menu: tuple[str, ...]) -> int:
        """The number."""
        if not (typed.isascii() and typed.isdecimal()):
            raise InvalidValue(f"{typed!r} is no number", "a whole number is asked for", "Type its digits")
        return int(typed)

    def said(self, value: int) -> str:
        """The number."""
        return str(value)


@dataclass(frozen=True)
class Address:
    """An IPv4 address."""

    prompt = "The address"

    def menu(self, _world: Snapshot) -> tuple[str, ...]:
        """None: the address itself is typed."""
        return ()

    def read(self, typed: str, _menu: tuple[str, ...]) -> str:
        """The address."""
        try:
            return str(ipaddress.IPv4Address(typed))
        except ValueError:
            raise InvalidValue(
                f"{typed!r} is no address", "four numbers are asked for", "Type them with dots between"
            ) from None

    def said(self, value: str) -> str:
        """The address."""
        return value


@dataclass(frozen=True)
class Way:
    """The interfaces that a packet passes, in its order; the last is where it ends."""

    prompt = "The numbers of all that it passes, in their order, such as 3 1 2"

    def menu(self, world: Snapshot) -> tuple[str, ...]:
        """Every interface of every namespace, without the loopbacks."""
        return tuple(
            f"{space.name}:{link.name}"
            for space in world
            for link in space.interfaces.values()
            if link.kind != "loopback"
        )

    def read(self, typed: str, menu: tuple[str, ...]) -> tuple[str, ...]:
        """The interfaces of those numbers."""
        words = typed.replace(",", " ").split()
        if not words:
            raise InvalidValue("that names no interface", "the numbers of all that it passes are asked for", _SPACED)
        return tuple(menu[_place(word, len(menu))] for word in words)

    def said(self, value: tuple[str, ...]) -> str:
        """The interfaces, with arrows."""
        return " → ".join(value) or "it never left"


@dataclass(frozen=True)
class Ends:
    """The source and the destination of a packet, chosen from all IPv4 addresses that there are."""

    prompt = "Two numbers, first the source, then the destination, such as 1 2"

    def menu(self, world: Snapshot) -> tuple[str, ...]:
        """The addresses, each once."""
        borne = (text for space in world for link in space.interfaces.values() for text in link.addresses)
        return tuple(dict.fromkeys(text.partition("/")[0] for text in borne if ":" not in text))

    def read(self, typed: str, menu: tuple[str, ...]) -> tuple[str, ...]:
        """The addresses of two numbers."""
        words = typed.replace(",", " ").split()
        if len(words) != 2:
            rule = "a packet has two: the source first, then the destination"
            raise InvalidValue(f"{typed!r} are not two numbers", rule, _SPACED)
        return tuple(menu[_place(word, len(menu))] for word in words)

    def said(self, value: tuple[str, ...]) -> str:
        """Both, with an arrow."""
        return " → ".join(value)


@dataclass(frozen=True)
class Prediction:
    """Something to foresee before a cell runs.

    Attributes:
        id: the lesson's number and its own: "04.4".
        text: the question.
        kind: how one chooses.
        truth: finds out what the kernel did.
    """

    id: str
    text: str
    kind: Kind
    truth: Callable[[Ran], Truth]


def _place(typed: str, many: int) -> int:
    """The place of an option, from the number that was typed."""
    word = typed.strip().rstrip(".)")
    if not (word.isascii() and word.isdecimal()) or not 1 <= int(word) <= many:
        raise InvalidValue(
            f"{typed!r} is none of the options", f"they have the numbers 1 to {many}", "Type one of them"
        )
    return int(word) - 1
