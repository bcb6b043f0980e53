"""Verdict maps of nft that lead a packet nowhere, beside a chain that is there for it and that nothing leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netkit.diagnosis import nft_values, packetfilter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from netkit.diagnosis.findings import World
    from netkit.diagnosis.matching import Passing
    from netkit.diagnosis.packetfilter import Verdict

    Listed = Sequence[Mapping[str, Any]]


def lines(world: World, namespace: str, hook: str, passing: Passing, right: Callable[[Verdict], bool]) -> list[str]:
    """The commands by which a map leads a packet into the one chain without a way to it that does what is right.

    Args:
        namespace: whose maps.
        hook: at which the packet is looked up.
        passing: the packet.
        right: whether what becomes of the packet at the hook is.

    Returns:
        No command where no chain is meant, or several can be.
    """
    listed = world.ruleset(namespace)
    found: dict[bool, list[list[str]]] = {True: [], False: []}
    for table, name, key in _asked(listed, hook, passing):
        for chain in _unled(listed, table):
            thought = [_with(each, table, name, key, chain) for each in listed]
            verdict = packetfilter.at_hook(world.space(namespace), hook, passing, thought)
            if right(verdict) and not verdict.doubts:
                found[key in chain].append(_typed(listed, table, name, key, chain))
    [meant] = list(filter(None, found.values()))[:1] or [[]]  # a chain that is called after the key comes first
    return meant[0] if len(meant) == 1 else []


def _asked(listed: Listed, hook: str, passing: Passing) -> Iterator[tuple[str, str, str]]:
    """Each named map at a hook in which a packet is looked up: its table, its name, and the packet's key."""
    heads = {_place(each, "name") for each in _all(listed, "chain") if each.get("hook") == hook.lower()}
    for rule in _all(listed, "rule"):
        maps = [said["vmap"] for said in rule["expr"] if "vmap" in said] if _place(rule, "chain") in heads else []
        for said in maps:
            key = nft_values.value(said["key"], nft_values.Sets(), passing)
            if isinstance(said["data"], str) and isinstance(key, str):
                yield f"{rule['family']} {rule['table']}", said["data"].removeprefix("@"), key


def _unled(listed: Listed, table: str) -> list[str]:
    """The chains of a table that nothing leads to: no hook, no rule, no element of a map."""
    own = [each for each in _all(listed, "chain") if f"{each['family']} {each['table']}" == table]
    led = set(_targets([each for said in listed for each in said.values()]))
    return [each["name"] for each in own if "hook" not in each and each["name"] not in led]


def _targets(said: Any) -> Iterator[str]:
    """The chains that rules and maps name."""
    for each in said.values() if isinstance(said, dict) else said if isinstance(said, list) else ():
        yield from _targets(each)
    if isinstance(said, dict) and isinstance(said.get("target"), str):
        yield said["target"]


def _with(said: Mapping[str, Any], table: str, name: str, key: str, chain: str) -> Mapping[str, Any]:
    """What is listed, where a map leads a key to a chain."""
    held = said.get("map", {})
    if (f"{held.get('family')} {held.get('table')}", held.get("name")) != (table, name):
        return said
    others = [each for each in held.get("elem", ()) if each[0] != key]
    return {"map": {**held, "elem": [*others, [key, {"jump": {"target": chain}}]]}}


def _typed(listed: Listed, table: str, name: str, key: str, chain: str) -> list[str]:
    maps = [
        each for each in _all(listed, "map") if f"{each['family']} {each['table']} {each['name']}" == f"{table} {name}"
    ]
    there = any(each[0] == key for held in maps for each in held.get("elem", ()))
    gone = [f"nft 'delete element {table} {name} {{ \"{key}\" }}'"] if there else []
    return [*gone, f"nft 'add element {table} {name} {{ \"{key}\" : jump {chain} }}'"]


def _all(listed: Listed, kind: str) -> list[Any]:
    return [said[kind] for said in listed if kind in said]


def _place(said: Any, chain: str) -> tuple[str, str, str]:
    return said["family"], said["table"], said[chain]
