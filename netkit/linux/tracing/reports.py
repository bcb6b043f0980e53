"""What a namespace reported of its packets, as events, and as marks of the x-ray's own table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netkit.linux.netlink import nftables
from netkit.netfilter import TRACE_TABLE, Mark, TraceEvent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from netkit.linux.tracing.listener import Listener

_HEADER = 16  # bytes of nlmsghdr


@dataclass(frozen=True)
class _Passage:
    """A packet on its way through one base chain and what that jumps to."""

    base: nftables.Chain | None
    first: nftables.Report


class Reader:
    """Turns the reports of a namespace into events; `marks` is what its own table saw, once all are read."""

    def __init__(self, listener: Listener, interfaces: Mapping[int, str]) -> None:
        self._listener, self._interfaces = listener, interfaces
        self._passages: dict[int, _Passage] = {}
        self.marks: list[Mark] = []

    def __iter__(self) -> Iterator[TraceEvent]:
        count = 0
        for at, message in self._listener.heard:
            report = nftables.report(memoryview(message)[_HEADER:])
            if report.chain[1].startswith(TRACE_TABLE):
                if report.network:  # the chain's end, reported without headers, tells nothing new
                    self._mark(at, report, count)
                continue
            passage = self._passage(report)
            if passage.base is not None and not _is_plain_end(report, passage.base):
                count += 1
                yield self._event(at, report, passage.base, passage.first)

    def _mark(self, at: int, report: nftables.Report, count: int) -> None:
        where, iif = self._listener.place.name, self._interface(report.iif)
        self.marks.append(Mark(where, report.packet, report.chain[2], iif, report.network, report.transport, count, at))

    def _passage(self, report: nftables.Report) -> _Passage:
        """The first report of a base chain has the headers: they hold for all of its reports."""
        known = self._passages.get(report.packet)
        base = self._listener.rules.chains.get(report.chain)
        if known is None or report.network or (base is not None and base != known.base):
            known = self._passages[report.packet] = _Passage(base, report)
        return known

    def _event(self, at: int, report: nftables.Report, base: nftables.Chain, first: nftables.Report) -> TraceEvent:
        family, table, chain = report.chain
        tool, text = self._listener.rules.texts.get((family, table, report.handle), ("nft", ""))
        return TraceEvent(
            namespace=self._listener.place.name,
            packet=report.packet,
            family=family,
            table=table,
            chain=chain,
            hook=base.hook,
            priority=base.priority,
            kind=report.kind,
            verdict=report.verdict,
            rule=text,
            tool=tool,
            iif=self._interface(first.iif),
            oif=self._interface(first.oif),
            network=first.network,
            transport=first.transport,
            time=at,
        )

    def _interface(self, number: int) -> str | None:
        return self._interfaces.get(number, f"if{number}") if number else None


def _is_plain_end(report: nftables.Report, base: nftables.Chain) -> bool:
    """Whether it only says that a base chain has no more rules; its policy, which counts, comes next."""
    return report.kind == "return" and report.chain == base.key
