"""Faults of packet filters of every kind and of address translation; repairs open no more than was closed."""

from __future__ import annotations

from tests.inside.fault import IN, Fault, behind_nat, routed

FORGET = "ip -n ns1 neigh flush all; ip -n ns2 neigh flush all"


def nft(place: str, *lines: str) -> str:
    """Shell lines for nft in a namespace; on the host where that is ""."""
    enter = f"{IN} {place} " if place else ""
    return "; ".join(f"{enter}nft '{line}'" for line in lines)


def guard(place: str, chain: str, *rules: str, family: str = "inet", before: tuple[str, ...] = ()) -> str:
    """A table of nft with one base chain, and rules in it."""
    made = (f"add table {family} guard", *before, f"add chain {family} guard way {{ {chain} }}")
    return nft(place, *made, *(f"add rule {family} guard way {rule}" for rule in rules))


def translating(place: str, hook: str, *rules: str) -> str:
    """A table of nft that translates."""
    return guard(place, f"type nat hook {hook} priority {-100 if hook == 'prerouting' else 100};", *rules, family="ip")


FORWARDING = "type filter hook forward priority 0;"
VERDICTS = "add map inet guard verdicts { type ipv4_addr : verdict; elements = { 10.0.2.2 : drop } }"
PAIRS = "add set inet guard bad { type ipv4_addr . ipv4_addr; elements = { 10.0.1.1 . 10.0.2.2, 10.9.9.9 . 10.0.2.2 } }"
ALLOWED = f"{IN} r iptables -P FORWARD DROP; {IN} r iptables -A FORWARD -i eth0 -j ACCEPT"
STATE = "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"

