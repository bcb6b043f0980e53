"""Has a namespace's packets traced where the kernel knows iptables-legacy only (iptables-extensions(8), TRACE).

The kernel then reports by way of nfnetlink_log, which keeps the reports of each namespace apart.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import os
import socket
import struct
import time
from typing import TYPE_CHECKING, NamedTuple

from netkit.errors import KernelRefused, NotFound
from netkit.linux import sysctls
from netkit.linux.entering import inside
from netkit.linux.looks import rules
from netkit.linux.looks.older_tables import Table, Tables, Tracing, read_here, traces
from netkit.linux.netlink.nftables import NETFILTER
from netkit.linux.netlink.protocol import NLM_F_ACK, NLM_F_REQUEST, attribute
from netkit.linux.tracing import older_reports
from netkit.linux.tracing.listener import Heard

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from netkit.linux.namespaces import Place
    from netkit.netfilter import TraceEvent

_SO_RCVBUFFORCE, _BUFFER = 33, 64 << 20  # bytes
_LONGEST, _AT_ONCE = 1 << 14, 4096  # bytes; a report has some 250
_MESSAGE, _HEADER, _CODE = struct.Struct("=IHHII"), struct.pack(">BBH", 0, 0, 0), struct.Struct("=i")
_CONFIGURE = 0x401  # NFNL_SUBSYS_ULOG, NFULNL_MSG_CONFIG
_BIND, _UNBIND = attribute(1, b"\1"), attribute(1, b"\2")  # NFULA_CFG_CMD
_COPY = attribute(2, struct.pack(">IBB", 80, 2, 0))  # NFULA_CFG_MODE: the longest IP header and 20 bytes more
_AT_EACH_REPORT = attribute(5, struct.pack(">I", 1))  # NFULA_CFG_QTHRESH
_LOGGER, _LOGGERS = "nfnetlink_log", {"ip": "net/netfilter/nf_log/2", "ip6": "net/netfilter/nf_log/10"}


_TRACED = ("PREROUTING", "OUTPUT")
"""The chains of the table raw in which packets are first seen."""


class Report(NamedTuple):
    """What was heard: when it was read (nanoseconds since the epoch), the message, and the tables at that time."""

    time: int
    message: bytes
    tables: tuple[Table, ...]


class OlderListener:
    """A netlink socket that hears of a namespace's packets, and the rules that have them traced.

    While it listens, `iptables -t raw -S` shows these rules; when it is closed, they are gone.  A namespace has one
    at a time.

    Args:
        place: the namespace.

    Attributes:
        place: the same.
        reports: what was heard.
        lost: whether the kernel had to drop reports.

    Raises:
        KernelRefused: this kernel cannot trace, or another trace runs there.
        NotFound: the namespace is not there.
        OSError: the kernel refuses; EBUSY: the table raw traces already.
    """

    def __init__(self, place: Place) -> None:
        self.place, self.lost = place, False
        self.reports: list[Report] = []
        self._now, self._raw = 0, False
        self._families = sorted(rules.legacy_families())
        self._undo = contextlib.ExitStack()
        with contextlib.ExitStack() as undo:
            inside(place.path, lambda: self._begin_here(undo))
            self._undo = undo.pop_all()

    def _begin_here(self, undo: contextlib.ExitStack) -> None:
        if not self._families:
            raise OSError(errno.EPROTONOSUPPORT, "there is no packet filter")
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, NETFILTER)
        undo.callback(self._socket.close)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
        for wish in (_BIND, _COPY + _AT_EACH_REPORT):
            self._configure(wish)
            number = -_CODE.unpack_from(self._socket.recv(_LONGEST), _MESSAGE.size)[0]
            if number:
                raise KernelRefused("packets cannot be traced", os.strerror(number), errno=number)
        self._socket.setblocking(False)  # noqa: FBT003  (positional only in the standard library)
        for family in self._families:
            self._trace_here(family, undo)
        self._read_rules_here()

    def _trace_here(self, family: str, undo: contextlib.ExitStack) -> None:
        before = sysctls.read_here(_LOGGERS[family]) or "NONE"
        sysctls.write_here(_LOGGERS[family], _LOGGER)
        undo.callback(self._choose_logger, family, before)
        tables = Tables(family)
        undo.callback(tables.close)
        raw = tables.read("raw")
        if raw.empty:
            undo.callback(self._end_tracing, family, Tracing(tables, family))
        elif traces(raw):
            raise OSError(errno.EBUSY, "another trace runs there")
        else:
            self._before_others(family, undo)

    def _before_others(self, family: str, undo: contextlib.ExitStack) -> None:
        """Trace where the table raw has rules, by rules in front of them; what those do is told as well."""
        self._raw = True
        for chain in _TRACED:
            rules.said(_tool(family), "-t", "raw", "-I", chain, "-j", "TRACE")
            undo.callback(self._take_out, family, chain)

    def _choose_logger(self, family: str, name: str) -> None:
        with contextlib.suppress(NotFound, OSError):  # the namespace has ended
            inside(self.place.path, lambda: sysctls.write_here(_LOGGERS[family], name))

    def _end_tracing(self, family: str, tracing: Tracing) -> None:
        if tracing.end():
            return
        for chain in _TRACED:
            self._take_out(family, chain)

    def _take_out(self, family: str, chain: str) -> None:
        """Take the rule of the trace out of a chain."""
        with contextlib.suppress(NotFound, KernelRefused):
            inside(self.place.path, lambda: rules.said(_tool(family), "-t", "raw", "-D", chain, "-j", "TRACE"))

    def _configure(self, wish: bytes) -> None:
        """Ask nfnetlink_log for its group 0, to which the target TRACE reports."""
        size = _MESSAGE.size + len(_HEADER) + len(wish)
        self._socket.send(_MESSAGE.pack(size, _CONFIGURE, NLM_F_REQUEST | NLM_F_ACK, 1, 0) + _HEADER + wish)

    def fileno(self) -> int:
        """The descriptor to poll."""
        return self._socket.fileno()

    def hear(self, room: int) -> Heard:
        """Take what has come; never waits.

        Args:
            room: how many bytes may be kept; what comes beyond is lost.
        """
        used, found, rest = 0, [], True
        self._now = max(self._now, time.time_ns())  # a clock may be set back
        while rest and len(found) < _AT_ONCE:
            try:
                data = self._socket.recv(_LONGEST)
            except BlockingIOError:
                rest = False
                continue
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                self.lost = True
                continue
            for message in older_reports.split(data, raw=self._raw):
                if used + len(message) > room:
                    self.lost = True
                else:
                    found.append(message)
                    used += len(message)
        if not found:
            return Heard(0, changed=False, rest=rest)
        tables = self._tables()
        self.reports += [Report(self._now, message, tables) for message in found]
        return Heard(used, changed=rules.older_words(tables) is None, rest=rest)

    def forget(self) -> None:
        """Forget what was heard until now."""
        self.reports.clear()

    def _tables(self) -> tuple[Table, ...]:
        """The tables as they are now: the kernel tells rules by their places only."""
        with contextlib.suppress(NotFound, OSError):
            return inside(self.place.path, lambda: tuple(table for each in self._families for table in read_here(each)))
        return self.reports[-1].tables if self.reports else ()  # it ends just now

    def read_rules(self) -> None:
        """Note the words of the rules that are there now; a namespace that has ended has none."""
        with contextlib.suppress(NotFound, KernelRefused):
            inside(self.place.path, self._read_rules_here)

    def _read_rules_here(self) -> None:
        if os.stat("/proc/thread-self/ns/net").st_ino == self.place.inode:  # its name may be another's by now
            for family in self._families:
                rules.older_here(family)

    def shut(self) -> None:
        """Hear nothing more."""
        self._configure(_UNBIND)

    def close(self) -> None:
        """Let go of the namespace; its rules are gone when this returns."""
        self._undo.close()

    def events(self, interfaces: Mapping[int, str]) -> Iterator[TraceEvent]:
        """What was heard, in order.

        Args:
            interfaces: their names, by number.
        """
        for at, message, tables in self.reports:
            event = older_reports.event(message, tables, rules.older_words(tables) or (), interfaces)
            if event is not None:
                yield dataclasses.replace(event, namespace=self.place.name, time=at)


def _tool(family: str) -> str:
    return rules.SAVE[family].removesuffix("-save")
