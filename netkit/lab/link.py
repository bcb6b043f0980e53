"""What an interface's handle tells (`.state`, `.mac`, `.mtu`, `.master`, `.peer`); its acts are in `interfaces`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from netkit.errors import NetkitError
from netkit.handles import Several, guarded, keep
from netkit.lab.journal import look, perform
from netkit.lab.place import Place, refuse_text
from netkit.linux.looks import observe
from netkit.shell import quoted
from netkit.visible import visible

if TYPE_CHECKING:
    from netkit import model


_INSTEAD = {
    "name": ".rename(…)",
    "namespace": ".move(…)",
    "is_up": ".up() or .down()",
    "addresses": ".add_address(…)",
    "master": ".attach(…) or .detach(…) of the bridge",
    "add_port": ".attach(…)",
    "addif": ".attach(…)",
    "ip": ".addresses",
    "remove": ".delete()",
}


@guarded(_INSTEAD)
class Link:
    """What a handle of an interface knows.

    Attributes:
        namespace: the Namespace that it is in.
        name: its name there.
    """

    namespace: Place
    name: str

    @classmethod
    def _at(cls, namespace: Place, name: str) -> Self:
        """The handle of an interface that is there."""
        handle = object.__new__(cls)
        keep(handle, namespace=namespace, name=name)
        return handle

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
        own, there = self.name, self._quick.addresses
        return Several(there, f"{own}.addresses", add=f"{own}.add_address(…)", delete=f"{own}.delete_address(…)")

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
    def peer(self) -> Self | None:
        """A veth's other end, None if it has none or it is out of sight."""
        end = self.state.peer
        return type(self.namespace).get(end[0])[end[1]] if end else None

    @property
    def _typed(self) -> str:
        """Its name as a shell takes it: a shell command may have made one with odd characters."""
        return quoted(self.name)

    @property
    def _path(self) -> str:
        return self.namespace.path

    @property
    def _quick(self) -> model.Interface:
        return observe.interface(self._path, self.name)

    def _act(self, command: str, act: Any, taken: str = "") -> None:
        perform(self.namespace._typed_here(command), act, taken=taken)

    def __eq__(self, other: object) -> bool:
        refuse_text(self, other)
        same = isinstance(other, Link) and (self.name, self.namespace) == (other.name, other.namespace)
        return same if isinstance(other, Link) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.name, self.namespace))

    def __repr__(self) -> str:
        try:
            return visible(f"{self.name} in {self.namespace.name}: {summary(self.state)}")
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
