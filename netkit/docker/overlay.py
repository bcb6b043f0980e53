"""`nk.overlay()`: containers of several machines on one Ethernet, carried between them by VXLAN (VNI, MTU 1450).

What is made on each machine is told by `netkit.docker.drivers.overlay`; here is how the machines come together, and
which of them reaches which.
"""

from __future__ import annotations

import ipaddress
from contextlib import ExitStack
from itertools import combinations
from typing import TYPE_CHECKING, Annotated, Any

from netkit import validation
from netkit.docker import naming, subnets
from netkit.docker.daemon import Docker
from netkit.docker.drivers.overlay import End, Fabric
from netkit.docker.kinds import NetworkName, Subnet
from netkit.errors import AlreadyExists, Conflict, InvalidName, InvalidValue, NotFound
from netkit.face import face
from netkit.handles import keep
from netkit.kinds import Flag, Mtu, Vni
from netkit.lab import journal
from netkit.lab.namespaces import Namespace, host
from netkit.spelling import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MTU = 1450
"""An Ethernet's 1500 bytes less what VXLAN takes: inner Ethernet 14, outer IP 20, UDP 8, VXLAN 8 (RFC 7348, 5)."""

_FIRST_VNI = 4097
"""Docker's own begin there."""


class Overlay(Fabric):
    """An overlay network of several machines; `nk.overlay(…)` makes one.

    A container's interface has the kind, the address, the MAC and the MTU that it has on the Engine's overlay in a
    swarm of one machine. Only there it has a second one, on the bridge docker_gwbridge, by which it leaves; and one
    address more is given away, to what balances the load of services.

    Attributes:
        name: of the network, on every machine.
        subnet: its addresses, an `ipaddress.IPv4Network`.
        vni: its VXLAN network identifier.
        mtu: bytes of the largest packet of its containers.
        learning: whether it floods and learns.
        ends: what each machine has of it, by the machine's name.
        addresses: who has which address, by container, of all machines.

    Example:
        >>> ov = nk.overlay("ov", hosts=[docker1, docker2])  # doctest: +SKIP
        >>> docker1.run("c1", network="ov"); docker2.run("c2", network="ov")  # doctest: +SKIP
        >>> ov["node1"].vxlan.fdb  # doctest: +SKIP
    """

    def __init__(  # noqa: PLR0913  (all that makes it up, and `overlay` alone calls it)
        self,
        name: str,
        subnet: ipaddress.IPv4Network,
        vni: int,
        mtu: int,
        *,
        learning: bool,
        vteps: Mapping[str, ipaddress.IPv4Address],
        dockers: Sequence[Docker],
    ) -> None:
        super().__init__(name, subnet, vni, mtu, learning=learning)
        machines = {docker.host.name: docker for docker in dockers}
        keep(self, ends={name: End(self, vteps[name], each.rulebook) for name, each in machines.items()})
        self._dockers = list(dockers)

    def _build(self) -> None:
        """Make each machine's part, or nothing; every machine then has a network of this name."""
        with ExitStack() as failed:
            made = {}
            for end in self:
                undo = failed.enter_context(ExitStack())
                end.make(undo)
                made[end.machine.name] = undo
            for docker in self._dockers:
                docker._networks[self.name] = self.ends[docker.host.name], made[docker.host.name].pop_all()

    @face
    def remove(self) -> None:
        """Remove it from all machines: `docker network rm NAME`.

        Raises:
            Conflict: containers are on it.
        """
        if self.addresses:
            inside = ", ".join(self.addresses)
            raise Conflict(
                f"network '{self.name}' is in use by {inside}", "only an empty one goes", "Remove them first"
            )
        for docker in self._dockers:
            if self.name in docker._networks:
                docker.network_remove(self.name)

    def __getitem__(self, machine: str) -> End:
        if not isinstance(machine, str) or machine not in self.ends:
            raise NotFound(
                f"{shown(machine)} has no part in '{self.name}'", f"there are: {', '.join(self.ends)}", "See .ends"
            )
        return self.ends[machine]

    def __repr__(self) -> str:
        lines = [
            f"{self.name}: {self.subnet}, VNI {self.vni}, {'flood and learn' if self.learning else 'static entries'}"
        ]
        return "\n".join([*lines, *(f"  {_told(end)}" for end in self)])


def _machine(value: Any) -> Namespace:
    if isinstance(value, str):
        return host if value == host.name else Namespace.get(value)
    machine = value.host if isinstance(value, Docker) else value
    if not isinstance(machine, Namespace):
        rule, remedy = "a docker or a namespace is needed", "Try hosts=[node1, node2]"
        raise InvalidValue(f"{shown(value)} is no machine", rule, remedy)
    return machine


def _machines(hosts: Any) -> list[Namespace]:
    """The machines, each once."""
    if not isinstance(hosts, list | tuple) or len(hosts) < 2:
        rule, remedy = "an overlay joins several", "Try hosts=[node1, node2]"
        raise InvalidValue(f"{shown(hosts)} are not two machines", rule, remedy)
    machines = [_machine(each) for each in hosts]
    for one, other in combinations(machines, 2):
        if one == other:
            raise InvalidValue(f"{one.name} is named twice", "each machine has one part in it", "Name each once")
    return machines


