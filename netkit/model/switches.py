"""The sysctls of one interface, net.ipv4.conf.* and net.ipv6.conf.*, and what they are where nobody set them.

The kernel tells them all with the interface itself (IFLA_AF_SPEC), by their numbers (<linux/ip.h>, <linux/ipv6.h>).
"""

from __future__ import annotations

OF_IPV4 = (
    *("forwarding", "mc_forwarding", "proxy_arp", "accept_redirects", "secure_redirects", "send_redirects"),
    *("shared_media", "rp_filter", "accept_source_route", "bootp_relay", "log_martians", "tag", "arp_filter"),
    *("medium_id", "disable_xfrm", "disable_policy", "force_igmp_version", "arp_announce", "arp_ignore"),
    *("promote_secondaries", "arp_accept", "arp_notify", "accept_local", "src_valid_mark", "proxy_arp_pvlan"),
    *("route_localnet", "igmpv2_unsolicited_report_interval", "igmpv3_unsolicited_report_interval"),
    *("ignore_routes_with_linkdown", "drop_unicast_in_l2_multicast", "drop_gratuitous_arp", "bc_forwarding"),
    "arp_evict_nocarrier",
)
OF_IPV6 = (
    *("forwarding", "hop_limit", "mtu", "accept_ra", "accept_redirects", "autoconf", "dad_transmits"),
    *("router_solicitations", "router_solicitation_interval", "router_solicitation_delay", "use_tempaddr"),
    *("temp_valid_lft", "temp_prefered_lft", "regen_max_retry", "max_desync_factor", "max_addresses"),
    *("force_mld_version", "accept_ra_defrtr", "accept_ra_pinfo", "accept_ra_rtr_pref", "router_probe_interval"),
    *("accept_ra_rt_info_max_plen", "proxy_ndp", "optimistic_dad", "accept_source_route", "mc_forwarding"),
    *("disable_ipv6", "accept_dad", "force_tllao", "ndisc_notify", "mldv1_unsolicited_report_interval"),
    *("mldv2_unsolicited_report_interval", "suppress_frag_ndisc", "accept_ra_from_local", "use_optimistic"),
    *("accept_ra_mtu", "stable_secret", "use_oif_addrs_only", "accept_ra_min_hop_limit"),
    *("ignore_routes_with_linkdown", "drop_unicast_in_l2_multicast", "drop_unsolicited_na", "keep_addr_on_down"),
    *("router_solicitation_max_interval", "seg6_enabled", "seg6_require_hmac", "enhanced_dad", "addr_gen_mode"),
    *("disable_policy", "accept_ra_rt_info_min_plen", "ndisc_tclass", "rpl_seg_enabled", "ra_defrtr_metric"),
    *("ioam6_enabled", "ioam6_id", "ioam6_id_wide", "ndisc_evict_nocarrier", "accept_untracked_na"),
    *("accept_ra_min_lft", "force_forwarding"),
)
"""In the order of their numbers, which begin with 1 and with 0."""

FORGOTTEN = frozenset(["ipv6.mtu", "ipv6.stable_secret"])
"""The first follows from the link's MTU, the second is secret."""

IN_SECONDS = frozenset(
    [
        *("router_solicitation_interval", "router_solicitation_delay", "router_probe_interval"),
        "router_solicitation_max_interval",
    ]
)
"""The kernel tells these in milliseconds with the interface, and in seconds in their files."""

HANDED_ON = frozenset(["ipv4.forwarding", "ipv6.forwarding", "ipv6.disable_ipv6", "ipv4.accept_redirects"])
"""Each interface gets these with the switches of all interfaces."""

OFF_FOR_ALL_TIME = frozenset(["accept_dad", "use_tempaddr"])
"""These are -1 for links on which IPv6 makes no sense of them."""

OF_LOOPBACK = {"ipv4.disable_xfrm": "1", "ipv4.disable_policy": "1"}
"""What lo is born with."""

_NOT_ZERO = {
    **dict.fromkeys(
        [f"ipv4.{name}" for name in ("accept_redirects", "secure_redirects", "send_redirects", "shared_media")], 1
    ),
    "ipv4.igmpv2_unsolicited_report_interval": 10000,
    "ipv4.igmpv3_unsolicited_report_interval": 1000,
    "ipv4.arp_evict_nocarrier": 1,
    "ipv4.accept_source_route": 1,
    **dict.fromkeys(
        [
            f"ipv6.{name}"
            for name in (
                *("accept_ra", "accept_redirects", "autoconf", "dad_transmits", "accept_ra_defrtr", "accept_ra_pinfo"),
                *("accept_ra_rtr_pref", "accept_dad", "accept_ra_mtu", "accept_ra_min_hop_limit", "enhanced_dad"),
                *("suppress_frag_ndisc", "ndisc_evict_nocarrier"),
            )
        ],
        1,
    ),
    "ipv6.hop_limit": 64,
    "ipv6.router_solicitations": -1,
    "ipv6.router_solicitation_interval": 4,
    "ipv6.router_solicitation_max_interval": 3600,
    "ipv6.router_solicitation_delay": 1,
    "ipv6.temp_valid_lft": 604800,
    "ipv6.temp_prefered_lft": 86400,
    "ipv6.regen_max_retry": 3,
    "ipv6.max_desync_factor": 600,
    "ipv6.max_addresses": 16,
    "ipv6.router_probe_interval": 60,
    "ipv6.mldv1_unsolicited_report_interval": 10000,
    "ipv6.mldv2_unsolicited_report_interval": 1000,
    "ipv6.ra_defrtr_metric": 1024,
    "ipv6.ioam6_id": 65535,
    "ipv6.ioam6_id_wide": 4294967295,
}


def usual(name: str) -> str:
    """What a switch of an interface is as long as nobody sets it, in Linux as it is published.

    Args:
        name: "ipv4.rp_filter".
    """
    return str(_NOT_ZERO.get(name, 0))
