"""Networks of what not every kernel has: classifiers of tc, tunnels, IPsec; each with a probe of that."""

from __future__ import annotations

from tests.inside.wild_features import FAR, NEAR, PAIR, case
from tests.inside.wild_networks import ROUTED

INNER = ("a", "10.99.0.2")
CLASSIFIER = "tc -n probe qdisc add dev lo clsact; tc -n probe filter add dev lo ingress protocol ip {} action drop"
KEYED = (
    "ip -n probe xfrm state add src 10.0.0.1 dst 10.0.0.2 proto esp spi 5 mode transport "
    "auth 'hmac(sha1)' 0x01 enc 'ecb(cipher_null)' ''"
)


def tunnel(kind: str, more: tuple[str, str] = ("", "")) -> list[str]:
    """A tunnel between a and b."""
    ends = (("a", 1, "10.20.1.2", "10.20.3.2", more[0]), ("b", 2, "10.20.3.2", "10.20.1.2", more[1]))
    return [
        line
        for name, number, own, other, words in ends
        for line in (
            f"{name} ip link add t0 type {kind} local {own} remote {other} {words}",
            f"{name} ip addr add 10.99.0.{number}/30 dev t0",
            f"{name} ip link set t0 up",
        )
    ]


def sealed(name: str, key: str) -> list[str]:
    """Packets between a and b are signed with a key."""
    ends = ("10.20.1.1", "10.20.1.2")
    states = [
        f"{name} ip xfrm state add src {one} dst {other} proto esp spi 7 mode transport "
        f"auth 'hmac(sha1)' {key} enc 'ecb(cipher_null)' ''"
        for one, other in (ends, ends[::-1])
    ]
    own, far = ends if name == "a" else ends[::-1]
    wanted = [
        f"{name} ip xfrm policy add src {one}/32 dst {other}/32 dir {way} tmpl proto esp mode transport"
        for one, other, way in ((own, far, "out"), (far, own, "in"))
    ]
    return [*states, *wanted]


CARRIED = [
    (
        CLASSIFIER.format("flower dst_ip 10.0.0.9"),
        case(
            "flower drops",
            ROUTED,
            FAR,
            ("b", "tc or qdisc"),
            "b tc qdisc add dev eth0 clsact",
            "b tc filter add dev eth0 ingress protocol ip flower dst_ip 10.20.3.2 action drop",
        ),
    ),
    (
        CLASSIFIER.format("u32 match ip dst 10.0.0.9"),
        case(
            "u32 drops at egress",
            ROUTED,
            FAR,
            ("r2", "tc or qdisc"),
            "r2 tc qdisc add dev out0 clsact",
            "r2 tc filter add dev out0 egress protocol ip u32 match ip dst 10.20.3.2 action drop",
        ),
    ),
    (
        CLASSIFIER.format("matchall"),
        case(
            "a police of nothing",
            ROUTED,
            FAR,
            ("r2", "tc or qdisc"),
            "r2 tc qdisc add dev in0 clsact",
            "r2 tc filter add dev in0 ingress protocol ip matchall action police rate 8bit burst 10 drop",
        ),
    ),
    (
        CLASSIFIER.format("matchall"),
        case(
            "frames led away",
            ROUTED,
            FAR,
            ("r1", "tc or qdisc"),
            "r1 tc qdisc add dev out0 clsact",
            "r1 tc filter add dev out0 egress protocol ip matchall action mirred egress redirect dev lo",
            heals=False,
        ),
    ),
    (
        "tc -n probe qdisc add dev lo root plug limit 1000",
        case("a plug", ROUTED, FAR, ("r1", "qdisc"), "r1 tc qdisc add dev out0 root plug limit 100000"),
    ),
    (
        "ip -n probe tunnel add t0 mode gre local 10.9.9.1 remote 10.9.9.2",
        case(
            "keys of GRE that differ",
            ROUTED,
            INNER,
            ("", "tunnel"),
            "b ip link del t0",
            *tunnel("gre", ("", "key 6"))[3:],
            healthy=tunnel("gre", ("key 5", "key 5")),
            cause="key",
        ),
    ),
    (
        "ip -n probe tunnel add t0 mode gre local 10.9.9.1 remote 10.9.9.2",
        case(
            "GRE to somebody else",
            ROUTED,
            INNER,
            ("a", "tunnel"),
            "a ip link set t0 type gre remote 10.20.2.2 local 10.20.1.2",
            healthy=tunnel("gre"),
        ),
    ),
    (
        "ip -n probe link add g0 type geneve id 5 remote 10.9.9.2",
        case(
            "numbers of Geneve that differ",
            ROUTED,
            INNER,
            ("", "tunnel"),
            "b ip link del t0",
            "b ip link add t0 type geneve id 6 remote 10.20.1.2",
            "b ip addr add 10.99.0.2/30 dev t0",
            "b ip link set t0 up",
            healthy=(
                "a ip link add t0 type geneve id 5 remote 10.20.3.2",
                "a ip addr add 10.99.0.1/30 dev t0",
                "a ip link set t0 up",
                "b ip link add t0 type geneve id 5 remote 10.20.1.2",
                "b ip addr add 10.99.0.2/30 dev t0",
                "b ip link set t0 up",
            ),
            heals=False,
        ),
    ),
    (
        "ip -n probe tunnel add t0 mode ipip local 10.9.9.1 remote 10.9.9.2",
        case("a tunnel's far end down", ROUTED, INNER, ("b", "link"), "b ip link set t0 down", healthy=tunnel("ipip")),
    ),
    (
        KEYED,
        case(
            "keys of IPsec that differ",
            PAIR,
            NEAR,
            ("b", "filter"),
            "b ip xfrm state flush",
            "b ip xfrm policy flush",
            *sealed("b", "0x0202"),
            healthy=(*sealed("a", "0x0101"), *sealed("b", "0x0101")),
            heals=False,
            cause="IPsec",
        ),
    ),
    (
        KEYED,
        case(
            "IPsec at one end",
            PAIR,
            NEAR,
            ("", "filter"),
            "b ip xfrm state flush",
            "b ip xfrm policy flush",
            healthy=(*sealed("a", "0x0101"), *sealed("b", "0x0101")),
            heals=False,
            cause="IPsec",
        ),
    ),
    (KEYED, case("IPsec that works", PAIR, NEAR, ("", ""), healthy=(*sealed("a", "0x0101"), *sealed("b", "0x0101")))),
]
