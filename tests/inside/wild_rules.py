"""Broken networks whose rules of nft have mistakes that people make: what expires, is missing, or means else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.inside.wild_kinds import ASK_DNS, ASK_WEB, DNS, FORWARD, INPUT, SIX, WEB, nft, routed

if TYPE_CHECKING:
    from tests.inside.wild import Case

RAW = "type filter hook prerouting priority -300 ;"
SHUT = f"{FORWARD} policy drop ;"


def forwards(name: str, *rules: str, where: str = "r1", chain: str = FORWARD, **rest: object) -> Case:
    """Rules of nft in a chain of one router."""
    lines = nft(where, "inet f", chain, *(f"add rule inet f c {rule}" for rule in rules))
    return routed(name, "filter", where, *lines, **rest)


RULES = [
    routed(
        "element that expired",
        "filter",
        "r1",
        *nft("r1", "inet f", SHUT, "add set inet f ok '{ type ipv4_addr ; flags timeout ; }'"),
        "r1 nft add rule inet f c ct state established accept",
        "r1 nft add rule inet f c ip saddr @ok accept",
        "r1 nft add element inet f ok '{ 10.20.1.2 timeout 1s }'",
        "r1 sleep 2",
        cause="ok|policy",
    ),
    forwards(
        "verdict map without the port",
        "ct state established accept",
        "tcp dport vmap '{ 22 : accept, 443 : accept }'",
        chain=SHUT,
        ask=ASK_WEB,
        servers=(WEB,),
        cause="policy",
    ),
    forwards(
        "protocol of another number",
        "ct state established accept",
        "meta l4proto 17 accept",
        chain=SHUT,
        ask=ASK_WEB,
        servers=(WEB,),
        cause="policy",
    ),
    forwards(
        "ICMP of the other version",
        "ct state established accept",
        "icmp type echo-request accept",
        chain=SHUT,
        ask=SIX,
        cause="policy",
    ),
    forwards(
        "a header of IPv4 only", "ip protocol '{ tcp, icmp }' accept", "meta nfproto ipv4 accept", chain=SHUT, ask=SIX
    ),
    forwards("nobody but locals", "fib daddr type != local drop", chain=RAW, where="r2", cause="fib"),
    forwards(
        "locals may not",
        "fib daddr . iif type local drop",
        chain="type filter hook prerouting priority -150 ;",
        where="b",
        cause="fib",
    ),
    forwards("one who is unicast", "fib saddr type unicast drop", where="r2", cause="fib"),
    forwards("bytes at a place", "@nh,128,32 0x0a140302 drop", cause="@nh"),
    forwards("port at a place", "meta l4proto tcp @th,16,16 80 drop", ask=ASK_WEB, servers=(WEB,), cause="80"),
    forwards("large segments", "tcp option maxseg size 1000-1500 drop", ask=ASK_WEB, servers=(WEB,), cause="maxseg"),
    forwards("do not fragment", "ip frag-off 0x4000 icmp type echo-request drop", cause="frag-off"),
    forwards("code of ICMP", "icmp type echo-request icmp code 0 drop", cause="code"),
    forwards(
        "first in its row", "icmp type '{ echo-request, echo-reply }' icmp sequence '{ 1, 2 }' drop", cause="sequence"
    ),
    forwards("next hop", "rt ip nexthop 10.20.2.2 drop", cause="nexthop"),
    forwards("hops left of IPv6", "ip6 hoplimit '<=' 64 drop", ask=SIX, cause="hoplimit"),
    forwards("for this host", "meta pkttype host icmp type echo-request drop", cause="pkttype"),
    forwards("every second of a minute", 'meta hour \'"00:00"-"23:59:59"\' drop', cause="hour"),
    forwards("a day of the week", "meta day '{ 0, 1, 2, 3, 4, 5, 6 }' drop", cause="day"),
    forwards("length of everything", "meta length '<' 100 drop", cause="length"),
    forwards("protocol of a frame", "meta protocol ip drop", cause="protocol"),
    forwards("random of a thousand", "numgen random mod 1000 '<' 999 drop", cause="numgen"),
    forwards(
        "no more of these", "ip saddr 10.20.1.2 ct count over 0 reject", ask=ASK_WEB, servers=(WEB,), cause="count"
    ),
    forwards("no such status", "ct status ! dnat drop", cause="status"),
    forwards("new or not", "ct state '{ new, untracked }' meta mark 0 drop", cause="state"),
    forwards("checksums", "udp checksum != 0 drop", ask=ASK_DNS, servers=(DNS,), cause="checksum"),
    forwards("returned to the policy", "ip saddr 10.20.0.0/16 return", "accept", chain=SHUT, cause="policy|return"),
    routed(
        "chain that ends without a word",
        "filter",
        "r1",
        *nft("r1", "inet f", SHUT, "add chain inet f icmps"),
        "r1 nft add rule inet f icmps icmp type echo-reply accept",
        "r1 nft add rule inet f c meta l4proto icmp goto icmps",
        "r1 nft add rule inet f c accept",
        cause="policy|goto|icmps",
    ),
    routed(
        "map of chains without this one",
        "filter",
        "r2",
        *nft("r2", "inet f", SHUT, "add chain inet f inside"),
        "r2 nft add rule inet f inside accept",
        "r2 nft add rule inet f c iifname vmap '{ lan0 : jump inside, out0 : jump inside }'",
        cause="policy",
    ),
    routed(
        "range of a verdict map",
        "filter",
        "b",
        *nft("b", "inet f", INPUT, "add map inet f m '{ type inet_service : verdict ; flags interval ; }'"),
        "b nft add element inet f m '{ 1-1023 : drop, 1024-65535 : accept }'",
        "b nft add rule inet f c tcp dport vmap @m",
        ask=ASK_WEB,
        servers=(WEB,),
        cause="vmap|@m",
    ),
    routed(
        "mark by a map",
        "filter",
        "r1",
        *nft(
            "r1",
            "ip f",
            "type filter hook prerouting priority -150 ;",
            "add rule ip f c meta mark set ip saddr map '{ 10.20.1.2 : 7 }'",
        ),
        "r1 nft add chain ip f d '{ type filter hook forward priority 0 ; }'",
        "r1 nft add rule ip f d meta mark 7 drop",
        cause="mark",
    ),
    routed(
        "table of IPv6 in inet",
        "filter",
        "r2",
        *nft("r2", "inet f", FORWARD, "add rule inet f c meta nfproto ipv6 drop"),
        ask=SIX,
        cause="nfproto",
    ),
]
