"""What a link's details (`ip -d link`: arp, promisc, hairpin, learning …) are by default; only others are kept."""

from __future__ import annotations

SWITCHES = frozenset(
    [
        *("arp", "promisc", "allmulticast", "multicast", "dynamic", "debug", "protodown"),
        *("hairpin", "isolated", "guard", "root_block", "fastleave", "port_learning", "flood", "proxy_arp"),
        *("learning_sync", "proxy_arp_wifi", "mcast_flood", "mcast_to_unicast", "vlan_tunnel", "bcast_flood"),
        *("neigh_suppress", "locked", "mab", "neigh_vlan_suppress"),
        *("stp", "vlan_filtering", "mcast_snooping", "mcast_query_use_ifaddr", "mcast_querier"),
        *("nf_call_iptables", "nf_call_ip6tables", "nf_call_arptables", "vlan_stats", "mcast_stats"),
        *("vlan_stats_per_port", "learning", "proxy", "rsc", "l2miss", "l3miss", "udp_csum", "udp6_zero_csum_tx"),
        *("udp6_zero_csum_rx", "external", "gbp", "gpe", "vnifilter", "localbypass", "pi", "vnet_hdr", "persist"),
        "multi_queue",
    ]
)
"""Details that are on, "1", or off, "0"."""

_USUAL = {
    **dict.fromkeys(SWITCHES, "0"),
    **dict.fromkeys(("arp", "multicast", "port_learning", "flood", "mcast_flood", "bcast_flood", "localbypass"), "1"),
    "state": "forwarding",
    **dict.fromkeys(("mcast_snooping", "learning", "udp_csum", "persist", "pmtudisc"), "1"),
    **dict.fromkeys(("group_number", "linkmode", "group_fwd_mask", "port_group_fwd_mask", "options"), "0"),
    **dict.fromkeys(("fdb_max_learned", "mcast_max_groups", "backup_nhid", "ttl", "tos", "limit", "label", "df"), "0"),
    **dict.fromkeys(("flags", "xdp", "fwmark", "ikey", "okey", "iflags", "oflags", "encap", "encap_limit"), "0"),
    "txqlen": "1000",
    "broadcast": "ff:ff:ff:ff:ff:ff",
    "gso_max_size": "65536",
    "gso_max_segs": "65535",
    "gro_max_size": "65536",
    "gso_ipv4_max_size": "65536",
    "gro_ipv4_max_size": "65536",
    "forward_delay": "1500",
    "hello_time": "200",
    "max_age": "2000",
    "ageing_time": "30000",
    "priority": "32768",
    "vlan_protocol": "802.1Q",
    "group_address": "01:80:c2:00:00:00",
    "mcast_router": "1",
    "mcast_hash_elasticity": "16",
    "mcast_hash_max": "4096",
    "mcast_last_member_count": "2",
    "mcast_startup_query_count": "2",
    "mcast_last_member_interval": "100",
    "mcast_membership_interval": "26000",
    "mcast_querier_interval": "25500",
    "mcast_query_interval": "12500",
    "mcast_query_response_interval": "1000",
    "mcast_startup_query_interval": "3125",
    "vlan_default_pvid": "1",
    "mcast_igmp_version": "2",
    "mcast_mld_version": "1",
    "port_priority": "32",
    "port_mcast_router": "1",
    "mcast_eht_hosts_limit": "512",
    "ageing": "300",
    "srcport": "0-0",
    "bcqueuelen": "1000",
    "bclim": "1",
    "protocol": "802.1Q",
}
_WITHOUT_ARP = frozenset(["dummy", "ifb", "tun", "gre", "ipip", "sit", "ip6tnl", "ip6gre", "vti", "vti6", "vrf"])
_WITHOUT_GROUPS = frozenset(
    ["dummy", "ifb", "loopback", "gre", "ipip", "sit", "ip6tnl", "ip6gre", "vti", "vti6", "vrf"]
)
_BY_KIND = {
    "arp": dict.fromkeys(_WITHOUT_ARP, "0"),
    "multicast": dict.fromkeys(_WITHOUT_GROUPS, "0"),
    "broadcast": {"loopback": "00:00:00:00:00:00"},
    "txqlen": {"ifb": "32"},
    "cost": {"veth": "2"},
}


def setting(key: str, value: str) -> str:
    """A detail's value as `ip` writes it: switches are on or off.

    Args:
        key: "hairpin", "vni" …
        value: as a snapshot has it.
    """
    return ("on" if value == "1" else "off") if key in SWITCHES and value in ("0", "1") else value


def usual(key: str, kind: str) -> str | None:
    """What a detail is where a snapshot does not tell it; None for one that a link has or has not.

    Args:
        key: "learning", "ageing_time" …
        kind: of the link.

    Example:
        >>> usual("learning", "vxlan"), usual("vni", "vxlan")
        ('1', None)
    """
    if key == "cost":
        return _BY_KIND[key].get(kind, "100")
    return _BY_KIND.get(key, {}).get(kind, _USUAL.get(key))
