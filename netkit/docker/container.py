"""A container: its process in namespaces of its own, state ("exited (0)"), logs, exec, and what has to be undone."""

from __future__ import annotations

import os
import shlex
import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from netkit.docker import naming
from netkit.docker.endpoint import Ways
from netkit.docker.namespace import ContainerNamespace
from netkit.errors import Conflict
from netkit.face import face
from netkit.handles import guarded, keep
from netkit.kinds import Command, Timeout
from netkit.lab import journal
from netkit.lab.running import in_words, words_of
from netkit.linux import entering, run
from netkit.linux.acts import containers
from netkit.shell import joined
from netkit.visible import visible

if TYPE_CHECKING:
    from collections.abc import Mapping
    from ipaddress import IPv4Address

    from netkit.docker.etc import Files
    from netkit.docker.publishing import Published
    from netkit.docker.settings import Settings
    from netkit.lab.namespaces import Namespace
    from netkit.outcomes import Outcome

PLACE = "/run/netkit-docker"
"""Where the files of containers are."""


class Driver(Protocol):
    """How a container comes to its network; `netkit.docker.drivers` has one for each way.

    What takes away again what a driver has made is put on the container's `undo`.

    Attributes:
        isolated: whether the container gets a network namespace of its own.
        shared: the container whose namespace it enters instead, if any; else it stays in the machine's.
    """

    isolated: bool
    shared: Container | None

    def plan(self, container: Container) -> Files:
        """Take what the container needs before its process starts: an address, ports.

        Returns:
            The files that it will see.
        """

    def build(self, container: Container) -> None:
        """Join it to its network: its process waits in its namespaces by now."""


_INSTEAD = {
    **dict.fromkeys(("stop", "kill", "end"), "docker.stop(…)"),
    **dict.fromkeys(("remove", "rm", "delete"), "docker.remove(…)"),
    "start": "docker.run(…)",
    "exec": ".run(…)",
    "ping": ".namespace.ping(…)",
    "ip_address": ".address",
}


