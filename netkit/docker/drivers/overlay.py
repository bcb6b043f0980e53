"""The driver `overlay`: a machine's part in a network of several: br0, vxlan0, its FDB and neighbour entries.

It is a namespace that nobody lives in, with a bridge br0 and a VXLAN device. So the Engine makes it (docs.docker.com,
"Overlay network driver"): the VXLAN device is born in the machine's namespace, in which its outer packets travel for
good, and is moved. Nothing is asked on the wire: for each container the other machines get a neighbour entry (which
MAC has the address?), by which the device itself answers ARP questions, and a forwarding entry (behind which machine
is the MAC?). The Engine's devices could learn as well; with an entry for everyone they have nothing to, and here they
do not, so that what is missing is missed. With `learning` there are no such entries: what is not known goes to every
machine, and the device learns from what comes back (RFC 7348, 4.1 and 4.2).
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from netkit import validation
from netkit.docker import naming
from netkit.docker.drivers.bridge import Network
from netkit.docker.drivers.laying import delete
from netkit.docker.pool import Pool
from netkit.errors import AlreadyExists, Conflict, KernelRefused, NotFound
from netkit.handles import guarded, keep
from netkit.lab.bridges import Bridge
from netkit.lab.namespaces import Namespace
from netkit.lab.tunnels import Vxlan, vxlan

if TYPE_CHECKING:
    import ipaddress
    from collections.abc import Iterator
    from contextlib import ExitStack

    from netkit.docker.container import Container
    from netkit.docker.endpoint import Endpoint
    from netkit.docker.etc import Files
    from netkit.docker.rulebook import Rulebook
    from netkit.validation import IPAddress

_BRIDGE, _DEVICE = "br0", "vxlan0"


@guarded({"delete": ".remove()", "hosts": ".ends", "containers": ".addresses"})
class Fabric:
    """What the machines of an overlay network have in common; `netkit.docker.overlay.Overlay` tells its attributes."""

    name: str
    subnet: ipaddress.IPv4Network
    pool: Pool
    vni: int
    mtu: int
    learning: bool
    addresses: dict[str, ipaddress.IPv4Address]
    ends: dict[str, End]

    def __init__(self, name: str, subnet: ipaddress.IPv4Network, vni: int, mtu: int, *, learning: bool) -> None:
        keep(self, name=name, subnet=subnet, vni=vni, mtu=mtu, learning=learning, ends={})
        keep(self, pool=Pool(subnet, chosen=True))
        keep(self, addresses=self.pool.addresses)

    def __iter__(self) -> Iterator[End]:
        return iter(self.ends.values())


class End(Network):
    """What a machine has of an overlay network.

    Attributes:
        overlay: the whole.
        machine: the namespace that plays the machine.
        address: the machine's own, which the outer packets come from and go to.
        space: the namespace of br0 and vxlan0; None when it has been removed.
    """

    leads_out = False
    overlay: Fabric
    address: ipaddress.IPv4Address
    space: Namespace | None

    def __init__(self, overlay: Fabric, address: ipaddress.IPv4Address, rulebook: Rulebook) -> None:
        super().__init__(overlay.name, overlay.pool, rulebook, internal=True)
        id_ = naming.identity("", f"overlay {overlay.name}")  # the same on every machine
        keep(self, overlay=overlay, address=address, bridge=_BRIDGE, id=id_, space=None)
        self._here: list[str] = []

    @property
    def vxlan(self) -> Vxlan:
        """Its VXLAN device, with `.fdb`, `.add_forwarding(…)`, `.delete_neighbour(…)` and the like."""
        return self._space[_DEVICE]  # type: ignore[return-value]  (it is one, unless somebody has replaced it)

    @property
    def here(self) -> dict[str, ipaddress.IPv4Address]:
        """Those of its containers that run on this machine."""
        return {name: self.addresses[name] for name in self._here}

    @property
    def _space(self) -> Namespace:
        if self.space is None:
            raise NotFound(
                f"{self.machine.name} has no part in '{self.name}' any more", "its docker has removed it", "See .ends"
            )
        return self.space

    def make(self, undo: ExitStack) -> None:
        """Make the namespace, the bridge and the VXLAN device; what removes each is put on `undo`."""
        keep(self, space=Namespace(f"{self.machine.name}-{self.name}"))
        undo.callback(self._leave)
        self.space.sysctl("net.ipv6.conf.all.disable_ipv6", 1)
        # A bridge that snoops would announce itself, and be learned by the other machines at a random moment.
        bridge = Bridge(_BRIDGE, namespace=self.space, snooping=not self.overlay.learning)
        bridge.add_address(f"{self.gateway}/{self.subnet.prefixlen}")
        device = self._device(undo)
        bridge.attach(device)
        for other in self.overlay if self.overlay.learning else ():
            if other is not self:
                device.add_flood(str(other.address))
        device.up()
        bridge.up()

    def _device(self, undo: ExitStack) -> Vxlan:
        """The VXLAN device, born in the machine's namespace and moved."""
        vni, learning = self.overlay.vni, self.overlay.learning
        device = vxlan(
            f"vx-{vni:06x}",
            vni,
            namespace=self.machine,
            local=str(self.address),
            learning=learning,
            proxy=not learning,
        )
        undo.callback(delete, device)  # before its namespace, whose end takes a while: the VNI is free at once
        device.move(self._space)
        device.rename(_DEVICE)
        device.set_mtu(self.overlay.mtu)
        return device

    def take(self, container: str, undo: ExitStack, wanted: IPAddress | None = None) -> IPAddress:
        """The address that is asked for, or the lowest that no container of any machine has.

        Raises:
            AlreadyExists: a container of that name is on it, on whatever machine: names lead to one address.
            Conflict: there is none left.
        """
        if container in self.addresses:
            raise AlreadyExists(
                f"there is a container '{container}' on network '{self.name}' already, on another machine",
                "names on an overlay lead to one address",
                "Choose another name",
            )
        address = super().take(container, undo, wanted)
        self._here.append(container)
        undo.callback(self._here.remove, container)
        return address

    def plan(self, container: Container) -> Files:
        """Take an address.

        Raises:
            Conflict: the container has published ports.
        """
        if container.ports:
            raise Conflict(
                f"ports of '{container.name}' cannot be published on network '{self.name}'",
                "an overlay here leads to its containers only, not out of the machine",
                "Leave ports out, or take network='bridge'",
            )
        return super().plan(container)

    def plug(self, container: Container, endpoint: Endpoint) -> None:
        """Lay a cable from br0 into a container, and tell the other machines where the container is."""
        outer, inner = self._cable(container, endpoint, self._space)
        outer.set_mtu(self.overlay.mtu)
        inner.set_mtu(self.overlay.mtu)
        inner.set_mac(endpoint.mac)
        super().address(inner, endpoint)  # its own `.address` is the machine's
        self._space[_BRIDGE].attach(outer)  # type: ignore[attr-defined]  (it is a Bridge)
        outer.up()
        inner.up()
        for other in self.overlay if not self.overlay.learning else ():
            if other is not self and other.space is not None:  # None: its docker has been closed
                other.introduce(str(endpoint.address), str(self.address), endpoint.cable)

    def mac_of(self, _container: str, address: ipaddress.IPv4Address) -> str:
        """The MAC address of a container on it: of every generation the bytes of its address behind 02:42."""
        return validation.mac_of(str(address))

    def introduce(self, address: str, machine: str, undo: ExitStack) -> None:
        """Enter a container of another machine: where its address is, and where its MAC is.

        Args:
            address: the container's.
            machine: the address of the machine that it runs on.
            undo: takes what removes the entries.
        """
        mac = validation.mac_of(address)
        self.vxlan.add_neighbour(address, mac)
        undo.callback(_unless_gone, lambda: self.vxlan.delete_neighbour(address))
        self.vxlan.add_forwarding(mac, machine)
        undo.callback(_unless_gone, lambda: self.vxlan.delete_forwarding(mac, machine))

    def details(self, containers: dict[str, Container]) -> dict[str, Any]:
        """What `docker network inspect` says on this machine: of its own containers, and of the other machines."""
        return super().details(containers) | {
            "Driver": "overlay",
            "Options": {
                "com.docker.network.driver.overlay.vxlanid_list": str(self.overlay.vni),
                "com.docker.network.driver.mtu": str(self.overlay.mtu),
            },
            "Peers": [{"Name": end.machine.name, "IP": str(end.address)} for end in self.overlay],
        }

    def _leave(self) -> None:
        """Remove the namespace, unless somebody was quicker: the aim is that it is gone."""
        with suppress(NotFound):
            self._space.delete()
        keep(self, space=None)


def _unless_gone(act: Any) -> None:
    """Remove an entry, unless somebody has done so."""
    with suppress(NotFound, KernelRefused):
        act()
