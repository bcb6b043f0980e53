"""Flows that a filter ends: each tool at each hook, in both versions of IP, on the bridge, at the interface, for ARP."""

from __future__ import annotations

from tests.inside.flows import Flow, Lost, at, nft_counted, ping, queued, reached, ruled, talk
from tests.inside.wild_networks import ROUTED, SWITCHED

FAR = {4: "10.20.3.2", 6: "fd20:3::2"}
NEAR = {4: "10.21.0.2", 6: "fd21::2"}
ECHO = {4: "ICMP echo request", 6: "ICMPv6 echo request"}
ICMP = {4: "icmp", 6: "icmpv6"}
WARM = f"{reached('a', FAR[4])}; {reached('a', FAR[6])}"
WARM_NEAR = f"{reached('h1', NEAR[4])}; {reached('h1', NEAR[6])}"
UNCALLED = at("sw", "sysctl -qw net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0")
"""A bridge whose frames pass no hooks of IP."""

PLACES = {"raw PREROUTING": "r1", "mangle PREROUTING": "r2", "filter FORWARD": "r1", "filter INPUT": "b",
          "filter OUTPUT": "a", "mangle POSTROUTING": "r2"}  # fmt: skip


def _by_iptables(version: int, place: str, name: str, tool: str) -> Flow:
    table, chain = place.split()
    program = {4: "iptables", 6: "ip6tables"}[version] + tool
    icmp = {4: "icmp", 6: "ipv6-icmp --icmpv6-type 128"}[version]
    cause = f"dropped in {name} by {place}: the rule `-A {chain} .*DROP`"
    if tool:
        cause = f"the rule `-A {chain} .*DROP` of {program} \\({table}\\) in {name} counted 1"
    lost = Lost(ECHO[version], cause, ruled(name, program, table, f"-A {chain} "), 1)
    breaking = at(name, f"{program} -t {table} -A {chain} -p {icmp} -j DROP")
    return Flow(f"{program} {place} in {name}", ROUTED, ping("a", FAR[version]), (lost,), breaking, warm=WARM)


def nft(name: str, table: str, where: str, rule: str) -> tuple[str, ...]:
    """A table with one chain at a hook, and one rule."""
    lines = f"add table {table}; add chain {table} c {{ type filter hook {where} ; }}; add rule {table} c {rule}"
    return at(name, f"nft '{lines}'")


def _by_nft(version: int, hook: str, name: str) -> Flow:
    kind = {4: "icmp type 8", 6: "icmpv6 type 128"}[version]
    rule = nft(name, "inet f", f"{hook} priority 0", f"{kind} counter drop")
    lost = Lost(ECHO[version], f"dropped in {name} by inet f c: the rule `.*drop`", nft_counted(name, "inet f"), 1)
    return Flow(f"nft inet {hook} IPv{version}", ROUTED, ping("a", FAR[version]), (lost,), rule, warm=WARM)


def _policy(program: str, chain: str, name: str, version: int) -> Flow:
    legacy = "legacy" in program
    cause = (
        f"`-P {chain} DROP` of {program}.* in {name} counted" if legacy else f"{name} by filter {chain}: policy DROP"
    )
    proof = ruled(name, program, "filter", f":{chain} ")
    breaking = at(name, f"{program} -P {chain} DROP")
    return Flow(f"policy of {program} {chain}", ROUTED, ping("a", FAR[version]), (Lost(ECHO[version], cause, proof),), breaking, warm=WARM)  # fmt: skip


def _rejecting(with_what: str, told: str) -> Flow:
    breaking = at("r2", f"iptables -A FORWARD -p icmp -j REJECT --reject-with {with_what}")
    lost = Lost(
        ECHO[4], "rejected in r2 by filter FORWARD: the rule `.*REJECT", ruled("r2", "iptables", "filter", "-A FORWARD")
    )
    return Flow(f"REJECT with {with_what}", ROUTED, ping("a", FAR[4]), (lost,), breaking, warm=WARM, said=(told,))


