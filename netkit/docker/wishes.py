"""What a container wants to be on a network: its address, MAC, aliases, gateway priority; and what is refused."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netkit.errors import Conflict, InvalidAddress

if TYPE_CHECKING:
    from netkit.docker.endpoint import Joined
    from netkit.validation import IPAddress

GATEWAY_PRIORITY = (28, 0, 0)
"""The release since when a network can be preferred as the way out."""


@dataclass(frozen=True)
class Wishes:
    """What was asked for a container's place on a network.

    Attributes:
        ip: its IPv4 address, `--ip`.
        ip6: its IPv6 address, `--ip6`.
        mac: of its interface, `--mac-address`.
        aliases: further names, `--network-alias`.
        priority: the network with the highest one leads out, `gw-priority`.
    """

    ip: IPAddress | None = None
    ip6: IPAddress | None = None
    mac: str | None = None
    aliases: tuple[str, ...] = ()
    priority: int = 0

    def insist_on(self, network: Joined) -> None:
        """Refuse what a network cannot give.

        Raises:
            Conflict: only networks that somebody made give addresses and names of one's choice.
            InvalidAddress: an address is of the other family.
        """
        for address, kind, word in ((self.ip, ipaddress.IPv4Address, "ip"), (self.ip6, ipaddress.IPv6Address, "ip6")):
            if address is not None and not isinstance(address, kind):
                rule, remedy = "Docker has an option for each family", "Give IPv4 as ip=…, IPv6 as ip6=…"
                raise InvalidAddress(f"{word}='{address}' is of the other family", rule, remedy)
        makes = "Make one: docker.network_create('my-net', '172.30.0.0/16')"
        if (self.ip or self.ip6) and not network.knows_names:
            said = "Docker says: user specified IP address is supported on user defined networks only"
            raise Conflict(f"{self.ip or self.ip6} cannot be had on network '{network.name}'", said, makes)
        if self.aliases and not network.knows_names:
            said = "Docker says: network-scoped alias is supported only for containers in user defined networks"
            raise Conflict(f"'{self.aliases[0]}' cannot be a name on network '{network.name}'", said, makes)
        if self.ip6 is not None and network.pool6 is None:
            rule, remedy = "only a network with both families of addresses gives any", "Make one with ipv6=True"
            raise Conflict(f"network '{network.name}' has no IPv6, and so no {self.ip6}", rule, remedy)
        if self.priority and not network.rulebook.generation.since(GATEWAY_PRIORITY):
            raise Conflict(
                f"Docker {network.rulebook.generation} knows no gw_priority",
                "it came with release 28; before, the first network by name leads out",
                "Take nk.Docker(like='29'), or another name for the network",
            )


NOTHING = Wishes()
"""Where nobody has asked for anything."""
