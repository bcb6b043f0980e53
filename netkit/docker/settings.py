"""What is asked for a new container, read and checked before anything is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from netkit.docker import naming
from netkit.errors import Conflict, InvalidValue
from netkit.lab.running import words_of


@dataclass(frozen=True)
class Settings:
    """The settings of a container.

    Attributes:
        name: its name.
        command: its program and arguments.
        image: the name of an image, or "".
        network: "bridge", "host", "none", "container:NAME", or the name of a user-defined one.
        ports: {("tcp", 8080): 80}.
        links: {container: alias}.
        privileged: whether it keeps all rights.
    """

    name: str
    command: list[str]
    image: str
    network: str
    ports: dict[tuple[str, int], int]
    links: dict[str, str]
    privileged: bool

    @property
    def shares(self) -> str | None:
        """The container whose network it shares, None if it shares none."""
        kind, colon, name = self.network.partition(":")
        return name if kind == naming.SHARED and colon else None


def read(  # noqa: PLR0913  (what `docker run` is told)
    name: Any, command: Any, *, image: Any, network: Any, ports: Any, links: Any, privileged: Any
) -> Settings:
    """The settings as they were typed, each checked by itself and against the others.

    Raises:
        InvalidValue: one is of the wrong kind.
        InvalidName: a name is none.
        Conflict: two of them exclude each other.
        ProgramMissing: there is no such program.
    """
    if not isinstance(privileged, bool):
        raise InvalidValue(f"privileged={privileged!r} is not True or False", "it is on or off", "Try privileged=True")
    settings = Settings(
        naming.checked(name, "container"),
        naming.command(command, words_of),
        naming.image(image),
        _network(network),
        naming.ports(ports),
        naming.links(links),
        privileged,
    )
    _agree(settings)
    return settings


def _network(value: Any) -> str:
    """The network's name, also from a handle."""
    name = getattr(value, "name", value)
    if not isinstance(name, str):
        raise InvalidValue(f"{value!r} is no network", "its name is needed", "Try network='bridge'")
    kind, colon, container = name.partition(":")
    if colon and kind == naming.SHARED:
        naming.checked(container, "container")
        return name
    return naming.checked(name, "network")


def _agree(settings: Settings) -> None:
    """Refuse what Docker refuses: ports and links where the container has no network of its own on a bridge."""
    if not settings.shares and settings.network not in (naming.HOST, naming.NONE, naming.SHARED):
        return
    if settings.ports:
        raise Conflict(
            f"ports cannot be published with network '{settings.network}'",
            "a published port leads to an address on a bridge",
            "Leave ports out, or take network='bridge'",
        )
    if settings.links:
        raise Conflict(
            f"links cannot be made with network '{settings.network}'",
            "a link leads to an address on the same bridge",
            "Leave links out, or take network='bridge'",
        )
