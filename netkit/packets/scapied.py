"""A frame as a scapy packet: the headers are those that `reader` finds, whatever scapy would take them for."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from netkit.packets import reader
from netkit.packets.reader import MOST, STANDARD, spans

if TYPE_CHECKING:
    from scapy.packet import Packet

    from netkit.model import Frame


def dissected(frame: Frame, tunnels: frozenset[int] = STANDARD) -> Packet:
    """A frame as a scapy packet, with `.time`, `.sniffed_on` ("ns1:eth1") and `.direction` (1 in, 2 out).

    Bytes that scapy cannot read, and those behind very many headers, become a `Raw`.

    Args:
        frame: as recorded.
        tunnels: the UDP ports that VXLAN devices listen on.
    """
    from scapy.utils import EDecimal

    packet = _packet(frame.data, frame.link, tunnels)
    packet.time = EDecimal(frame.time) / 1_000_000_000
    packet.sniffed_on = f"{frame.namespace}:{frame.interface}"
    packet.direction = 1 if frame.direction == "in" else 2
    packet.wirelen = frame.length
    return packet


def _packet(data: bytes, link: str, tunnels: frozenset[int]) -> Packet:
    """The pieces between which a tunnel begins or scapy would go too deep, one in the other."""
    from scapy.layers import inet, inet6, l2, vxlan
    from scapy.packet import Padding, Raw

    headers = spans(data, link, tunnels)
    first = l2.Ether if link == "ethernet" else inet6.IPv6 if headers[0].name == reader.IPV6 else inet.IP
    kinds, cuts, end = [first], [0], len(data)
    for header in headers:
        if header.name == reader.VXLAN and header.sound and not header.quoted:
            kinds += [vxlan.VXLAN, l2.Ether]
            cuts += [header.start, header.stop]
            end = header.end
    if len(headers) == MOST:
        kinds.append(Raw)
        cuts.append(headers[-1].stop)
    pieces = [_taken(kind, data[one:two]) for kind, (one, two) in zip(kinds, pairwise([*cuts, end]), strict=True)]
    if data[end:]:
        pieces.append(Padding(data[end:]))
    for piece in pieces[1:]:
        pieces[0].lastlayer().add_payload(piece)
    return pieces[0]


def _taken(kind: type[Packet], data: bytes) -> Packet:
    """Some bytes as scapy reads them."""
    from scapy.layers.vxlan import VXLAN
    from scapy.packet import Raw

    try:
        packet = kind(data) if data else Raw(data)
    except Exception:  # noqa: BLE001 - scapy lets pass whatever its many readers stumble over
        return Raw(data)
    if kind is not VXLAN:
        _no_tunnel(packet)
    layer = packet
    for _ in range(MOST):
        layer = layer.payload
    if layer.payload:  # each layer holds a copy of all that it carries
        rest = layer.payload.original
        layer.remove_payload()
        layer.add_payload(Raw(rest))
    return packet


def _no_tunnel(packet: Packet) -> None:
    """Take back that scapy took a datagram for one of VXLAN's, by its port alone."""
    from scapy.layers.vxlan import VXLAN
    from scapy.packet import Raw

    found = packet.getlayer(VXLAN)
    if found is not None:
        below, data = found.underlayer, found.original
        below.remove_payload()
        below.add_payload(Raw(data))
