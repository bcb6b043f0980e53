"""The driver `none`: a network namespace of the container's own, with lo and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.docker import etc

if TYPE_CHECKING:
    from netkit.docker.container import Container


class Nothing:
    """No interface leads out.

    Args:
        six: whether its loopback has ::1.
    """

    isolated, shared = True, None

    def __init__(self, *, six: bool = False) -> None:
        self._six = six

    def plan(self, container: Container) -> etc.Files:
        """It has no address that a line of its hosts file could tell."""
        return etc.Files(etc.hosts(), etc.resolv(container.settings.dns))

    def build(self, container: Container) -> None:
        """Switch lo on."""
        container.namespace.switch_lo_on(six=self._six)  # type: ignore[attr-defined]  (its own)
