"""Knows the numbers by which a link's record tells its facts (<linux/if_link.h>), their names, and how each is read."""

from __future__ import annotations

import ipaddress
import struct
from typing import TYPE_CHECKING

from netkit.linux.netlink.protocol import attributes, number, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Row = tuple[str, Callable[[memoryview], str]]

FLAGS = {0x4: "debug", 0x100: "promisc", 0x200: "allmulticast", 0x1000: "multicast", 0x8000: "dynamic"}
NOARP = 0x80


def _number(value: memoryview) -> str:
    return str(number(value))


def _big(value: memoryview) -> str:
    return str(int.from_bytes(value, "big"))


def _mac(value: memoryview) -> str:
    return value.hex(":")


def _ip(value: memoryview) -> str:
    return str(ipaddress.ip_address(bytes(value))) if any(value) else ""


def _switch(value: memoryview) -> str:
    return str(int(bool(number(value))))


def _present(_: memoryview) -> str:
    return "1"


def _first_half(value: memoryview) -> str:
    """Flags or options that are followed by a mask."""
    return str(number(value[: len(value) // 2]))


def _protocol(value: memoryview) -> str:
    found = int.from_bytes(value, "big")
    return {0x8100: "802.1Q", 0x88A8: "802.1ad"}.get(found, hex(found))


def _ports(value: memoryview) -> str:
    low, high = struct.unpack("!HH", value)
    return f"{low}-{high}"


def _startup(value: memoryview) -> str:
    """31.25 seconds, which are no whole number of ticks on every kernel."""
    found = number(value)
    return "3125" if found in (3124, 3125) else str(found)


def _word(words: Mapping[int, str]) -> Callable[[memoryview], str]:
    return lambda value: words.get(number(value), str(number(value)))


def _records(value: memoryview) -> Iterator[memoryview]:
    """Attributes of the same number, one after the other."""
    position = 0
    while position + 4 <= len(value):
        length = number(value[position : position + 2])
        yield value[position + 4 : position + length]
        position += max((length + 3) & ~3, 4)


def _addresses(value: memoryview) -> str:
    """The MACs that a macvlan of the mode "source" takes."""
    return " ".join(sorted(map(_mac, _records(value))))


OF_ALL: dict[int, Row] = {
    2: ("broadcast", _mac),
    13: ("txqlen", lambda value: str(number(value) or 1000)),  # 0, as Docker has it, is as good where nothing waits
    17: ("linkmode", _number),
    20: ("alias", text),
    27: ("group_number", _number),
    39: ("protodown", _switch),
    40: ("gso_max_segs", _number),
    41: ("gso_max_size", _number),
    43: ("xdp", lambda value: _number(attributes(value).get(2, memoryview(b"\0")))),
    52: ("altnames", lambda value: " ".join(sorted(map(text, _records(value))))),
    58: ("gro_max_size", _number),
    63: ("gso_ipv4_max_size", _number),
    64: ("gro_ipv4_max_size", _number),
}

_BRIDGE: dict[int, Row] = {
    1: ("forward_delay", _number),
    2: ("hello_time", _number),
    3: ("max_age", _number),
    4: ("ageing_time", _number),
    5: ("stp", _switch),
    6: ("priority", _number),
    7: ("vlan_filtering", _switch),
    8: ("vlan_protocol", _protocol),
    9: ("group_fwd_mask", _number),
    20: ("group_address", _mac),
    22: ("mcast_router", _number),
    23: ("mcast_snooping", _switch),
    24: ("mcast_query_use_ifaddr", _switch),
    25: ("mcast_querier", _switch),
    26: ("mcast_hash_elasticity", _number),
    27: ("mcast_hash_max", _number),
    28: ("mcast_last_member_count", _number),
    29: ("mcast_startup_query_count", _number),
    30: ("mcast_last_member_interval", _number),
    31: ("mcast_membership_interval", _number),
    32: ("mcast_querier_interval", _number),
    33: ("mcast_query_interval", _number),
    34: ("mcast_query_response_interval", _number),
    35: ("mcast_startup_query_interval", _startup),
    36: ("nf_call_iptables", _switch),
    37: ("nf_call_ip6tables", _switch),
    38: ("nf_call_arptables", _switch),
    39: ("vlan_default_pvid", _number),
    41: ("vlan_stats", _switch),
    42: ("mcast_stats", _switch),
    43: ("mcast_igmp_version", _number),
    44: ("mcast_mld_version", _number),
    45: ("vlan_stats_per_port", _switch),
    46: ("options", _first_half),  # no_linklocal_learn, mcast_vlan_snooping …
    49: ("fdb_max_learned", _number),
}

OF_A_BRIDGES_PORT: dict[int, Row] = {
    2: ("port_priority", _number),
    3: ("cost", _number),
    4: ("hairpin", _switch),
    5: ("guard", _switch),
    6: ("root_block", _switch),
    7: ("fastleave", _switch),
    8: ("port_learning", _switch),
    9: ("flood", _switch),
    10: ("proxy_arp", _switch),
    11: ("learning_sync", _switch),
    12: ("proxy_arp_wifi", _switch),
    25: ("port_mcast_router", _number),
    27: ("mcast_flood", _switch),
    28: ("mcast_to_unicast", _switch),
    29: ("vlan_tunnel", _switch),
    30: ("bcast_flood", _switch),
    31: ("port_group_fwd_mask", _number),
    32: ("neigh_suppress", _switch),
    33: ("isolated", _switch),
    34: ("backup_port", _number),
    37: ("mcast_eht_hosts_limit", _number),
    39: ("locked", _switch),
    40: ("mab", _switch),
    42: ("mcast_max_groups", _number),
    43: ("neigh_vlan_suppress", _switch),
    44: ("backup_nhid", _number),
}

_VXLAN: dict[int, Row] = {
    1: ("vni", _number),
    2: ("group", _ip),
    4: ("local", _ip),
    5: ("ttl", _number),
    6: ("tos", _number),
    7: ("learning", _switch),
    8: ("ageing", _number),
    9: ("limit", _number),
    10: ("srcport", _ports),
    11: ("proxy", _switch),
    12: ("rsc", _switch),
    13: ("l2miss", _switch),
    14: ("l3miss", _switch),
    15: ("port", _big),
    16: ("group", _ip),
    17: ("local", _ip),
    18: ("udp_csum", _switch),
    19: ("udp6_zero_csum_tx", _switch),
    20: ("udp6_zero_csum_rx", _switch),
    23: ("gbp", _present),
    25: ("external", _switch),
    26: ("label", _big),
    27: ("gpe", _present),
    29: ("df", _number),
    30: ("vnifilter", _switch),
    31: ("localbypass", _switch),
}

_GRE: dict[int, Row] = {
    2: ("iflags", _big),
    3: ("oflags", _big),
    4: ("ikey", _big),
    5: ("okey", _big),
    6: ("local", _ip),
    7: ("remote", _ip),
    8: ("ttl", _number),
    9: ("tos", _number),
    10: ("pmtudisc", _number),
    14: ("encap", _number),
    18: ("external", _present),
    20: ("fwmark", _number),
}
_IPTUN: dict[int, Row] = {
    2: ("local", _ip),
    3: ("remote", _ip),
    4: ("ttl", _number),
    5: ("tos", _number),
    9: ("protocol_number", _number),
    10: ("pmtudisc", _number),
    15: ("encap", _number),
    19: ("external", _present),
    20: ("fwmark", _number),
}
_VTI: dict[int, Row] = {
    2: ("ikey", _big),
    3: ("okey", _big),
    4: ("local", _ip),
    5: ("remote", _ip),
    6: ("fwmark", _number),
}

OF_KINDS: dict[str, dict[int, Row]] = {
    "bridge": _BRIDGE,
    "vxlan": _VXLAN,
    "vlan": {
        1: ("vlan", _number),
        2: ("flags", lambda value: str(int(_first_half(value)) ^ 1)),  # reorder_hdr is on by itself
        3: ("egress_qos", lambda value: value.hex()),
        4: ("ingress_qos", lambda value: value.hex()),
        5: ("protocol", _protocol),
    },
    "macvlan": (
        MACVLAN := {
            1: ("mode", _word({1: "private", 2: "vepa", 4: "bridge", 8: "passthru", 16: "source"})),
            2: ("flags", _number),
            5: ("from", _addresses),
            7: ("bcqueuelen", _number),
            9: ("bclim", lambda value: str(number(value, signed=True))),
        }
    ),
    "macvtap": MACVLAN,
    "ipvlan": (IPVLAN := {1: ("mode", _word({0: "l2", 1: "l3", 2: "l3s"})), 2: ("flags", _number)}),
    "ipvtap": IPVLAN,
    "vrf": {1: ("table", _number)},
    "tun": {
        1: ("owner", _number),
        2: ("tun_group", _number),
        3: ("type", _word({1: "tun", 2: "tap"})),
        4: ("pi", _switch),
        5: ("vnet_hdr", _switch),
        6: ("persist", _switch),
        7: ("multi_queue", _switch),
    },
    "geneve": {
        1: ("vni", _number),
        2: ("remote", _ip),
        3: ("ttl", _number),
        4: ("tos", _number),
        5: ("port", _big),
        6: ("external", _present),
        7: ("remote", _ip),
        11: ("label", _big),
        13: ("df", _number),
    },
    **dict.fromkeys(("gre", "gretap", "ip6gre", "ip6gretap", "erspan", "ip6erspan"), _GRE),
    **dict.fromkeys(("ipip", "sit", "ip6tnl"), _IPTUN),
    **dict.fromkeys(("vti", "vti6"), _VTI),
}
