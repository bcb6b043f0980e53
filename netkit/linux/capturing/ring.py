"""A packet ring: memory that the kernel fills with every frame of one namespace (packet(7), packet_mmap).

Kernel document: https://docs.kernel.org/networking/packet_mmap.html (TPACKET_V3).  The structures
are those of <linux/if_packet.h>; numbers in them have the machine's byte order.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import socket
import struct
from typing import TYPE_CHECKING, NamedTuple

from netkit.linux.libc import checked, libc

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

ALL_OF_IT = 262_144
"""The longest part of a frame that is ever recorded, in bytes (tcpdump's own default)."""

_SOL_PACKET, _RX_RING, _STATISTICS, _VERSION = 263, 5, 6, 10
_SO_ATTACH_FILTER = 26
_TPACKET_V3 = 2
_EVERY_PROTOCOL = 3  # ETH_P_ALL
_OUTGOING = 4  # PACKET_OUTGOING
_HANDED_OVER = 1  # TP_STATUS_USER
_VLAN_VALID, _VLAN_TPID_VALID = 1 << 4, 1 << 6
_ETHERNET_LIKE = (1, 772)  # ARPHRD_ETHER, ARPHRD_LOOPBACK

_BLOCK_HEAD = struct.Struct("8xIIII")  # tpacket_block_desc: status, frames, offset of the first, used bytes
_STATUS = struct.Struct("I")
_FRAME_HEAD = struct.Struct("=6I2H4x I H10x 2xHiHB")  # tpacket3_hdr, then sockaddr_ll
_FRAME_SLOT = 2048  # with TPACKET_V3 frames have their own size; this only has to divide the block

_MOST, _LARGEST_BLOCK, _SMALLEST_BLOCK, _FEWEST_BLOCKS = 16 << 20, 256 << 10, 32 << 10, 4


class Captured(NamedTuple):
    """One frame as it lay in the ring: times in nanoseconds, the interface by its index."""

    time: int
    index: int
    outgoing: bool
    ethernet: bool
    length: int
    data: bytes


class Ring:
    """A socket that sees every frame of one namespace, and the ring that it fills.

    Nothing is recorded until `gate` opens.  The socket must come from the namespace and have protocol 0,
    so that it does not see a frame before all is ready.

    Args:
        packets: an AF_PACKET socket, which the ring closes in the end.
        size: bytes that the ring may take; the kernel may grant less.
        retire: milliseconds after which a block that is not full is handed over.

    Raises:
        OSError: the kernel refuses (ENOMEM: not even a small ring fits).
    """

    def __init__(self, packets: socket.socket, size: int, retire: int) -> None:
        self._socket = packets
        self._turn = 0
        self._received = self._dropped = self._taken = 0
        packets.setsockopt(_SOL_PACKET, _VERSION, _TPACKET_V3)
        self._block_size, self._blocks = _make_ring(packets.fileno(), size, retire)
        self._memory = mmap.mmap(packets.fileno(), self._block_size * self._blocks)
        self._memory.madvise(mmap.MADV_DONTFORK)  # a forked child would keep the namespace alive
        self.gate(snaplen=0)
        _listen_everywhere(packets.fileno())

    def fileno(self) -> int:
        """The descriptor to poll: readable when a block has been handed over."""
        return self._socket.fileno()

    def gate(self, snaplen: int, indexes: Collection[int] = ()) -> None:
        """Say how much of a frame is recorded from now on, by a filter in the kernel.

        Args:
            snaplen: bytes of each frame; 0 shuts the gate.
            indexes: of the interfaces that count; empty for all of them.
        """
        program = _filter(snaplen, indexes)
        code = ctypes.create_string_buffer(program)
        self._socket.setsockopt(
            socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HP", len(program) // 8, ctypes.addressof(code))
        )

    def take(self) -> list[bytes]:
        """Copies of the blocks that the kernel has handed over since; it gets them back at once.

        Returns:
            At most one round of the ring; `frames_of` reads a block.
        """
        taken = []
        for _ in range(self._blocks):
            start = self._turn * self._block_size
            status, frames, _, used = _BLOCK_HEAD.unpack_from(self._memory, start)
            if not status & _HANDED_OVER:
                break
            taken.append(self._memory[start : start + used])
            _STATUS.pack_into(self._memory, start + 8, 0)
            self._taken += frames
            self._turn = (self._turn + 1) % self._blocks
        return taken

    def count(self) -> int:
        """How many frames the kernel says it has received so far, with the dropped ones."""
        received, dropped, _ = struct.unpack("3I", self._socket.getsockopt(_SOL_PACKET, _STATISTICS, 12))
        self._received += received  # reading sets the kernel's own counters back to 0
        self._dropped += dropped
        return self._received

    @property
    def missing(self) -> int:
        """Frames that the kernel received at the last count, did not drop, and that `take` has not given yet."""
        return max(0, self._received - self._dropped - self._taken)

    @property
    def lost(self) -> int:
        """Frames that the kernel dropped, because the ring was full, until the last count."""
        return self._dropped

    def close(self) -> None:
        """Give the memory and the socket back. It takes some 25 ms, since the kernel waits for its readers (RCU)."""
        self._memory.close()
        self._socket.close()


def frames_of(block: bytes) -> Iterator[Captured]:
    """The frames in a block that `Ring.take` gave, in the order in which the kernel saw them.

    A VLAN tag, which the kernel keeps beside the frame, is put back where it was on the wire.

    Args:
        block: bytes.
    """
    _, frames, at, _ = _BLOCK_HEAD.unpack_from(block)
    for _ in range(frames):
        step, sec, nsec, kept, length, status, mac, _, tci, tpid, _, index, hardware, kind = _FRAME_HEAD.unpack_from(
            block, at
        )
        data = block[at + mac : at + mac + kept]
        if status & _VLAN_VALID:
            tag = struct.pack("!HH", tpid if status & _VLAN_TPID_VALID else 0x8100, tci)
            data, length = data[:12] + tag + data[12:], length + 4
        yield Captured(sec * 1_000_000_000 + nsec, index, kind == _OUTGOING, hardware in _ETHERNET_LIKE, length, data)
        at += step


def frames_in(block: bytes) -> int:
    """How many frames a block holds."""
    return _BLOCK_HEAD.unpack_from(block)[1]


def share(memory: int, rings: int) -> int:
    """How many bytes each of some rings gets of the memory that all may take together."""
    return min(_MOST, memory // max(1, rings))


def _make_ring(descriptor: int, size: int, retire: int) -> tuple[int, int]:
    """Ask for a ring, and for half of it as long as there is no memory; the block size and number that it got."""
    while True:
        block = _LARGEST_BLOCK
        while block > _SMALLEST_BLOCK and block * _FEWEST_BLOCKS > size:
            block //= 2
        blocks = max(2, size // block)
        request = struct.pack("7I", block, blocks, _FRAME_SLOT, block // _FRAME_SLOT * blocks, retire, 0, 0)
        try:
            # not socket.setsockopt: this waits for an RCU grace period, and that one keeps the GIL meanwhile
            checked(libc().setsockopt(descriptor, _SOL_PACKET, _RX_RING, request, len(request)))
        except OSError as error:
            if error.errno != errno.ENOMEM or size <= 2 * _SMALLEST_BLOCK:
                raise
            size //= 2
        else:
            return block, blocks


def _listen_everywhere(descriptor: int) -> None:
    """Bind to every protocol on every interface; socket.bind insists on one interface's name."""
    address = struct.pack("=HHiHBB8x", socket.AF_PACKET, socket.htons(_EVERY_PROTOCOL), 0, 0, 0, 0)
    checked(libc().bind(descriptor, address, len(address)))


def _filter(snaplen: int, indexes: Collection[int]) -> bytes:
    """A classic BPF program: keep so many bytes of a frame if its interface counts (filter document of the kernel)."""

    def instruction(code: int, value: int, *, skip_if_not: int = 0) -> bytes:
        return struct.pack("HBBI", code, 0, skip_if_not, value)

    keep = instruction(0x06, snaplen)  # BPF_RET | BPF_K
    if not snaplen or not indexes:
        return keep
    load_index = instruction(0x20, 0x1_0000_0000 - 0x1000 + 8)  # BPF_LD | BPF_ABS, SKF_AD_OFF + SKF_AD_IFINDEX
    tests = (instruction(0x15, index, skip_if_not=1) + keep for index in sorted(indexes))  # BPF_JMP | BPF_JEQ
    return load_index + b"".join(tests) + instruction(0x06, 0)
