"""Networks that a filter keeps to themselves, as Docker's internal ones are: ways into them and out of them."""

from __future__ import annotations

from tests.inside.wild_kinds import FORWARD, nft, translated
from tests.inside.wild_networks import cable

SECOND = (
    "ip -n gw link add lab type bridge",
    "ip -n gw addr add 10.27.0.1/24 dev lab",
    "ip -n gw link set lab up",
    *cable(("in1", "eth1", "10.27.0.11/24"), ("gw", "lab1", "")),
    "ip -n gw link set lab1 master lab",
    "ip netns exec gw iptables -t nat -A POSTROUTING -s 10.27.0.0/24 -o wan -j MASQUERADE",
)
"""A second network at the gateway, with its first host."""

KEPT = (
    "gw iptables -A FORWARD ! -d 10.27.0.0/24 -i lab -j DROP",
    "gw iptables -A FORWARD ! -s 10.27.0.0/24 -o lab -j DROP",
)
KEPT_BY_NFT = nft(
    "gw",
    "inet kept",
    FORWARD,
    "add rule inet kept c iifname lab oifname != lab counter drop",
    "add rule inet kept c iifname != lab oifname lab counter drop",
)
OUT, THROUGH = ("in1", "10.23.0.2"), "in1 ip route replace default via 10.27.0.1"
ALONE = "in1 ip link del eth0"

INNER = [
    translated("way out through a kept network", "route", "in1", *KEPT, THROUGH, ask=OUT, healthy=SECOND, cause="kept"),
    translated(
        "way out through one that nft keeps",
        "route",
        "in1",
        *KEPT_BY_NFT,
        THROUGH,
        ask=OUT,
        healthy=SECOND,
        cause="kept",
    ),
    translated(
        "only a kept network",
        "filter",
        "gw",
        *(*KEPT, ALONE, THROUGH),
        ask=OUT,
        healthy=SECOND,
        heals=False,
        cause="in1 gets out if it joins another network",
    ),
    translated(
        "only a kept network, without a default route",
        "route",
        "in1",
        *(*KEPT, ALONE),
        ask=OUT,
        healthy=SECOND,
        heals=False,
        cause="no default route; the network of lab is kept",
    ),
    translated(
        "into a kept network",
        "filter",
        "gw",
        *KEPT,
        ask=("in2", "10.27.0.11"),
        healthy=SECOND,
        heals=False,
        cause="who is to ask there has to join it",
    ),
]
