"""`nk.Bridge` and `nk.veth`: bridges with their ports (attach, detach, FDB), and veth pairs, the cables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from netkit import names
from netkit.errors import AlreadyExists, InvalidName, InvalidValue
from netkit.face import face
from netkit.handles import Several, keep
from netkit.kinds import Flag, InterfaceName
from netkit.lab.interfaces import Interface
from netkit.lab.journal import perform
from netkit.lab.namespaces import host
from netkit.lab.place import Room
from netkit.linux.acts import links
from netkit.linux.looks import observe
from netkit.spelling import shown

if TYPE_CHECKING:
    from netkit import model


def _interface(value: Any) -> Interface:
    """A handle of an interface, as a bridge's port."""
    if not isinstance(value, Interface):
        rule, remedy = "a bridge's ports are interfaces", "Give a handle, such as nk.host['veth1']"
        raise InvalidValue(f"{shown(value)} is not an interface", rule, remedy)
    return value


BridgePort = Annotated[Interface, _interface]


class Bridge(Interface, kind="bridge"):
    """A bridge, the kernel's own Ethernet switch: `ip link add NAME type bridge` (`brctl addbr NAME`).

    Args:
        name: at most 15 characters.
        namespace: where it is made; the host by default.
        snooping: whether it notes which ports want which multicast groups, for which it joins one itself.

    Raises:
        InvalidName: it is no name for an interface.
        AlreadyExists: the name is taken.

    Example:
        >>> br = nk.Bridge("brtest"); br.attach(veth1)  # doctest: +SKIP
        $ ip link add brtest type bridge
        $ ip link set dev veth1 master brtest
    """

    @face
    def __init__(self, name: InterfaceName, namespace: Room | None = None, *, snooping: Flag = True) -> None:
        keep(self, namespace=host if namespace is None else namespace, name=name)
        taken = f"there is an interface '{name}' in {self.namespace.name} already"
        words, data = ("", b"") if snooping else (" mcast_snooping 0", links.NO_SNOOPING)
        self._act(
            f"ip link add {names.in_ip_link(name)} type bridge{words}",
            lambda: links.create(self._path, self.name, "bridge", data),
            taken,
        )

    @face
    def attach(self, port: BridgePort) -> None:
        """Make an interface a port of it: `ip link set dev PORT master NAME` (`brctl addif NAME PORT`).

        Args:
            port: an interface of the same namespace.

        Raises:
            InvalidValue: it is no interface of this namespace.
            AlreadyExists: it is a port already.
        """
        self._refuse_elsewhere(port)
        master = port.master
        if master is not None:
            raise AlreadyExists(
                f"'{port.name}' is a port of '{master}' already",
                "an interface has one master",
                f"Detach it first: {master}.detach(…)",
            )
        command = f"ip link set dev {port._typed} master {self._typed}"
        self._act(command, lambda: links.attach(self._path, port.name, self.name))

    @face
    def detach(self, port: BridgePort) -> None:
        """Make a port a plain interface again: `ip link set dev PORT nomaster` (`brctl delif NAME PORT`).

        Args:
            port: one of its ports.

        Raises:
            InvalidValue: it is none.
        """
        self._refuse_elsewhere(port)
        if port.master != self.name:
            raise InvalidValue(
                f"'{port.name}' is not a port of '{self.name}'", "only its own ports can be detached", "See .ports"
            )
        self._act(f"ip link set dev {port._typed} nomaster", lambda: links.detach(self._path, port.name))

    @property
    def ports(self) -> tuple[Interface, ...]:
        """Its ports, in index order."""
        ports = observe.snapshot()[self.namespace.name].ports(self.name)
        there = (Interface._at(self.namespace, port.name) for port in ports)
        return Several(there, f"{self.name}.ports", add=f"{self.name}.attach(…)", delete=f"{self.name}.detach(…)")

    @property
    def fdb(self) -> tuple[model.ForwardingEntry, ...]:
        """Its forwarding database: which MAC is behind which port."""
        space = observe.snapshot()[self.namespace.name]
        there = (entry for entry in space.fdb if entry.master == self.name)
        return Several(there, f"{self.name}.fdb", add="a ping through it: a bridge learns from the frames that it gets")

    def _refuse_elsewhere(self, port: Interface) -> None:
        if port.namespace != self.namespace:
            raise InvalidValue(
                f"'{port.name}' is in {port.namespace.name}, '{self.name}' in {self.namespace.name}",
                "a bridge and its ports are in one namespace",
                "Attach the other end of the cable, or move it here first: .move(…)",
            )


@face
def veth(
    name: InterfaceName, peer: InterfaceName, *, namespace: Room | None = None, peer_namespace: Room | None = None
) -> tuple[Interface, Interface]:
    """Make a veth pair, a cable with two ends: `ip link add NAME type veth peer name PEER [netns …]` (veth(4)).

    Args:
        name: the first end.
        peer: the second end.
        namespace: where the first end is; the host by default.
        peer_namespace: where the second end is born; beside the first by default.

    Returns:
        The two ends.

    Raises:
        InvalidName: one is no name for an interface, or both ends of one namespace have the same.
        AlreadyExists: a name is taken.

    Example:
        >>> a, b = nk.veth("veth-a", "veth-b")  # doctest: +SKIP
        $ ip link add veth-a type veth peer name veth-b
    """
    here = host if namespace is None else namespace
    there = here if peer_namespace is None else peer_namespace
    if name == peer and here == there:
        raise InvalidName(f"both ends are called '{name}'", "names are unique in a namespace", f"Try '{name[:14]}1'")
    goes = "" if peer_namespace is None or here == there else f" netns {there.as_argument}"
    command = f"ip link add {names.in_ip_link(name)} type veth peer name {peer}{goes}"
    perform(
        here._typed_here(command),
        lambda: links.create_veth(here.path, name, peer, there.path),
        taken=lambda: " and ".join(
            f"there is an interface '{end}' in {place.name} already"
            for end, place in ((name, here), (peer, there))
            if end in place
        ),
    )
    return Several((Interface._at(here, name), Interface._at(there, peer)), "nk.veth(…)")  # type: ignore[return-value]
