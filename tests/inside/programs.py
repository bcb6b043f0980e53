"""Programs of acts, chosen at random with an imagined network in mind."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from tests.inside.imagined import Network
from tests.inside.imagined_parts import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.inside.imagined_parts import Link

Act = tuple[Any, ...]

SPACES = ("host", "n1", "n2", "n3")
LINKS = ("eth0", "a", "type", "e.1", "n_")
"""Some of them can be misread: `ip link` may take a for the beginning of "address"."""
ADDRESSES = (
    *("10.0.0.1/24", "10.0.0.2/24", "10.0.0.3/16", "10.1.0.1/30", "10.2.0.1/24", "192.168.0.5/31", "172.17.0.1/32"),
    *("fd00::1/64", "fd00::2/64", "fd01::1/64"),
)
DESTINATIONS = ("default", "10.9.0.0/24", "10.0.0.0/24", "10.1.0.0/16", "10.9.0.0/16", "172.17.0.9/32")
ROUTERS = ("10.0.0.9", "10.0.7.9", "10.1.0.2", "10.2.0.9", "192.168.0.4", "10.9.0.9")
MACS = ("02:42:ac:11:00:02", "02:42:ac:11:00:03", "00:1b:21:00:00:07")
RULES = (
    *(("filter", "FORWARD", "-s 10.0.0.0/24 -j DROP"), ("filter", "FORWARD", "-i a -o type -j ACCEPT")),
    *(("filter", "INPUT", "-p tcp -m tcp --dport 80 -j ACCEPT"), ("nat", "POSTROUTING", "-o e.1 -j MASQUERADE")),
)
SHAPES: dict[str, tuple[Any, ...]] = {
    "make_namespace": ("new space",),
    "delete_namespace": ("space",),
    "forwarding": ("space", ("0", "1")),
    "make_veth": ("space", LINKS, "space", LINKS),
    "make_bridge": ("space", LINKS),
    "delete_link": ("space", "link"),
    "attach": ("space", "bridge", "veth"),
    "detach": ("space", "bridge", "port"),
    "move": ("space", "veth", "space"),
    "rename": ("space", "link down", LINKS),
    "up": ("space", "link"),
    "down": ("space", "link"),
    "set_mtu": ("space", "own link", (1280, 1400, 9000, 1000)),
    "set_mac": ("space", "own link", MACS),
    "add_address": ("space", "own link", ADDRESSES),
    "delete_address": ("space", "own link", "address"),
    "add_route": ("space", DESTINATIONS, (None, *ROUTERS), "device", (None, 0, 100)),
    "delete_route": ("space", "destination", (None, None, *ROUTERS), "device"),
    "append_rule": ("space", "rule"),
    "delete_rule": ("space", "rule"),
    "policy": ("space", ("FORWARD", "INPUT"), ("DROP", "ACCEPT")),
}
"""What each act of a Network needs, in order."""

ABSENT: dict[Any, tuple[Any, ...]] = {
    "rule": RULES,
    "space": SPACES,
    "new space": SPACES,
    "address": ADDRESSES,
    "destination": DESTINATIONS,
}
"""What may not be there; interfaces' names otherwise."""

OFTEN = (
    *("make_veth", "make_bridge", "attach", "up", "add_address", "add_route") * 4,
    *("move", "detach", "down", "delete_address", "delete_route") * 2,
)
ATTEMPTS = 6


@st.composite
def programs(draw: st.DrawFn, *, forward: str, promote: bool) -> tuple[list[tuple[Act, bool]], Network]:
    """What came of 12 to 40 attempts at an act, each with whether it is allowed, and the network that they lead to.

    Hypothesis chooses the length and a seed: of all its own choices few would lead to deep networks.
    """
    network, program = Network(forward=forward, promote=promote), []
    chance = random.Random(draw(st.integers(0, 2**64)))  # noqa: S311  (no secret)
    network.make_namespace("n1")
    program.append((("make_namespace", "n1"), True))
    for _ in range(draw(st.integers(12, 40))):
        program += one_act(chance, network)
    return program, network


def one_act(chance: random.Random, network: Network) -> list[tuple[Act, bool]]:
    """An act that is allowed, and now and then one that is not; nothing if none was found."""
    verb = chance.choice((*OFTEN, *SHAPES))
    for _ in range(ATTEMPTS):
        act = (verb, *_words(chance, SHAPES[verb], network))
        try:
            getattr(network, verb)(*act[1:])
        except Refused:
            if chance.random() < 0.08:
                return [(act, False)]
        else:
            return [(act, True)]
    return []


def _words(chance: random.Random, shape: tuple[Any, ...], network: Network) -> list[Any]:
    words: list[Any] = []
    for what in shape:
        absent = isinstance(what, str) and chance.random() < 0.03
        chosen = chance.choice(ABSENT.get(what, LINKS) if absent else _choices(what, words, network))
        words += chosen if what == "rule" else [chosen]
    return words


def _choices(what: Any, words: list[Any], network: Network) -> tuple[Any, ...]:
    """What there is to choose from, after the words before."""
    if not isinstance(what, str):
        return what
    links = network.spaces[words[0]].links if words and words[0] in network.spaces else {}
    ways = network.spaces[words[0]].ways if links else []
    link = links.get(words[1]) if len(words) > 1 else None
    found: dict[str, tuple[Any, ...]] = {
        "rule": RULES,
        "new space": SPACES[1:],
        "space": tuple(network.spaces),
        "address": tuple(str(address) for address in link.addresses) if link else (),
        "destination": tuple(str(way.destination) for way in ways if way.destination.version == 4),
        "device": (None, None, *_named(links, lambda link: link.up and link.kind != "loopback")),
        "link": _named(links, lambda link: True),
        "own link": _named(links, lambda link: link.kind != "loopback"),
        "veth": _named(links, lambda link: link.kind == "veth"),
        "link down": _named(links, lambda link: link.kind != "loopback" and not link.up),
        "bridge": _named(links, lambda link: link.kind == "bridge"),
        "port": _named(links, lambda port: port.master is not None and port.master is link),
    }
    return found[what] or ABSENT.get(what, LINKS)


def _named(links: dict[str, Link], fits: Callable[[Link], object]) -> tuple[str, ...]:
    return tuple(name for name, link in links.items() if fits(link))
