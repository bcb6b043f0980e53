"""Connections that a namespace forgets at once: a timeout of conntrack is 0, and translations or filters rest on it."""

from __future__ import annotations

from tests.inside.wild import Case
from tests.inside.wild_kinds import ASK_DNS, ASK_WEB, DNS, OUT_WEB, ROUTE, SIX, WEB, routed, translated
from tests.inside.wild_networks import ROUTED

STATEFUL = tuple(
    f"ip netns exec r1 {tool} {words}"
    for tool in ("iptables", "ip6tables")
    for words in (
        "-P FORWARD DROP",
        "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "-A FORWARD -i in0 -j ACCEPT",
    )
)
"""A router that lets answers alone in."""

STATELESS = ("ip netns exec r1 iptables -A FORWARD -p tcp --dport 25 -j DROP",)
IN_WEB = "in1 tcp 0.0.0.0 80"


def at_once(where: str, name: str) -> str:
    """A connection in that state is forgotten at once."""
    return f"{where} sysctl -qw net.netfilter.nf_conntrack_{name}=0"


def filtered(name: str, timeout: str, ask: tuple, *servers: str) -> Case:
    """At a router that goes by states."""
    cause = f"{timeout} is 0"
    lines = {"ask": ask, "healthy": STATEFUL, "servers": servers, "cause": cause}
    return routed(name, "conntrack", "r1", at_once("r1", timeout), **lines)


def hidden(name: str, timeout: str, ask: tuple, *servers: str) -> Case:
    """At a gateway that translates."""
    cause = f"{timeout} is 0"
    return translated(name, "conntrack", "gw", at_once("gw", timeout), ask=ask, servers=servers, cause=cause)


REMEMBERED = [
    filtered("echoes forgotten", "icmp_timeout", ROUTE),
    filtered("echoes of IPv6 forgotten", "icmpv6_timeout", SIX),
    filtered("datagrams forgotten", "udp_timeout", ASK_DNS, DNS),
    filtered("questions of TCP forgotten", "tcp_timeout_syn_sent", ASK_WEB, WEB),
    filtered("connections forgotten", "tcp_timeout_established", ASK_WEB, WEB),
    hidden("hidden echoes forgotten", "icmp_timeout", ("in1", "10.23.0.2")),
    hidden("hidden connections forgotten", "tcp_timeout_established", ("in1", "10.23.0.2", 80, "tcp"), OUT_WEB),
    hidden("published port, questions forgotten", "tcp_timeout_syn_sent", ("out", "10.23.0.1", 8080, "tcp"), IN_WEB),
    hidden("published port forgotten", "tcp_timeout_established", ("out", "10.23.0.1", 8080, "tcp"), IN_WEB),
]

HEALTHY_REMEMBERED = [
    Case(
        "forgotten where nobody goes by it",
        ROUTED,
        ROUTE,
        "",
        "",
        (),
        healthy=(*STATELESS, f"ip netns exec {at_once('r1', 'icmp_timeout')}"),
    ),
]
