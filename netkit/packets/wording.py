"""Addresses and ports in words that are the same in every run: `*` for a random port, "a random MAC", "everyone"."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from netkit.configured import is_random_mac

if TYPE_CHECKING:
    from collections.abc import Mapping

CHOSEN = range(32768, 61000)
"""The ports that the kernel chooses at random for the asking side (net.ipv4.ip_local_port_range)."""

ANY = "*"
"""How such a port is written."""

EVERYONE = "everyone"
"""How the broadcast address ff:ff:ff:ff:ff:ff is written."""

_LINK_LOCAL = ipaddress.ip_network("fe80::/10")


class Wording:
    """Writes addresses; random MACs become the name of the interface that bears them.

    Args:
        owners: "ns1:eth1" by MAC; where they are known, a MAC that none of them bears was not drawn at random.

    Example:
        >>> Wording({"6e:00:00:00:00:01": "ns1:eth1"}).mac(bytes.fromhex("6e0000000001"))
        'the MAC of ns1:eth1'
        >>> Wording().mac(bytes.fromhex("0242ac110002"))
        '02:42:ac:11:00:02'
    """

    def __init__(self, owners: Mapping[str, str] | None = None) -> None:
        self._owners = owners or {}
        self._written: dict[bytes, str] = {}  # 100 000 frames have few addresses

    def mac(self, mac: bytes) -> str:
        """A MAC address.

        Args:
            mac: 6 bytes.
        """
        if mac not in self._written:
            self._written[mac] = self._mac(mac)
        return self._written[mac]

    def address(self, packed: bytes) -> str:
        """An IPv4 or IPv6 address; a link-local one follows from a MAC (RFC 4291, appendix A) and is worded like it.

        Args:
            packed: 4 or 16 bytes.
        """
        if packed not in self._written:
            self._written[packed] = self._address(packed)
        return self._written[packed]

    def end(self, packed: bytes, port: int | None) -> str:
        """One end of a conversation: "172.17.0.2:80", "[fd00::2]:80", "172.17.0.1:*".

        Args:
            packed: the address.
            port: None for protocols without ports.
        """
        address = self.address(packed)
        if port is None:
            return address
        if len(packed) == 16:
            address = f"[{address}]"
        return f"{address}:{ANY if port in CHOSEN else port}"

    def _mac(self, mac: bytes) -> str:
        text = mac.hex(":")
        if text == "ff:ff:ff:ff:ff:ff":
            return EVERYONE
        if mac[0] & 1 or not is_random_mac(text):  # the lowest bit marks a group (IEEE 802), never drawn at random
            return text
        if text in self._owners:
            return f"the MAC of {self._owners[text]}"
        return text if self._owners else "a random MAC"

    def knows(self, mac: str) -> bool:
        """Whether it is known who bears a MAC."""
        return mac in self._owners

    def _address(self, packed: bytes) -> str:
        address = ipaddress.ip_address(packed)
        if address.version == 4 or address not in _LINK_LOCAL:
            return str(address)
        if packed[11:13] != b"\xff\xfe":
            return "a random link-local address"
        mac = (bytes([packed[8] ^ 2]) + packed[9:11] + packed[13:]).hex(":")
        if not is_random_mac(mac):
            return str(address)
        return f"link-local of {self._owners[mac]}" if mac in self._owners else "a random link-local address"
