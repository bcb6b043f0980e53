"""A container: a process in namespaces of its own, the files that it sees in /etc, and what has to be undone."""

from __future__ import annotations

import os
import shlex
import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netkit import values
from netkit.docker import naming
from netkit.docker.namespace import ContainerNamespace
from netkit.errors import AlreadyExists, Conflict
from netkit.lab import journal
from netkit.linux import containers, entering

if TYPE_CHECKING:
    from ipaddress import IPv4Address

    from netkit.docker.daemon import Docker
    from netkit.docker.settings import Settings
    from netkit.lab.namespaces import Namespace
    from netkit.outcomes import Outcome

PLACE = "/run/netkit-docker"
"""Where the files of containers are."""


class Container:
    """A container of a Docker; `docker.run(…)` makes one.

    Attributes:
        name: its name.
        id: 64 hexadecimal digits; its own name for itself is the first twelve, as with Docker.
        network: "bridge", "host", "none", "container:NAME" or the name of a user-defined network.
        ports: {("tcp", 8080): 80}, the host's port first.
        links: {container: alias}.
        own_proc: whether it has a /proc of its own.
        ip: the address that its Docker gave it, None where it has none of its own.

    Example:
        >>> web = docker.run("web", "httpd -f -p 80", ports={8080: 80})  # doctest: +SKIP
        >>> web.address, web.mac  # doctest: +SKIP
        ('172.17.0.2', '02:42:ac:11:00:02')
    """

    def __init__(self, docker: Docker, settings: Settings) -> None:
        self.name, self.settings, self.network = settings.name, settings, settings.network
        self.ports, self.links = settings.ports, settings.links
        self._docker = docker
        self.id = naming.identity(docker.host.name, settings.name)
        self.variable = naming.variable(settings.name)
        self.directory = f"{PLACE}/{docker.host.name}/{settings.name}"
        self.own_proc = True
        self.undo, self.files = ExitStack(), ExitStack()
        self.ip: IPv4Address | None = None
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
        """Its exit status; None while it runs."""
        return self._process.status if self._process is not None else None

    @property
    def address(self) -> str | None:
        """Its IPv4 address on its network, None if it has none of its own."""
        owner = self._network_owner()
        return str(owner.ip) if owner.ip is not None else None

    @property
    def mac(self) -> str | None:
        """The MAC address of its eth0, None if it has none of its own: 02:42 and the bytes of the address."""
        address = self.address
        return values.mac_of(address) if address else None

    @property
    def namespace(self) -> Namespace:
        """The network namespace that it lives in: `.run`, `.ping`, `["eth0"]` … work from there.

        Raises:
            Conflict: it does not run.
        """
        self.require_running()
        if self.network == "host":
            return self._docker.host
        return self._room

    @property
    def logs(self) -> str:
        """What it has written to standard output and standard error."""
        log = Path(self.directory, "log")
        return log.read_text(errors="replace") if log.exists() else ""

    def run(self, command: str, *, timeout: float = 60.0) -> Outcome:
        """Run a command inside, with no more rights than the container has: `docker exec NAME COMMAND`.

        Args:
            command: as one types it.
            timeout: seconds (float) after which it is ended.

        Returns:
            What it said.
        """
        return self._docker.exec(self, command, timeout=timeout)

    def require_running(self) -> None:
        """Raise a Conflict unless it runs."""
        if not self.running:
            raise Conflict(
                f"container '{self.name}' is not running", "its namespaces went with its process", "See its .logs"
            )

    def start(self, share: Container | None = None) -> None:
        """Start its process, which waits until `go`: `unshare --net --mount --uts --ipc --pid --fork …`.

        Args:
            share: the container whose network it shares.
        """
        host = self._docker.host
        network = share.namespace.path if share is not None and share.network != "host" else None
        own = self.network != "host" and share is None
        command = containers.starting(self.program, self.directory, self.hostname, own_network=own, network=network)
        typed = f"{self._typed(share, own=own)} & {self.variable}=$(pgrep -P $!)"
        self._process = journal.perform(
            host.typed(typed), lambda: containers.Contained(host.path, command, self.directory)
        )
        prepared = f"{self.variable}=$(pgrep -P $!) && ! grep -qx -e unshare -e nsenter /proc/${self.variable}/comm"
        journal.note(f"until {prepared}; do sleep 0.01; done  # it takes a moment until it has its namespaces")
        self.undo.callback(self._process.end, 0)
        self.own_proc = self._process.own_proc
        self._room = ContainerNamespace(self, self._process.pid, self._process.inode)
        # As the Engine does with a bind mount: the cable is taken away by its owner, not by the namespace's end.
        self.undo.callback(os.close, entering.opened(self._room.path))

    def _typed(self, share: Container | None, *, own: bool) -> str:
        shared = share is not None and share.network != "host"
        enter = f"nsenter --net=/proc/${share.variable}/ns/net " if shared else ""
        kinds = "--net " if own else ""
        return f"unshare --pid --fork {enter}unshare {kinds}--mount --uts --ipc {shlex.join(self.settings.command)}"

    @property
    def program(self) -> list[str]:
        """Its command, behind what takes the capabilities away that Docker does not leave to a container."""
        command = self.settings.command
        return command if self.settings.privileged else containers.limited(command)

    @property
    def hostname(self) -> str:
        """Its name for itself: the first twelve digits of its id; the host's or the other container's if shared."""
        if self.network == "host":
            return os.uname().nodename
        owner = self._network_owner()
        return owner.id[:12] if owner.network != "host" else os.uname().nodename

    def _network_owner(self) -> Container:
        """The container whose network this one lives in: itself unless it shares another one's."""
        kind, _, name = self.network.partition(":")
        other = self._docker.find(name) if kind == "container" else None
        return other._network_owner() if other is not None else self

    def write_files(self, hosts: str, resolv: str) -> None:
        """Write the files that it sees as /etc/hosts and /etc/resolv.conf."""
        os.makedirs(self.directory)
        self.files.callback(shutil.rmtree, self.directory, ignore_errors=True)
        Path(self.directory, "hosts").write_text(hosts, encoding="utf-8")
        Path(self.directory, "resolv.conf").write_text(resolv, encoding="utf-8")

    def reserve_ports(self) -> None:
        """Take the published ports, so that no program of the machine does.

        Raises:
            AlreadyExists: somebody has one already.
        """
        for protocol, here in self.ports:
            try:
                self.undo.callback(containers.reserve(self._docker.host.path, protocol, here).close)
            except OSError as error:
                raise AlreadyExists(
                    f"port {here}/{protocol} of {self._docker.host.name} is already allocated",
                    f"a port belongs to one program or container; the kernel says: {error.strerror}",
                    "Publish another one, or remove what has it: docker.ps() lists containers, `ss -tlnp` programs",
                ) from None

    def go(self) -> None:
        """Let its process become its program."""
        assert self._process is not None  # noqa: S101  (start came before)
        self._process.go()

    def end(self, grace: float) -> None:
        """End its process, then take its network away in the reverse order in which it was made."""
        if self._process is not None:
            self._process.end(grace)
        self.undo.close()
        self.ip = None

    def details(self) -> dict[str, Any]:
        """What `docker inspect` says, as far as there is such a thing here."""
        published = {f"{there}/{protocol}": here for (protocol, here), there in self.ports.items()}
        notes = [] if self.own_proc else ["It sees the sandbox's /proc: the kernel refuses it one of its own here"]
        return {
            "Id": self.id,
            "Name": f"/{self.name}",
            "State": {
                "Status": "running" if self.running else "exited",
                "Running": self.running,
                "Pid": self.pid,
                "ExitCode": self.status or 0,
            },
            "Config": {"Hostname": self.hostname, "Cmd": self.settings.command, "Image": self.settings.image},
            "HostConfig": {
                "NetworkMode": self.network,
                "PortBindings": published,
                "Links": [f"/{name}:/{self.name}/{alias}" for name, alias in self.links.items()],
                "Privileged": self.settings.privileged,
            },
            "NetworkSettings": {"IPAddress": self.address or "", "MacAddress": self.mac or "", "Ports": published},
            "Notes": notes,
        }

    def __repr__(self) -> str:
        state = "running" if self.running else f"exited ({self.status})"
        where = f"{self.address} on {self.network}" if self.address else f"network {self.network}"
        published = "".join(f", {here}->{there}/{kind}" for (kind, here), there in self.ports.items())
        return f"{self.name}: {state}, {where}{published}"
