"""What makes sense as the state of a network: checked where `Snapshot.from_json` reads one."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any

from netkit.errors import InvalidValue
from netkit.spelling import shown

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2})*", re.ASCII)
_TOOLS = ("iptables", "ip6tables", "nft", "ebtables", "arptables", "iptables-legacy", "ip6tables-legacy")
_RULE = "only what .to_json() wrote can be read"
_REMEDY = "Try nk.snapshot().to_json()"


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidValue(f"{shown(value)} is no snapshot", "a text is needed here", _REMEDY)
    return value


def _indent(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 16:
        raise InvalidValue(f"indent={shown(value)}", "it is a number of spaces, 0 to 16", "Try indent=2")
    return value


Json, Indent = Annotated[str, _text], Annotated[int, _indent]


def insist_on_sense(snapshot: Any) -> None:
    """Make sure that what was read describes a network.

    Args:
        snapshot: a `netkit.model.Snapshot`.

    Raises:
        InvalidValue: an address is none, a name is not its own, a cable leads nowhere, a port is its own bridge.
    """
    for name, space in snapshot.namespaces.items():
        where = f"namespaces.{name}"
        _insist(space.name == name, space.name, f"{where}.name", f"{name!r}")
        for key, link in space.interfaces.items():
            _check_link(snapshot, space, link, f"{where}.interfaces.{key}")
            _insist(link.name == key, link.name, f"{where}.interfaces.{key}.name", f"{key!r}")
        for number, rule in enumerate(space.rules):
            _check_rule(rule, f"{where}.rules[{number}]")
        for kind in ("routes", "neighbours", "fdb"):
            for number, entry in enumerate(getattr(space, kind)):
                _check_entry(entry, f"{where}.{kind}[{number}]")


def _check_rule(rule: Any, where: str) -> None:
    _insist(rule.tool in _TOOLS, rule.tool, f"{where}.tool", " or ".join(_TOOLS))


def _check_link(snapshot: Any, space: Any, link: Any, where: str) -> None:
    for number, text in enumerate(link.addresses):
        _insist(_is_address(text, prefix=True), text, f"{where}.addresses[{number}]", "an address with a prefix length")
    _insist(link.mac is None or _MAC.fullmatch(link.mac), link.mac, f"{where}.mac", "a MAC address")
    if link.peer is not None:
        there = snapshot.namespaces.get(link.peer[0])  # None: out of sight, as where a part of a network is kept
        found = there is None or (link.peer[1] in there.interfaces and link.peer != (space.name, link.name))
        _insist(found, link.peer, f"{where}.peer", "the other end of a cable: a namespace and an interface of it")
    above, seen = link, {link.name}
    while above.master is not None and above.master in space.interfaces:
        above = space.interfaces[above.master]
        _insist(above.name not in seen, link.master, f"{where}.master", "a bridge: it would be a port of itself")
        seen.add(above.name)


def _check_entry(entry: Any, where: str) -> None:
    """A route, a neighbour entry or a forwarding entry."""
    for name in ("destination", "via", "source", "address"):
        value = vars(entry).get(name)
        prefix = name == "destination" and hasattr(entry, "table")
        good = value is None or (prefix and value == "default") or _is_address(value, prefix=prefix)
        _insist(good, value, f"{where}.{name}", "a prefix, or 'default'" if prefix else "an IP address")
    mac = vars(entry).get("mac")
    _insist(mac is None or _MAC.fullmatch(mac), mac, f"{where}.mac", "a MAC address")


def _is_address(text: str, *, prefix: bool) -> bool:
    try:
        (ipaddress.ip_interface if prefix else ipaddress.ip_address)(text)
    except ValueError:
        return False
    return "/" in text or not prefix


def _insist(good: Any, value: Any, where: str, what: str) -> None:
    if not good:
        raise InvalidValue(f"{shown(value)} at {where} is not {what}", _RULE, _REMEDY)
