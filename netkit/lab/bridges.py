"""Make links with more than one end: bridges with their ports, veth pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netkit import names
from netkit.errors import AlreadyExists, InvalidName, InvalidValue
from netkit.lab.interfaces import Interface
from netkit.lab.journal import perform
from netkit.lab.namespaces import Namespace, host
from netkit.lab.place import checked
from netkit.linux import links, observe

if TYPE_CHECKING:
    from netkit import model


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

    def __init__(self, name: str, namespace: Namespace | None = None, *, snooping: bool = True) -> None:
        super().__init__(host if namespace is None else checked(namespace), names.interface(name))
        taken = f"there is an interface '{name}' in {self.namespace.name} already"
        words, options = ("", {}) if snooping else (" mcast_snooping 0", {"mcast_snooping": 0})
        self._act(
            f"ip link add {names.in_ip_link(name)} type bridge{words}",
            lambda: links.create(self._path, self.name, "bridge", **options),
            taken,
        )

    def attach(self, port: Interface) -> None:
        """Make an interface a port of it: `ip link set dev PORT master NAME` (`brctl addif NAME PORT`).

        Args:
            port: an interface of the same namespace.

        Raises:
            InvalidValue: it is no interface of this namespace.
            AlreadyExists: it is a port already.
        """
        port = self._a_port(port)
        master = port.master
        if master is not None:
            raise AlreadyExists(
                f"'{port.name}' is a port of '{master}' already",
                "an interface has one master",
                f"Detach it first: {master}.detach(…)",
            )
        command = f"ip link set dev {port._typed} master {self._typed}"
        self._act(command, lambda: links.attach(self._path, port.name, self.name))

    def detach(self, port: Interface) -> None:
        """Make a port a plain interface again: `ip link set dev PORT nomaster` (`brctl delif NAME PORT`).

        Args:
            port: one of its ports.

        Raises:
            InvalidValue: it is none.
        """
        port = self._a_port(port)
        if port.master != self.name:
            raise InvalidValue(
                f"'{port.name}' is not a port of '{self.name}'", "only its own ports can be detached", "See .ports"
            )
        self._act(f"ip link set dev {port._typed} nomaster", lambda: links.detach(self._path, port.name))

    @property
    def ports(self) -> tuple[Interface, ...]:
        """Its ports, in index order."""
        space = observe.snapshot()[self.namespace.name]
        return tuple(
            Interface(self.namespace, link.name) for link in space.interfaces.values() if link.master == self.name
        )

    @property
    def fdb(self) -> tuple[model.ForwardingEntry, ...]:
        """Its forwarding database: which MAC is behind which port."""
        space = observe.snapshot()[self.namespace.name]
        return tuple(entry for entry in space.fdb if entry.master == self.name)

    def _a_port(self, port: Any) -> Interface:
        if not isinstance(port, Interface):
            raise InvalidValue(
                f"{port!r} is not an interface",
                "a bridge's ports are interfaces",
                "Give a handle, such as nk.host['veth1']",
            )
        if port.namespace != self.namespace:
            raise InvalidValue(
                f"'{port.name}' is in {port.namespace.name}, '{self.name}' in {self.namespace.name}",
                "a bridge and its ports are in one namespace",
                "Attach the other end of the cable, or move it here first: .move(…)",
            )
        return port


def veth(
    name: str, peer: str, *, namespace: Namespace | None = None, peer_namespace: Namespace | None = None
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
    first, second = names.interface(name), names.interface(peer)
    here = host if namespace is None else checked(namespace)
    there = here if peer_namespace is None else checked(peer_namespace)
    if first == second and here == there:
        raise InvalidName(f"both ends are called '{first}'", "names are unique in a namespace", f"Try '{first[:14]}1'")
    goes = "" if here == there else f" netns {there.as_argument}"
    perform(
        here.typed(f"ip link add {names.in_ip_link(first)} type veth peer name {second}{goes}"),
        lambda: links.create_veth(here.path, first, second, there.path),
        taken=lambda: " and ".join(
            f"there is an interface '{end}' in {place.name} already"
            for end, place in ((first, here), (second, there))
            if end in place
        ),
    )
    return Interface(here, first), Interface(there, second)
