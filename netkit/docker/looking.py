"""What a Docker is asked about its containers: .logs, .port, .inspect, .ps, .find; `listing` has the looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netkit.docker.keeping import Keeping
from netkit.docker.kinds import ContainerThere
from netkit.docker.listing import Containers, details
from netkit.face import face
from netkit.kinds import Flag

if TYPE_CHECKING:
    from netkit.docker.container import Container


class Looking(Keeping):
    """What a Docker is asked about its containers."""

    @face
    def logs(self, container: ContainerThere) -> str:
        """What a container has written: `docker logs NAME`."""
        return self._known(container).logs

    @face
    def port(self, container: ContainerThere) -> dict[str, list[str]]:
        """A container's published ports: `docker port NAME`, {"80/tcp": ["0.0.0.0:8080"]}."""
        found: dict[str, list[str]] = {}
        for one in self._known(container).ports:
            found.setdefault(one.inside, []).append(one.outside)
        return found

    @face
    def inspect(self, container: ContainerThere) -> dict[str, Any]:
        """What there is to know of a container, by Docker's own keys: `docker inspect NAME`."""
        return details(self._known(container), twice=self.rulebook.generation.tells_twice)

    @face
    def ps(self, *, all: Flag = False) -> Containers:  # noqa: A002  (the name of Docker's own option)
        """The containers that run: `docker ps`; with `all` also those that ended."""
        self._tend()
        shown = (each for each in self._containers.values() if all or each.running)
        return Containers(shown, "docker.ps()", add="docker.run(…)", delete="docker.remove(…)")

    @face
    def find(self, name: ContainerThere) -> Container | None:
        """The container of that name, None if there is none."""
        return self._containers.get(name)
