"""The same network under other names: namespaces, interfaces, subnets and addresses."""

from __future__ import annotations

import ipaddress
import json
import random
import re
from typing import Any

from netkit.model import HOST, Snapshot

ADDRESS = re.compile(r"(?<![\d.:])(\d+\.\d+\.\d+\.\d+)(/\d+)?(?![\d.])")
DERIVED = re.compile(r"02:42(:[0-9a-f]{2}){4}")


def renamed(snapshot: Snapshot, seed: int, *, addresses: bool = True) -> Snapshot:
    """The same network, with every name drawn anew, in another order."""
    chance = random.Random(seed)  # noqa: S311  (names, not secrets)
    data = json.loads(snapshot.to_json())["namespaces"]
    if addresses:
        data = _texts(data, _readdressed(snapshot))
    rooms = {name: name if name == HOST else f"room{number}" for number, name in enumerate(_shuffled(data, chance))}
    links = {room: _names(space["interfaces"], chance) for room, space in data.items()}
    spaces = {rooms[room]: _space(data[room], rooms, links, room) for room in _shuffled(data, chance)}
    return Snapshot.from_json(json.dumps({"namespaces": spaces}))


def _shuffled(names: Any, chance: random.Random) -> list[str]:
    return chance.sample(list(names), len(names))


def _names(interfaces: dict[str, Any], chance: random.Random) -> dict[str, str]:
    return {name: name if name == "lo" else f"if{n}" for n, name in enumerate(_shuffled(interfaces, chance))}


def _space(space: dict[str, Any], rooms: dict[str, str], links: dict[str, dict[str, str]], room: str) -> dict[str, Any]:
    own = links[room]
    interfaces = {}
    for name in sorted(space["interfaces"], key=own.get):
        link = dict(space["interfaces"][name], name=own[name])
        link["master"] = own.get(link["master"], link["master"])
        if link["peer"] and link["peer"][0] in rooms:
            link["peer"] = [rooms[link["peer"][0]], links[link["peer"][0]].get(link["peer"][1], "gone")]
        interfaces[own[name]] = link
    for entry in (*space["routes"], *space["fdb"], *space["neighbours"]):
        for key in {"device", "master"} & entry.keys():
            entry[key] = own.get(entry[key], entry[key])
    rules = [dict(rule, text=_words(rule["text"], own)) for rule in space["rules"]]
    return {**space, "name": rooms[room], "interfaces": interfaces, "rules": rules}


def _words(text: str, names: dict[str, str]) -> str:
    return re.sub(r"(?<=[io] )[\w.-]+", lambda match: names.get(match[0], match[0]), text)


def _texts(data: Any, change: Any) -> Any:
    if isinstance(data, str):
        return change(data)
    if isinstance(data, dict):
        return {key: _texts(value, change) for key, value in data.items()}
    return [_texts(value, change) for value in data] if isinstance(data, list) else data


def _readdressed(snapshot: Snapshot) -> Any:
    """A function that moves the network's own IPv4 subnets elsewhere and turns the order of their addresses round."""
    texts = (text for space in snapshot for link in space.interfaces.values() for text in link.addresses)
    nets = {ipaddress.ip_interface(text).network for text in texts if ":" not in text and not text.startswith("127.")}
    ordered = sorted(nets, key=lambda net: (-net.prefixlen, net))
    moved = {net: ipaddress.ip_network(f"{_block(net)[n]}.0.0/{net.prefixlen}") for n, net in enumerate(ordered)}

    def address(text: str) -> str:
        ip = ipaddress.ip_address(text)
        net = next((net for net in ordered if ip in net), None)
        return str(moved[net][-1 - (int(ip) - int(net[0]))]) if net else text

    def one(match: re.Match[str]) -> str:
        if match[2] and (net := ipaddress.ip_network(match[0], strict=False)) in moved and match[1] == str(net[0]):
            return str(moved[net])
        return address(match[1]) + (match[2] or "")

    def mac(match: re.Match[str]) -> str:
        there = ipaddress.ip_address(address(str(ipaddress.ip_address(bytes.fromhex(match[0].replace(":", ""))[2:]))))
        return "02:42:" + there.packed.hex(":")

    return lambda text: DERIVED.sub(mac, ADDRESS.sub(one, text))


def _block(net: ipaddress.IPv4Network) -> list[str]:
    """Other private subnets; those of 10.0.0.0/8 stay there, so that a rule about all of it keeps its meaning."""
    return [f"10.{n}" for n in range(100, 200)] if str(net).startswith("10.") else [f"172.{n}" for n in range(20, 32)]
