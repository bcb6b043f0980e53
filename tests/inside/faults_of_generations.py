"""Faults of a published port and of a way out, in networks as Docker 28 and 29 make them."""

from __future__ import annotations

from dataclasses import dataclass

WEB, HOST, NEIGHBOUR = "172.17.0.2", "192.168.7.1", "192.168.7.9"
PUBLISHED, AWAY, BESIDE, OWN, LOCAL = "published", "away", "beside", "own", "local"
"""Who asks: a neighbour the published port, a container the neighbour, a container the other, itself, the host."""

IN = "nsenter --net=/proc/{pid}/ns/net"
TABLE = "ip docker-bridges"


@dataclass(frozen=True)
class Fault:
    """A fault.

    Attributes:
        name: what is wrong.
        flow: what no longer works.
        lines: that break it, by the writer of rules where they differ: "iptables", "nft"; with {pid} and {port} of the
            web container.
    """

    name: str
    flow: str
    lines: dict[str, str]


def _same(name: str, flow: str, line: str) -> Fault:
    return Fault(name, flow, {"iptables": line, "nft": line})


def _nft(chain: str, words: str, then: str = "") -> str:
    """Delete the first rule of a chain that has some words in it; and add another in its place, perhaps."""
    handle = f"nft -a list chain {TABLE} {chain} | sed -n 's/.*{words}.*handle \\([0-9]*\\)$/\\1/p' | head -n 1"
    gone = f"nft delete rule {TABLE} {chain} handle $({handle})"
    return f"{gone}; nft 'insert rule {TABLE} {chain} {then}'" if then else gone


def _iptables(table: str, chain: str, words: str, then: str = "") -> str:
    """The same by iptables."""
    rule = f"iptables -t {table} -S {chain} | grep -m 1 -e '{words}'"
    gone = f"eval iptables -t {table} $({rule} | sed 's/^-A/-D/')"
    return f"{gone}; iptables -t {table} -I {chain} {then}" if then else gone


_BRIDGED = "sysctl -qw net.bridge.bridge-nf-call-iptables=1"
_DNAT_WORDS = "-p tcp -m tcp --dport 8080 -j DNAT --to-destination"
_IN, _OUT = "filter-forward-in__docker0", "filter-forward-out__docker0"
_TO, _FROM = "nat-postrouting-in__docker0", "nat-postrouting-out__docker0"

