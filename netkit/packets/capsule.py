"""What an IP packet carries that is a packet itself: IP in IP (RFC 2003, RFC 4213), GRE (RFC 2784, RFC 2890)."""

from __future__ import annotations

NAMES = {4: "IP in IP", 41: "IP in IP", 47: "GRE"}
"""By the number in the header of the packet that carries."""

_GRE = 47
_ETHERTYPES = {b"\x08\x00": "ip", b"\x86\xdd": "ip", b"\x65\x58": "ethernet"}
_OPTIONAL = (0x80, 0x20, 0x10)  # flags of a checksum, a key and a sequence, of 4 bytes each


def carried(packet: bytes, protocol: int) -> tuple[bytes, str] | None:
    """What is inside of a packet, and what that begins with: "ip" or "ethernet"; None if it is no packet.

    Args:
        packet: from its IP header on; that of IPv6 has no extensions.
        protocol: what it carries, as its header says.
    """
    if protocol not in NAMES or len(packet) < 20:
        return None
    size = (packet[0] & 15) * 4 if packet[0] >> 4 == 4 else 40
    inside = packet[size:]
    if protocol != _GRE:
        return (inside, "ip") if len(inside) >= 20 else None
    if len(inside) < 4 or inside[1] & 7:
        return None
    link, begin = _ETHERTYPES.get(inside[2:4]), 4 + 4 * sum(bool(inside[0] & flag) for flag in _OPTIONAL)
    return (inside[begin:], link) if link is not None and len(inside) >= begin + 20 else None