def _matching(name: str, match: str, act: str, what: str, most: int = 0) -> Flow:
    breaking = at("r1", f"iptables -A FORWARD {match} -j DROP")
    lost = Lost(
        what, "dropped in r1 by filter FORWARD: the rule", ruled("r1", "iptables", "filter", "-A FORWARD"), most
    )
    return Flow(f"match: {name}", ROUTED, act, (lost,), breaking, ("b udp 0.0.0.0 5300",), WARM)


def _on_bridge(hook: str, version: int, *, called: bool) -> Flow:
    """By nft's family bridge; at input and output it is the bridge's own interface that talks."""
    own = hook in ("input", "output")
    addresses = {4: ("10.21.0.9", "10.21.0.9/24"), 6: ("fd21::9", "fd21::9/64 nodad")}[version]
    base = [*SWITCHED, f"ip -n sw addr add {addresses[1]} dev br0"]
    asker, target = ("h1", addresses[0]) if hook == "input" else ("sw", NEAR[version]) if own else ("h1", NEAR[version])
    kind = {4: "icmp type 8", 6: "icmpv6 type 128"}[version]
    rule = nft("sw", "bridge f", f"{hook} priority 0", f"{kind} counter drop")
    lost = Lost(ECHO[version], "dropped in sw by bridge f c: the rule `.*drop`", nft_counted("sw", "bridge f"), 1)
    switch = () if called else UNCALLED
    title = f"nft bridge {hook} IPv{version}{'' if called else ', no br_netfilter'}"
    return Flow(title, base, ping(asker, target), (lost,), (*switch, *rule), warm=reached(asker, target))


def _by_ebtables(chain: str, table: str, *, called: bool) -> Flow:
    base = [*SWITCHED, "ip -n sw addr add 10.21.0.9/24 dev br0"]
    asker, target = {"INPUT": ("h1", "10.21.0.9"), "OUTPUT": ("sw", NEAR[4])}.get(chain, ("h1", NEAR[4]))
    rule = at("sw", f"ebtables -t {table} -A {chain} -p IPv4 --ip-proto 1 -j DROP")
    lost = Lost(
        ECHO[4],
        f"in sw.* {table} {chain}: the rule `-A {chain} .*DROP`",
        ruled("sw", "ebtables", table, f"-A {chain}"),
        1,
    )
    title = f"ebtables {table} {chain}{'' if called else ', no br_netfilter'}"
    return Flow(
        title, base, ping(asker, target), (lost,), (*(() if called else UNCALLED), *rule), warm=reached(asker, target)
    )


def _at_interface(where: str, hook: str, base: list[str], family: str = "netdev", version: int = 4) -> Flow:
    name, device = where.split(":")
    asker, target = ("a", FAR[version]) if base is ROUTED else ("h1", NEAR[version])
    kind = {4: "icmp type 8", 6: "icmpv6 type 128"}[version]
    rule = nft(name, f"{family} f", f"{hook} device {device} priority 0", f"{kind} counter drop")
    lost = Lost(
        ECHO[version], f"dropped in {name} by {family} f c: the rule `.*drop`", nft_counted(name, f"{family} f"), 1
    )
    warm = WARM if base is ROUTED else WARM_NEAR
    return Flow(f"{family} {hook} at {name}:{device} IPv{version}", base, ping(asker, target), (lost,), rule, warm=warm)


def _of_arp(tool: str, name: str, hook: str, what: str) -> Flow:
    forget = ("ip -n h1 neigh flush all", "ip -n h2 neigh flush all")
    if tool == "nft":
        rule = nft(
            name, "arp f", f"{hook} priority 0", f"arp operation {'request' if 'who' in what else 'reply'} counter drop"
        )
        cause, proof = f"dropped in {name} by arp f c: the rule `.*drop`", nft_counted(name, "arp f")
    else:
        opcode = "Request" if "who" in what else "Reply"
        rule = at(name, f"arptables -A {hook.upper()} --opcode {opcode} -j DROP")
        cause, proof = f"in {name} by .*{hook.upper()}: the rule `.*DROP`", ""
    unknown = Lost(
        ECHO[4], "nobody answered ARP for 10.21.0.2 at h1:eth0|h1 does not get the MAC of 10.21.0.2 at h1:eth0"
    )
    lost = (Lost(f"ARP {what}", cause, proof), unknown)
    return Flow(
        f"{tool} ARP {hook} at {name}: {what}", SWITCHED, ping("h1", NEAR[4]), lost, (*rule, *forget), warm=WARM_NEAR
    )


