"""What changed from one generation of Docker's rules to the next, in which release, and why.

From the release notes of the Docker Engine 26 to 29, and from Engines that ran.
"""

from __future__ import annotations

from typing import NamedTuple

ORDER = ("20.10", "28", "29", "29-nft", "netavark")
"""The generations in the order of this history; netavark is another program, and stands last."""


class Change(NamedTuple):
    """Why something is otherwise from a generation on.

    Attributes:
        generation: its name.
        release: of the Engine: "28.0.0".
        why: the reason.
    """

    generation: str
    release: str
    why: str


class Fact(NamedTuple):
    """Something that generations do in different ways.

    Attributes:
        what: it is about.
        ways: what the generations do, by name; one that is not named does as the one before it.
        changes: why.
    """

    what: str
    ways: dict[str, str]
    changes: tuple[Change, ...] = ()

    def way(self, generation: str) -> str:
        """What a generation does."""
        before = ORDER[: ORDER.index(generation) + 1]
        return next(self.ways[name] for name in reversed(before) if name in self.ways)


_ANOTHER = "Podman has a program of its own for its networks, which forbids less"
_NOT_THERE = Change("netavark", "", _ANOTHER)
_SWITCHED = Change("netavark", "", "netavark writes switches of its own, seen with 1.17.2")