@guarded(_INSTEAD)
class Container:
    """A container of a Docker; `docker.run(…)` makes one.

    Attributes:
        name: its name.
        id: 64 hexadecimal digits; its own name for itself is the first twelve, as with Docker.
        network: "bridge", "host", "none", "container:NAME" or the name of a user-defined network.
        ports: that are published.
        links: {container: alias}.
        linked: the containers that it links to, by alias.
        machine: the namespace that plays the machine it runs on.
        driver: how it comes to its network.
        undo: takes away what was made for it, last first.
        own_proc: whether it has a /proc of its own.
        ip: the address that its Docker gave it on its own network, None where it has none of its own.
        ways: its places on networks, by their names.
        held: a file that opens its network namespace, also when its process has ended.

    Example:
        >>> web = docker.run("web", "httpd -f -p 80", ports={8080: 80})  # doctest: +SKIP
        >>> web.address, web.mac  # doctest: +SKIP
        ('172.17.0.2', '02:42:ac:11:00:02')
    """

    name: str
    id: str
    settings: Settings
    network: str
    ports: tuple[Published, ...]
    links: dict[str, str]
    linked: Mapping[str, Container]
    machine: Namespace
    driver: Driver
    undo: ExitStack
    files: ExitStack
    own_proc: bool
    ip: IPv4Address | None
    ways: Ways
    held: str
    variable: str
    directory: str

    def __init__(self, machine: Namespace, settings: Settings, driver: Driver) -> None:
        name, place = settings.name, f"{PLACE}/{machine.name}/{settings.name}"
        keep(self, name=name, settings=settings, network=settings.network, ports=settings.ports, links=settings.links)
        keep(self, id=naming.identity(machine.name, name), variable=naming.variable(name), directory=place)
        keep(self, linked={}, machine=machine, driver=driver, own_proc=True, ip=None)
        keep(self, undo=ExitStack(), files=ExitStack(), ways=Ways())
        self._process: containers.Contained | None = None

    @property
    def running(self) -> bool:
        """Whether its first process has not ended yet."""
        return self._process is not None and self._process.running

    @property
    def pid(self) -> int:
        """Process id of its first process, as the sandbox sees it; 0 when it has ended, as Docker says.

        Example:
            >>> nk.sh(f"ln -s /proc/{web.pid}/ns/net /run/netns/web")  # doctest: +SKIP
        """
        return self._process.pid if self._process is not None and self.running else 0

    @property
    def status(self) -> int | None:
        """Its exit status; None while it runs, and if it never ran."""
        return self._process.status if self._process is not None else None

    @property
    def state(self) -> str:
        """What `docker ps` says: "up", "exited (0)", or "created" when its start failed."""
        return "up" if self.running else "created" if self._process is None else f"exited ({self.status})"

    @property
    def address(self) -> str | None:
        """Its IPv4 address on its network, None if it has none of its own."""
        if self.driver.shared is not None:
            return self.driver.shared.address
        return str(self.ip) if self.ip is not None else None

    @property
    def mac(self) -> str | None:
        """The MAC address that its Docker gave to its eth0; None if it gave none."""
        holder = self.driver.shared or self
        own = holder.ways.own(holder.network)
        return own.mac if own is not None else None

    @property
    def namespace(self) -> Namespace:
        """The network namespace that it lives in: `.run`, `.ping`, `["eth0"]` … work from there.

        Raises:
            Conflict: it does not run.
        """
        self.require_running()
        return self.machine if self._stays else self._room

    @property
    def logs(self) -> str:
        """What it has written to standard output and standard error."""
        log = Path(self.directory, "log")
        return log.read_text(errors="replace") if log.exists() else ""

    @face
    def run(self, command: Command, *, timeout: Timeout = 60.0) -> Outcome:
        """Run a command inside, with the container's rights only: `docker exec` (the `nsenter` printed keeps yours).

        Args:
            command: as one types it.
            timeout: seconds (float) after which it is ended.

        Returns:
            What it said.

        Raises:
            Conflict: the container does not run.
            CommandFailed: the command did not end in time.
        """
        self.require_running()
        argv, said = naming.program(words_of(command)), in_words(command)
        typed = f"nsenter --target ${self.variable} --mount --uts --ipc --net --pid {joined(argv)}"
        inside = self._limited(argv)
        journal.look()
        return journal.perform(
            self.machine.typed(typed),
            lambda: run.run(self.machine.path, containers.entering(self.pid, inside), typed=said, timeout=timeout),
            succeeded=lambda outcome: outcome.returncode == 0,
        )

    def require_running(self) -> None:
        """Raise a Conflict unless it runs."""
        if not self.running:
            raise Conflict(
                f"container '{self.name}' is not running", "its namespaces went with its process", "See its .logs"
            )

    def _begin(self, driver: Driver, linked: Mapping[str, Container]) -> None:
        """Make all that belongs to it, and let its process become its program.

        Raises:
            NetkitError: a part cannot be made; those before it are taken back, and it was created but never ran.
        """
        keep(self, driver=driver, linked=linked)
        try:
            self._make()
        except BaseException:
            self.undo.close()
            self._process = None
            keep(self, ip=None)
            raise

    def _make(self) -> None:
        naming.program(self.settings.words)
        files = self.driver.plan(self)
        os.makedirs(self.directory)
        self.files.callback(shutil.rmtree, self.directory, ignore_errors=True)
        files.with_lines(self.settings.extras.hosts).write(self.directory)
        self._start()
        self.settings.extras.switch(self.namespace, early=True)
        self.driver.build(self)
        self.settings.extras.switch(self.namespace, early=False)
        assert self._process is not None  # noqa: S101  (it has just been started)
        self._process.go()

    def _start(self) -> None:
        """Start its process, which waits until it may go: `unshare --net --mount --uts --ipc --pid --fork …`."""
        entered, own, words = self._entered, self.driver.isolated, self._limited(self.settings.words)
        network = entered.namespace.path if entered is not None else None
        command = containers.starting(words, self.directory, own_network=own, network=network)
        typed = f"{self._typed} & {self.variable}=$(pgrep -P $!)"
        self._process = journal.perform(
            self.machine.typed(typed),
            lambda: containers.Contained(self.machine.path, command, self.directory, self.hostname),
        )
        prepared = f"{self.variable}=$(pgrep -P $!) && ! grep -qx -e unshare -e nsenter /proc/${self.variable}/comm"
        journal.note(f"until {prepared}; do sleep 0.01; done  # it takes a moment until it has its namespaces")
        self.undo.callback(self._process.end, 0)
        keep(self, own_proc=self._process.own_proc)
        self._room = ContainerNamespace(self.name, self.variable, self._process.pid, self._process.inode)
        # As the Engine does with a bind mount: the cable is taken away by its owner, not by the namespace's end.
        held = entering.opened(self._room.path)
        self.undo.callback(held.close)
        keep(self, held=f"/proc/self/fd/{held.fileno()}")

    @property
    def _stays(self) -> bool:
        """Whether it lives in the machine's own network namespace."""
        return not self.driver.isolated and self.driver.shared is None

    @property
    def _entered(self) -> Container | None:
        """The container whose network namespace its process enters; None for its own and the machine's."""
        return self.driver.shared if self.driver.shared is not None and not self.driver.shared._stays else None

    @property
    def _typed(self) -> str:
        entered = self._entered
        enter = f"nsenter --net=/proc/${entered.variable}/ns/net " if entered is not None else ""
        kinds = "--net " if self.driver.isolated else ""
        return f"unshare --pid --fork {enter}unshare {kinds}--mount --uts --ipc {shlex.join(self.settings.words)}"

    def _limited(self, command: list[str]) -> list[str]:
        """A command, behind what takes the capabilities away that Docker does not leave to a container."""
        return command if self.settings.privileged else containers.limited(command)

    @property
    def hostname(self) -> str:
        """Its name for itself: the first twelve digits of its id; the host's or the other container's if shared."""
        if self.driver.shared is not None:
            return self.driver.shared.hostname
        return os.uname().nodename if self._stays else self.id[:12]

    def _end(self, grace: float) -> None:
        """End its process, then take its network away in the reverse order in which it was made."""
        if self._process is not None:
            (self._process.end(grace) if grace else self._process.kill())
        self.undo.close()  # that waits for the process last: it ends while the kernel takes the cable away
        keep(self, ip=None)

    def __repr__(self) -> str:
        state = "running" if self.running else self.state
        where = f"{self.address} on {self.network}" if self.address else f"network {self.network}"
        published = "".join(f", {one}" for one in self.ports)
        return visible(f"{self.name}: {state}, {where}{published}")
