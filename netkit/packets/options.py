"""The options of IPv4 (RFC 791), TCP (RFC 9293) and neighbour discovery (RFC 4861), in words."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Option(NamedTuple):
    """One option: its name, how many bytes it has, and what it says."""

    name: str
    size: int
    value: str = ""


_TCP = {2: "maximum segment size", 3: "window scale", 4: "SACK permitted", 5: "SACK", 8: "timestamps"}
_IP = {
    7: "record route",
    68: "timestamps",
    130: "security",
    131: "loose source route",
    137: "strict source route",
    148: "router alert",
}
_NEIGHBOUR = {
    1: "source link-layer address",
    2: "target link-layer address",
    3: "prefix",
    4: "redirected packet",
    5: "MTU",
    14: "nonce",
    25: "DNS servers",
}


def tcp_options(data: bytes) -> Iterator[Option]:
    """The options of a TCP header.

    Args:
        data: their bytes.
    """
    return _read(data, _TCP, _tcp_value)


def ip_options(data: bytes) -> Iterator[Option]:
    """The options of an IPv4 header.

    Args:
        data: their bytes.
    """
    return _read(data, _IP, lambda _, body: _hex(body))


def neighbour_options(data: bytes) -> Iterator[Option]:
    """The options of a message of neighbour discovery; their length counts units of 8 bytes.

    Args:
        data: their bytes.
    """
    at = 0
    while at + 8 <= len(data) and (size := data[at + 1] * 8) and at + size <= len(data):
        yield Option(
            f"option: {_NEIGHBOUR.get(data[at], f'type {data[at]}')}",
            size,
            _neighbour_value(data[at], data[at + 2 : at + size]),
        )
        at += size
    if at < len(data):
        yield Option("options, cut short", len(data) - at)


def _read(data: bytes, names: dict[int, str], value: Callable[[int, bytes], str]) -> Iterator[Option]:
    """Options of kind, length, value; kind 1 fills up and kind 0 ends the list."""
    at = 0
    while at < len(data) and (kind := data[at]):
        if kind == 1:
            yield Option("option: nothing", 1, "fills up")
            at += 1
            continue
        size = data[at + 1] if at + 1 < len(data) else 0
        if size < 2 or at + size > len(data):
            yield Option("options, cut short", len(data) - at)
            return
        yield Option(f"option: {names.get(kind, f'kind {kind}')}", size, value(kind, data[at + 2 : at + size]))
        at += size
    if at < len(data):
        yield Option("option: end", len(data) - at, "end of the options")


def _tcp_value(kind: int, body: bytes) -> str:
    if kind == 2:
        return f"{int.from_bytes(body)} bytes"
    if kind == 3 and body:
        return f"{body[0]} (the window counts {1 << min(body[0], 14)} bytes a step)"  # RFC 7323: at most 14
    if kind == 4:
        return "yes"
    if kind == 8:
        return f"{int.from_bytes(body[:4])}, answering {int.from_bytes(body[4:8])}"
    if kind == 5:
        edges = [int.from_bytes(body[i : i + 4]) for i in range(0, len(body), 4)]
        return ", ".join(f"{left} to {right}" for left, right in zip(edges[::2], edges[1::2], strict=False))
    return _hex(body)


def _neighbour_value(kind: int, body: bytes) -> str:
    if kind in (1, 2):
        return body[:6].hex(":")
    if kind == 3 and len(body) >= 30:
        return f"{ipaddress.IPv6Address(body[14:30])}/{body[0]}"
    if kind == 5:
        return f"{int.from_bytes(body[2:6])} bytes"
    return _hex(body)


def _hex(body: bytes) -> str:
    return body.hex(" ")
