"""`nk.vxlan`: VXLAN devices with VNI, VTEPs, port, FDB and flood entries, and what they refuse (RFC 7348)."""

from __future__ import annotations

import errno
import time
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from netkit import names, validation
from netkit.errors import AlreadyExists, InvalidAddress, InvalidValue, KernelRefused, NotFound
from netkit.face import face
from netkit.handles import Several
from netkit.kinds import Flag, InterfaceName, Mac, Port, Vni
from netkit.lab.interfaces import Interface
from netkit.lab.journal import perform
from netkit.lab.namespaces import host
from netkit.lab.place import Room
from netkit.lab.routing import Device, name_in
from netkit.linux.acts import neighbours
from netkit.linux.acts import vxlan as tunnels
from netkit.linux.looks import observe

if TYPE_CHECKING:
    from netkit import model
    from netkit.lab.namespaces import Namespace

VXLAN_PORT = 4789
"""The UDP port that RFC 7348 gives to VXLAN; the kernel alone would take 8472."""

_SECONDS_TO_VANISH = 2.0
_FLOOD = "00:00:00:00:00:00"
"""The MAC of the entries by which frames go whose way is not known: also broadcasts (bridge(8))."""


Near = Annotated[Any, partial(validation.machine, what="a local VTEP")]
Far = Annotated[Any, partial(validation.machine, what="a remote VTEP")]
FarOrGroup = Annotated[Any, partial(validation.machine, what="a remote VTEP", group=True)]


class Vxlan(Interface, kind="vxlan"):
    """A VXLAN device, an end of a tunnel (VTEP); `nk.vxlan(…)` makes one.

    Its forwarding entries say behind which other VTEP a MAC is; unlike a bridge's they hold an IP address.

    Example:
        >>> vxlan0 = nk.vxlan("vxlan0", 4097, local="192.168.0.1", learning=False)  # doctest: +SKIP
        $ ip link add vxlan0 type vxlan id 4097 local 192.168.0.1 dstport 4789 nolearning
        >>> vxlan0.add_forwarding("02:42:0a:00:00:03", "192.168.0.2")  # doctest: +SKIP
        $ bridge fdb add 02:42:0a:00:00:03 dev vxlan0 dst 192.168.0.2
    """

    @face
    def add_forwarding(self, mac: Mac, remote: Far) -> None:
        """Frames for a MAC go to that VTEP: `bridge fdb add MAC dev NAME dst REMOTE`.

        An entry that was only learned is replaced, and the command says so.

        Args:
            mac: of an interface behind the other VTEP.
            remote: the address of the machine that has the other VTEP.

        Raises:
            InvalidAddress: it is no unicast MAC address, or no address of one machine.
            AlreadyExists: there is an entry for this MAC: it can be in one place only.
        """
        known = [entry for entry in self.fdb if entry.mac == mac]
        self._refuse_itself(remote)
        for entry in known:
            if entry.state != "learned":
                raise AlreadyExists(
                    f"{mac} is behind {entry.destination} already, says '{self.name}'",
                    "a MAC is in one place",
                    f"Delete that first: .delete_forwarding('{mac}', '{entry.destination}')",
                )
        self._forward("replace" if known else "add", mac, remote)

    @face
    def delete_forwarding(self, mac: Mac, remote: Far) -> None:
        """Remove a forwarding entry: `bridge fdb del MAC dev NAME dst REMOTE`.

        Args:
            mac: as it was given.
            remote: as it was given.

        Raises:
            NotFound: there is no such entry.
        """
        self._forget(mac, remote)

    @face
    def add_flood(self, remote: Far) -> None:
        """Frames whose way is not known go to that VTEP too: `bridge fdb append 00:00:00:00:00:00 dev NAME dst REMOTE`.

        Broadcasts such as ARP questions are among them; each entry makes one more copy (head-end replication).

        Args:
            remote: the address of the machine that has the other VTEP.

        Raises:
            InvalidAddress: it is no address of one machine.
            AlreadyExists: they go there already; the kernel would say nothing.
        """
        self._refuse_itself(remote)
        if self._has(_FLOOD, remote):
            raise AlreadyExists(
                f"'{self.name}' floods to {remote} already", "one copy is enough", "See those that are there: .fdb"
            )
        self._forward("append", _FLOOD, remote)

    @face
    def delete_flood(self, remote: Far) -> None:
        """No more copies to that VTEP: `bridge fdb del 00:00:00:00:00:00 dev NAME dst REMOTE`.

        Args:
            remote: as it was given.

        Raises:
            NotFound: there is no such entry.
        """
        self._forget(_FLOOD, remote)

    @property
    def fdb(self) -> tuple[model.ForwardingEntry, ...]:
        """Its own forwarding database, sorted: which MAC is behind which VTEP."""
        own, there = self.name, observe.forwarding(self._path, self.name)
        return Several(there, f"{own}.fdb", add=f"{own}.add_forwarding(…)", delete=f"{own}.delete_forwarding(…)")

    def _has(self, mac: str, remote: validation.IPAddress) -> bool:
        return any(entry.mac == mac and entry.destination == str(remote) for entry in self.fdb)

    def _refuse_itself(self, remote: validation.IPAddress) -> None:
        """The kernel would take the device's own address as the other end."""
        if ("local", str(remote)) in self._quick.details:
            problem = f"{remote} is the address of '{self.name}' itself"
            raise InvalidAddress(problem, "a tunnel leads to another machine", "Give the other's address")

    def _forward(self, verb: str, mac: str, remote: validation.IPAddress) -> None:
        self._act(
            f"bridge fdb {verb} {mac} dev {self._typed} dst {remote}",
            lambda: neighbours.forward(self._path, self.name, mac, remote, verb),
        )

    def _forget(self, mac: str, remote: validation.IPAddress) -> None:
        """Remove an entry that is there: the kernel says nothing where none was."""
        if not self._has(mac, remote):
            known = ", ".join(f"{entry.mac} at {entry.destination}" for entry in self.fdb) or "none"
            problem = f"'{self.name}' has no entry for {mac} at {remote}"
            raise NotFound(problem, f"there are: {known}", "See those that are there: .fdb")
        self._act(
            f"bridge fdb del {mac} dev {self._typed} dst {remote}",
            lambda: neighbours.forget(self._path, self.name, mac, remote),
        )


