"""Broken and healthy networks of nodes: services by rules, pods without networks of their own, overlays, flannel."""

from __future__ import annotations

from tests.inside.wild import Case
from tests.inside.wild_healthy import well
from tests.inside.wild_kinds import inside
from tests.inside.wild_networks import cable, forward, space

SERVED = (
    "iptables -P FORWARD DROP",
    "iptables -N POD-FWD",
    "iptables -A FORWARD -m conntrack --ctstate INVALID -j DROP",
    "iptables -A FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT",
    "iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    "iptables -A FORWARD -j POD-FWD",
    "iptables -A POD-FWD -s 10.61.0.0/16 -j ACCEPT",
    "iptables -A POD-FWD -d 10.61.0.0/16 -j ACCEPT",
    *(f"iptables -t nat -N {chain}" for chain in ("SERVICES", "HIDING", "TO-HIDE", "NODEPORTS", "SVC-A", "SEP-A1")),
    "iptables -t nat -A PREROUTING -j SERVICES",
    "iptables -t nat -A OUTPUT -j SERVICES",
    "iptables -t nat -A POSTROUTING -j HIDING",
    "iptables -t nat -A TO-HIDE -j MARK --or-mark 0x4000",
    "iptables -t nat -A HIDING -m mark ! --mark 0x4000/0x4000 -j RETURN",
    "iptables -t nat -A HIDING -j MARK --xor-mark 0x4000",
    "iptables -t nat -A HIDING -j MASQUERADE --random-fully",
    "iptables -t nat -A SERVICES -d 10.96.0.10/32 -p tcp -m tcp --dport 80 -j SVC-A",
    "iptables -t nat -A SERVICES -m addrtype --dst-type LOCAL -j NODEPORTS",
    "iptables -t nat -A NODEPORTS -p tcp -m tcp --dport 30080 -j TO-HIDE",
    "iptables -t nat -A NODEPORTS -p tcp -m tcp --dport 30080 -j SVC-A",
    "iptables -t nat -A SVC-A ! -s 10.61.0.0/16 -d 10.96.0.10/32 -p tcp -m tcp --dport 80 -j TO-HIDE",
    "iptables -t nat -A SVC-A -j SEP-A1",
    "iptables -t nat -A SEP-A1 -s 10.61.2.2/32 -j TO-HIDE",
    "iptables -t nat -A SEP-A1 -p tcp -m tcp -j DNAT --to-destination 10.61.2.2:80",
)
"""What a service is on a node, in the way of Kubernetes' proxy by iptables."""

NODES = [
    *space("node1", "node2", "p1", "p2", "p3", "ext", "lan"),
    *forward("node1", "node2"),
    "ip -n lan link add sw type bridge",
    "ip -n lan link set sw up",
    *[
        line
        for number, host in ((1, "node1"), (2, "node2"), (9, "ext"))
        for line in (
            *cable((host, "eth0", f"10.60.0.{number}/24"), ("lan", f"q{number}", "")),
            f"ip -n lan link set q{number} master sw",
        )
    ],
    *[
        line
        for number in (1, 2)
        for line in (
            f"ip -n node{number} link add cni0 type bridge",
            f"ip -n node{number} addr add 10.61.{number}.1/24 dev cni0",
            f"ip -n node{number} link set cni0 up",
            f"ip -n node{number} route add 10.61.{3 - number}.0/24 via 10.60.0.{3 - number}",
            f"ip -n node{number} route add default via 10.60.0.9",
        )
    ],
    *[
        line
        for pod, number, last in (("p1", 1, 2), ("p2", 1, 3), ("p3", 2, 2))
        for line in (
            *cable((pod, "eth0", f"10.61.{number}.{last}/24"), (f"node{number}", f"v{pod}", "")),
            f"ip -n node{number} link set v{pod} master cni0",
            f"ip -n {pod} route add default via 10.61.{number}.1",
        )
    ],
    *[f"ip netns exec node{number} {rule}" for number in (1, 2) for rule in SERVED],
    "ip -n ext route add default via 10.60.0.1",
]
"""Two nodes with pods, a service at 10.96.0.10 whose server is p3, and somebody else on the nodes' network."""

UNNUMBERED = [
    *space("node", "a", "b", "up"),
    *forward("node"),
    *cable(("node", "eth0", "10.64.0.2/24"), ("up", "eth0", "10.64.0.1/24")),
    "ip -n node route add default via 10.64.0.1",
    "ip -n up route add 10.65.0.0/26 via 10.64.0.2",
    *[
        line
        for pod, last in (("a", 2), ("b", 3))
        for line in (
            *cable((pod, "eth0", f"10.65.0.{last}/32"), ("node", f"cali{pod}", "")),
            f"ip -n {pod} route add 169.254.1.1 dev eth0 scope link",
            f"ip -n {pod} route add default via 169.254.1.1 dev eth0",
            f"ip -n node route add 10.65.0.{last} dev cali{pod} scope link",
            f"ip netns exec node sysctl -qw net.ipv4.conf.cali{pod}.proxy_arp=1 net.ipv4.neigh.cali{pod}.proxy_delay=0",
        )
    ],
    "ip -n node route add blackhole 10.65.0.0/26 proto 80",
]
"""Pods with an address each and no network, whose node answers for everybody (Calico's way)."""

