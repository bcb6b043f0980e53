"""What the target TRACE of iptables-legacy tells of a packet, as an event (<linux/netfilter/nfnetlink_log.h>)."""

from __future__ import annotations

import re
import struct
import zlib
from typing import TYPE_CHECKING, NamedTuple

from netkit.linux.looks import rules
from netkit.linux.netlink.protocol import attributes, text
from netkit.netfilter import HOOKS, TraceEvent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from netkit.linux.looks.older_tables import Table
    from netkit.model import Rule

_MESSAGE = struct.Struct("=IHHII")
_REPORT = 0x400  # NFNL_SUBSYS_ULOG, NFULNL_MSG_PACKET
_PACKET, _IN, _OUT, _PAYLOAD, _PREFIX = 1, 4, 5, 9, 10  # NFULA_PACKET_HDR, NFULA_IFINDEX_INDEV …
_FAMILIES = {2: "ip", 10: "ip6"}
_TOLD = re.compile(r"TRACE: ([^:]+):(.+):(rule|return|policy):(\d+)")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_LEADS = re.compile(r" -([jg]) (\S+)")
_PRIORITIES = {"raw": -300, "mangle": -150, "filter": 0, "security": 50}
_AT_NAT = {"prerouting": -100, "output": -100, "input": 100, "postrouting": 100}
_VERDICTS = {
    "DROP": "drop",
    "REJECT": "drop",
    "RETURN": "return",
    "NFQUEUE": "queue",
    "QUEUE": "queue",
    **dict.fromkeys(("ACCEPT", "DNAT", "SNAT", "MASQUERADE", "REDIRECT", "NETMAP"), "accept"),
}
_ICMP, _TCP, _ICMPV6 = 1, 6, 58


def split(data: bytes, *, raw: bool = False) -> Iterator[bytes]:
    """The reports among the messages that were read at once.

    Args:
        data: as it was read.
        raw: whether those of the table raw count; else it holds the trace's own rules only.
    """
    at = 0
    while at + _MESSAGE.size <= len(data):
        size, kind, *_ = _MESSAGE.unpack_from(data, at)
        message, at = data[at : at + size], at + max(size + 3 & ~3, _MESSAGE.size)
        if kind == _REPORT and b"TRACE: " in message and (raw or b"TRACE: raw:" not in message):
            yield message


def event(
    message: bytes, tables: Sequence[Table], words: Sequence[Rule], interfaces: Mapping[int, str]
) -> TraceEvent | None:
    """What a report tells; None for the end of a chain that has no rules and lets everything pass.

    Args:
        message: one of `split`.
        tables: those of the namespace at that time.
        words: the rules of these tables, as they are listed.
        interfaces: the names of its interfaces, by number.
    """
    facts = attributes(memoryview(message)[_MESSAGE.size + 4 :])
    told = _TOLD.match(text(facts.get(_PREFIX, memoryview(b""))))
    family, hook = _FAMILIES.get(message[_MESSAGE.size], ""), HOOKS[facts[_PACKET][2]]
    held = next((each for each in tables if told and (each.family, each.name) == (family, told[1])), None)
    deed = _deed(told, held, words) if told and held else None
    if told is None or deed is None:
        return None
    network, transport = _heads(bytes(facts.get(_PAYLOAD, b"")))
    return TraceEvent(
        namespace="",
        packet=_number(network, transport),
        family=family,
        table=told[1],
        chain=told[2],
        hook=hook,
        priority=_AT_NAT[hook] if told[1] == "nat" else _PRIORITIES.get(told[1], 0),
        **deed._asdict(),
        tool=rules.SAVE[family].removesuffix("-save"),
        iif=_interface(facts.get(_IN), interfaces),
        oif=_interface(facts.get(_OUT), interfaces),
        network=network,
        transport=transport[:20],
    )


class _Deed(NamedTuple):
    """What was done with the packet, as in `TraceEvent`."""

    kind: str
    verdict: str
    rule: str = ""


def _deed(told: re.Match[str], held: Table, words: Sequence[Rule]) -> _Deed | None:
    """What the rule did at a place of a chain, or the chain's end; None if nobody wrote anything there."""
    chain, kind, place = told[2], told[3], int(told[4])
    tool = rules.SAVE[held.family].removesuffix("-save")
    listed = [rule.text for rule in words if (rule.tool, rule.table, rule.chain) == (tool, held.name, chain)]
    count = len(held.chains.get(chain, (0,))) - 1
    if place <= count:  # the kernel calls a rule that fits every packet an end as well
        appended = [line for line in listed if line.startswith("-A ")]
        rule = appended[place - 1] if place <= len(appended) else ""
        return _Deed("rule", _verdict(rule, held), rule)
    if kind != "policy":
        return _Deed(kind, "return")
    if f"-P {chain} DROP" in listed:
        return _Deed(kind, "drop")
    return _Deed(kind, "accept") if count else None


def _verdict(rule: str, table: Table) -> str:
    leads = _LEADS.search(_QUOTED.sub("", rule))
    if leads is None:
        return "continue"
    if leads[2] in table.chains:
        return f"{'jump' if leads[1] == 'j' else 'goto'} {leads[2]}"
    return _VERDICTS.get(leads[2], "continue")


def _heads(data: bytes) -> tuple[bytes, bytes]:
    """The IP header, and what follows it."""
    size = 40 if data[:1] >= b"\x60" else (data[0] & 15) * 4 if data else 0
    return data[:size], data[size:]


def _number(network: bytes, transport: bytes) -> int:
    """A number that a packet keeps from hook to hook, whatever is translated: the kernel tells none."""
    version_6 = network[:1] >= b"\x60"
    protocol = network[6] if version_6 else network[9]
    lasting = {
        _ICMP: transport[:2] + transport[6:8],
        _ICMPV6: transport[:2] + transport[6:8],
        _TCP: transport[4:12],
    }
    own = b"" if version_6 else network[4:6]
    return zlib.crc32(bytes([protocol]) + own + lasting.get(protocol, transport[4:6]))


def _interface(number: memoryview | None, interfaces: Mapping[int, str]) -> str | None:
    if number is None:
        return None
    index = int.from_bytes(number, "big")
    return interfaces.get(index, f"if{index}")