@face
def vxlan(  # noqa: PLR0913  (what `ip link add … type vxlan` takes)
    name: InterfaceName,
    vni: Vni,
    *,
    namespace: Room | None = None,
    local: Near | None = None,
    remote: FarOrGroup | None = None,
    port: Port = VXLAN_PORT,
    device: Device | None = None,
    learning: Flag = True,
    proxy: Flag = False,
) -> Vxlan:
    """Make a VXLAN device: `ip link add NAME type vxlan id VNI …` (ip-link(8), RFC 7348).

    Its outer packets travel in the namespace that it is made in, also after a move: so Docker's overlay works.

    Args:
        name: at most 15 characters.
        vni: the network identifier, 1 to 16777215: devices of one network have the same.
        namespace: where it is made; the host by default.
        local: the source address of the outer packets; by default the route's own.
        remote: where frames go that no forwarding entry knows: a VTEP's address, or a multicast group.
        port: UDP port of the outer packets.
        device: the interface that they leave by; a multicast group needs it.
        learning: whether it notes behind which VTEP a MAC is that it sees as a source.
        proxy: whether it answers ARP questions by its own neighbour entries (`.add_neighbour`) and floods none.

    Raises:
        InvalidValue: of a name, a number or an address that cannot be used there.
        AlreadyExists: the name is taken, or the VNI at this port.
        KernelRefused: this kernel has no VXLAN, and the like.
    """
    place = host if namespace is None else namespace
    leaves = name_in(place, device)
    _refuse_unlike(local, remote, leaves)
    return _made(place, name, tunnels.Tunnel(vni, port, local, remote, leaves, learning, proxy))


def _made(place: Namespace, name: str, tunnel: tunnels.Tunnel) -> Vxlan:
    perform(
        place.typed(f"ip link add {names.in_ip_link(name)} type vxlan {_words(tunnel)}"),
        lambda: _create(place, name, tunnel),
        taken=lambda: _taken(place, name, tunnel),
    )
    return Vxlan._at(place, name)


def _create(place: Namespace, name: str, tunnel: tunnels.Tunnel) -> None:
    """Make it; a device with that VNI stays for a moment when the namespace that it was in is gone already."""
    deadline = time.monotonic() + _SECONDS_TO_VANISH
    while True:
        try:
            return tunnels.create(place.path, name, tunnel)
        except KernelRefused as error:
            if error.errno != errno.EEXIST or time.monotonic() > deadline or _is_held(place, name, tunnel):
                raise
        time.sleep(0.005)  # between two attempts that have a deadline


def _is_held(place: Namespace, name: str, tunnel: tunnels.Tunnel) -> bool:
    """Whether the name is taken, or a device that can be seen somewhere has the VNI at this port."""
    wanted = {("vni", str(tunnel.vni)), ("port", str(tunnel.port))}
    seen = (link for space in observe.snapshot() for link in space.interfaces.values() if link.kind == "vxlan")
    return name in place or any(wanted <= set(link.details) for link in seen)


def _words(tunnel: tunnels.Tunnel) -> str:
    """What ip-link(8) wants behind `type vxlan`."""
    far = "group" if tunnel.remote is not None and tunnel.remote.is_multicast else "remote"
    words = [f"id {tunnel.vni}"]
    words += [f"local {tunnel.local}"] if tunnel.local is not None else []
    words += [f"{far} {tunnel.remote}"] if tunnel.remote is not None else []
    words += [f"dev {tunnel.device}"] if tunnel.device is not None else []
    words += [f"dstport {tunnel.port}"]
    words += [] if tunnel.learning else ["nolearning"]
    words += ["proxy"] if tunnel.proxy else []
    return " ".join(words)


def _refuse_unlike(local: validation.IPAddress | None, remote: validation.IPAddress | None, device: str | None) -> None:
    """Refuse ends that the kernel would refuse in words of its own."""
    if local is not None and remote is not None and local.version != remote.version:
        raise InvalidAddress(
            f"{local} cannot speak to {remote}", "both ends are IPv4 or both IPv6", "Give addresses of the same kind"
        )
    if local is not None and local == remote:
        raise InvalidAddress(f"{local} is both ends", "a tunnel leads to another machine", "Give the other's address")
    if remote is not None and remote.is_multicast and device is None:
        raise InvalidValue(
            f"{remote} is a multicast group", "the interface that leads to it has to be named", "Add device='eth0'"
        )


def _taken(place: Namespace, name: str, tunnel: tunnels.Tunnel) -> str:
    if name in place:
        return f"there is an interface '{name}' in {place.name} already"
    return (
        f"another VXLAN device of {place.name}, perhaps moved to another namespace since, "
        f"has VNI {tunnel.vni} at port {tunnel.port} already"
    )
