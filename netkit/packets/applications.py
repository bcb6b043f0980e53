"""One line about what an application says: DNS (RFC 1035), DHCP (RFC 2131), HTTP/1 (RFC 9112)."""

from __future__ import annotations

from netkit.packets import dns

_LONGEST = 60
_RECORDS = {dns.A: "A", dns.CNAME: "CNAME", dns.PTR: "PTR", dns.AAAA: "AAAA", dns.SRV: "SRV"}
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
    message = dns.read(data)
    if message is not None and not message.questions:
        return "dns", "DNS"
    if message is None or message.question is None:
        return "dns", "DNS, cut short"
    asked = f"{message.question.name} ({_RECORDS.get(message.question.kind, f'type {message.question.kind}')})"
    if not message.flags & dns.IS_ANSWER:
        return "dns", f"DNS asks for {asked}"
    if not message.whole:
        return "dns", "DNS, cut short"
    found = ", ".join(record.address for record in message.records if record.address)
    nothing = "no such name" if message.flags & dns.STATUS == dns.NO_SUCH_NAME else "nothing"
    return "dns", f"DNS answers {asked}: {found or nothing}"


def _dhcp(data: bytes) -> tuple[str, str]:
    """The message type, which is option 53."""
    at = 240  # behind the fixed fields and the magic cookie
    while at + 2 < len(data) and data[at] != 255:
        if data[at] == 53:
            return "dhcp", f"DHCP {_DHCP.get(data[at + 2], 'message')}"
        at += 1 if data[at] == 0 else 2 + data[at + 1]
    return "dhcp", "DHCP"
