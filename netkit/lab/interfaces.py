"""Acts of an interface's handle: `.up`, `.down`, addresses, MTU, MAC, neighbours, `.rename`, `.move`, `.delete`."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from netkit import names, validation
from netkit.errors import AlreadyExists, InvalidAddress, InvalidName, InvalidValue, NotFound
from netkit.face import face
from netkit.handles import keep
from netkit.kinds import Flag, InterfaceAddress, InterfaceName, Mac, Mtu, Other
from netkit.lab.link import Link
from netkit.lab.place import Room
from netkit.linux import sysctls
from netkit.linux.acts import addresses, links, neighbours
from netkit.linux.looks import observe

_IPV6_LEAST_MTU = 1280


def _name(value: Any) -> str:
    return validation.text(value, "an interface's name", InvalidName)


NameThere = Annotated[str, _name]


class Interface(Link):
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

    @face
    def __init__(self, namespace: Room, name: NameThere) -> None:
        if name not in namespace:
            known = f"there are: {', '.join(observe.names(namespace.path))}"
            raise NotFound(f"there is no interface {name!r} in {namespace.name}", known, "Take one of these")
        keep(self, namespace=namespace, name=name)

    @face
    def up(self) -> None:
        """Switch it on: `ip link set dev NAME up` (`ifconfig NAME up`)."""
        self._act(f"ip link set dev {self._typed} up", lambda: links.set_up(self._path, self.name))

    @face
    def down(self) -> None:
        """Switch it off: `ip link set dev NAME down`; routes that use it are gone then."""
        self._act(f"ip link set dev {self._typed} down", lambda: links.set_down(self._path, self.name))

    @face
    def add_address(self, address: InterfaceAddress, *, dad: Flag = True) -> None:
        """Give it an address: `ip addr add ADDRESS dev NAME`.

        Args:
            address: with its prefix length, "10.0.0.1/24", "fd00::1/64".
            dad: whether the kernel first asks, for a second, if somebody has it; of IPv6 only (`nodad` if not).

        Raises:
            InvalidAddress: it is not such an address, no interface can bear it, or it is of IPv4 and `dad` is off.
            AlreadyExists: an interface of this namespace bears it already.
        """
        bearer = observe.bearer(self._path, address)
        if bearer is not None:
            raise AlreadyExists(
                f"'{address.ip}' is on '{bearer}' in {self.namespace.name} already",
                "an address belongs to one interface",
                f"Choose another, or delete that one first: {self.namespace.name}['{bearer}'].delete_address(…)",
            )
        if not dad and address.version == 4:
            rule, remedy = "duplicate address detection is of IPv6", "Leave dad out"
            raise InvalidAddress(f"'{address}' is added at once anyway", rule, remedy)
        words = f"ip addr add {address} dev {self._typed}{'' if dad else ' nodad'}"
        self._act(words, lambda: addresses.add(self._path, self.name, address, dad=dad))

    @face
    def delete_address(self, address: InterfaceAddress) -> None:
        """Take an address away: `ip addr del ADDRESS dev NAME`.

        Args:
            address: with its prefix length, as it was given.

        Raises:
            KernelRefused: the interface does not bear it.
        """
        self._act(f"ip addr del {address} dev {self._typed}", lambda: addresses.delete(self._path, self.name, address))

    @face
    def set_mtu(self, size: Mtu) -> None:
        """Set the size of the largest packet: `ip link set dev NAME mtu SIZE`.

        Args:
            size: bytes, 68 to 65535.

        Raises:
            InvalidValue: it is no such number, or so small that the kernel would drop IPv6 without a word.
        """
        switch = f"net/ipv6/conf/{self.name}/disable_ipv6"
        if size < _IPV6_LEAST_MTU and sysctls.value(self._path, switch) == "0":
            raise InvalidValue(
                f"{size} is too small an MTU while IPv6 is on",
                f"IPv6 needs at least {_IPV6_LEAST_MTU} bytes (RFC 8200), and the kernel would remove it in silence",
                f"Switch it off first: {self.namespace.name}.sysctl('{switch}', 1)",
            )
        self._act(f"ip link set dev {self._typed} mtu {size}", lambda: links.set_mtu(self._path, self.name, size))

    @face
    def set_mac(self, mac: Mac) -> None:
        """Set the MAC address: `ip link set dev NAME address MAC`.

        Args:
            mac: "02:42:ac:11:00:02"; `nk.mac_of("172.17.0.2")` gives the one that Docker would.

        Raises:
            InvalidAddress: it is no unicast MAC address.
        """
        if observe.kind_and_master(self._path, self.name)[0] == "loopback":
            rule = "what is sent there never leaves this namespace, so nobody asks for a MAC address"
            raise InvalidValue(
                f"'{self.name}' is the loopback, and gets no {mac}", rule, "Take a veth's end: nk.veth(…)"
            )
        self._act(f"ip link set dev {self._typed} address {mac}", lambda: links.set_mac(self._path, self.name, mac))

    @face
    def add_neighbour(self, address: Other, mac: Mac) -> None:
        """Say for good at which MAC a neighbour is: `ip neigh add ADDRESS lladdr MAC dev NAME nud permanent`.

        Args:
            address: the neighbour's, "10.0.0.2"; nobody is asked for it any more.
            mac: "02:42:0a:00:00:02".

        Raises:
            InvalidAddress: one of them is none.
            AlreadyExists: there is an entry, perhaps a learned one.
        """
        self._refuse_own(address)
        self._act(
            f"ip neigh add {address} lladdr {mac} dev {self._typed} nud permanent",
            lambda: neighbours.add(self._path, self.name, address, mac),
            f"{self.name} has a neighbour entry for {address} already",
        )

    @face
    def delete_neighbour(self, address: Other) -> None:
        """Remove a neighbour entry: `ip neigh del ADDRESS dev NAME`.

        Args:
            address: the neighbour's.

        Raises:
            KernelRefused: there is none.
        """
        command = f"ip neigh del {address} dev {self._typed}"
        self._act(command, lambda: neighbours.delete(self._path, self.name, address))

    @face
    def rename(self, name: InterfaceName) -> None:
        """Give it another name: `ip link set dev NAME name NEW`; the handle follows.

        Args:
            name: the new name, at most 15 characters.

        Raises:
            InvalidName: it is no name for an interface.
            AlreadyExists: the name is taken.
        """
        taken = f"there is an interface '{name}' in {self.namespace.name} already"
        if observe.kind_and_master(self._path, self.name)[0] == "loopback":
            rule = "programs know the loopback by its name"
            raise InvalidValue(f"'{self.name}' cannot be called '{name}'", rule, "Rename another interface")
        if name == self.name:
            raise AlreadyExists(taken, "it is this one itself", "Choose another name")
        command = f"ip link set dev {self._typed} name {name}"
        self._act(command, lambda: links.rename(self._path, self.name, name), taken)
        keep(self, name=name)

    @face
    def move(self, namespace: Room) -> None:
        """Put it into another namespace: `ip link set NAME netns NAMESPACE`; it loses its addresses and goes down.

        Args:
            namespace: where it goes; the handle follows.

        Raises:
            AlreadyExists: an interface of that name is there already.
            InvalidValue: it is there already itself.
        """
        there = namespace.name
        if namespace == self.namespace:
            rule = "a link is moved to another namespace"
            raise InvalidValue(f"'{self.name}' is in {there} already", rule, "Name another one")
        taken = f"there is an interface '{self.name}' in {there} already"
        command = f"ip link set {names.in_ip_link(self.name)} netns {namespace.as_argument}"
        self._act(command, lambda: links.move(self._path, self.name, namespace.path), taken)
        keep(self, namespace=namespace)

    @face
    def delete(self) -> None:
        """Remove it: `ip link delete NAME`; a veth takes its other end with it."""
        self._act(f"ip link delete {names.in_ip_link(self.name)}", lambda: links.delete(self._path, self.name))

    def _refuse_own(self, address: validation.IPAddress) -> None:
        """An address of this very namespace, or of a whole network, is no neighbour's; the kernel would take it."""
        bearer = observe.bearer(self._path, address)
        nets = [validation.interface_address(text).network for text in self.addresses]
        whole = any(address in net and net.prefixlen < 31 and address in (net[0], net[-1]) for net in nets)
        if bearer is not None or (whole and address.version == 4):
            what = f"this namespace's own address, on '{bearer}'" if bearer else "the address of a whole network"
            rule, remedy = "a neighbour is another machine on the link", "Give the address of the other end"
            raise InvalidAddress(f"'{address}' is {what}", rule, remedy)
