"""The tables of iptables-legacy, read and traced (TRACE) by socket options (<linux/netfilter_ipv4/ip_tables.h>).

They are read without a program: where a rule's words are known already, only its counter is asked for.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import struct
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from netkit.linux import procfs
from netkit.linux.libc import libc
from netkit.netfilter import HOOKS

if TYPE_CHECKING:
    from collections.abc import Iterator

_GET_INFO, _GET_ENTRIES, _SET_REPLACE = 64, 65, 64
_INFO = struct.Struct("=32sI5I5III")
"""ipt_getinfo: name, valid hooks, where each hook begins, where each ends, number of entries, their bytes."""

_ENTRIES = struct.Struct("=32sI4x")
_REPLACE = struct.Struct("=32sIII5I5II")  # a pointer to the old counters follows
_OFFSETS, _COUNTERS = struct.Struct("=HH"), struct.Struct("=QQ")
_TARGET, _VERDICT = struct.Struct("=H29sB"), struct.Struct("=i4x")
_ACCEPT = -2
"""The verdict of a standard target: -NF_ACCEPT - 1."""

_ATTEMPTS = 5
_PREROUTING, _OUTPUT = HOOKS.index("prerouting"), HOOKS.index("output")


class Shape(NamedTuple):
    """What differs between iptables and ip6tables.

    Attributes:
        domain: of the socket.
        level: of its options.
        offsets: where an entry says where its target lies and where the next entry begins.
        size: bytes of an entry, whose last 16 are its counters.
        names: file that names a namespace's tables.
    """

    domain: int
    level: int
    offsets: int
    size: int
    names: str


SHAPES = {
    "ip": Shape(socket.AF_INET, socket.SOL_IP, 88, 112, "/proc/thread-self/net/ip_tables_names"),
    "ip6": Shape(socket.AF_INET6, socket.IPPROTO_IPV6, 140, 168, "/proc/thread-self/net/ip6_tables_names"),
}
"""By nftables' name of the family."""


@dataclass(frozen=True)
class Table:
    """A table as the kernel keeps it.

    Attributes:
        family: "ip" or "ip6".
        name: "filter" …
        begins: where the chain of each hook begins, by the hook's number.
        entries: the rules of all chains, one after the other.
    """

    family: str
    name: str
    begins: dict[int, int]
    entries: bytes

    @cached_property
    def rules(self) -> bytes:
        """The entries without their counters: two tables with the same rules have the same."""
        bare, last = bytearray(self.entries), SHAPES[self.family].size
        for at, _, _ in self._walk():
            bare[at + last - _COUNTERS.size : at + last] = bytes(_COUNTERS.size)
        return bytes(bare)

    @cached_property
    def chains(self) -> dict[str, list[int]]:
        """How many packets each rule of a chain has counted, then its end: the policy of a built-in chain."""
        shape, starts = SHAPES[self.family], {at: HOOKS[hook].upper() for hook, at in self.begins.items()}
        found: dict[str, list[int]] = {}
        name = ""
        for at, target, following in self._walk():
            kind = _TARGET.unpack_from(self.entries, at + target)[1].rstrip(b"\0")
            if kind == b"ERROR":
                if following < len(self.entries):  # the last one ends the table, the others begin a chain
                    name = _text(self.entries[at + target + _TARGET.size : at + target + _TARGET.size + 30])
                    found[name] = []
                continue
            if at in starts:
                found[name := starts[at]] = []
            found[name].append(_COUNTERS.unpack_from(self.entries, at + shape.size - _COUNTERS.size)[0])
        return found

    @cached_property
    def empty(self) -> bool:
        """Whether it has no rules, no chains of a learner's, and lets everything pass."""
        ends = [_VERDICT.unpack_from(self.entries, at + target + _TARGET.size)[0] for at, target, _ in self._walk()]
        return len(ends) == len(self.begins) + 1 and all(end == _ACCEPT for end in ends[:-1])

    def _walk(self) -> Iterator[tuple[int, int, int]]:
        """Where each entry begins, how far behind that its target does, and where the next one begins."""
        at, shape = 0, SHAPES[self.family]
        while at < len(self.entries):
            target, size = _OFFSETS.unpack_from(self.entries, at + shape.offsets)
            yield at, target, at + size
            at += size