MORE_FILTERS = [
    routed(
        "a chain of nft that is jumped to",
        guard("r", FORWARDING, "jump inner", before=("add chain inet guard inner",))
        + "; "
        + nft("r", "add rule inet guard inner ip daddr 10.0.2.0/24 icmp type echo-request drop"),
        "filter",
        "nft delete rule inet guard inner handle",
        where="r",
    ),
    routed(
        "a pair in a named set of nft",
        guard("r", FORWARDING, "ip saddr . ip daddr @bad drop", before=(PAIRS,)),
        "filter",
        "nft delete element inet guard bad { 10.0.1.1 . 10.0.2.2 }",
        where="r",
    ),
    routed(
        "a verdict map of nft",
        guard("r", FORWARDING, "ip daddr vmap @verdicts", before=(VERDICTS,)),
        "filter",
        "nft insert rule inet guard way handle",
        where="r",
        long=True,
    ),
    routed(
        "a mark that a map of nft sets",
        guard("r", FORWARDING, "meta mark set ip saddr map { 10.0.1.1 : 7 }", "meta mark 7 drop"),
        "filter",
        "nft delete rule inet guard way handle",
        where="r",
        long=True,
    ),
    routed(
        "an allow list of nft without this packet",
        guard("r", FORWARDING, "tcp dport 80 accept", "ct state established accept", "drop"),
        "filter",
        "nft insert rule inet guard way handle",
        where="r",
    ),
    routed(
        "a rule at a device's egress",
        guard("a", "type filter hook egress device eth0 priority 0;", "ip daddr 10.0.2.2 drop", family="netdev"),
        "filter",
        "nft delete rule netdev guard way handle",
        where="a",
    ),
    routed(
        "the older iptables",
        f"{IN} b iptables-legacy -A INPUT -p icmp -j DROP",
        "filter",
        "iptables-legacy -D INPUT -p icmp -j DROP",
        where="b",
    ),
    routed(
        "the older iptables' policy",
        f"{IN} r iptables-legacy -P FORWARD DROP",
        "filter",
        "iptables-legacy -A FORWARD -i eth0 -o eth1 -j ACCEPT",
        where="r",
        long=True,
    ),
    routed("no rule for answers", ALLOWED, "filter", f"iptables -A FORWARD -o eth0 {STATE}", where="r"),
    routed(
        "answers that are not tracked",
        f"{ALLOWED}; {IN} r iptables -A FORWARD {STATE}; {IN} r iptables -t raw -A PREROUTING -p icmp -j CT --notrack",
        "filter",
        "iptables -A FORWARD -s 10.0.2.2 -d 10.0.1.1 -p icmp -j ACCEPT",
        where="r",
        long=True,
    ),
    routed(
        "a TTL that a rule sets",
        f"{IN} r iptables -t mangle -A PREROUTING -i eth0 -j TTL --ttl-set 1",
        "filter",
        "iptables -t mangle -D PREROUTING",
        where="r",
    ),
    routed(
        "a proxy that is not there",
        f"{IN} b busybox httpd -p 80; "
        f"{IN} r iptables -t mangle -A PREROUTING -p tcp --dport 80 -j TPROXY --on-port 3128",
        "filter",
        "iptables -t mangle -D PREROUTING",
        port=80,
        where="r",
        alone=True,
        long=True,
    ),
    routed(
        "the same rule three times",
        f"for i in 1 2 3; do {IN} r iptables -A FORWARD -p icmp -j DROP; done",
        "filter",
        "iptables -D FORWARD -p icmp -j DROP",
        where="r",
        long=True,
    ),
    routed(
        "the sender's MAC",
        "M=$(ip -n a -o link show eth0 | grep -o 'ether [0-9a-f:]*' | cut -d' ' -f2); "
        f"{IN} r iptables -A FORWARD -m mac --mac-source $M -j DROP",
        "filter",
        "iptables -D FORWARD -m mac",
        where="r",
        long=True,
    ),
    Fault(
        "ebtables",
        "bridge",
        "ebtables -A FORWARD -p IPv4 --ip-dst 172.17.1.2 -j DROP",
        "filter",
        "ebtables -D FORWARD -p IPv4 --ip-dst 172.17.1.2 -j DROP",
        where="host",
    ),
    Fault(
        "ebtables and ARP",
        "bridge",
        f"ebtables -A FORWARD -p ARP -j DROP; {FORGET}",
        "filter",
        "ebtables -D FORWARD -p ARP -j DROP",
        where="host",
    ),
    Fault(
        "ebtables' policy",
        "bridge",
        "ebtables -P FORWARD DROP; ebtables -A FORWARD -p ARP -j ACCEPT",
        "filter",
        "ebtables -A FORWARD -p IPv4 --ip-src 172.17.1.1 --ip-dst 172.17.1.2 -j ACCEPT",
        where="host",
        long=True,
    ),
    Fault(
        "arptables",
        "bridge",
        f"{IN} ns2 arptables -A INPUT -s 172.17.1.1 -j DROP; {FORGET}",
        "filter",
        "arptables -D INPUT -s 172.17.1.1 -j DROP",
        where="ns2",
    ),
    Fault(
        "nft at a bridge",
        "bridge",
        guard("", FORWARDING, "ip daddr 172.17.1.2 drop", family="bridge"),
        "filter",
        "nft delete rule bridge guard way handle",
        where="host",
    ),
    Fault(
        "nft at a port's ingress",
        "bridge",
        guard("", "type filter hook ingress device veth1 priority 0;", "ip daddr 172.17.1.2 drop", family="netdev"),
        "filter",
        "nft delete rule netdev guard way handle",
        where="host",
        long=True,
    ),
    Fault(
        "nft and ARP",
        "bridge",
        guard("ns2", "type filter hook input priority 0;", "arp operation request drop", family="arp") + f"; {FORGET}",
        "filter",
        "nft delete rule arp guard way handle",
        where="ns2",
        long=True,
    ),
    Fault(
        "questions for IPv6 neighbours",
        "six",
        f"{IN} b ip6tables -A INPUT -p icmpv6 --icmpv6-type neighbour-solicitation -j DROP; ip -n r -6 neigh flush all",
        "filter",
        "ip6tables -D INPUT -p ipv6-icmp",
        source="a",
        destination="fd00:2::2",
        where="b",
    ),
]
TRANSLATIONS = [
    behind_nat(
        "a published port that is not tracked",
        "iptables -t raw -A PREROUTING -p tcp --dport 8080 -j CT --notrack",
        "nat",
        "iptables -t raw -D PREROUTING -p tcp",
        where="host",
    ),
    behind_nat(
        "answers that are not tracked where they are translated",
        "iptables -t raw -A PREROUTING -i cable -j NOTRACK",
        "nat",
        "iptables -t raw -D PREROUTING -i cable",
        source="c1",
        destination="192.168.7.2",
        port=None,
        where="host",
        long=True,
    ),
    behind_nat(
        "a rule behind RETURN",
        "iptables -t nat -I PREROUTING -p tcp -j RETURN",
        "nat",
        "iptables -t nat -I PREROUTING 1 -p tcp",
        where="host",
    ),
    behind_nat(
        "a published port at 127.0.0.1",
        ":",
        "sysctl",
        "route_localnet=1",
        source="host",
        destination="127.0.0.1",
        where="host",
        long=True,
    ),
    behind_nat(
        "a translation of nft that leads to nobody",
        "iptables -t nat -F PREROUTING; " + translating("", "prerouting", "tcp dport 8080 dnat to 172.17.0.9:80"),
        "nat",
        "dnat to 172.17.0.2:80",
        where="host",
    ),
    behind_nat(
        "a masquerade of nft that is for another exit",
        "iptables -t nat -F POSTROUTING; " + translating("", "postrouting", 'oifname "br0" masquerade'),
        "nat",
        "masquerade",
        source="c1",
        destination="192.168.7.2",
        port=None,
        where="host",
    ),
    behind_nat(
        "an exception before MASQUERADE",
        "iptables -t nat -I POSTROUTING -d 192.168.0.0/16 -j ACCEPT",
        "nat",
        "iptables -t nat -I POSTROUTING -s 172.17.0.0/16",
        source="c1",
        destination="192.168.7.2",
        port=None,
        where="host",
    ),
    behind_nat(
        "SNAT to an address that nobody has",
        "iptables -t nat -F POSTROUTING; iptables -t nat -A POSTROUTING -o cable -j SNAT --to-source 10.99.0.1",
        "nat",
        "iptables -t nat -I POSTROUTING 1 -o cable -j MASQUERADE",
        source="c1",
        destination="192.168.7.2",
        port=None,
        where="host",
        long=True,
    ),
    routed(
        "DNAT of what would arrive by itself",
        f"{IN} a iptables -t nat -A OUTPUT -d 10.0.2.2 -j DNAT --to-destination 10.0.2.99",
        "nat",
        "iptables -t nat -D OUTPUT",
        where="a",
        long=True,
    ),
]