def _by_tc(name: str, way: str, device: str, base: list[str]) -> Flow:
    asker, target = ("a", FAR[4]) if base is ROUTED else ("h1", NEAR[4])
    rule = f'tc filter add dev {device} {way} protocol ip bpf da bytecode "6,48 0 0 23,21 0 3 1,48 0 0 34,21 0 1 8,6 0 0 2,6 0 0 4294967295"'
    filters = at(name, f"tc qdisc add dev {device} clsact", f"sh -c '{rule}'")
    cause = f"the filter `{way} .*of tc at {name}:{device} .*clsact dropped 1"
    lost = Lost(ECHO[4], cause, queued(name, device, "clsact"), 1)
    title = f"tc {way} at {name}:{device}"
    return Flow(title, base, ping(asker, target), (lost,), filters, warm=WARM if base is ROUTED else WARM_NEAR)


TBF = "tbf rate 8kbit burst 1100 limit 1100"


def _queue(name: str, device: str, base: list[str], protocol: str = "UDP") -> Flow:
    asker, target = ("a", FAR[4]) if base is ROUTED else ("h1", NEAR[4])
    end = "b" if base is ROUTED else "h2"
    cause = f"the queue tbf of {name}:{device}.*dropped"
    lost = Lost(protocol, cause, queued(name, device, "tbf"))
    act = f"{talk(asker, f'burst udp {target} 5300 6')}; sleep 1.2"
    return Flow(f"tbf at {name}:{device}", base, act, (lost,), at(name, f"tc qdisc add dev {device} root {TBF}"),
                (f"{end} udp 0.0.0.0 5300",), WARM if base is ROUTED else WARM_NEAR)  # fmt: skip


