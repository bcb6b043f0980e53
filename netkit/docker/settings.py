"""What is asked for a new container, and what of it excludes each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netkit.docker import naming
from netkit.errors import Conflict

if TYPE_CHECKING:
    from netkit.docker.publishing import Published


@dataclass(frozen=True)
class Settings:
    """The settings of a container.

    Attributes:
        name: its name.
        command: its program and arguments.
        image: the name of an image, or "".
        network: "bridge", "host", "none", "container:NAME", or the name of a user-defined one.
        ports: that are published.
        links: {container: alias}.
        dns: the name servers that it was given.
        privileged: whether it keeps all rights.
    """

    name: str
    command: list[str]
    image: str
    network: str
    ports: tuple[Published, ...]
    links: dict[str, str]
    dns: tuple[str, ...]
    privileged: bool

    @property
    def shares(self) -> str | None:
        """The container whose network it shares, None if it shares none."""
        kind, colon, name = self.network.partition(":")
        return name if kind == naming.SHARED and colon else None


def insist_on_agreement(settings: Settings) -> None:
    """Refuse what Docker refuses: ports and links where the container has no network of its own on a bridge.

    Raises:
        Conflict: two settings exclude each other.
    """
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
