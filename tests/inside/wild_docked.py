"""Rules of container engines of several generations, written by hand: with a fault, and right."""

from __future__ import annotations

from tests.inside.wild import Case
from tests.inside.wild_kinds import OUT_WEB, nft, translated
from tests.inside.wild_networks import TRANSLATED

OUT_IN = ("out", "10.23.0.1", 8080, "tcp")
IN_WEB = "in1 tcp 0.0.0.0 80"
FILTERED = tuple(
    f"ip netns exec gw {x}"
    for x in (
        "iptables -P FORWARD DROP",
        "iptables -N DOCKER-USER",
        "iptables -N DOCKER-FORWARD",
        "iptables -N DOCKER-CT",
        "iptables -N DOCKER-BRIDGE",
        "iptables -N DOCKER",
        "iptables -A FORWARD -j DOCKER-USER",
        "iptables -A FORWARD -j DOCKER-FORWARD",
        "iptables -A DOCKER-FORWARD -j DOCKER-CT",
        "iptables -A DOCKER-FORWARD -j DOCKER-BRIDGE",
        "iptables -A DOCKER-FORWARD -i lan -j ACCEPT",
        "iptables -A DOCKER-CT -o lan -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "iptables -A DOCKER-BRIDGE -o lan -j DOCKER",
        "iptables -A DOCKER -d 10.22.0.11/32 ! -i lan -o lan -p tcp -m tcp --dport 80 -j ACCEPT",
        "iptables -A DOCKER ! -i lan -o lan -j DROP",
    )
)
NETAVARK = (
    "ip netns exec gw iptables -t nat -F",
    "ip netns exec gw nft -f - <<'X'\n"
    """table inet netavark {
 chain INPUT { type filter hook input priority filter; policy accept; }
 chain FORWARD { type filter hook forward priority filter; policy accept; ct state invalid drop;
  jump NETAVARK-ISOLATION-1; ip daddr 10.22.0.0/24 ct state { established, related } accept;
  ip saddr 10.22.0.0/24 accept; }
 chain POSTROUTING { type nat hook postrouting priority srcnat; policy accept;
  meta mark & 0x00002000 == 0x00002000 masquerade; ip saddr 10.22.0.0/24 jump nv_1; }
 chain PREROUTING { type nat hook prerouting priority dstnat; policy accept;
  fib daddr type local jump NETAVARK-HOSTPORT-DNAT; }
 chain OUTPUT { type nat hook output priority -100; policy accept;
  fib daddr type local jump NETAVARK-HOSTPORT-DNAT; }
 chain NETAVARK-HOSTPORT-DNAT { tcp dport 8080 jump nv_dnat; }
 chain NETAVARK-HOSTPORT-SETMARK { meta mark set meta mark | 0x00002000; }
 chain NETAVARK-ISOLATION-1 { }
 chain nv_1 { ip daddr 10.22.0.0/24 accept; ip daddr != 224.0.0.0/4 masquerade; }
 chain nv_dnat { ip saddr 10.22.0.0/24 tcp dport 8080 jump NETAVARK-HOSTPORT-SETMARK;
  ip saddr 127.0.0.1 tcp dport 8080 jump NETAVARK-HOSTPORT-SETMARK;
  tcp dport 8080 dnat ip to 10.22.0.11:80; }
}
X""",
)
NFT29 = (
    "ip netns exec gw iptables -t nat -F",
    "ip netns exec gw nft -f - <<'X'\n"
    """table ip docker-bridges {
 map filter-forward-in-jumps { type ifname : verdict; elements = { "lan" : jump filter-forward-in__lan } }
 map filter-forward-out-jumps { type ifname : verdict; elements = { "lan" : jump filter-forward-out__lan } }
 map nat-postrouting-in-jumps { type ifname : verdict; elements = { "lan" : jump nat-postrouting-in__lan } }
 map nat-postrouting-out-jumps { type ifname : verdict; elements = { "lan" : jump nat-postrouting-out__lan } }
 chain filter-FORWARD { type filter hook forward priority filter; policy accept;
  oifname vmap @filter-forward-in-jumps; iifname vmap @filter-forward-out-jumps; }
 chain nat-OUTPUT { type nat hook output priority -100; policy accept;
  ip daddr != 127.0.0.0/8 fib daddr type local counter jump nat-prerouting-and-output; }
 chain nat-POSTROUTING { type nat hook postrouting priority srcnat; policy accept;
  iifname vmap @nat-postrouting-out-jumps; oifname vmap @nat-postrouting-in-jumps; }
 chain nat-PREROUTING { type nat hook prerouting priority dstnat; policy accept;
  fib daddr type local counter jump nat-prerouting-and-output; }
 chain nat-prerouting-and-output { iifname != "lan" tcp dport 8080 counter dnat to 10.22.0.11:80; }
 chain raw-PREROUTING { type filter hook prerouting priority raw; policy accept;
  ip daddr 10.22.0.11 iifname != "lan" counter drop; }
 chain filter-forward-in__lan { ct state established,related counter accept;
  iifname "lan" counter accept; ip daddr 10.22.0.11 tcp dport 80 counter accept; counter drop; }
 chain filter-forward-out__lan { ct state established,related counter accept; counter accept; }
 chain nat-postrouting-in__lan { }
 chain nat-postrouting-out__lan { oifname != "lan" ip saddr 10.22.0.0/24 counter masquerade; }
}
X""",
)


