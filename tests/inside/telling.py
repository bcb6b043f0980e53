"""Tells an imagined network and a snapshot in the same plain values, so that they can be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.inside.imagined_parts import ALL, Link, Space, Way

if TYPE_CHECKING:
    from netkit import model
    from netkit.model import Snapshot
    from tests.inside.imagined import Network

NO_PORTS_LEFT = "00:00:00:00:00:00"
"""The MAC that a bridge has when its last port has left it."""


def imagined(network: Network) -> dict[str, dict]:
    """The network as plain values, as `seen` tells a snapshot."""
    return {name: _space(space) for name, space in network.spaces.items()}


def _space(space: Space) -> dict[str, object]:
    return {
        "links": {name: _link(link) for name, link in space.links.items()},
        "ways": sorted(_way(way) for way in space.ways),
        "rules": {where: rules for where, rules in _rules(space).items() if rules},
        "forward": space.forward,
    }


def _rules(space: Space) -> dict[tuple[str, str], list[str]]:
    found = {where: [f"-A {where[1]} {rule}" for rule in rules] for where, rules in space.rules.items()}
    for chain, verdict in space.policies.items():
        if verdict != "ACCEPT":
            found["filter", chain] = [f"-P {chain} {verdict}", *found.get(("filter", chain), [])]
    return found


def _link(link: Link) -> dict[str, object]:
    ports = (each.mac for each in link.space.links.values() if each.master is link)
    return {
        "kind": link.kind,
        "up": link.up,
        "mtu": link.mtu,
        "mac": None if link.kind == "bridge" and link.mac in ports else link.mac,
        "addresses": sorted(map(str, link.addresses)),
        "master": link.master.name if link.master else None,
        "peer": (link.peer.space.name, link.peer.name) if link.peer else None,
    }


def _way(way: Way) -> tuple[str, ...]:
    where = "default" if way.destination == ALL else str(way.destination)
    scope = "link" if way.on_link else "global"
    return where, str(way.via), way.link.name, str(way.source), scope, way.protocol, str(way.metric)


def seen(snapshot: Snapshot) -> dict[str, dict]:
    """A snapshot as the same plain values."""
    return {space.name: _seen_space(space) for space in snapshot.configuration()}


def _seen_space(space: model.Namespace) -> dict[str, object]:
    rules: dict[tuple[str, str], list[str]] = {}
    for rule in space.rules:
        rules.setdefault((rule.table, rule.chain), []).append(rule.text)
    return {
        "links": {name: _seen_link(link) for name, link in space.interfaces.items()},
        "ways": sorted(_seen_way(way) for way in space.routes),
        "rules": rules,
        "forward": space.sysctls["net.ipv4.ip_forward"],
    }


def _seen_link(link: model.Interface) -> dict[str, object]:
    facts = {fact: getattr(link, fact) for fact in ("kind", "up", "mtu", "mac", "master", "peer")}
    if link.kind == "bridge" and link.mac == NO_PORTS_LEFT:
        facts["mac"] = None
    return facts | {"addresses": sorted(link.addresses)}


def _seen_way(way: model.Route) -> tuple[str, ...]:
    return (
        way.destination,
        str(way.via),
        str(way.device),
        str(way.source),
        way.scope,
        way.protocol,
        str(way.metric),
    )
