"""Which containers a Docker has: found by name, names in use; and which driver brings a new one to its network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.docker import kinds, naming
from netkit.docker.drivers.host import Host
from netkit.docker.drivers.none import Nothing
from netkit.docker.drivers.shared import Shared
from netkit.docker.networking import Networking
from netkit.errors import AlreadyExists, Conflict, NotFound
from netkit.spelling import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netkit.docker import settings
    from netkit.docker.container import Container, Driver

WITHOUT_A_NETWORK: dict[str, Driver] = {naming.HOST: Host(), naming.NONE: Nothing()}
"""The drivers of the modes that need no network of a Docker's own."""


class Keeping(Networking):
    """What a Docker knows of its containers, and of its networks."""

    def _tend(self) -> None:
        """Take away the network of those that ended by themselves, as dockerd does when it hears of it."""
        for container in self._containers.values():
            if not container.running:
                container._end(0)

    def _refuse_taken(self, name: str) -> None:
        if name in self._containers:
            raise AlreadyExists(
                f"the name '{name}' is in use by another container",
                "names are unique, also of containers that ended",
                f"Remove that one: docker.remove('{name}', force=True), or choose another name",
            )

    def _known(self, name: str) -> Container:
        found = self._containers.get(name)
        if found is None:
            there = ", ".join(self._containers) or "none"
            raise NotFound(f"there is no container {shown(name)}", f"there are: {there}", "See docker.ps(all=True)")
        return found

    def _running(self, name: str) -> Container:
        found = self._known(name)
        found.require_running()
        return found

    def _driver(self, wanted: settings.Settings) -> Driver:
        """How a new container comes to its network."""
        if wanted.shares:
            return Shared(self._running(wanted.shares))
        if wanted.network == naming.NONE:
            return Nothing(six=self.rulebook.generation.loops_six)
        return WITHOUT_A_NETWORK.get(wanted.network) or self._network(wanted.network)

    def _linked(self, name: str, driver: Driver) -> Container:
        other = self._running(name)
        if other.driver is not driver:
            raise Conflict(
                f"'{name}' is on network '{other.network}'",
                "a link leads to a container of the same network",
                "Start both on the same one",
            )
        return other

    def _hosts(self, lines: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        """Lines of a container's /etc/hosts, with docker0's addresses for "host-gateway"."""
        gateway = str(self._network(naming.DEFAULT).gateway)
        return tuple((name, gateway if address == kinds.GATEWAY else address) for name, address in lines.items())
