"""Packets as netfilter reports them: whole, even where they came in fragments, and only the first bytes of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.journey.keys import Packet, read

if TYPE_CHECKING:
    from netkit.journey.frames import Frames

TRANSPORT = 20
"""How many bytes behind the IP header netfilter reports at most."""


class Heads:
    """The beginnings of packets.

    Args:
        frames: the recorded ones.
    """

    def __init__(self, frames: Frames) -> None:
        self._frames = frames
        self._known: dict[int, Packet] = {}

    def counts(self, number: int) -> bool:
        """Whether a frame shows an IP packet that netfilter sees with it: whole, or with its last fragment.

        Of fragments that were sent, the first one counts.

        Args:
            number: the frame's.
        """
        frames = self._frames
        if frames.packet(number).lasting is None:
            return False
        bundle = frames.bundles.get(number)
        if bundle is None or not self._waits(number):
            return True
        return number == (bundle[-1] if frames.all[number].direction == "in" else bundle[0])

    def of(self, number: int) -> Packet:
        """The packet that a frame shows, as netfilter reports it.

        Args:
            number: the frame's.
        """
        bundle = self._frames.bundles.get(number)
        if bundle is not None and self._waits(number):
            return self._whole(bundle)
        wire = self._frames.wires[number]
        if wire not in self._known:
            frame, packet = self._frames.all[number], self._frames.packet(number)
            data = frame.data[packet.start : packet.payload + TRANSPORT]
            self._known[wire] = read(data, frame.length - packet.start, "ip")
        return self._known[wire]

    def _waits(self, number: int) -> bool:
        """Whether netfilter sees fragments as one packet: where they are put together, and where they were made."""
        frame = self._frames.all[number]
        return frame.namespace in self._frames.wiring.tracking or frame.direction == "out"

    def _whole(self, bundle: list[int]) -> Packet:
        """The packet that fragments are parts of."""
        first, *_ = sorted(bundle, key=lambda number: self._frames.packet(number).part or (0, False))
        packet, data = self._frames.packet(first), self._frames.all[first].data
        header = data[packet.start : packet.payload]
        if header[0] >> 4 == 6:
            return packet
        size = max(self._end(number) for number in bundle) + len(header)
        whole = header[:2] + size.to_bytes(2) + header[4:6] + b"\0\0" + header[8:]
        return read(whole + data[packet.payload : packet.payload + TRANSPORT], size, "ip")

    def _end(self, number: int) -> int:
        """Where, in the whole packet's payload, a fragment ends."""
        packet = self._frames.packet(number)
        total = int.from_bytes(self._frames.all[number].data[packet.start + 2 : packet.start + 4])
        return (packet.part or (0, False))[0] + total - (packet.payload - packet.start)
