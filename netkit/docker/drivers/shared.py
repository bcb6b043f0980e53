"""The driver `container:NAME`: the container lives in another one's network namespace, as those of a pod do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.docker import etc

if TYPE_CHECKING:
    from netkit.docker.container import Container


class Shared:
    """The other container's interfaces, addresses and names are the container's.

    Args:
        other: the container whose network it is.
    """

    isolated = False

    def __init__(self, other: Container) -> None:
        self.shared = other

    def plan(self, _container: Container) -> etc.Files:
        """It sees the other's files."""
        return etc.of(self.shared.directory)

    def build(self, container: Container) -> None:
        """Nothing to make: it is all there."""
