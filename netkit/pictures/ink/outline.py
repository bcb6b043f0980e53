"""The sentence that sums a network up: who is in it (8 names at most), what joins them (4), what is cut off (2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.model.facts import host_first, listed
from netkit.visible import in_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netkit.model import End
    from netkit.model.facts import Facts

MOST_NAMES, MOST_JOINTS, MOST_TROUBLES = 8, 4, 2
"""How many namespaces, how many bridges and cables, and how many interfaces are named; of more, the rest is counted."""


def outline(facts: Facts) -> str:
    """A network in one sentence.

    Args:
        facts: of the snapshot.

    Example:
        >>> from netkit.model import Interface, Namespace, Snapshot
        >>> from netkit.model.facts import Facts
        >>> outline(Facts(Snapshot({"ns1": Namespace("ns1", {"lo": Interface("lo", "loopback")})})))
        '1 namespace: ns1.'
    """
    names = [_named(facts, name) for name in facts.spaces]
    whole = f"{len(names)} namespace{'s' * (len(names) != 1)}{': ' + _few(names, MOST_NAMES) if names else ''}"
    joints = [*_bridges(facts), *_cables(facts), *_tunnels(facts)]
    rest = [f"{len(joints) - MOST_JOINTS} more bridges, cables and tunnels"] if len(joints) > MOST_JOINTS else []
    joined = [*joints[:MOST_JOINTS], *rest] or (["no cable between them"] if len(names) > 1 else [])
    return "; ".join([whole, *joined, *_troubles(facts)]) + "."


def _named(facts: Facts, name: str) -> str:
    """A namespace with its containers: "web", "web ([web]#2)", "pod (containers a, b)"."""
    title, who = in_line(facts.called(name)), ", ".join(in_line(text) for text in facts.lived_in(name))
    return f"{title} ({who})" if who else title


def _few(names: list[str], most: int) -> str:
    return listed(names) if len(names) <= most else f"{', '.join(names[: most - 1])} … {names[-1]}"


def _of(facts: Facts, end: End) -> str:
    return f"{in_line(end[1])} of {in_line(facts.called(end[0]))}"


def _bridges(facts: Facts) -> list[str]:
    """Each bridge with those whom its ports lead to."""
    ends = [(name, link.name) for name in facts.spaces for link in facts.links(name) if link.kind == "bridge"]
    found = []
    for name, bridge in ends:
        ports = [(name, port) for port in facts.ports(name, bridge)]
        far = dict.fromkeys(facts.peers[port][0] for port in ports if port in facts.peers)
        others = [in_line(facts.called(space)) for space in sorted(far, key=host_first)]
        leads = _few(others, MOST_NAMES) if others else "no other namespace" if ports else "no port"
        found.append(f"bridge {_of(facts, (name, bridge))} with {leads}")
    return found


def _cables(facts: Facts) -> list[str]:
    """The cables that end at no bridge's port."""
    ways: dict[tuple[str, str], int] = {}
    for a, b in facts.peers.items():
        if not facts.link(a).master and not facts.link(b).master and (host_first(a[0]), a) <= (host_first(b[0]), b):
            ways[a[0], b[0]] = ways.get((a[0], b[0]), 0) + 1
    return [f"{_times(number)} {_between(facts, *way)}" for way, number in ways.items()]


def _times(number: int) -> str:
    return "a cable" if number == 1 else f"{number} cables"


def _between(facts: Facts, one: str, other: str) -> str:
    names = in_line(facts.called(one)), in_line(facts.called(other))
    return f"within {names[0]}" if one == other else f"between {listed(names)}"


def _tunnels(facts: Facts) -> list[str]:
    return [f"a VXLAN tunnel {_between(facts, a[0], b[0])}" for a, b in facts.tunnels]


def _troubles(facts: Facts) -> list[str]:
    """Interfaces at which nothing passes; a fresh namespace's loopback is down, and a bridge follows its ports."""
    ends = [(name, link.name) for name in facts.spaces for link in facts.links(name) if link.kind != "loopback"]
    down = [end for end in ends if not facts.link(end).up]
    dead = [end for end in ends if end not in down and facts.link(end).kind != "bridge" and not facts.carries(end)]
    return [*_at(facts, down, "down"), *_at(facts, dead, "without a carrier")]


def _at(facts: Facts, ends: Iterable[End], what: str) -> list[str]:
    names = [_of(facts, end) for end in ends]
    if len(names) > MOST_TROUBLES:
        return [f"{len(names)} interfaces are {what}"]
    return [f"{listed(names)} {'is' if len(names) == 1 else 'are'} {what}"] if names else []
