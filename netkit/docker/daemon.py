"""`nk.Docker`, which plays dockerd: run, exec, stop, remove, close; each machine has one."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from netkit.docker import creating, installed, naming, settings
from netkit.docker.container import Container
from netkit.docker.generations.compared import compared
from netkit.docker.generations.values import How
from netkit.docker.keeping import WITHOUT_A_NETWORK
from netkit.docker.kinds import (
    Aliases,
    ContainerName,
    ContainerThere,
    ExtraHosts,
    GatewayPriority,
    Grace,
    Image,
    Like,
    Links,
    NetworkMode,
    Ports,
    Servers,
    Subnet6,
    Switches,
)
from netkit.docker.looking import Looking
from netkit.docker.networking import INSTEAD
from netkit.docker.rulebook import Rulebook
from netkit.docker.wishes import Wishes
from netkit.errors import AlreadyExists, Conflict, NetkitError, NotFound
from netkit.face import face
from netkit.handles import guarded, keep
from netkit.kinds import Address, Command, Flag, Mac, Timeout
from netkit.lab import journal
from netkit.lab.namespaces import host as real_host
from netkit.lab.place import Room

if TYPE_CHECKING:
    from ipaddress import IPv6Network

    from netkit.docker.generations.compared import Differences
    from netkit.lab.namespaces import Namespace
    from netkit.outcomes import Outcome

_machines: dict[int, Docker] = {}
"""The daemon of each machine (inode of its namespace): `nk.Docker()`, evaluated again, is the same one."""


def machines() -> list[Docker]:
    """The dockers that there are, one for each machine."""
    return list(_machines.values())


@guarded({"rm": ".remove(…)", "kill": ".stop(…)", "containers": ".ps()", **INSTEAD})
class Docker(Looking):
    """A small docker: containers and their networks, made of the acts that a learner knows by now.

    The first `nk.Docker()` of a machine makes docker0 and the chains, as dockerd does when it starts; later ones
    give the same docker again.

    Args:
        host: the machine that it serves; `nk.host`, or a namespace that plays another machine.
        like: whose rules it writes: "20.10", "28", "29", "29-nft", "netavark", or those of a version, "26.1.5"; without
            it those of the Engine that is installed, else those of 29.
        icc: whether containers of the default network reach one another, `dockerd --icc`; they do unless it is said.
        userland_proxy: whether a program serves each published port beside the rules, `dockerd --userland-proxy`, as
            docker-proxy does; Docker has it on by itself, here only rules do the work unless it is said.
        ipv6: whether the default network has IPv6, `dockerd --ipv6`.
        fixed_cidr_v6: its subnet then, "fd00:17::/64", `dockerd --fixed-cidr-v6`; since release 27 Docker has one.

    Raises:
        AlreadyExists: there is a docker0 that is not its own, such as the real Engine's.
        Conflict: the machine's docker is there already, of another generation or with other settings.
        InvalidValue: there is no such generation.

    Example:
        >>> docker = nk.Docker()  # doctest: +SKIP
        >>> web = docker.run("web", "busybox httpd -f -p 80", ports={8080: 80})  # doctest: +SKIP
        >>> nk.sh("wget -qO- 127.0.0.1:8080")  # doctest: +SKIP
    """

    @face
    def __new__(  # noqa: PLR0913  (what `dockerd` is told, by its own names)
        cls,
        host: Room | None = None,
        *,
        like: Like | None = None,
        icc: Flag | None = None,
        userland_proxy: Flag | None = None,
        ipv6: Flag | None = None,
        fixed_cidr_v6: Subnet6 | None = None,
    ) -> Self:
        """The machine's docker, made if it is not there yet."""
        machine = real_host if host is None else host
        known = cls._of(machine)
        if known is not None:
            own = known._network(naming.DEFAULT).subnet6
            installed.insist(known.rulebook, like, icc=icc, proxy=userland_proxy)
            installed.insist_on_six(own, ipv6=ipv6, subnet=fixed_cidr_v6)
            return known  # type: ignore[return-value]  (it is one of this class)
        place = os.stat(machine.path).st_ino
        if place in _machines:  # somebody took docker0 away: what is left goes too
            _machines[place].close()
        docker = super().__new__(cls)
        how = How(proxy=bool(userland_proxy), icc=icc is not False)
        docker._begin(Rulebook(machine, like or installed.generation(), how), ipv6=ipv6, subnet6=fixed_cidr_v6)
        _machines[place] = docker
        return docker

    @staticmethod
    @face
    def rules(a: Like, b: Like) -> Differences:
        """What two generations of Docker's rules do in different ways and why, and which rules only one of them writes.

        Args:
            a: "20.10", "28", "29", "29-nft" or "netavark", or a release's version.
            b: the other one.

        Raises:
            InvalidValue: there is no such generation.

        Example:
            >>> nk.Docker.rules("28", "29")  # doctest: +SKIP
        """
        return compared(a, b)

    @staticmethod
    def _of(machine: Namespace) -> Docker | None:
        """The docker that serves a machine already, None if there is none."""
        there = "docker0" in machine
        return _machines.get(os.stat(machine.path).st_ino) if there else None

    def _begin(self, rulebook: Rulebook, *, ipv6: bool | None, subnet6: IPv6Network | None) -> None:
        machine = rulebook.machine
        keep(self, host=machine, rulebook=rulebook)
        self._containers = {}
        self._networks = {}
        self._has_six = False
        if "docker0" in machine:
            raise AlreadyExists(
                f"there is a docker0 in {machine.name} already",
                "a machine has one, and the real Engine's is its own",
                "Let this one serve another machine: nk.Docker(host=nk.Namespace('machine'))",
            )
        pool6 = creating.default_pool(subnet6, rulebook, ipv6=bool(ipv6))
        with ExitStack() as undo:
            rulebook.begin(undo)
            self._undo = undo.pop_all()
        try:
            self._add_default_network(pool6)
        except BaseException:
            self._undo.close()
            raise

    @face
    def run(  # noqa: PLR0913  (what `docker run` is told, by its own names)
        self,
        name: ContainerName,
        command: Command | None = None,
        *,
        image: Image | None = None,
        network: NetworkMode = naming.DEFAULT,
        ports: Ports | None = None,
        links: Links | None = None,
        dns: Servers | None = None,
        privileged: Flag = False,
        ip: Address | None = None,
        ip6: Address | None = None,
        mac_address: Mac | None = None,
        aliases: Aliases | None = None,
        add_host: ExtraHosts | None = None,
        sysctl: Switches | None = None,
        gw_priority: GatewayPriority = 0,
    ) -> Container:
        """Start a container: `docker run -d --name NAME -p … --network … IMAGE COMMAND`.

        Args:
            name: of the new container.
            command: as one types it; without one the container idles.
            image: only noted: a container here sees the machine's files and programs.
            network: "bridge", "host", "none", "container:NAME", or the name of a user-defined network.
            ports: {8080: 80}, {5353: "53/udp"}; or as behind `-p`: ["127.0.0.1:8085:80", "9000-9002:9000-9002/udp"].
            links: containers whose names it is to know: ["c1"], ["c1:db"].
            dns: name servers for names that this docker does not know: ["192.168.1.53"].
            privileged: whether it keeps the right to change its own network.
            ip, ip6, mac_address, aliases, gw_priority: what it wants on its network; see `.connect`.
            add_host, sysctl: lines of its /etc/hosts, {"me": "host-gateway"}; switches, {"net.ipv4.ip_forward": 1}.

        Raises:
            NetkitError: as Docker refuses it; a container whose start failed stays, as "Created".
        """
        wishes = Wishes(ip, ip6, mac_address, aliases or (), gw_priority)
        early, hosts = self.rulebook.generation.early_switches, self._hosts(add_host or {})
        given = (name, command, image or "", network, ports or (), links or {}, dns or (), privileged)
        return self._create(settings.Settings(*given, settings.Extras(wishes, hosts, sysctl or (), early)))

    def _create(self, wanted: settings.Settings) -> Container:
        """Make a container, and start it; as with the Engine, one whose start is refused is there all the same."""
        journal.in_sandbox()
        settings.insist_on_agreement(wanted)
        self._refuse_taken(wanted.name)
        for other in wanted.links:
            self._known(other)
        self._tend()
        made = self._containers[wanted.name] = Container(self.host, wanted, WITHOUT_A_NETWORK[naming.NONE])
        try:
            driver = self._driver(wanted)
            made._begin(driver, {alias: self._linked(other, driver) for other, alias in wanted.links.items()})
        except NetkitError:
            raise
        except BaseException:
            self.remove(made)
            raise
        return made

    @face
    def exec(self, container: ContainerThere, command: Command, *, timeout: Timeout = 60.0) -> Outcome:
        """Run a command in a container that runs: `docker exec NAME COMMAND`.

        Args:
            container: its name, or the container.
            command: as one types it.
            timeout: seconds (float) after which it is ended.

        Returns:
            What it said.

        Raises:
            NotFound: there is no such container.
            Conflict: it does not run.
            CommandFailed: it did not end in time.
        """
        return self._running(container).run(command, timeout=timeout)

    @face
    def stop(self, container: ContainerThere, *, grace: Grace = 10.0) -> None:
        """End a container's process and take its network away: `docker stop NAME`; logs and settings stay.

        Args:
            container: its name, or the container.
            grace: seconds (float) between SIGTERM and SIGKILL.

        Raises:
            NotFound: there is no such container.
        """
        with self.rulebook.together():
            self._known(container)._end(grace)

    @face
    def remove(self, container: ContainerThere, *, force: Flag = False) -> None:
        """Remove a container and its files: `docker rm NAME`.

        Args:
            container: its name, or the container.
            force: whether one that runs is killed first.

        Raises:
            NotFound: there is no such container.
            Conflict: it runs.
        """
        gone = self._known(container)
        if gone.running and not force:
            raise Conflict(
                f"container '{gone.name}' is running",
                "only one that has ended is removed",
                f"Stop it first: docker.stop('{gone.name}'), or remove(…, force=True)",
            )
        with self.rulebook.together():
            gone._end(0)
        gone.files.close()
        del self._containers[gone.name]

    @face
    def close(self) -> None:
        """Remove all containers, networks and rules, and docker0: the machine is as it was before `nk.Docker()`."""
        for process in filter(None, (each._process for each in self._containers.values())):
            process.kill()  # they end while the first one's network is taken away
        try:
            with self.rulebook.together():
                for name in list(self._containers):
                    self.remove(name, force=True)
                while self._networks:
                    self._networks.popitem()[1][1].close()
                self._undo.close()
        except NotFound:
            if self.host.exists:
                raise
        finally:  # what it made on a machine that is gone went with that, but for the containers' files
            for left in self._containers.values():
                left.files.close()
            for place in [place for place, docker in _machines.items() if docker is self]:
                del _machines[place]

    def __repr__(self) -> str:
        return f"Docker on {self.host.name}: {len(self._containers)} containers, networks {', '.join(self._networks)}"