Machines = Annotated[Any, _machines]


@face
def overlay(  # noqa: PLR0913  (what `docker network create -d overlay` is told)
    name: NetworkName,
    *,
    hosts: Machines,
    subnet: Subnet = "10.0.0.0/24",
    vni: Vni = _FIRST_VNI,
    mtu: Mtu = MTU,
    learning: Flag = False,
) -> Overlay:
    """Make an overlay network of several machines: `docker network create -d overlay --attachable NAME`.

    Args:
        name: each machine's docker then knows a network of this name.
        hosts: at least two machines that reach one another: a `nk.Docker`, or the namespace that plays the machine.
        subnet: of all its containers.
        vni: the VXLAN network identifier.
        mtu: bytes of the containers' largest packet; 50 less than what the machines' own network carries.
        learning: flood what is not known and learn from what comes, instead of entries for each container.

    Raises:
        NetkitError: as for `docker.network_create`; a machine is unknown, has no address, or does not answer.

    Example:
        >>> ov = nk.overlay("ov", hosts=[node1, node2])  # doctest: +SKIP
        >>> nk.Docker(host=node1).run("c1", network="ov")  # doctest: +SKIP
    """
    if name in naming.RESERVED:
        raise InvalidName(f"'{name}' is no name for a network", "it means a mode of its own", "Try 'ov'")
    journal.in_sandbox()
    known = {machine.name: Docker._of(machine) for machine in hosts}
    found = _free(name, subnet, hosts, known)
    vteps = _vteps(hosts, known)
    _refuse_unreachable(hosts, vteps)
    with ExitStack() as failed:
        dockers = [known[machine.name] or _docker(machine, failed) for machine in hosts]
        made = Overlay(name, found, vni, mtu, learning=learning, vteps=vteps, dockers=dockers)
        made._build()
        failed.pop_all()
    return made


def _docker(machine: Namespace, failed: ExitStack) -> Docker:
    """A docker for a machine that has none; it goes again if the overlay fails."""
    made = Docker(machine)
    failed.callback(made.close)
    return made


def _free(
    name: str, subnet: Any, hosts: Sequence[Namespace], known: Mapping[str, Docker | None]
) -> ipaddress.IPv4Network:
    """The subnet, if it and the name are free on every machine, also when each has a docker0."""
    for machine in hosts:
        docker = known[machine.name]
        if docker is not None and name in docker._networks:
            problem = f"{machine.name} has a network '{name}' already"
            raise AlreadyExists(problem, "names are unique", "Choose another name")
        busy = [*subnets.linked(machine), ipaddress.IPv4Network(subnets.DEFAULT)]
        found = subnets.subnet_of(subnet, docker.network_ls() if docker is not None else (), busy)
    return found


def _vteps(hosts: Sequence[Namespace], known: Mapping[str, Docker | None]) -> dict[str, ipaddress.IPv4Address]:
    """Each machine's address for the outer packets: one in a network that another machine is in as well, if any."""
    borne = {machine.name: _addresses(machine, known[machine.name]) for machine in hosts}
    chosen = {}
    for machine, own in borne.items():
        others = [each for name, found in borne.items() if name != machine for each in found]
        near = [address for address in own if any(other.ip in address.network for other in others)]
        if not own:
            raise NotFound(
                f"{machine} has no address that others could send to",
                "VXLAN's outer packets travel between addresses of the machines",
                "Join the machines by a network first",
            )
        chosen[machine] = (near or own)[0].ip
    return chosen


def _addresses(machine: Namespace, docker: Docker | None) -> list[ipaddress.IPv4Interface]:
    """The IPv4 addresses of a machine that are not those of Docker's bridges."""
    bridges = {net.bridge for net in docker.network_ls()} if docker is not None else set()
    links = [link for link in machine if link.name not in {"lo", *bridges} and link.is_up]
    texts = [text for link in links for text in link.addresses]
    found = [validation.interface_address(text) for text in texts]
    return [each for each in found if each.version == 4]


def _refuse_unreachable(hosts: Sequence[Namespace], vteps: Mapping[str, ipaddress.IPv4Address]) -> None:
    """Make sure that the machines reach one another: VXLAN itself would never tell."""
    for one, other in combinations(hosts, 2):
        address = str(vteps[other.name])
        if not one.ping(address, timeout=1.0).ok:
            raise NotFound(
                f"{one.name} does not reach {other.name} at {address}",
                "VXLAN's outer packets are sent from machine to machine",
                f"Make {one.name}.ping('{address}') work first",
            )


def _told(end: End) -> str:
    """A machine, its address, and which containers it has."""
    residents = ", ".join(f"{name} {address}" for name, address in end.here.items()) or "no container"
    return f"{end.machine.name} at {end.address}: {residents}"
