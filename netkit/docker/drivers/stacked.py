"""The drivers `macvlan` and `ipvlan`: containers on the cable of one of the machine's interfaces, the parent.

No bridge and no rule stands between: a container's eth0 is a device that stands on the machine's interface, its parent
(docs.docker.com, "Macvlan network driver", "IPvlan network driver").  What leaves a device goes out by the parent's
cable, never up into the parent itself: so the machine and its own containers do not hear one another.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from netkit.docker.drivers.bridge import Network
from netkit.docker.drivers.laying import delete
from netkit.errors import Conflict, KernelRefused, NotFound
from netkit.handles import keep
from netkit.lab import journal
from netkit.lab.interfaces import Interface
from netkit.linux.acts import links, stacked
from netkit.linux.acts.stacked import Standing
from netkit.linux.netlink import sockets

if TYPE_CHECKING:
    import ipaddress
    from collections.abc import Callable, Iterable
    from contextlib import ExitStack

    from netkit.docker.container import Container
    from netkit.docker.endpoint import Endpoint
    from netkit.docker.etc import Files
    from netkit.docker.pool import Pool
    from netkit.docker.publishing import Published
    from netkit.docker.rulebook import Rulebook

KINDS = tuple(stacked.MODES)
_MOST_VLANS = 4094
NO_GATEWAY = (29, 0, 0)
"""The release since when there is no way out of such a network unless its router is named."""


class Stacked(Network):
    """A network whose containers stand on an interface of the machine.

    Attributes:
        kind: "macvlan" or "ipvlan".
        parent: the machine's interface; "eth0.50" is made for VLAN 50 of eth0, and a dummy where none was named.
        mode: whom a container hears: of macvlan bridge, private, vepa or passthru; of ipvlan l2, l3 or l3s.
    """

    kind: str
    parent: str
    mode: str

    def __init__(  # noqa: PLR0913  (what makes it up)
        self,
        name: str,
        pool: Pool,
        rulebook: Rulebook,
        *,
        standing: Standing,
        pool6: Pool | None = None,
        internal: bool = False,
    ) -> None:
        super().__init__(name, pool, rulebook, pool6=pool6, internal=internal)
        parent = standing.parent or f"dm-{self.id[:12]}"
        keep(self, kind=standing.kind, mode=standing.setting, parent=parent, bridge="")

    @property
    def routed(self) -> bool:
        """Whether its containers hand packets to the machine's routing: they have no neighbours then, and no router."""
        return self.mode in ("l3", "l3s")

    def make(self, undo: ExitStack) -> None:
        """Make sure that the kernel has such devices, and make the parent where Docker does so."""
        try:
            stacked.insist(self.machine.path, self.kind)
        except KernelRefused as error:
            raise KernelRefused(f"network '{self.name}' cannot be made", error.rule, error.remedy) from None
        if self.parent.startswith("dm-"):
            make = partial(links.create, self.machine.path, self.parent, "dummy")
            self._add(undo, f"ip link add {self.parent} type dummy", make)
        elif self.parent not in self.machine:
            self._add_vlan(undo)
        elif self.machine[self.parent].state.kind == "loopback":
            raise Conflict(
                f"no {self.kind} can stand on '{self.parent}'",
                f"Docker says: loopback interface is not a valid {self.kind} parent link",
                "Name an interface that has a cable: parent='eth0'",
            )

    def _add(self, undo: ExitStack, command: str, act: Callable[[], None]) -> None:
        """Make the parent: it is taken away with the network."""
        journal.perform(self.machine.typed(command), act)
        made = Interface._at(self.machine, self.parent)
        undo.callback(delete, made)
        made.up()

    def _add_vlan(self, undo: ExitStack) -> None:
        """Make the parent "eth0.50": VLAN 50 of eth0."""
        below, dot, number = self.parent.rpartition(".")
        known = number.isascii() and number.isdecimal() and 1 <= int(number) <= _MOST_VLANS
        if not (dot and known and below in self.machine):
            there = ", ".join(link.name for link in self.machine.interfaces)
            raise NotFound(
                f"there is no interface '{self.parent}' in {self.machine.name}",
                f"there are: {there}; 'eth0.50' would be made, for VLAN 50 of an eth0 that is there",
                "Take one of these",
            )
        vlan = Standing(below, "vlan", str(int(number)))
        self._add(undo, vlan.typed(self.parent), lambda: stacked.create(self.machine.path, self.parent, vlan))

    def plan(self, container: Container) -> Files:
        """Take an address.

        Raises:
            Conflict: the container has published ports, or there is no address left.
        """
        if container.ports:
            raise Conflict(
                f"ports of '{container.name}' cannot be published on network '{self.name}'",
                f"a container on {self.kind} has an address of its own on {self.parent}'s cable, where all its ports "
                "are open; Docker takes -p there without a word, and publishes nothing",
                "Leave ports out, or take network='bridge'",
            )
        return super().plan(container)

    def plug(self, container: Container, endpoint: Endpoint) -> None:
        """Make a device on the parent, born in the container, and give it address and MAC."""
        name, room = endpoint.interface, container.namespace
        standing = Standing(self.parent, self.kind, self.mode)
        words = self.machine.typed(standing.typed(name, room.as_argument))
        journal.perform(words, lambda: stacked.create(self.machine.path, name, standing, room.path))
        device = Interface._at(room, name)
        endpoint.cable.callback(_take_away, container, device)
        container.undo.callback(endpoint.cable.close)
        if endpoint.mac is not None:
            device.set_mac(endpoint.mac)
        self.address(device, endpoint)
        device.up()

    def mac_of(self, container: str, address: ipaddress.IPv4Address) -> str | None:
        """As on a bridge on macvlan; all ipvlan devices of a parent have its own."""
        return super().mac_of(container, address) if self.kind == "macvlan" else None

    def publish(self, ports: Iterable[Published], endpoint: Endpoint, undo: ExitStack) -> None:
        """Nothing to do: all its ports are open to the parent's neighbours."""

    def ways_out(self, endpoint: Endpoint) -> list[dict[str, str]]:
        """By the router of the parent's network; none from an internal one; any way at all where the machine routes."""
        if self.internal:
            return []
        if self.routed:
            return [{"device": endpoint.interface}]
        return super().ways_out(endpoint) if self.pool.named or not self._asks else []

    @property
    def _asks(self) -> bool:
        """Whether there is a way out only where a router was named."""
        return self.rulebook.generation.since(NO_GATEWAY)

    def details(self, containers: dict[str, Container]) -> dict[str, Any]:
        """What `docker network inspect` says."""
        told = super().details(containers) | {"Driver": self.kind}
        return told | {"Options": {"parent": self.parent, f"{self.kind}_mode": self.mode}}

    def __repr__(self) -> str:
        inside = ", ".join(f"{name} {address}" for name, address in self.addresses.items()) or "no container"
        return f"{self.name}: {self.subnet}, {self.kind} mode {self.mode} on {self.parent}: {inside}"


def _take_away(container: Container, device: Interface) -> None:
    """Remove a device; that of a container whose process has ended goes with its namespace, and no line is needed."""
    with suppress(NotFound, KernelRefused):  # the namespace, or somebody, was quicker
        act = partial(links.delete, container.held, device.name)
        if container.running:
            journal.perform(device.namespace.typed(f"ip link delete {device.name}"), act)
        else:
            act()
    sockets.forget(container.held)
