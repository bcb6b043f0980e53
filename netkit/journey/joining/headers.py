"""Packets as netfilter reports them: whole, even where they came in fragments, and only the first bytes of each."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from netkit.journey.joining.keys import TRANSPORT, Packet, read

if TYPE_CHECKING:
    from netkit.journey.joining.frames import Frames
    from netkit.netfilter import Mark, TraceEvent

_SIX, FRAGMENT = 6, 44
_LONGEST = 0xFFFF  # bytes of an IP packet; fragments may claim more, and then nobody puts them together


class Heads:
    """The beginnings of packets.

    Args:
        frames: the recorded ones.
    """

    def __init__(self, frames: Frames) -> None:
        self._frames = frames

    @cached_property
    def _known(self) -> dict[bytes, Packet]:
        """Headers that were read already, as a report shows them; most packets are seen in frames as well."""
        return {
            data[packet.start : packet.payload + TRANSPORT]: packet
            for data, packet in self._frames.read()
            if packet.lasting is not None and packet.part is None
        }

    def reported(self, report: TraceEvent | Mark) -> Packet:
        """The packet that netfilter reports.

        Args:
            report: with its headers.
        """
        headers = report.network + report.transport
        known = self._known.get(headers)
        if known is None:
            known = self._known[headers] = head(report.network, report.transport)
        return known

    def of(self, number: int) -> Packet:
        """The packet, or the fragment, that a frame shows, as netfilter reports it.

        Args:
            number: the frame's.
        """
        packet = self._frames.packets[number]
        if packet.part is None:
            return packet
        header = self._frames.all[number].data[packet.start :]
        return piece(header) if header[0] >> 4 == _SIX else packet

    def whole(self, number: int) -> Packet | None:
        """The packet as it is when its fragments are put together, or before it is cut.

        Args:
            number: a frame's.

        Returns:
            None for fragments but one: the last that came, or the first that was sent.
        """
        packet = self._frames.packets[number]
        if packet.part is None:
            return packet
        bundle = self._frames.bundles[number]
        counts = bundle[-1] if self._frames.came[number] else bundle[0]
        return self._whole(bundle) if number == counts else None

    def _whole(self, bundle: list[int]) -> Packet:
        """The packet that fragments are parts of."""
        first = min(bundle, key=lambda number: self._frames.packets[number].offset)
        packet, data = self._frames.packets[first], self._frames.all[first].data
        header, end = data[packet.start : packet.payload], min(max(map(self._end, bundle)), _LONGEST)
        if header[0] >> 4 == _SIX:  # the fragments' own header is gone
            header = header[:4] + end.to_bytes(2) + bytes([packet.flow[0]]) + header[7:40]
            return read(header + data[packet.payload : packet.payload + TRANSPORT], end + 40, "ip")
        size = min(end + len(header), _LONGEST)
        whole = header[:2] + size.to_bytes(2) + header[4:6] + b"\0\0" + header[8:]
        return read(whole + data[packet.payload : packet.payload + TRANSPORT], size, "ip")

    def _end(self, number: int) -> int:
        """Where, in the whole packet's payload, a fragment ends."""
        packet, data = self._frames.packets[number], self._frames.all[number].data
        if data[packet.start] >> 4 == _SIX:
            total = int.from_bytes(data[packet.start + 4 : packet.start + 6]) + 40
        else:
            total = int.from_bytes(data[packet.start + 2 : packet.start + 4])
        return packet.offset + max(total - (packet.payload - packet.start), 0)


def head(network: bytes, transport: bytes) -> Packet:
    """A packet that netfilter reports.

    Args:
        network: its IP header.
        transport: the first bytes behind that.
    """
    if _is_piece(network):
        return piece(network)
    return read(network + transport, len(network) + len(transport), "ip")


def piece(header: bytes) -> Packet:
    """A fragment of IPv6 as netfilter reports it: without the header that says which part it is.

    Args:
        header: of IPv6, 40 bytes at least.
    """
    flow = (FRAGMENT, header[8:24], header[24:40], 0, 0)
    return Packet(b"", ("piece", header[4:6]), header[7], flow)


def _is_piece(header: bytes) -> bool:
    """Whether a reported header is that of a fragment of IPv6."""
    return len(header) >= 40 and header[0] >> 4 == _SIX and header[6] == FRAGMENT
