"""Handles for interfaces: veth ends, bridges and the rest."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, ClassVar

from netkit import names, values
from netkit.errors import AlreadyExists, InvalidName, InvalidValue, NetkitError
from netkit.lab.journal import look, perform
from netkit.lab.place import checked
from netkit.linux import addresses, links, neighbours, observe, sysctls

if TYPE_CHECKING:
    from netkit import model
    from netkit.lab.place import Place

_IPV6_LEAST_MTU = 1280


class Interface:
    """One interface of a namespace; every act prints its command and does one kernel act.

    Handles are got, not made: `nk.veth(…)` and `nk.Bridge(…)` return them, and `ns1["eth1"]` finds one
    that is there.

    Attributes:
        namespace: the Namespace that it is in.
        name: its name there.

    Example:
        >>> veth1, eth1 = nk.veth("veth1", "eth1", peer_namespace=ns1)  # doctest: +SKIP
        $ ip link add veth1 type veth peer name eth1 netns ns1
        >>> eth1.add_address("172.17.1.1/24"); eth1.up()  # doctest: +SKIP
        $ ip netns exec ns1 ip addr add 172.17.1.1/24 dev eth1
        $ ip netns exec ns1 ip link set dev eth1 up
    """

    KINDS: ClassVar[dict[str, type[Interface]]] = {}
    """The handles with more to them, by the kernel's name of the kind: "bridge", "vxlan"."""

    def __init_subclass__(cls, kind: str) -> None:
        Interface.KINDS[kind] = cls

    def __init__(self, namespace: Place, name: str) -> None:
        self.namespace = checked(namespace)
        self.name = values.text(name, "an interface's name", InvalidName)

    def up(self) -> None:
        """Switch it on: `ip link set dev NAME up` (`ifconfig NAME up`)."""
        self._act(f"ip link set dev {self._typed} up", lambda: links.set_up(self._path, self.name))

    def down(self) -> None:
        """Switch it off: `ip link set dev NAME down`; routes that use it are gone then."""
        self._act(f"ip link set dev {self._typed} down", lambda: links.set_down(self._path, self.name))

    def add_address(self, address: str) -> None:
        """Give it an address: `ip addr add ADDRESS dev NAME`.

        Args:
            address: with its prefix length, "10.0.0.1/24".

        Raises:
            InvalidAddress: it is not such an address, or no interface can bear it.
            AlreadyExists: an interface of this namespace bears it already.
        """
        wanted = values.interface_address(address)
        bearer = observe.bearer(self._path, wanted.ip)
        if bearer is not None:
            raise AlreadyExists(
                f"'{wanted.ip}' is on '{bearer}' in {self.namespace.name} already",
                "an address belongs to one interface",
                f"Choose another, or delete that one first: {self.namespace.name}['{bearer}'].delete_address(…)",
            )
        self._act(f"ip addr add {wanted} dev {self._typed}", lambda: addresses.add(self._path, self.name, wanted))

    def delete_address(self, address: str) -> None:
        """Take an address away: `ip addr del ADDRESS dev NAME`.

        Args:
            address: with its prefix length, as it was given.

        Raises:
            KernelRefused: the interface does not bear it.
        """
        wanted = values.interface_address(address)
        self._act(f"ip addr del {wanted} dev {self._typed}", lambda: addresses.delete(self._path, self.name, wanted))

    def set_mtu(self, size: int) -> None:
        """Set the size of the largest packet: `ip link set dev NAME mtu SIZE`.

        Args:
            size: bytes, 68 to 65535.

        Raises:
            InvalidValue: it is no such number, or so small that the kernel would drop IPv6 without a word.
        """
        wanted = values.mtu(size)
        switch = f"net/ipv6/conf/{self.name}/disable_ipv6"
        if wanted < _IPV6_LEAST_MTU and sysctls.value(self._path, switch) == "0":
            raise InvalidValue(
                f"{wanted} is too small an MTU while IPv6 is on",
                f"IPv6 needs at least {_IPV6_LEAST_MTU} bytes (RFC 8200), and the kernel would remove it in silence",
                f"Switch it off first: {self.namespace.name}.sysctl('{switch}', 1)",
            )
        self._act(f"ip link set dev {self._typed} mtu {wanted}", lambda: links.set_mtu(self._path, self.name, wanted))

    def set_mac(self, mac: str) -> None:
        """Set the MAC address: `ip link set dev NAME address MAC`.

        Args:
            mac: "02:42:ac:11:00:02"; `nk.mac_of("172.17.0.2")` gives the one that Docker would.

        Raises:
            InvalidAddress: it is no unicast MAC address.
        """
        wanted = values.mac(mac)
        self._act(
            f"ip link set dev {self._typed} address {wanted}", lambda: links.set_mac(self._path, self.name, wanted)
        )

    def add_neighbour(self, address: str, mac: str) -> None:
        """Say for good at which MAC a neighbour is: `ip neigh add ADDRESS lladdr MAC dev NAME nud permanent`.

        Args:
            address: the neighbour's, "10.0.0.2"; nobody is asked for it any more.
            mac: "02:42:0a:00:00:02".

        Raises:
            InvalidAddress: one of them is none.
            AlreadyExists: there is an entry, perhaps a learned one.
        """
        whose, where = values.router(address), values.mac(mac)
        self._act(
            f"ip neigh add {whose} lladdr {where} dev {self._typed} nud permanent",
            lambda: neighbours.add(self._path, self.name, whose, where),
            f"{self.name} has a neighbour entry for {whose} already",
        )

    def delete_neighbour(self, address: str) -> None:
        """Remove a neighbour entry: `ip neigh del ADDRESS dev NAME`.

        Args:
            address: the neighbour's.

        Raises:
            KernelRefused: there is none.
        """
        whose = values.router(address)
        self._act(f"ip neigh del {whose} dev {self._typed}", lambda: neighbours.delete(self._path, self.name, whose))

    def rename(self, name: str) -> None:
        """Give it another name: `ip link set dev NAME name NEW`; the handle follows.

        Args:
            name: the new name, at most 15 characters.

        Raises:
            InvalidName: it is no name for an interface.
            AlreadyExists: the name is taken.
        """
        new = names.interface(name)
        taken = f"there is an interface '{new}' in {self.namespace.name} already"
        command = f"ip link set dev {self._typed} name {new}"
        self._act(command, lambda: links.rename(self._path, self.name, new), taken)
        self.name = new

    def move(self, namespace: Place) -> None:
        """Put it into another namespace: `ip link set NAME netns NAMESPACE`; it loses its addresses and goes down.

        Args:
            namespace: where it goes; the handle follows.

        Raises:
            AlreadyExists: an interface of that name is there already.
            InvalidValue: it is there already itself.
        """
        target = checked(namespace)
        if target == self.namespace:
            raise InvalidValue(
                f"'{self.name}' is in {target.name} already", "a link is moved to another namespace", "Name another one"
            )
        taken = f"there is an interface '{self.name}' in {target.name} already"
        command = f"ip link set {names.in_ip_link(self.name)} netns {target.as_argument}"
        self._act(command, lambda: links.move(self._path, self.name, target.path), taken)
        self.namespace = target

    def delete(self) -> None:
        """Remove it: `ip link delete NAME`; a veth takes its other end with it."""
        self._act(f"ip link delete {names.in_ip_link(self.name)}", lambda: links.delete(self._path, self.name))

    @property
    def state(self) -> model.Interface:
        """All that the kernel says of it now, as a frozen value.

        Raises:
            NotFound: it is not there (any more).
        """
        look()
        for space in observe.snapshot():
            if space.name == self.namespace.name and self.name in space.interfaces:
                return space.interfaces[self.name]
        return observe.interface(self._path, self.name)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Its addresses, "10.0.0.1/24" texts."""
        return self._quick.addresses

    @property
    def mac(self) -> str | None:
        """Its MAC address."""
        return self._quick.mac

    @property
    def mtu(self) -> int:
        """The size of the largest packet, in bytes."""
        return self._quick.mtu

    @property
    def is_up(self) -> bool:
        """Whether it was switched on."""
        return self._quick.up

    @property
    def master(self) -> str | None:
        """The bridge that it is a port of."""
        return observe.kind_and_master(self._path, self.name)[1]

    @property
    def peer(self) -> Interface | None:
        """A veth's other end, None if it has none or it is out of sight."""
        end = self.state.peer
        return type(self.namespace).get(end[0])[end[1]] if end else None

    @property
    def _typed(self) -> str:
        """Its name as a shell takes it: a shell command may have made one with odd characters."""
        return shlex.quote(self.name)

    @property
    def _path(self) -> str:
        return self.namespace.path

    @property
    def _quick(self) -> model.Interface:
        return observe.interface(self._path, self.name)

    def _act(self, command: str, act: Any, taken: str = "") -> None:
        perform(self.namespace.typed(command), act, taken=taken)

    def __getattr__(self, name: str) -> Any:
        raise names.unknown(vars(self).get("name", type(self).__name__), name, dir(type(self)))

    def __eq__(self, other: object) -> bool:
        same = isinstance(other, Interface) and (self.name, self.namespace) == (other.name, other.namespace)
        return same if isinstance(other, Interface) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.name, self.namespace))

    def __repr__(self) -> str:
        try:
            return f"{self.name} in {self.namespace.name}: {summary(self.state)}"
        except NetkitError:
            return f"{self.name} in {self.namespace.name}: gone"


def summary(link: model.Interface) -> str:
    """An interface's state in one line.

    Example:
        >>> from netkit.model import Interface
        >>> summary(Interface("eth1", "veth", up=True, addresses=("10.0.0.1/24",), peer=("host", "veth1")))
        'veth, up but no carrier, 10.0.0.1/24, other end veth1 in host'
    """
    facts = [link.kind, ("up" if link.carrier else "up but no carrier") if link.up else "down"]
    facts += [address for address in link.addresses if not address.startswith("fe80:")]
    facts += [f"port of {link.master}"] if link.master else []
    facts += [f"other end {link.peer[1]} in {link.peer[0]}"] if link.peer else []
    facts += [f"MTU {link.mtu}"] if link.mtu not in (1500, 65536) else []
    return ", ".join(facts)