FLANNEL = [
    *space("m1", "m2", "c1", "c2"),
    *forward("m1", "m2"),
    *cable(("m1", "eth0", "10.24.0.1/24"), ("m2", "eth0", "10.24.0.2/24")),
    *[
        line
        for one, other in ((1, 2), (2, 1))
        for line in (
            f"ip -n m{one} link add vx0 type vxlan id 1 local 10.24.0.{one} dev eth0 dstport 8472 nolearning",
            f"ip -n m{one} link set vx0 address 02:00:00:00:08:0{one}",
            f"ip -n m{one} addr add 10.44.{one}.0/32 dev vx0",
            f"ip -n m{one} link set vx0 mtu 1450 up",
            f"ip -n m{one} link add cni0 type bridge",
            f"ip -n m{one} addr add 10.44.{one}.1/24 dev cni0",
            f"ip -n m{one} link set cni0 up",
            *cable((f"c{one}", "eth0", f"10.44.{one}.2/24"), (f"m{one}", "p0", "")),
            f"ip -n m{one} link set p0 master cni0",
            f"ip -n c{one} route add default via 10.44.{one}.1",
            f"ip -n m{one} route add 10.44.{other}.0/24 via 10.44.{other}.0 dev vx0 onlink",
            f"ip -n m{one} neigh replace 10.44.{other}.0 lladdr 02:00:00:00:08:0{other} dev vx0 nud permanent",
            f"ip netns exec m{one} bridge fdb replace 02:00:00:00:08:0{other} dev vx0 dst 10.24.0.{other} self",
        )
    ],
]
"""Two machines that route to one another's containers through VXLAN devices with entries for each machine."""

SERVICE, NODEPORT = ("p1", "10.96.0.10", 80, "tcp"), ("ext", "10.60.0.1", 30080, "tcp")
P3 = "p3 tcp 0.0.0.0 80"
LED_BY_ROUTES = [
    *space("m1", "m2"),
    *cable(("m1", "eth0", "10.24.0.1/24"), ("m2", "eth0", "10.24.0.2/24")),
    *[
        line
        for one, other in ((1, 2), (2, 1))
        for line in (
            f"ip -n m{one} link add vx0 type vxlan external dstport 4789",
            f"ip -n m{one} link set vx0 up",
            f"ip -n m{one} addr add 10.25.{one}.1/24 dev vx0",
            f"ip -n m{one} route add 10.25.{other}.0/24 encap ip id 42 dst 10.24.0.{other} via 10.25.{other}.1 "
            "dev vx0 onlink",
        )
    ],
]
"""Two machines whose VXLAN devices are told by routes where to send."""

REFLECTED = "ip netns exec node1 sysctl -qw net.bridge.bridge-nf-call-iptables=1"


def nodes(name: str, layers: str, where: str, *breaking: str, ask: tuple = SERVICE, **rest: object) -> Case:
    """A fault of nodes and their services."""
    lines = tuple(map(inside, breaking))
    return Case(name, NODES, ask, layers, where, lines, **{"servers": (P3,), **rest})  # type: ignore[arg-type]


def pods(name: str, layers: str, where: str, *breaking: str, **rest: object) -> Case:
    """A fault between two pods without networks."""
    lines = tuple(map(inside, breaking))
    return Case(name, UNNUMBERED, ("a", "10.65.0.3"), layers, where, lines, **rest)  # type: ignore[arg-type]


def flannel(name: str, layers: str, where: str, *breaking: str, **rest: object) -> Case:
    """A fault between containers of two machines."""
    lines = tuple(map(inside, breaking))
    return Case(name, FLANNEL, ("c1", "10.44.2.2"), layers, where, lines, **rest)  # type: ignore[arg-type]


def endpoint(address: str) -> str:
    """The line that gives the service another server."""
    return f"iptables -t nat -R SEP-A1 2 -p tcp -m tcp -j DNAT --to-destination {address}:80"


def another(match: str) -> tuple[str, ...]:
    """Lines that give the service a server that nobody is, before the other one, for some connections."""
    return (
        "node1 iptables -t nat -N SEP-A2",
        "node1 iptables -t nat -A SEP-A2 -p tcp -m recent --name sticky --set -j DNAT --to-destination 10.61.2.77:80",
        f"node1 iptables -t nat -I SVC-A 1 {match} -j SEP-A2",
    )


