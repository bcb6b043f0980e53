"""A container's places on networks, as values: address, MAC, eth0, eth1 …, priority, and which of them leads out."""

from __future__ import annotations

import itertools
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from ipaddress import IPv4Address, IPv4Network
    from socket import socket

    from netkit.docker.pool import Pool
    from netkit.docker.publishing import Published
    from netkit.docker.rulebook import Rulebook
    from netkit.validation import IPAddress


class Joined(Protocol):
    """What a container's place asks of its network; `netkit.docker.drivers.bridge.Network` tells the attributes."""

    name: str
    bridge: str
    subnet: IPv4Network
    gateway: IPv4Address
    internal: bool
    leads_out: bool
    pool6: Pool | None
    rulebook: Rulebook
    addresses: dict[str, IPv4Address]

    @property
    def knows_names(self) -> bool:
        """Whether its containers can ask for one another's names."""
        ...

    def published(self, ports: tuple[Published, ...]) -> tuple[Published, ...]:
        """Ports as they are published on it."""
        ...

    def publish(self, ports: Iterable[Published], endpoint: Endpoint, undo: ExitStack) -> None:
        """Lead published ports to a place on it."""
        ...

    def ways_out(self, endpoint: Endpoint) -> list[dict[str, str]]:
        """What a container's default routes need."""
        ...

    def addresses_of(self, name: str) -> list[IPAddress]:
        """The addresses of a name on it."""
        ...

    def name_of(self, address: str) -> str | None:
        """The name of the container that has an address."""
        ...


@dataclass(frozen=True, eq=False)
class Endpoint:
    """A container's place on a network.

    Attributes:
        network: which one.
        address: the container's address there.
        interface: the container's end of the cable: "eth0".
        mac: of that interface; None where it has that of the interface below.
        address6: its IPv6 address there, None where the network has none.
        priority: the network with the highest one leads out.
        held: gives the address back.
        cable: takes the cable away.
    """

    network: Joined
    address: IPv4Address
    interface: str
    mac: str | None
    address6: IPAddress | None = None
    priority: int = 0
    held: ExitStack = field(default_factory=ExitStack)
    cable: ExitStack = field(default_factory=ExitStack)

    @property
    def all_addresses(self) -> list[IPAddress]:
        """Its address, and that of IPv6 if it has one."""
        return [self.address, *([self.address6] if self.address6 is not None else [])]


class Ways(dict[str, Endpoint]):
    """A container's endpoints, by their networks' names.

    Attributes:
        leading: the one that its default route and its published ports lead to; None where none does.
        published: takes the rules of its published ports away.
        taken: the sockets of its published ports.
        asks: whether it has a resolver for the names of its networks.
    """

    def __init__(self) -> None:
        super().__init__()
        self.leading: Endpoint | None = None
        self.published = ExitStack()
        self.taken: dict[Published, socket] = {}
        self.asks = False
        self._numbers: defaultdict[str, Iterator[int]] = defaultdict(itertools.count)

    def next_interface(self, beginning: str) -> str:
        """The name of the next interface: eth0, then eth1 …; a number is not used again, as with the Engine."""
        return f"{beginning}{next(self._numbers[beginning])}"

    def own(self, network: str) -> Endpoint | None:
        """Its place on its own network, or on the first that it has joined since it left that one.

        Args:
            network: the name of its own.
        """
        return self.get(network) or next(iter(self.values()), None)

    def forget(self, endpoint: Endpoint) -> None:
        """Leave an endpoint out from now on."""
        if self.get(endpoint.network.name) is endpoint:
            del self[endpoint.network.name]
