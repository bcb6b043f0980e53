"""What a rule of nft does: verdicts, maps, NAT, marks, TTL, read from what `nft -j` lists (libnftables-json(5))."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from netkit.diagnosis import nat, nft_values
from netkit.diagnosis.matching import ACCEPT, DROP, ON, PROXY, RETURN, Act
from netkit.diagnosis.nft_fields import ABSENT, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netkit.diagnosis.matching import Holds, Passing
    from netkit.diagnosis.nft_values import Sets
    from netkit.diagnosis.packet import Packet

_VERDICTS = {
    "accept": ACCEPT,
    "drop": DROP,
    "reject": DROP,
    "return": RETURN,
    "continue": ON,
    "tproxy": PROXY,
    "fwd": DROP,
}
_SILENT = frozenset(["counter", "log", "comment", "set", "map", "flow", "ct helper", "ct timeout", "dup"])
_MAY_END = frozenset(["queue", "synproxy"])
"""Statements that may end a packet's way here, or lead it elsewhere."""


def does(rule: dict[str, Any], sets: Sets, passing: Passing) -> list[Act]:
    """What a rule may do with a packet: one thing where all is known, else first of all to let it go on.

    Args:
        rule: the statements and conditions are its "expr".
        sets: the elements of named sets and maps.
        passing: the packet at its hook.
    """
    packet, sure = passing.packet, True
    for statement in rule.get("expr", ()):
        [(name, said)] = statement.items()
        now = passing.with_packet(packet)
        if name in _SILENT:
            continue
        acts = _end(name, said, sets, now)
        if acts is not None:
            return _known(acts, packet, passing, sure=sure)
        if name in _TRANSLATING:
            return _translated(name, said, sets, now, sure=sure)
        if name == "notrack":
            packet = replace(packet, untracked=True)
        elif name == "mangle":
            packet = _written(said, sets, now)
        else:
            holds = _holds(name, said, sets, now)
            if holds is False:
                return _known([ON], packet, passing, sure=True)
            sure = sure and holds is True
    return _known([ON], packet, passing, sure=sure)


def _end(name: str, said: Any, sets: Sets, passing: Passing) -> list[Act] | None:
    """What a statement does that is a verdict, or may be one; None for any other."""
    if name == "vmap":
        return _mapped(said, sets, passing)
    if name == "tproxy" and not passing.proxies:
        return [ON]
    if name in _VERDICTS or name in ("jump", "goto"):
        return [_VERDICTS.get(name) or Act(name, said["target"])]
    if name == "mangle" and _to_another_mac(said, sets, passing):
        return [DROP]
    return [ON, DROP] if name in _MAY_END else None


def _known(acts: Iterable[Act], packet: Packet, passing: Passing, *, sure: bool) -> list[Act]:
    """The acts with what was written into the packet before; the packet may also pass where that is not sure."""
    given = [act if packet is passing.packet else Act(act.kind, act.chain, packet) for act in acts]
    return given if sure else [ON, *(act for act in given if act != ON)]


def _holds(name: str, said: Any, sets: Sets, passing: Passing) -> Holds:
    """Whether a packet meets a condition; None for limits, quotas, extensions of iptables and all else."""
    if name != "match":
        return None
    try:
        value = nft_values.value(said["left"], sets, passing)
        if value is ABSENT or value is UNKNOWN:
            return False if value is ABSENT else None
        return nft_values.compared(value, said["op"], said["right"], sets)
    except (KeyError, TypeError, ValueError):  # listed in a form that is not read here
        return None


def _mapped(said: dict[str, Any], sets: Sets, passing: Passing) -> list[Act]:
    """What a verdict map says; each of its verdicts where the key is not known."""
    key, pairs = nft_values.value(said["key"], sets, passing), sets.pairs(said["data"])
    if key is ABSENT:
        return [ON]
    if key is UNKNOWN:
        return [ON, *(_verdict(each) for _, each in pairs)]
    unsure = []
    for wanted, each in pairs:
        fits = nft_values.fits(key, wanted, sets)
        if fits:
            return [*unsure, _verdict(each)]
        unsure += [_verdict(each)] if fits is None else []
    return [ON, *unsure]


def _verdict(said: dict[str, Any]) -> Act:
    [(name, more)] = said.items()
    return _VERDICTS.get(name) or Act(name, more["target"])


def _to_another_mac(said: dict[str, Any], sets: Sets, passing: Passing) -> bool:
    """Whether a statement sends a frame to another MAC than that of whom it is for."""
    mac = nft_values.value(said["value"], sets, passing)
    written = nft_values.name(said["key"]) == "ether daddr" and isinstance(mac, str) and bool(passing.meant)
    return written and str(mac).lower() != passing.meant.lower()


def _written(said: dict[str, Any], sets: Sets, passing: Passing) -> Packet:
    """The packet after a statement that writes into it: its marks, its TTL, an address or a port."""
    packet, value = passing.packet, nft_values.value(said["value"], sets, passing)
    name, kind = _WRITTEN.get(nft_values.name(said["key"]), ("", int))
    if value is ABSENT or not name:
        return packet
    if not isinstance(value, kind):
        return replace(packet, **{name: None}) if name in _DOUBTFUL else packet
    return replace(packet, **{name: value << 2 if name == "service" else value})


_DOUBTFUL = ("mark", "kept", "service")
_WRITTEN: dict[str, tuple[str, type]] = {
    "meta mark": ("mark", int),
    "ct mark": ("kept", int),
    "ct zone": ("zone", int),
    "ip dscp": ("service", int),
    "ip6 dscp": ("service", int),
    "ip ttl": ("ttl", int),
    "ip6 hoplimit": ("ttl", int),
    **{f"{ip} daddr": ("destination", str) for ip in ("ip", "ip6")},
    **{f"{ip} saddr": ("source", str) for ip in ("ip", "ip6")},
    **{f"{kind} dport": ("destination_port", int) for kind in ("tcp", "udp", "th")},
    **{f"{kind} sport": ("source_port", int) for kind in ("tcp", "udp", "th")},
}
"""What a statement writes, by what it is called in a packet here, and which values are read."""

_TRANSLATING = frozenset({"dnat", "snat", "masquerade", "redirect"})


def _translated(name: str, said: dict[str, Any] | None, sets: Sets, passing: Passing, *, sure: bool) -> list[Act]:
    """What a statement that translates addresses does with a connection's first packet."""
    found = said or {}
    address, port = _aim(found, sets, passing)
    if ABSENT in (address, port):
        return [ON]
    if UNKNOWN in (address, port):
        return [ON, ACCEPT]
    packet = passing.packet
    if isinstance(address, dict):
        packet = nat.mapped(packet, nft_values.prefix(address), there=name == "dnat")
    elif name in ("dnat", "redirect"):
        packet = nat.to(packet, passing.redirect if name == "redirect" else address, port)
    else:
        packet = nat.hidden(packet, passing.masquerade if name == "masquerade" else address, port)
    return [Act("accept", packet=packet)] if sure else [ON, Act("accept", packet=packet)]


def _aim(said: dict[str, Any], sets: Sets, passing: Passing) -> tuple[Any, Any]:
    """The address and the port that a translation leads to, the first of several; "" and None where they stay."""
    address = nft_values.first(said["addr"], sets, passing) if "addr" in said else ""
    port = nft_values.first(said["port"], sets, passing) if "port" in said else None
    return address if isinstance(address, tuple) and len(address) == 2 else (address, port)
