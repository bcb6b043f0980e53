"""The addresses of a network of one family: the router's, who has which, the lowest free, "no address left"."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from netkit.errors import Conflict, InvalidAddress

if TYPE_CHECKING:
    from contextlib import ExitStack

    from netkit.validation import IPAddress, IPNetwork

_MOST = 1 << 20
"""How many addresses of a large subnet are looked at for one that is free."""


class Pool:
    """Where a network's containers have their addresses from.

    Args:
        subnet: all its addresses.
        gateway: the router's; the first one of the subnet where none is named.
        part: that addresses are taken from, None for all of the subnet.
        chosen: whether somebody named the subnet: only then may a container ask for an address of its own.
        routed: whether an address is kept for a router.

    Attributes:
        named: whether somebody named the gateway.
        addresses: who has which, by container.
    """

    def __init__(
        self,
        subnet: IPNetwork,
        gateway: IPAddress | None = None,
        part: IPNetwork | None = None,
        *,
        chosen: bool = False,
        routed: bool = True,
    ) -> None:
        self.subnet, self.part, self.chosen, self.routed = subnet, part or subnet, chosen, routed
        self.gateway: IPAddress = gateway or subnet[1]
        self.named = gateway is not None
        self.addresses: dict[str, IPAddress] = {}

    @property
    def length(self) -> int:
        """The length of its prefix, in bits."""
        return self.subnet.prefixlen

    def take(self, container: str, network: str, undo: ExitStack, wanted: IPAddress | None = None) -> IPAddress:
        """An address for a container: the one that is asked for, or the lowest that is free.

        Args:
            container: its name.
            network: the network's name.
            undo: takes what gives the address back.
            wanted: the address that is asked for.

        Raises:
            Conflict: there is none left, somebody has it, or nobody may ask for one here.
            InvalidAddress: it is not of this subnet.
        """
        nobodys = {self.subnet[0], self.subnet[-1]} if self.subnet.version == 4 else {self.subnet[0]}
        used = {*([self.gateway] if self.routed else []), *self.addresses.values(), *nobodys}
        if wanted is not None:
            self._insist(wanted, network, used)
        address = wanted or next((each for each in islice(self.part, _MOST) if each not in used), None)
        if address is None:
            raise Conflict(
                f"network '{network}' has no address left", f"{self.part} has but few", "Remove a container first"
            )
        self.addresses[container] = address
        undo.callback(self.addresses.pop, container)
        return address

    def _insist(self, wanted: IPAddress, network: str, used: set[IPAddress]) -> None:
        if not self.chosen:
            raise Conflict(
                f"network '{network}' gives no address of one's choice",
                "Docker says: user specified IP address is supported only when connecting to networks with user "
                "configured subnets",
                "Make a network with a subnet: docker.network_create('my-net', '172.30.0.0/16')",
            )
        if wanted not in self.subnet:
            raise InvalidAddress(
                f"{wanted} is no address of network '{network}', which has {self.subnet}",
                "Docker says: It does not belong to any of this network's subnets",
                f"Choose one of {self.subnet}",
            )
        if wanted in used:
            owner = next((name for name, address in self.addresses.items() if address == wanted), None)
            whose = f"'{owner}' has it" if owner else "it is the router's, or the whole network's"
            raise Conflict(
                f"{wanted} is taken on network '{network}'",
                f"Docker says: Address already in use; {whose}",
                "Choose another",
            )