FACTS = (
    Fact(
        "rules are written by",
        {
            "20.10": "iptables",
            "29-nft": "nft, in the tables ip and ip6 docker-bridges",
            "netavark": "nft, in the table inet netavark",
        },
        (
            Change(
                "29-nft",
                "29.0.0",
                "a table of its own, which no other program changes, and maps by interface instead of rules for each "
                "network; on trial: dockerd --firewall-backend=nftables",
            ),
            _NOT_THERE,
        ),
    ),
    Fact(
        "rules of networks stand in",
        {
            "20.10": "FORWARD itself, four for each network",
            "28": "DOCKER-CT, DOCKER-BRIDGE and DOCKER-FORWARD; FORWARD has two rules",
            "29-nft": "four chains for each network, which maps lead to",
            "netavark": "FORWARD, two for each network",
        },
        (Change("28", "28.0.1", "other programs may append rules to FORWARD that come behind Docker's"),),
    ),
    Fact(
        "one's own rules go into",
        {"20.10": "DOCKER-USER, which ends with RETURN", "28": "DOCKER-USER", "29-nft": "a table of one's own"},
        (Change("29-nft", "29.0.0", "with nftables everybody may have a chain at the same hook"),),
    ),
    Fact(
        "a port that nobody published, asked from outside",
        {
            "20.10": "stopped by the policy of FORWARD alone: where that is ACCEPT, it answers",
            "28": "dropped in DOCKER",
            "29-nft": "dropped: UNPUBLISHED PORT DROP",
            "netavark": "answers, where the machine forwards",
        },
        (
            Change(
                "28",
                "28.0.0",
                "security: a neighbour with a route to the containers reached every port of a machine whose policy "
                "Docker had not set, because it forwarded before",
            ),
            _NOT_THERE,
        ),
    ),
    Fact(
        "a published port, asked at the container's own address from outside",
        {
            "20.10": "let in by the rule of the published port",
            "28": "dropped in table raw, before any other rule",
            "29-nft": "dropped: DROP DIRECT ACCESS",
            "netavark": "let in",
        },
        (
            Change(
                "28",
                "28.0.0",
                "security: who publishes a port at one address of the machine does not mean the container's; since "
                "28.2.0 one rule for each container, before one for each port",
            ),
            _NOT_THERE,
        ),
    ),
    Fact(
        "a port published at 127.0.0.1, asked by a neighbour",
        {
            "20.10": "answers a neighbour that sends packets for 127.0.0.1 here",
            "28": "dropped in table raw, unless by lo",
            "29-nft": "dropped: DROP REMOTE LOOPBACK",
            "netavark": "answers",
        },
        (Change("28", "28.0.0", "security: such a port is meant for the machine alone"), _NOT_THERE),
    ),
    Fact(
        "what keeps networks apart",
        {
            "20.10": "DOCKER-ISOLATION-STAGE-1 and -2",
            "29": "the drop of unpublished ports; DOCKER-INTERNAL for internal networks",
            "29-nft": "the drop of unpublished ports; two rules of each internal network",
            "netavark": "nothing, but for networks with the option isolate",
        },
        (
            Change(
                "29",
                "29.0.0",
                "what comes from another network is dropped like what comes from outside, and two chains had nothing "
                "left to do; ports that containers of other networks publish can be asked",
            ),
            _NOT_THERE,
        ),
    ),
    Fact(
        "MAC addresses",
        {"20.10": "02:42 and the bytes of the address", "28": "drawn at random"},
        (Change("28", "28.0.0", "a container that starts announces its own to the neighbours by ARP"),),
    ),
    Fact(
        "gateway modes",
        {"20.10": "nat", "28": "nat, nat-unprotected, routed, isolated", "netavark": "nat"},
        (
            Change("28", "28.0.0", "who wants all ports open, or no translation, says so for one network (27: routed)"),
            _NOT_THERE,
        ),
    ),
    Fact(
        "rules for IPv6",
        {"20.10": "only if asked for", "28": "the same chains, always", "29-nft": "the same table, always"},
        (Change("28", "27.0.1", "networks with IPv6 are filtered without being asked for"),),
    ),
    Fact(
        "IPv6 in a container without an address of IPv6",
        {"20.10": "switched off, its loopback too", "28": "its loopback has ::1"},
        (Change("28", "26.0.0", "also where no network has IPv6, since programs may listen at ::1"),),
    ),
    Fact(
        "default route in an internal network",
        {"20.10": "there, and leads nowhere", "28": "none"},
        (Change("28", "25.0.0", "there is nothing that it could lead to"),),
    ),
    Fact(
        "what a bridge hands from port to port",
        {
            "20.10": "meets no rule, unless icc is off",
            "28": "meets the rules, where no docker-proxy runs",
            "netavark": "meets no rule",
        },
        (
            Change("28", "28", "seen with 28.5.2 and 29.1.3, not with 26.1.5: bridge-nf-call-iptables is switched on"),
            Change("netavark", "", "bridge-nf-call-iptables stays as it was"),
        ),
    ),
    Fact(
        "a frame that a bridge hands back by the port it came by",
        {"20.10": "possible where no docker-proxy runs (hairpin)", "netavark": "not possible"},
        (
            Change(
                "netavark", "", "who asks for a port of one's own is marked, and hidden behind the machine's address"
            ),
        ),
    ),
    Fact(
        "policy of FORWARD",
        {"20.10": "DROP, if Docker itself switched ip_forward on", "29-nft": "as it was"},
        (Change("29-nft", "29.0.0", "dockerd does not switch ip_forward on with this backend: it asks for it"),),
    ),
    Fact(
        "the switch ip_forward",
        {"20.10": "on, by Docker", "29-nft": "asked for: without it no network is made", "netavark": "on, by netavark"},
        (Change("29-nft", "29.0.0", "with this backend dockerd switches it on nowhere, and says so"),),
    ),
    Fact(
        "the metric of a container's default route",
        {"20.10": "none", "netavark": "100"},
        (Change("netavark", "", "every network that a container joins gives it a default route, with a metric"),),
    ),
    Fact(
        "switches of a network's bridge",
        {"20.10": "accept_ra 0", "netavark": "rp_filter 2; with IPv6 also accept_dad 0 and accept_ra 0"},
        (_SWITCHED,),
    ),
    Fact(
        "switches of a container's cable",
        {"20.10": "as they were", "netavark": "arp_notify 1, rp_filter 2, autoconf 0; with IPv6 also accept_dad 0"},
        (_SWITCHED,),
    ),
    Fact(
        "127.0.0.1 as a way to an internal network",
        {"20.10": "route_localnet 1 at its bridge, where no docker-proxy runs", "netavark": "no route_localnet"},
        (_SWITCHED,),
    ),
    Fact(
        "a container's own switches (--sysctl)",
        {"20.10": "set once it has its network", "28": "set before that", "netavark": "set once it has its network"},
        (Change("28", "28", "seen with 28.5.2, not with 26.1.5: those of an interface are an option of the network"),),
    ),
    Fact(
        "which of several networks leads out",
        {
            "20.10": "the one whose name comes first",
            "28": "the one of the highest gw_priority, then by name",
            "netavark": "gw_priority is not known",
        },
        (Change("28", "28.0.0", "a network can be given a priority: --gw-priority"),),
    ),
    Fact(
        "a subnet of IPv6 where none is named",
        {"20.10": "none: the network is refused", "28": "a /64 that Docker chooses"},
        (Change("28", "27.0.1", "Docker has unique local addresses (RFC 4193) of its own for them"),),
    ),
    Fact(
        "addresses of IPv6 on the default network",
        {"20.10": "made of the MAC address", "28": "the next one that is free"},
        (Change("28", "28.0.0", "MAC addresses are random then, and no address is made of one"),),
    ),
    Fact(
        "the MTU of a network's bridge, where the network has one of its own",
        {"20.10": "the least of its cables'", "28": "the network's"},
        (Change("28", "26", "seen with 26.1.5, not with 20.10.24: the bridge has it before the first container"),),
    ),
    Fact(
        "networks of macvlan or ipvlan on one interface",
        {"20.10": "one", "28": "several"},
        (Change("28", "28", "seen with 28.5.2, not with 20.10.24"),),
    ),
    Fact(
        "the way out of a macvlan or ipvlan network whose router is not named",
        {"20.10": "the subnet's first address", "29": "none", "netavark": "the subnet's first address"},
        (Change("29", "29.0.0", "a router that nobody named is not assumed any more"),),
    ),
    Fact(
        "an address kept for the router of an internal macvlan or ipvlan network",
        {"20.10": "the first one", "28": "none"},
        (Change("28", "28", "seen with 28.5.2, not with 26.1.5: there is no router"),),
    ),
    Fact(
        "docker inspect, of the default network",
        {"20.10": "tells the address twice", "29": "tells it by network only", "netavark": "tells the address twice"},
        (Change("29", "29.0.0", "the fields that told of one network alone are gone"),),
    ),
)
