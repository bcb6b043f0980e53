"""The driver `host`: the container lives in the machine's own network namespace; nothing is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.docker import etc

if TYPE_CHECKING:
    from netkit.docker.container import Container


class Host:
    """No isolation at all: the machine's interfaces, addresses and ports are the container's."""

    isolated, shared = False, None

    def plan(self, _container: Container) -> etc.Files:
        """It sees the machine's own files."""
        return etc.machines()

    def build(self, container: Container) -> None:
        """Nothing to make."""
