"""Networks of what not every kernel has at layer 2, broken and healthy, each with what tells whether there is it."""

from __future__ import annotations

from tests.inside.wild import Case
from tests.inside.wild_kinds import inside
from tests.inside.wild_networks import ROUTED, cable, space

PAIR = [*space("a", "b"), *cable(("a", "eth0", "10.20.1.1/24"), ("b", "eth0", "10.20.1.2/24"))]
VLAN = "ip -n probe link add e0 type veth peer name e1; ip -n probe link add link e0 name e0.5 type vlan id 5"
VRF, BOND = "ip -n probe link add v0 type vrf table 10", "ip -n probe link add b0 type bond mode active-backup"


def case(name: str, base: list[str], ask: tuple, place: tuple[str, str], *breaking: str, **rest: object) -> Case:
    """A network, and what breaks it: commands of one of its namespaces."""
    where, layers = place
    lines = tuple(map(inside, breaking))
    rest["healthy"] = tuple(map(inside, rest.get("healthy", ())))  # type: ignore[arg-type]
    return Case(name, base, ask, layers, where, lines, **rest)  # type: ignore[arg-type]


def tagged(name: str, number: int, tag: int) -> list[str]:
    """A VLAN device."""
    return [
        f"{name} ip link add link eth0 name eth0.{tag} type vlan id {tag}",
        f"{name} ip addr add 10.30.0.{number}/24 dev eth0.{tag}",
        f"{name} ip link set eth0.{tag} up",
    ]


BONDED = [
    *space("a", "b"),
    "ip link add eth0 netns a type veth peer name eth0 netns b",
    "ip -n b addr add 10.20.1.2/24 dev eth0",
    "ip -n b link set eth0 up",
    "ip -n a link add bond0 type bond mode active-backup miimon 100",
    "ip -n a link set eth0 master bond0",
    "ip -n a addr add 10.20.1.1/24 dev bond0",
    "ip -n a link set bond0 up",
]
NEAR, FAR, WEB = ("a", "10.20.1.2"), ("a", "10.20.3.2"), ("a", "10.20.3.2", 80, "tcp")

FEATURES = [
    (
        VLAN,
        case(
            "VLANs of two numbers",
            PAIR,
            ("a", "10.30.0.2"),
            ("", "link"),
            "b ip link del eth0.5",
            *tagged("b", 2, 6),
            healthy=(*tagged("a", 1, 5), *tagged("b", 2, 5)),
            cause="VLAN.*5.*6|VLAN.*6.*5",
        ),
    ),
    (
        VLAN,
        case(
            "VLAN at one end only",
            PAIR,
            ("a", "10.30.0.2"),
            ("", "link or address"),
            "b ip link del eth0.5",
            "b ip addr add 10.30.0.2/24 dev eth0",
            healthy=(*tagged("a", 1, 5), *tagged("b", 2, 5)),
            heals=False,
            cause="VLAN",
        ),
    ),
    (
        VLAN,
        case(
            "a VLAN that is right", PAIR, ("a", "10.30.0.2"), ("", ""), healthy=(*tagged("a", 1, 5), *tagged("b", 2, 5))
        ),
    ),
    (
        VRF,
        case(
            "a sender's link in a VRF",
            PAIR,
            NEAR,
            ("a", "link or route"),
            "a ip link add blue type vrf table 10",
            "a ip link set blue up",
            "a ip link set eth0 master blue",
            cause="VRF",
        ),
    ),
    (
        VRF,
        case(
            "a router's link in a VRF",
            ROUTED,
            FAR,
            ("r1", "link or route"),
            "r1 ip link add blue type vrf table 10",
            "r1 ip link set blue up",
            "r1 ip link set out0 master blue",
            cause="VRF",
        ),
    ),
    (
        VRF,
        case(
            "a server outside of its VRF",
            ROUTED,
            WEB,
            ("b", "service or sysctl"),
            "b ip link add blue type vrf table 10",
            "b ip link set blue up",
            "b ip link set eth0 master blue",
            "b ip route add default via 10.20.3.1 table 10",
            servers=("b tcp 0.0.0.0 80",),
            cause="VRF",
        ),
    ),
    (
        VRF,
        case(
            "a router that is all VRF",
            ROUTED,
            FAR,
            ("", ""),
            healthy=(
                "r1 ip link add blue type vrf table 10",
                "r1 ip link set blue up",
                "r1 ip link set in0 master blue",
                "r1 ip link set out0 master blue",
                "r1 ip route add 10.20.3.0/24 via 10.20.2.2 table 10",
            ),
        ),
    ),
    (BOND, case("a bond whose link is off", BONDED, NEAR, ("", "carrier or link"), "b ip link set eth0 down")),
]