FILTERED = [
    *(_by_iptables(version, place, name, tool) for version in (4, 6) for tool in ("", "-legacy") for place, name in PLACES.items()),
    *(_by_nft(version, hook, name) for version in (4, 6) for hook, name in
      {"prerouting": "r1", "forward": "r2", "input": "b", "output": "a", "postrouting": "r1"}.items()),
    _policy("iptables", "FORWARD", "r1", 4), _policy("iptables", "INPUT", "b", 4), _policy("ip6tables", "FORWARD", "r2", 6),
    _policy("iptables-legacy", "FORWARD", "r2", 4), _policy("iptables-legacy", "INPUT", "b", 4), _policy("ip6tables-legacy", "FORWARD", "r1", 6),
    _policy("iptables", "OUTPUT", "a", 4), _policy("iptables-legacy", "OUTPUT", "a", 4),
    _rejecting("icmp-port-unreachable", "port unreachable"), _rejecting("icmp-host-prohibited", "host prohibited"),
    _matching("length", "-p icmp -m length --length 500:", ping("a", FAR[4], "-c1 -s 600"), ECHO[4], 1),
    _matching("ttl", "-p icmp -m ttl --ttl-lt 64", ping("a", FAR[4]), ECHO[4], 1),
    _matching("mark of another rule", "-p icmp -m mark ! --mark 7", ping("a", FAR[4]), ECHO[4], 1),
    _matching("every other", "-p icmp --icmp-type 8 -m statistic --mode nth --every 2 --packet 1", ping("a", FAR[4], "-c4 -i0.05"), ECHO[4], 2),
    _matching("string", "-p udp -m string --string hello --algo bm", talk("a", f"burst udp {FAR[4]} 5300 1")
              + "; ip netns exec a sh -c 'echo hello | timeout 1 python3 -c \"import socket; socket.socket(2, 2).sendto(bytes(3) + b\\\"hello\\\", (\\\"10.20.3.2\\\", 5300))\"'", "UDP", 1),
    _matching("invalid state", "-p tcp -m conntrack --ctstate INVALID", ping("a", FAR[4]) + "; ip netns exec a python3 -c \"import socket, struct; "
              "s = socket.socket(2, 3, 6); s.sendto(struct.pack('!HHIIBBHHH', 9, 80, 5, 5, 0x50, 0x10, 9, 0xfd8e, 0), ('10.20.3.2', 0))\"", "TCP"),
    *(_on_bridge(hook, version, called=called) for hook in ("prerouting", "forward", "postrouting", "input", "output")
      for version, called in ((4, True), (4, False), (6, False))),
    *(_by_ebtables(chain, table, called=called) for chain, table in
      (("FORWARD", "filter"), ("PREROUTING", "nat"), ("INPUT", "filter"), ("OUTPUT", "filter"), ("POSTROUTING", "nat")) for called in (True, False)),
    Flow("iptables FORWARD of bridged packets", SWITCHED, ping("h1", NEAR[4]),
         (Lost(ECHO[4], "dropped in sw by filter FORWARD: the rule `.*physdev", ruled("sw", "iptables", "filter", "-A FORWARD"), 1),),
         (*at("sw", "sysctl -qw net.bridge.bridge-nf-call-iptables=1"), *at("sw", "iptables -A FORWARD -m physdev --physdev-in p1 -p icmp -j DROP")), warm=WARM_NEAR),
    Flow("iptables-legacy FORWARD of bridged packets", SWITCHED, ping("h1", NEAR[4]),
         (Lost(ECHO[4], "the rule `.*DROP` of iptables-legacy.* in sw counted 1", ruled("sw", "iptables-legacy", "filter", "-A FORWARD"), 1),),
         (*at("sw", "sysctl -qw net.bridge.bridge-nf-call-iptables=1"), *at("sw", "iptables-legacy -A FORWARD -p icmp -j DROP")), warm=WARM_NEAR),
    *(_at_interface(*row) for row in (
        ("sw:p1", "ingress", SWITCHED), ("sw:p2", "egress", SWITCHED), ("h2:eth0", "ingress", SWITCHED), ("h1:eth0", "egress", SWITCHED),
        ("r1:in0", "ingress", ROUTED), ("r1:out0", "egress", ROUTED), ("b:eth0", "ingress", ROUTED), ("a:eth0", "egress", ROUTED),
        ("r2:in0", "ingress", ROUTED, "inet"), ("r2:in0", "ingress", ROUTED, "inet", 6), ("r1:in0", "ingress", ROUTED, "netdev", 6),
        ("r2:out0", "egress", ROUTED, "netdev", 6))),
    _of_arp("nft", "h2", "input", "who has"), _of_arp("nft", "h1", "output", "who has"), _of_arp("nft", "h1", "input", "10.21.0.2 is at"),
    _of_arp("nft", "h2", "output", "10.21.0.2 is at"), _of_arp("arptables", "h2", "input", "who has"), _of_arp("arptables", "h2", "output", "10.21.0.2 is at"),
    *(_by_tc(*row) for row in (
        ("h2", "ingress", "eth0", SWITCHED), ("sw", "ingress", "p1", SWITCHED), ("r1", "ingress", "in0", ROUTED), ("b", "ingress", "eth0", ROUTED),
        ("h1", "egress", "eth0", SWITCHED), ("sw", "egress", "p2", SWITCHED), ("r1", "egress", "out0", ROUTED), ("r2", "egress", "out0", ROUTED),
        ("a", "egress", "eth0", ROUTED))),
    _queue("a", "eth0", ROUTED), _queue("r1", "out0", ROUTED), _queue("sw", "p2", SWITCHED), _queue("r2", "out0", ROUTED), _queue("h1", "eth0", SWITCHED),
]  # fmt: skip
