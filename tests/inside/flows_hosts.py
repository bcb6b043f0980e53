"""Flows that end at a host or a router for other reasons than a filter: routes, switches, neighbours, sockets, sizes."""

from __future__ import annotations

from tests.inside.flows import FLOWS_TALK, Flow, Lost, at, counted, ping, reached, ruled, talk
from tests.inside.flows_filtered import ECHO, FAR, UNCALLED, WARM, WARM_NEAR, nft
from tests.inside.wild import TALK
from tests.inside.wild_networks import ROUTED, SWITCHED, cable, forward, space

UDP, WEB = ("b udp 0.0.0.0 5300",), ("b tcp 0.0.0.0 80",)
ASK_UDP, ASK_WEB = at("a", f"{TALK} ask udp 10.20.3.2 5300")[0], at("a", f"{TALK} ask tcp 10.20.3.2 80")[0]
ASKED = "timeout 0.6 "


def away(
    name: str,
    cause: str,
    *breaking: str,
    act: str = "",
    what: str = "",
    proof: str = "",
    version: int = 4,
    dropped: Lost | None = None,
    **more: object,
) -> Flow:
    """A packet of a to b that somebody on the way does not send on; and what becomes of the error that tells so."""
    lost = (Lost(what or ECHO[version], cause, proof), *([dropped] if dropped else []))
    return Flow(name, ROUTED, act or ping("a", FAR[version]), lost, breaking, warm=WARM, **more)  # type: ignore[arg-type]


def fine(
    name: str,
    act: str,
    *breaking: str,
    said: tuple[str, ...] = (),
    base: list[str] = ROUTED,
    servers: tuple[str, ...] = (),
    **more: object,
) -> Flow:
    """Nothing is lost."""
    return Flow(name, base, act, (), breaking, servers, WARM if base is ROUTED else WARM_NEAR, said, **more)  # type: ignore[arg-type]


DIAMOND = [
    *space("a", "l", "r", "b"), *forward("l", "r"),
    *cable(("a", "left", "10.31.1.2/24"), ("l", "in0", "10.31.1.1/24")), *cable(("a", "right", "10.31.2.2/24"), ("r", "in0", "10.31.2.1/24")),
    *cable(("l", "out0", "10.31.3.1/24"), ("b", "left", "10.31.3.2/24")), *cable(("r", "out0", "10.31.4.1/24"), ("b", "right", "10.31.4.2/24")),
    "ip -n a route add 10.31.3.0/24 via 10.31.1.1", "ip -n b route add 10.31.1.0/24 via 10.31.3.1",
    "ip -n a route add 10.31.4.0/24 via 10.31.2.1", "ip -n b route add 10.31.2.0/24 via 10.31.4.1",
]  # fmt: skip
"""Two ways between a and b."""
DIAMOND_WARM = reached("a", "10.31.3.2")
RPF = "TcpExtIPReversePathFilter"


def turned(name: str, place: str, mode: int, *breaking: str, cause: str = "the way back to 10.31.1.2 is") -> Flow:
    switch = at(place, f"sysctl -qw net.ipv4.conf.{'left' if place == 'b' else 'in0'}.rp_filter={mode}")
    lost = Lost(ECHO[4], f"rp_filter is {mode} in {place}: .*{cause}", counted(place, RPF), 1)
    return Flow(name, DIAMOND, ping("a", "10.31.3.2"), (lost,), (*switch, *breaking), warm=DIAMOND_WARM)


SPOOFED = (
    "python3 -c \"import socket, struct; s = socket.socket(2, 3, 255); "
    "s.sendto(struct.pack('!BBHHHBBH4s4s', 69, 0, 28, 7, 0, 64, 1, 0, socket.inet_aton('{source}'), socket.inet_aton('{target}'))"
    " + struct.pack('!BBHHH', 8, 0, 0xf7fa, 2, 3), ('{target}', 0))\""
)  # fmt: skip


def spoofed(source: str, target: str = "10.20.3.2") -> str:
    return at("a", SPOOFED.format(source=source, target=target))[0]


