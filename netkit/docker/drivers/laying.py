"""How a bridge network is laid: bridge with MAC and switches, a cable (veth) into each container, MTU, hairpin."""

from __future__ import annotations

import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from netkit.docker import naming, six
from netkit.docker.generations.values import ISOLATED
from netkit.docker.options import OWN_MTU
from netkit.errors import NotFound
from netkit.lab import journal
from netkit.lab.bridges import Bridge
from netkit.linux import sysctls
from netkit.linux.acts import links

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import ExitStack
    from ipaddress import IPv4Address, IPv4Network

    from netkit.docker.generations.values import Segment
    from netkit.docker.options import Options
    from netkit.docker.pool import Pool
    from netkit.docker.rulebook import Rulebook
    from netkit.lab.interfaces import Interface
    from netkit.lab.namespaces import Namespace


class Laid(Protocol):
    """A network of a bridge; `netkit.docker.drivers.bridge.Network` tells the attributes."""

    machine: Namespace
    name: str
    id: str
    bridge: str
    subnet: IPv4Network
    gateway: IPv4Address
    internal: bool
    pool6: Pool | None
    options: Options
    rulebook: Rulebook

    @property
    def segments(self) -> list[Segment]:
        """It as its rules see it."""
        ...

    @property
    def pools(self) -> list[Pool]:
        """Its addresses, family by family."""
        ...

    @property
    def here(self) -> dict[str, IPv4Address]:
        """Its containers on this machine, and their addresses."""
        ...

    def mac_of(self, container: str, address: IPv4Address) -> str | None:
        """The MAC address of a container on it."""
        ...


def lay(net: Laid, undo: ExitStack) -> None:
    """Make a network's bridge and its rules; what removes each is put on `undo`."""
    machine = net.machine
    bridge = Bridge(net.bridge, namespace=machine)
    undo.callback(delete, bridge)
    mac = _mac(net)
    bridge.set_mac(mac)
    if net.options.mtu and net.rulebook.generation.has(OWN_MTU):
        bridge.set_mtu(net.options.mtu)
    if net.options.mode != ISOLATED and not net.options.inhibited:
        bridge.add_address(f"{net.gateway}/{net.subnet.prefixlen}")
    if not net.rulebook.how.proxy and not (net.internal and net.rulebook.generation.podman):
        # With it on, the bridge takes packets from and to 127.0.0.1: so the host reaches published ports there.
        machine.sysctl(f"net.ipv4.conf.{net.bridge}.route_localnet", 1)
    switch(bridge, net.rulebook.generation.bridge_switches(six=net.pool6 is not None))
    if net.pool6 is not None and net.options.mode6 != ISOLATED:
        six.give(bridge, net.pool6.gateway, net.pool6.length)
        six.give(bridge, six.link_local(mac), six.LINK_LOCAL_LENGTH)
    for segment in net.segments:
        net.rulebook.network(segment, undo)
    bridge.up()


def switch(link: Interface, switches: Mapping[str, int]) -> None:
    """Set what a release switches at an interface, as far as the kernel has it; noted, since few look at it."""
    space = link.namespace
    for short, value in switches.items():
        family, _, key = short.partition(".")
        name = f"net.{family}.conf.{link.name}.{key}"
        if sysctls.value(space.path, name) is not None:
            sysctls.write(space.path, name, str(value))
            journal.note(space.typed(f"sysctl -w {name}={value}"))


def fit(net: Laid, inner: Interface, outer: Interface) -> None:
    """Give both ends of a container's cable the network's MTU, where it has one of its own."""
    for end in (outer, inner) if net.options.mtu else ():
        end.set_mtu(net.options.mtu)


def switch_cable(net: Laid, inner: Interface, outer: Interface) -> None:
    """Set what a release switches at a container's end of a cable, and at the bridge's."""
    for end in (inner, outer):
        switch(end, net.rulebook.generation.cable_switches(inner=end is inner, six=net.pool6 is not None))


def attach(net: Laid, outer: Interface) -> None:
    """Attach a container's cable to a network's bridge.

    A container that calls its own published port gets its packets back by the port they came in by, unless docker-proxy
    stands between.
    """
    net.machine[net.bridge].attach(outer)  # type: ignore[attr-defined]  (it is a Bridge)
    if net.rulebook.generation.turns_back and not net.rulebook.how.proxy:
        journal.perform(
            net.machine.typed(f"ip link set dev {outer.name} type bridge_slave hairpin on"),
            lambda: links.set_hairpin(net.machine.path, outer.name),
        )


def delete(link: Interface) -> None:
    """Remove a link, unless somebody was quicker: the aim is that it is gone."""
    with suppress(NotFound):
        link.delete()


def _mac(net: Laid) -> str:
    """A bridge's: drawn at random, the first two bytes are 02:42 in earlier generations."""
    if net.rulebook.generation.random_macs:
        return naming.mac(net.id)
    return ":".join(f"{byte:02x}" for byte in (0x02, 0x42, *zlib.crc32(net.id.encode()).to_bytes(4, "big")))