ON_NODES = [
    nodes("endpoint drawn that is gone", "nat", "node1", *another("-m statistic --mode random --probability 0.9999")),
    nodes(
        "affinity to an endpoint that is gone",
        "nat",
        "node1",
        *another("-m recent --name sticky --rcheck --seconds 10800 --reap"),
        "node1 sh -c 'echo +10.61.1.2 >/proc/net/xt_recent/sticky'",
        cause="10.61.2.77",
    ),
    nodes("endpoint that is gone", "nat", "node1", f"node1 {endpoint('10.61.2.9')}"),
    nodes("rules of pods gone here", "filter", "node1", "node1 iptables -F POD-FWD", ask=("p1", "10.61.2.2")),
    nodes("rules of pods gone there", "filter", "node2", "node2 iptables -F POD-FWD", ask=("p1", "10.61.2.2")),
    nodes("other node's pods by nobody", "route", "node1", "node1 ip route replace 10.61.2.0/24 via 10.60.0.77"),
    nodes("node that does not forward", "sysctl", "node2", "node2 sysctl -qw net.ipv4.ip_forward=0"),
    nodes(
        "service of a pod next door",
        "return path or nat or bridge",
        "node1",
        "node1 sysctl -qw net.bridge.bridge-nf-call-iptables=0",
        servers=("p2 tcp 0.0.0.0 80",),
        healthy=(REFLECTED, f"ip netns exec node1 {endpoint('10.61.1.3')}"),
    ),
    nodes(
        "service of the pod itself",
        "nat or bridge",
        "node1",
        "node1 ip link set vp1 type bridge_slave hairpin off",
        servers=("p1 tcp 0.0.0.0 80",),
        healthy=(
            REFLECTED,
            "ip -n node1 link set vp1 type bridge_slave hairpin on",
            "ip netns exec node1 iptables -t nat -R SEP-A1 1 -s 10.61.1.2 -j TO-HIDE",
            f"ip netns exec node1 {endpoint('10.61.1.2')}",
        ),
    ),
    nodes("nobody marks", "nat or return path", "node1", "node1 iptables -t nat -D NODEPORTS 1", ask=NODEPORT),
    nodes(
        "nobody hides", "nat or return path", "node1", "node1 iptables -t nat -D POSTROUTING -j HIDING", ask=NODEPORT
    ),
    pods(
        "node answers for nobody",
        "sysctl or neighbour",
        "node",
        "node sysctl -qw net.ipv4.conf.calia.proxy_arp=0",
        "a ip neigh flush dev eth0",
    ),
    pods("way to a pod gone", "route", "node", "node ip route del 10.65.0.3", cause="behind calib"),
    pods("way back to a pod gone", "return path", "node", "node ip route del 10.65.0.2", cause="behind calia"),
    pods("way to a pod by another cable", "route", "node", "node ip route replace 10.65.0.3 dev calia"),
    pods("pod's cable down", "link", "node", "node ip link set calib down"),
    pods(
        "pod's policy by marks",
        "filter",
        "node",
        "node iptables -P FORWARD DROP",
        "node iptables -N to-b",
        "node iptables -A FORWARD -o calib -j to-b",
        "node iptables -A to-b -s 10.65.0.77 -j MARK --set-xmark 0x10000/0x10000",
        "node iptables -A to-b -m mark --mark 0x10000/0x10000 -j RETURN",
        "node iptables -A to-b -j DROP",
        "node iptables -A FORWARD -m mark --mark 0x10000/0x10000 -j ACCEPT",
    ),
    flannel("machine's route back gone", "return path", "m2", "m2 ip route del 10.44.1.0/24"),
    flannel("machine's neighbour gone", "neighbour or tunnel", "m1", "m1 ip neigh del 10.44.2.0 dev vx0"),
    flannel("machine with a new MAC", "neighbour or tunnel", "m1", "m2 ip link set vx0 address 02:00:00:00:08:22"),
    flannel(
        "entry of an old machine",
        "tunnel",
        "m1",
        "m1 bridge fdb replace 02:00:00:00:08:02 dev vx0 dst 10.24.0.99 self permanent",
    ),
    Case(
        "tunnel that routes lead to nobody",
        LED_BY_ROUTES,
        ("m1", "10.25.2.1"),
        "tunnel",
        "m1",
        ("ip -n m1 route replace 10.25.2.0/24 encap ip id 42 dst 10.24.0.9 via 10.25.2.1 dev vx0 onlink",),
        heals=False,
        cause="only a probe can tell",
    ),
    flannel("machine filters the tunnel", "filter", "m1", "m1 iptables -A INPUT -p udp --dport 8472 -j DROP"),
]
HEALTHY_NODES = [
    well("service of another node", NODES, SERVICE, servers=(P3,)),
    well("port of a node", NODES, NODEPORT, servers=(P3,)),
    well("service asked by a node", NODES, ("node1", "10.96.0.10", 80, "tcp"), servers=(P3,)),
    well("pods without networks", UNNUMBERED, ("a", "10.65.0.3")),
    well("containers of two machines", FLANNEL, ("c1", "10.44.2.2")),
    well("a tunnel that routes lead", LED_BY_ROUTES, ("m1", "10.25.2.1")),
]