def joined(group: str, members: tuple[str, ...], *, snooping: bool = True, cause: str = "") -> Flow:
    """Datagrams for a group, whose members are some of those at the switch."""
    servers = tuple(
        f"{name}: ip netns exec {name} {FLOWS_TALK} join {group} 5400 eth0".replace(f"ip netns exec {name} ", "", 1)
        for name in members
    )
    off = () if snooping else at("sw", "ip link set br0 type bridge mcast_snooping 0")
    lost = (Lost("UDP", cause),) if cause else ()
    said = tuple(f"delivered to.* {name}" for name in members)
    title = f"group {group} joined by {' and '.join(members) or 'nobody'}{'' if snooping else ', no snooping'}"
    return Flow(
        title, SWITCHED, f"{talk('h1', f'sow {group} 5400 eth0')}; sleep 0.3", lost, off, servers, WARM_NEAR, said
    )


OR_NOBODY = (Lost("UDP 3 bytes", "whether anything listens on port .* is not known: h1 counted UdpNoPorts", most=-1),)
"""The sender has gone when it is answered, and tells so at most once a second (icmp_ratelimit)."""

HOSTS = [
    fine("echo over two routers", ping("a", FAR[4], "-c3 -i0.1")), fine("echo over two routers, IPv6", ping("a", FAR[6], "-c3 -i0.1")),
    fine("UDP", ASK_UDP, servers=UDP), fine("TCP", ASK_WEB, servers=WEB), fine("TCP to a closed port", ASK_WEB, said=("nothing listens on port 80 that would take it: it answered with RST",)),
    fine("UDP to a closed port", ASKED + ASK_UDP, said=("nothing listens on port 5300 that would take it: it answered ICMP port unreachable",)),
    fine("TCP to a server of loopback alone", ASK_WEB, servers=("b tcp 127.0.0.1 80",), said=("nothing listens on port 80 that would take it",)),
    fine("own address", ping("a", "10.20.1.2"), said=("the packet stays here",)), fine("loopback", ping("a", "127.0.0.1"), said=("the packet stays here",)),
    fine("loopback, IPv6", ping("a", "::1")), fine("the router itself", ping("a", "10.20.2.1")), fine("large, in pieces", ping("a", FAR[4], "-c1 -s 4000"), said=("reassembled from 3 fragments",)),
    fine("large, in pieces, IPv6", ping("a", FAR[6], "-c1 -s 4000")), fine("a stream", talk("a", "burst tcp 10.20.3.2 80 100"), servers=(f"b: {FLOWS_TALK} sink 80",)),
    # routes and rules
    away("no route at the second router", "no route to 10.20.3.2 in r2", "ip -n r2 route del 10.20.3.0/24"),
    away("no route at the sender's router, IPv6", "no route to fd20:3::2 in r1", "ip -n r1 -6 route del fd20:3::/64", version=6),
    *(away(f"{kind} route", f"the {kind} route 10.20.3.2/32 of r1 refuses 10.20.3.2", f"ip -n r1 route add {kind} 10.20.3.2/32") for kind in ("blackhole", "prohibit", "unreachable")),
    away("blackhole route, IPv6", "the blackhole route fd20:3::2/128 of r2 refuses fd20:3::2", "ip -n r2 -6 route add blackhole fd20:3::2/128", version=6),
    away("rule that prohibits", "refused in r2|r2", *at("r2", "ip rule add iif in0 prohibit")),
    away("rule that is a blackhole", "rule.*r1|r1.*rule|r1", *at("r1", "ip rule add iif in0 blackhole")),
    away("route to a router that is not there", "nobody answered ARP for 10.20.2.9 at r1:out0", "ip -n r1 route replace 10.20.3.0/24 via 10.20.2.9", act="ip netns exec a ping -n -c1 -W4 10.20.3.2"),
    away("nobody has the address", "nobody answered ARP for 10.20.3.77 at r2:out0", act="ip netns exec a ping -n -c1 -W4 10.20.3.77"),
    away("nobody has the address, IPv6", "nobody answered neighbour discovery for fd20:3::77 at r2:out0", act="ip netns exec a ping -n -c1 -W4 fd20:3::77", version=6),
    Flow("nobody has the neighbour", SWITCHED, "ip netns exec h1 ping -n -c1 -W4 10.21.0.99", (Lost("ARP who has", "nobody has 10.21.0.99"), Lost(ECHO[4], "nobody answered ARP for 10.21.0.99 at h1:eth0")), warm=WARM_NEAR),
    Flow("nobody has the neighbour, IPv6", SWITCHED, "ip netns exec h1 ping -n -c1 -W4 fd21::99", (Lost("ICMPv6 who has", "nobody has fd21::99"), Lost(ECHO[6], "nobody answered neighbour discovery for fd21::99 at h1:eth0")), warm=WARM_NEAR),
    away("a table that only marked packets come to", "r1 has the rule of routing `from all fwmark 0x7 lookup 77`, and in that table the blackhole route default, which may have refused it",
         *at("r1", "iptables -t mangle -A PREROUTING -p icmp -j MARK --set-mark 7", "ip rule add fwmark 7 lookup 77", "ip route add blackhole default table 77")),
    away("a program that gives nothing back", "filter FORWARD: the rule `-A FORWARD -p icmp -j NFQUEUE --queue-num 5` of r1 leads it to a queue for programs, from which it did not come back", *at("r1", "iptables -A FORWARD -p icmp -j NFQUEUE --queue-num 5")),
    # switches
    away("ip_forward", "r1 does not forward it: net.ipv4.ip_forward is 0", *at("r1", "sysctl -qw net.ipv4.ip_forward=0")),
    away("forwarding of IPv6", "r2 does not forward it: net.ipv6.conf.all.forwarding is 0", *at("r2", "sysctl -qw net.ipv6.conf.all.forwarding=0"), version=6, proof=counted("r2", "Ip6InAddrErrors")),
    away("forwarding of one interface", "r1 does not forward what comes in at in0: net.ipv4.conf.in0.forwarding is 0", *at("r1", "sysctl -qw net.ipv4.conf.in0.forwarding=0")),
    turned("strict rp_filter at the destination", "b", 1, "ip -n b route replace 10.31.1.0/24 via 10.31.4.1"), turned("strict rp_filter at a router", "l", 1, "ip -n l route replace 10.31.1.2/32 via 10.31.3.2"),
    turned("loose rp_filter without a way back", "b", 2, "ip -n b route del 10.31.1.0/24", cause="no way leads back to 10.31.1.2"),
    away("the sender's address is the receiver's", "10.20.3.2, the sender's address, is one of b's own: accept_local of b:eth0 is 0", act=spoofed("10.20.3.2")),
    away("the sender's address is the router's", "10.20.2.1, the sender's address, is one of r1's own: accept_local of r1:in0 is 0", act=spoofed("10.20.2.1")),
    away("the sender's address is of loopback", "127.0.0.9 may come by loopback only: route_localnet of r1:in0 is 0", act=spoofed("127.0.0.9")),
    away("the sender's address is a group's", "no packet comes from 224.0.0.9", act=spoofed("224.0.0.9")),
    fine("ignored echoes", ping("a", FAR[4]), *at("b", "sysctl -qw net.ipv4.icmp_echo_ignore_all=1"), said=("answers no echo requests: net.ipv4.icmp_echo_ignore_all is 1",)),
    fine("an address of a local route", ping("a", "10.20.9.9"), "ip -n b route add local 10.20.9.0/24 dev lo", "ip -n r1 route add 10.20.9.0/24 via 10.20.2.2", "ip -n r2 route add 10.20.9.0/24 via 10.20.3.2", "ip -n a route add 10.20.9.0/24 via 10.20.1.1",
         said=("A route of the table local takes 10.20.9.9 in",)),
    away("TTL", "its TTL ran out in r2", act=ping("a", FAR[4], "-c1 -t2")), away("hop limit", "its hop limit ran out in r1", act=ping("a", FAR[6], "-c1 -t1"), version=6),
    away("TTL, and nobody tells", "its TTL ran out in r1", *at("r1", "iptables -I OUTPUT -p icmp -j DROP"), act=ping("a", FAR[4], "-c1 -t1"), dropped=Lost("ICMP", "dropped in r1 by filter OUTPUT")),
    # sizes and fragments
    away("too big for a link", "too big for the next link, which takes 1200 bytes", *at("r1", "ip link set out0 mtu 1200"), *at("r2", "ip link set in0 mtu 1200"), act=ping("a", FAR[4], "-c1 -s 1300 -M do")),
    away("too big, and nobody tells", "too big for r1:out0, which takes 1200 bytes", *at("r1", "ip link set out0 mtu 1200"), *at("r1", "iptables -I OUTPUT -p icmp -j DROP"), act=ping("a", FAR[4], "-c1 -s 1300 -M do"), proof=counted("r1", "IpFragFails"), dropped=Lost("ICMP frag", "dropped in r1 by filter OUTPUT")),
    away("too big for the cable's other end", "r1:in0, the cable's other end, takes at most 1200", *at("r1", "ip link set in0 mtu 1200"), act=ping("a", FAR[4], "-c1 -s 1300 -M do")),
    away("a fragment is missing", "not all fragments did", act=talk("a", "raw hole 10.20.1.2 10.20.3.2 5300"), what="UDP", servers=UDP),
    fine("fragments cut again", ping("a", FAR[4], "-c1 -s 2000 -M dont"), *at("r2", "ip link set out0 mtu 1000"), *at("b", "ip link set eth0 mtu 1000"), said=("reassembled from 3 fragments",), journeys=("ICMP echo request", 1)),
    fine("fragments by hand", f"{talk('a', 'raw cut 10.20.1.2 10.20.3.2 5300')}; sleep 0.2", servers=UDP),
    away("a fragment is dropped on the way", "not all fragments did|dropped in r1 by inet f c", *nft("r1", "inet f", "prerouting priority -450", "ip frag-off != 8192 ip frag-off != 0 counter drop"), act=ping("a", FAR[4], "-c1 -s 3000")),
    # checksums
    away("a wrong checksum of UDP", "it came in at b:eth0 with a wrong UDP checksum: b threw it away", act=talk("a", "raw spoiled 10.20.1.2 10.20.3.2 5300"), what="UDP", servers=UDP, proof=counted("b", "UdpInCsumErrors")),
    away("a wrong checksum of ICMP", "with a wrong ICMP checksum", act=spoofed("10.20.1.2").replace("0xf7fa", "0x1234"), proof=counted("b", "IcmpInCsumErrors")),
    Flow("a wrong checksum of IP", SWITCHED, talk("h1", "raw header 10.21.0.1 10.21.0.255 5300"), (Lost("UDP", "counted a wrong IP header", counted("h2", "IpExtInCsumErrors")),), UNCALLED, ("h2 udp 0.0.0.0 5300",), WARM_NEAR),
    Flow("a wrong checksum of IP at br_netfilter", SWITCHED, talk("h1", "raw header 10.21.0.1 10.21.0.255 5300"), (Lost("UDP", "sw counted a wrong IP header", counted("sw", "IpExtInCsumErrors")),), (), ("h2 udp 0.0.0.0 5300",), WARM_NEAR),
    # equal packets
    fine("equal packets", f"{talk('a', 'raw twins 10.20.1.2 10.20.3.2 5300')}; sleep 0.3", servers=UDP, journeys=("UDP 8 bytes", 5)),
    away("equal packets, every other one dropped", "dropped in r2 by filter FORWARD", *at("r2", "iptables -A FORWARD -p udp --sport 7777 -m statistic --mode nth --every 2 --packet 0 -j DROP"),
         act=f"{talk('a', 'raw twins 10.20.1.2 10.20.3.2 5300')}; sleep 0.3", what="UDP", servers=UDP, proof=ruled("r2", "iptables", "filter", "-A FORWARD"), journeys=("UDP 8 bytes", 5)),
    away("the first SYN", "dropped in r1 by filter FORWARD", *at("r1", "iptables -A FORWARD -p tcp --syn -m limit --limit 1/hour --limit-burst 1 -j DROP"), act=ASK_WEB, what="TCP [SYN]", servers=WEB),
    away("the first SYN-ACK", "dropped in r2 by filter FORWARD", *at("r2", "iptables -A FORWARD -p tcp --tcp-flags SYN,ACK SYN,ACK -m limit --limit 1/hour --limit-burst 1 -j DROP"), act=ASK_WEB, what="TCP [SYN, ACK]", servers=WEB),
    away("some data", "dropped in r2 by filter FORWARD", *at("r2", "iptables -A FORWARD -p tcp -m length --length 53: -m limit --limit 1/hour --limit-burst 1 -j DROP"), act=ASK_WEB, what="TCP", servers=WEB),
    away("the answer alone", "dropped in r1 by filter FORWARD", *at("r1", "iptables -A FORWARD -p icmp --icmp-type 0 -j DROP"), what="ICMP echo reply"),
    away("the answer has no route", "no route to 10.20.1.2 in r2", "ip -n r2 route del 10.20.1.0/24", what="ICMP echo reply"),
    # sockets
    away("a full queue of connections", "was full: b counted a drop", *at("a", f"sh -c 'for i in 1 2 3; do timeout 0.5 {TALK} ask tcp 10.20.3.2 81; done; true'"), act=f"timeout 1.5 {at('a', f'{TALK} ask tcp 10.20.3.2 81')[0]}",
         what="TCP [SYN]", servers=(f"b: {FLOWS_TALK} deaf 81",), proof=counted("b", "TcpExtListenDrops")),
    away("a socket without room", "whether its socket had room is not known: b counted UdpRcvbufErrors", act=talk("a", "burst udp 10.20.3.2 5301 8"), what="UDP", servers=(f"b: {FLOWS_TALK} slow 5301",), proof=counted("b", "UdpRcvbufErrors")),
    away("UDP to a closed port, and nobody tells", "whether anything listens on port 5300 is not known: b counted UdpNoPorts 1", *at("b", "iptables -A OUTPUT -p icmp --icmp-type 3 -j DROP"), act=ASKED + ASK_UDP, what="UDP", proof=counted("b", "UdpNoPorts"), uncounted=("b",), dropped=Lost("ICMP port unreachable", "dropped in b by filter OUTPUT")),
    # groups
    joined("239.1.2.3", ("h2",)), joined("239.1.2.3", ("h2", "h3")), joined("239.1.2.3", (), cause="no one reached has joined 239.1.2.3|has not joined 239.1.2.3"), joined("239.1.2.3", ("h3",), snooping=False),
    joined("ff05::1:3", ("h2",)), joined("ff05::1:3", (), cause="joined ff05::1:3"), joined("ff05::1:3", ("h3",), snooping=False),
    Flow("broadcast", SWITCHED, f"{talk('h1', 'sow 10.21.0.255 5400 eth0')}; sleep 0.2", OR_NOBODY, (), ("h2 udp 0.0.0.0 5400",), WARM_NEAR, ("delivered to h2; h3 counted it as taken by no socket",), uncounted=("h1",)),
    Flow("broadcast of everybody", SWITCHED, f"{talk('h1', 'sow 255.255.255.255 5400 eth0')}; sleep 0.2", OR_NOBODY, (), ("h2 udp 0.0.0.0 5400",), WARM_NEAR, ("delivered to h2; h3 and sw counted it as taken by no socket",), uncounted=("h1",)),
    Flow("broadcast that nobody takes", SWITCHED, f"{talk('h1', 'sow 10.21.0.255 5400 eth0')}; sleep 0.2", (Lost("UDP", "reached h. and h., which counted it as taken by no socket", counted("h3", "UdpIgnoredMulti")),), (), (), WARM_NEAR, uncounted=("h1", "h2", "h3")),
    Flow("datagram to all of IPv6 that nobody takes", SWITCHED, f"{talk('h1', 'sow ff02::1 5400 eth0')}; sleep 0.2", (Lost("UDP", "counted it as taken by no socket .Udp6IgnoredMulti", counted("h3", "Udp6IgnoredMulti")),), warm=WARM_NEAR, uncounted=("h1", "h2", "h3", "sw")),
    Flow("echo to everybody", SWITCHED, ping("h1", "10.21.0.255", "-b -c1"), (), at("h2", "sysctl -qw net.ipv4.icmp_echo_ignore_broadcasts=0"), warm=WARM_NEAR, said=("delivered to h2; h3 and sw did not answer|delivered to h2; h3 did not answer",), uncounted=("h1", "h3", "sw")),
    # source routes of the sender
    Flow("no route at the sender", ROUTED, ping("a", "10.99.0.1"), (), ("ip -n a route del default",), warm=WARM),
    away("the way out has no carrier", "leads to 10.20.3.2, but out0 has no carrier", "ip -n r2 link set in0 down"),
]  # fmt: skip
