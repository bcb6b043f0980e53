"""One line about what an application says: DNS (RFC 1035), DHCP (RFC 2131), HTTP/1 (RFC 9112)."""

from __future__ import annotations

import ipaddress
import struct

_LONGEST = 60
_RECORDS = {1: "A", 5: "CNAME", 12: "PTR", 28: "AAAA", 33: "SRV"}
_HTTP = (b"GET ", b"HEAD ", b"POST ", b"PUT ", b"DELETE ", b"PATCH ", b"OPTIONS ", b"HTTP/1.")
_DHCP = {1: "discover", 2: "offer", 3: "request", 4: "decline", 5: "ack", 6: "nak", 7: "release", 8: "inform"}


def application(transport: str, ports: tuple[int, int], data: bytes) -> tuple[str, str] | None:
    """What an application says.

    Args:
        transport: "tcp" or "udp".
        ports: of source and destination.
        data: the payload.

    Returns:
        The protocol's word and the line, ("dns", "DNS asks for c1 (A)"); None when it is none of those known here.
    """
    if transport == "tcp":
        return _http(data)
    if 53 in ports:
        return _dns(data)
    if set(ports) == {67, 68}:
        return _dhcp(data)
    return None


def _http(data: bytes) -> tuple[str, str] | None:
    if not data.startswith(_HTTP):
        return None
    line = data.split(b"\r\n", 1)[0].decode("ascii", "replace")
    return "http", "HTTP: " + "".join(c if c.isprintable() else "?" for c in line[:_LONGEST])


def _dns(data: bytes) -> tuple[str, str]:
    """The first question, or the addresses that answer it."""
    try:
        _, flags, questions, answers = struct.unpack_from("!HHHH", data)
        if not questions:
            return "dns", "DNS"
        name, at = _name(data, 12)
        (kind,) = struct.unpack_from("!H", data, at)
        asked = f"{name} ({_RECORDS.get(kind, f'type {kind}')})"
        if not flags & 0x8000:
            return "dns", f"DNS asks for {asked}"
        found = _addresses(data, at + 4, answers)
    except (struct.error, IndexError, ValueError):
        return "dns", "DNS, cut short"
    if found:
        return "dns", f"DNS answers {asked}: {', '.join(found)}"
    return "dns", f"DNS answers {asked}: {'no such name' if flags & 15 == 3 else 'nothing'}"


def _name(data: bytes, at: int) -> tuple[str, int]:
    """A domain name and where the data goes on after it; a pointer (RFC 1035, 4.1.4) ends it."""
    labels = []
    while length := data[at]:
        if length >= 0xC0:
            return ".".join(labels), at + 2
        labels.append(data[at + 1 : at + 1 + length].decode("ascii", "backslashreplace"))
        at += 1 + length
    return ".".join(labels) or ".", at + 1


def _addresses(data: bytes, at: int, answers: int) -> list[str]:
    found = []
    for _ in range(answers):
        _, at = _name(data, at)
        kind, _, _, length = struct.unpack_from("!HHIH", data, at)
        at += 10
        if (kind, length) in ((1, 4), (28, 16)):
            found.append(str(ipaddress.ip_address(data[at : at + length])))
        at += length
    return found


def _dhcp(data: bytes) -> tuple[str, str]:
    """The message type, which is option 53."""
    at = 240  # behind the fixed fields and the magic cookie
    while at + 2 < len(data) and data[at] != 255:
        if data[at] == 53:
            return "dhcp", f"DHCP {_DHCP.get(data[at + 2], 'message')}"
        at += 1 if data[at] == 0 else 2 + data[at + 1]
    return "dhcp", "DHCP"
