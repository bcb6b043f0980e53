"""Knows which addresses, subnets and MACs of a network may have other values in the other one.

Those of a network's own subnets may, unless both networks have the very same subnet: then its addresses are meant.
All others (8.8.8.8, 127.0.0.11, 0.0.0.0/0) say what they say.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netkit.comparison.things import Network
    from netkit.model import Namespace
    from netkit.validation import IPAddress, IPInterface, IPNetwork


def borne(spaces: Iterable[Namespace]) -> list[IPInterface]:
    """The addresses of all interfaces, without the loopback's own."""
    texts = (text for space in spaces for link in space.interfaces.values() for text in link.addresses)
    found = (parsed(text) for text in texts)
    return [one for one in found if one is not None and not one.is_loopback]


def parsed(text: str) -> IPInterface | None:
    """An address, with or without its prefix length, or a prefix; None for any other text."""
    try:
        return ipaddress.ip_interface(text)
    except ValueError:
        return None


class Addresses:
    """Turns one network's addresses into terms of facts.

    Args:
        network: the things are added to it.
        own: the addresses that its interfaces bear.
        common: the subnets that both networks have.
    """

    def __init__(self, network: Network, own: list[IPInterface], common: set[IPNetwork]) -> None:
        self._network, self._common = network, common
        self._subnets = {one.network for one in own}

    def is_meant(self, address: IPAddress) -> bool:
        """Whether both networks have its subnet, so that this very address is meant."""
        return any(address in net for net in self._common)

    def term(self, text: str) -> Any:
        """An address or a prefix as part of a fact: a thing where its value may differ, else a text.

        Args:
            text: "172.17.0.2", "172.17.0.2/32" or "172.17.0.0/16"; any other text stays as it is.
        """
        found = parsed(text)
        if found is None:
            return text
        if found.network.prefixlen == found.max_prefixlen:
            return self._address(found.ip)
        return self.subnet(found.network)

    def _address(self, ip: IPAddress) -> Any:
        if self.is_meant(ip) or not any(ip in net for net in self._subnets):
            return str(ip)
        return self._network.thing("address", str(ip), kind=str(ip.version))

    def subnet(self, net: IPNetwork) -> Any:
        """A prefix as part of a fact, with its length."""
        near = [one for one in self._subnets if one.version == net.version and one.overlaps(net)]
        common = any(one in self._common for one in near)
        if not near or not net.prefixlen or net in self._common or (common and net not in near):
            return str(net)
        return net.prefixlen, self._network.thing("subnet", str(net), kind=str(net.version))

    def mac(self, value: str | None) -> Any:
        """A MAC as part of a fact: as Docker's rule makes it from an address (02:42:…), or a thing."""
        if value and value.startswith("02:42:"):
            address = ipaddress.IPv4Address(bytes.fromhex(value.replace(":", ""))[2:])
            if any(address in net for net in self._subnets):
                return "of", self._address(address)
        return value and self._network.thing("mac", value)