WIRED = [
    _same("nothing is forwarded", PUBLISHED, "sysctl -qw net.ipv4.ip_forward=0"),
    _same("docker0 is down", PUBLISHED, "ip link set docker0 down"),
    _same("the host's end of the cable is down", PUBLISHED, "ip link set {port} down"),
    _same("the container's interface is down", PUBLISHED, IN + " ip link set eth0 down"),
    _same("the container has no address", PUBLISHED, IN + f" ip addr delete {WEB}/16 dev eth0"),
    _same("the container has no way out", PUBLISHED, IN + " ip route delete default"),
    _same("the container has no way out, and asks", AWAY, IN + " ip route delete default"),
    _same("docker0 has no address", PUBLISHED, "ip addr delete 172.17.0.1/16 dev docker0"),
    _same("the container is unplugged", PUBLISHED, "ip link set {port} nomaster"),
    _same("a wrong neighbour entry", PUBLISHED, f"ip neigh replace {WEB} lladdr 02:00:00:00:00:99 dev docker0"),
    _same(
        "a wrong neighbour entry in the container",
        BESIDE,
        "{in_guest} ip neigh replace " + WEB + " lladdr 02:00:00:00:00:99 dev eth0",
    ),
    _same("a hole in the host's routes", PUBLISHED, f"ip route add blackhole {WEB}"),
    _same("a hole in the container's routes", PUBLISHED, IN + " ip route add blackhole 192.168.7.0/24"),
    _same("a rule of routing", PUBLISHED, f"ip rule add to {WEB} prohibit"),
    _same("the cable is down", PUBLISHED, "ip link set cable down"),
    _same(
        "ports of the bridge are kept apart",
        BESIDE,
        "for p in $(ls /sys/class/net/docker0/brif); do bridge link set dev $p isolated on; done",
    ),
]
ONES_OWN = [
    _same("a rule in front of FORWARD", PUBLISHED, f"iptables -I FORWARD -s {NEIGHBOUR} -j DROP"),
    _same("a rule in table raw", PUBLISHED, f"iptables -t raw -I PREROUTING -s {NEIGHBOUR} -j DROP"),
    _same("a rule in table mangle", PUBLISHED, f"iptables -t mangle -A FORWARD -d {WEB} -j DROP"),
    _same(
        "a rule of another table of nftables",
        PUBLISHED,
        "nft add table inet guard; nft 'add chain inet guard f "
        "{{ type filter hook forward priority 5; }}'; nft add rule inet guard f tcp dport 80 drop",
    ),
    _same("the container refuses what comes in", PUBLISHED, IN + " iptables -A INPUT -p tcp --dport 80 -j DROP"),
    _same("the container's answers are dropped", PUBLISHED, IN + " iptables -A OUTPUT -p tcp --sport 80 -j DROP"),
    _same(
        "what leaves is dropped behind its translation",
        AWAY,
        f"iptables -t mangle -A POSTROUTING -d {NEIGHBOUR} -j DROP",
    ),
]
DOCKERS = [
    Fault(
        "the port is not translated",
        PUBLISHED,
        {"iptables": _iptables("nat", "DOCKER", "8080"), "nft": _nft("nat-prerouting-and-output", "8080")},
    ),
    Fault(
        "the port leads to another one",
        PUBLISHED,
        {
            "iptables": _iptables("nat", "DOCKER", "8080", f"{_DNAT_WORDS} {WEB}:8888"),
            "nft": _nft("nat-prerouting-and-output", "8080", f"tcp dport 8080 counter dnat to {WEB}:8888"),
        },
    ),
    Fault(
        "the port leads to nobody",
        PUBLISHED,
        {
            "iptables": _iptables("nat", "DOCKER", "8080", f"{_DNAT_WORDS} 172.17.0.77:80"),
            "nft": _nft("nat-prerouting-and-output", "8080", "tcp dport 8080 counter dnat to 172.17.0.77:80"),
        },
    ),
    Fault(
        "the port is not let in",
        PUBLISHED,
        {"iptables": _iptables("filter", "DOCKER", "dport 80"), "nft": _nft(_IN, "dport 80")},
    ),
    Fault(
        "nobody looks for published ports",
        PUBLISHED,
        {"iptables": _iptables("nat", "PREROUTING", "DOCKER"), "nft": _nft("nat-PREROUTING", "jump")},
    ),
    Fault(
        "the host does not look for published ports",
        LOCAL,
        {"iptables": _iptables("nat", "OUTPUT", "DOCKER"), "nft": _nft("nat-OUTPUT", "jump")},
    ),
    Fault(
        "nothing hides the container",
        AWAY,
        {"iptables": _iptables("nat", "POSTROUTING", "! -o docker0"), "nft": _nft(_FROM, "masquerade")},
    ),
    Fault(
        "the container's own port is not hidden from it",
        OWN,
        {"iptables": _iptables("nat", "POSTROUTING", "dport 80"), "nft": _nft(_TO, "OWN PORT")},
    ),
    Fault(
        "answers are not let in",
        AWAY,
        {"iptables": _iptables("filter", "DOCKER-CT", "docker0"), "nft": _nft(_IN, "established")},
    ),
    Fault(
        "what leaves is dropped",
        AWAY,
        {
            "iptables": _iptables("filter", "DOCKER-FORWARD", "-i docker0", "-i docker0 ! -o docker0 -j DROP"),
            "nft": _nft(_OUT, "OUTGOING", "counter drop"),
        },
    ),
    Fault(
        "a drop of direct access too many",
        PUBLISHED,
        {
            "iptables": f"iptables -t raw -A PREROUTING -d {HOST} -p tcp --dport 8080 -j DROP",
            "nft": f"nft add rule {TABLE} raw-PREROUTING ip daddr {HOST} tcp dport 8080 drop",
        },
    ),
    Fault(
        "a rule of one's own where Docker leaves place",
        PUBLISHED,
        {
            "iptables": f"iptables -I DOCKER-USER -d {WEB} -j DROP",
            "nft": f"nft insert rule {TABLE} {_IN} ip daddr {WEB} drop",
        },
    ),
    Fault(
        "containers do not reach one another",
        BESIDE,
        {
            "iptables": f"iptables -I DOCKER-FORWARD -i docker0 -o docker0 -j DROP; {_BRIDGED}",
            "nft": _nft(_IN, "ICC", 'iifname "docker0" counter drop')
            + "; sysctl -qw net.bridge.bridge-nf-call-iptables=1",
        },
    ),
]
FAULTS = [*WIRED, *ONES_OWN, *DOCKERS]