Ask = tuple[str, str] | tuple[str, str, int, str]


def docked(name: str, layers: str, *breaking: str, base: tuple = FILTERED, ask: Ask = OUT_IN, **rest: object) -> Case:
    """A fault of the rules that an engine has written."""
    given = {"where": "gw", "servers": (IN_WEB,), **rest}
    return translated(name, layers, str(given.pop("where")), *breaking, ask=ask, healthy=base, **given)


def well(name: str, base: tuple, ask: Ask = OUT_IN, servers: tuple = (IN_WEB,)) -> Case:
    """Rules that are right."""
    return Case(name, TRANSLATED, ask, "", "", (), healthy=base, servers=servers)


DOCKED = [
    docked(
        "28: rule of a published port gone",
        "filter",
        "gw iptables -D DOCKER -d 10.22.0.11/32 ! -i lan -o lan -p tcp -m tcp --dport 80 -j ACCEPT",
        cause="DROP",
        shut=(("out", "10.23.0.1", 8081, "tcp"),),
    ),
    docked(
        "28: user's own drop",
        "filter",
        "gw iptables -I DOCKER-USER -i wan -m conntrack --ctorigdstport 8080 --ctdir ORIGINAL -j DROP",
        cause="DOCKER-USER",
    ),
    docked(
        "28: answers not tracked",
        "filter",
        "gw iptables -F DOCKER-CT",
        ask=("in1", "10.23.0.2", 80, "tcp"),
        servers=(OUT_WEB,),
    ),
    docked(
        "28: order of jumps",
        "filter",
        "gw iptables -D DOCKER-FORWARD -j DOCKER-CT",
        ask=("in1", "10.23.0.2", 80, "tcp"),
        servers=(OUT_WEB,),
    ),
    docked("28: no jump", "filter", "gw iptables -D FORWARD -j DOCKER-FORWARD", cause="policy"),
    docked(
        "28: internal",
        "filter",
        "gw iptables -I DOCKER-FORWARD ! -d 10.22.0.0/24 -i lan -j DROP",
        ask=("in1", "10.23.0.2"),
    ),
    docked(
        "28: raw",
        "filter",
        "gw iptables -t raw -A PREROUTING -d 10.22.0.11/32 ! -i lan -j DROP",
        "out ip route add 10.22.0.0/24 via 10.23.0.1",
        ask=("out", "10.22.0.11", 80, "tcp"),
        heals=False,
        twin=False,
    ),
    docked(
        "netavark: dnat gone", "nat or service", "gw nft flush chain inet netavark nv_dnat", base=NETAVARK, heals=False
    ),
    docked(
        "netavark: mark lost",
        "nat or bridge or return path",
        "gw sysctl -qw net.bridge.bridge-nf-call-iptables=0",
        "gw nft flush chain inet netavark NETAVARK-HOSTPORT-SETMARK",
        base=NETAVARK,
        ask=("in2", "10.22.0.1", 8080, "tcp"),
    ),
    docked(
        "netavark: firewalld",
        "filter",
        *nft(
            "gw",
            "inet firewalld",
            "type filter hook forward priority 10 ; policy drop ;",
            "add rule inet firewalld c ct state established,related accept",
            "add rule inet firewalld c iifname lan accept",
        ),
        base=NETAVARK,
    ),
    docked(
        "netavark: isolation",
        "filter",
        "gw nft add rule inet netavark NETAVARK-ISOLATION-1 iifname lan oifname != lan drop",
        base=NETAVARK,
        ask=("in1", "10.23.0.2"),
    ),
    docked(
        "netavark: dead backend",
        "nat",
        "gw nft flush chain inet netavark nv_dnat",
        "gw nft add rule inet netavark nv_dnat tcp dport 8080 dnat ip to 10.22.0.200:80",
        base=NETAVARK,
    ),
    docked(
        "29-nft: port rule gone",
        "filter",
        "gw sh -c 'nft delete rule ip docker-bridges filter-forward-in__lan handle $(nft -a list "
        'chain ip docker-bridges filter-forward-in__lan | grep "dport 80" | grep -o "[0-9]*$")\'',
        base=NFT29,
    ),
    docked(
        "29-nft: element of the jumps gone",
        "nat or return path",
        "gw nft delete element ip docker-bridges nat-postrouting-out-jumps '{ lan }'",
        base=NFT29,
        ask=("in1", "10.23.0.2"),
    ),
    docked(
        "29-nft: raw",
        "filter",
        "out ip route add 10.22.0.0/24 via 10.23.0.1",
        base=NFT29,
        ask=("out", "10.22.0.11", 80, "tcp"),
        twin=False,
        heals=False,
    ),
    docked(
        "29-nft: wrong dnat",
        "nat or service or filter",
        "gw nft flush chain ip docker-bridges nat-prerouting-and-output",
        "gw nft add rule ip docker-bridges nat-prerouting-and-output tcp dport 8080 dnat to 10.22.0.12:80",
        base=NFT29,
        where="",
        heals=False,
    ),
    docked(
        "29-nft: published elsewhere",
        "nat or service",
        "gw nft flush chain ip docker-bridges nat-prerouting-and-output",
        "gw nft add rule ip docker-bridges nat-prerouting-and-output "
        "ip daddr 127.0.0.1 tcp dport 8080 dnat to 10.22.0.11:80",
        base=NFT29,
        heals=False,
    ),
    docked(
        "29-nft: user's table",
        "filter",
        *nft(
            "gw",
            "ip mine",
            "type filter hook forward priority -5 ;",
            "add rule ip mine c iifname wan meta l4proto tcp ct original proto-dst 8080 drop",
        ),
        base=NFT29,
        cause="8080",
    ),
]

HEALTHY_DOCKED = [
    well("docker 28 by hand", FILTERED),
    well("docker 28 out", FILTERED, ("in1", "10.23.0.2", 80, "tcp"), (OUT_WEB,)),
    well("docker 28 between", FILTERED, ("in1", "10.22.0.12")),
    well("netavark by hand", NETAVARK),
    well("netavark within", NETAVARK, ("in2", "10.22.0.1", 8080, "tcp")),
    well("29-nft by hand", NFT29),
    well("29-nft out", NFT29, ("in1", "10.23.0.2")),
    well("29-nft host", NFT29, ("gw", "10.23.0.1", 8080, "tcp")),
    well("netavark host", NETAVARK, ("gw", "10.23.0.1", 8080, "tcp")),
]