class Tables:
    """Reads and replaces the tables of the namespace that the calling thread is in when it is made.

    Args:
        family: "ip" or "ip6".

    Raises:
        OSError: this kernel has no such family.
    """

    def __init__(self, family: str) -> None:
        self._family, self._shape = family, SHAPES[family]
        self._socket = socket.socket(self._shape.domain, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)

    def close(self) -> None:
        """Let go of the namespace."""
        self._socket.close()

    def read(self, name: str) -> Table:
        """A table; the kernel makes it if the namespace has none of that name yet.

        Args:
            name: "filter" …

        Raises:
            OSError: the kernel has none of that name, or refuses.
        """
        for _ in range(_ATTEMPTS):
            info = _INFO.unpack(self._get(_GET_INFO, _INFO.pack(name.encode(), *[0] * 13)))
            hooks, begins, size = info[1], info[2:7], info[13]
            try:
                data = self._get(_GET_ENTRIES, _ENTRIES.pack(name.encode(), size) + bytes(size))
            except OSError as error:
                if error.errno != errno.EAGAIN:  # else it grew in between
                    raise
                continue
            found = {hook: begin for hook, begin in enumerate(begins) if hooks >> hook & 1}
            return Table(self._family, name, found, data[_ENTRIES.size :])
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    def replace(self, old: Table, begins: dict[int, int], ends: dict[int, int], entries: list[bytes]) -> None:
        """Give a table other rules at once.

        Args:
            old: as it was read.
            begins: where the chain of each hook begins, by the hook's number.
            ends: where its policy stands.
            entries: the rules.

        Raises:
            OSError: the kernel refuses.
        """
        body, count = b"".join(entries), sum(len(counts) for counts in old.chains.values()) + 1
        count += len(old.chains) - len(old.begins)  # the beginnings of learners' chains
        counters = ctypes.create_string_buffer(count * _COUNTERS.size)
        hooks = sum(1 << hook for hook in begins)
        places = [*(begins.get(hook, 0) for hook in range(5)), *(ends.get(hook, 0) for hook in range(5))]
        head = _REPLACE.pack(old.name.encode(), hooks, len(entries), len(body), *places, count)
        data = head + struct.pack("=Q", ctypes.addressof(counters)) + body
        self._socket.setsockopt(self._shape.level, _SET_REPLACE, data)

    def _get(self, option: int, request: bytes) -> bytes:
        """getsockopt(2) with a question in the buffer, which Python's own cannot ask."""
        buffer = ctypes.create_string_buffer(request, len(request))
        size = ctypes.c_uint32(len(request))
        if libc().getsockopt(self._socket.fileno(), self._shape.level, option, buffer, ctypes.byref(size)) < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return buffer.raw[: size.value]


class Tracing:
    """Switches the tracing of a namespace's packets on and off: rules with the target TRACE, in an empty table raw.

    Args:
        tables: of the namespace.
        family: "ip" or "ip6".

    Raises:
        OSError: the kernel refuses; EBUSY: the table has rules already.
    """

    def __init__(self, tables: Tables, family: str) -> None:
        self._tables, self._family = tables, family
        raw = tables.read("raw")
        if not raw.empty:
            raise OSError(errno.EBUSY, "its table raw has rules")
        self._put(raw, [_entry(family, _target("TRACE"))])
        self._on = tables.read("raw").rules

    def end(self) -> bool:
        """Make the table empty again; False if somebody else has changed it meanwhile, so that it is left alone."""
        raw = self._tables.read("raw")
        if raw.rules != self._on:
            return False
        self._put(raw, [])
        return True

    def _put(self, old: Table, first: list[bytes]) -> None:
        """Both chains of the table get these rules, and the policy ACCEPT."""
        policy = _entry(self._family, _target("", _VERDICT.pack(_ACCEPT)))
        chain = [*first, policy]
        size = sum(map(len, chain))
        begins = {_PREROUTING: 0, _OUTPUT: size}
        ends = {hook: at + size - len(policy) for hook, at in begins.items()}
        last = _entry(self._family, _target("ERROR", b"ERROR".ljust(32, b"\0")))
        self._tables.replace(old, begins, ends, [*chain, *chain, last])


def is_tracing(table: Table) -> bool:
    """Whether a table holds a trace's rules and nothing else."""
    if table.name != "raw" or {name: len(counts) for name, counts in table.chains.items()} != _TRACING:
        return False
    rule = _entry(table.family, _target("TRACE"))
    named = _TARGET.pack(0, b"TRACE", 0)[2:]
    return all(named in table.rules[at : at + len(rule)] for at in table.begins.values())


def traces(table: Table) -> bool:
    """Whether packets are traced by one of a table's rules."""
    return _TARGET.pack(0, b"TRACE", 0)[2:] in table.rules


_TRACING = {"PREROUTING": 2, "OUTPUT": 2}


def names_here(family: str) -> list[str]:
    """The tables of the namespace that the calling thread is in; none where the kernel keeps that secret."""
    try:
        return procfs.read(SHAPES[family].names).decode().split()
    except (FileNotFoundError, PermissionError):
        # For a plain user's sandbox this file belongs to nobody, and iptables-legacy-save cannot read it either.
        return []


def read_here(family: str) -> list[Table]:
    """The tables of the namespace that the calling thread is in, but an x-ray's and empty ones.

    Args:
        family: "ip" or "ip6".

    Raises:
        OSError: the kernel refuses.
    """
    names = names_here(family)
    if not names:
        return []
    tables = Tables(family)
    try:
        found = [tables.read(name) for name in names]
    finally:
        tables.close()
    return [table for table in found if not table.empty and not is_tracing(table)]


def _entry(family: str, target: bytes) -> bytes:
    """A rule that fits every packet."""
    shape = SHAPES[family]
    return (bytes(shape.offsets) + _OFFSETS.pack(shape.size, shape.size + len(target))).ljust(
        shape.size, b"\0"
    ) + target


def _target(name: str, data: bytes = b"") -> bytes:
    return _TARGET.pack(_TARGET.size + len(data), name.encode(), 0) + data


def _text(value: bytes) -> str:
    return value.partition(b"\0")[0].decode(errors="replace")
