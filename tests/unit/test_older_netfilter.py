"""The older iptables: its tables and its reports of traced packets, read from bytes that a kernel gave."""

from __future__ import annotations

import base64
import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from netkit.linux.looks import older_tables, rules
from netkit.linux.looks.older_tables import Table
from netkit.linux.tracing import older_reports

if TYPE_CHECKING:
    from netkit.netfilter import TraceEvent

RECORDED = json.loads((Path(__file__).parent / "recorded" / "older-netfilter.json").read_text(encoding="utf-8"))
WORDS = [
    rule
    for program, listing in RECORDED["saved"].items()
    for rule in rules.parse_save(listing, program.removesuffix("-save"))
]
INTERFACES = {2: "veth1", 3: "veth2"}
MESSAGES = [base64.b64decode(message) for message in RECORDED["messages"]]
RETURNING = '-A OUTER -d 10.2.0.0/24 -m comment --comment "not -j DROP" -j RETURN'


def tables(when: str) -> list[Table]:
    return [table(told) for told in RECORDED[when]]


def table(told: dict[str, Any]) -> Table:
    return Table(told["family"], told["name"], dict(told["begins"]), base64.b64decode(told["entries"]))


def events(held: list[Table]) -> list[TraceEvent]:
    return [event for message in MESSAGES if (event := older_reports.event(message, held, WORDS, INTERFACES))]


def steps(protocol: int, family: str = "ip") -> list[tuple[str, ...]]:
    at = 9 if family == "ip" else 6
    return [
        (event.hook, event.chain, event.kind, event.verdict, event.rule)
        for event in events(tables("before"))
        if event.family == family and event.network[at] == protocol
    ]


class TestTables:
    def test_counters_are_those_that_iptables_lists(self) -> None:
        for each in tables("after"):
            tool = rules.SAVE[each.family].removesuffix("-save")
            for chain, counts in each.chains.items():
                own = [rule for rule in WORDS if (rule.tool, rule.table, rule.chain) == (tool, each.name, chain)]
                assert counts[:-1] == [rule.packets for rule in own if rule.text.startswith("-A ")]

    def test_the_same_rules_are_the_same_whatever_they_have_counted(self) -> None:
        pairs = list(zip(tables("before"), tables("after"), strict=True))
        assert [before.rules == after.rules for before, after in pairs] == [True] * 3
        assert [before.chains == after.chains for before, after in pairs] == [False] * 3

    def test_chains_with_their_ends(self) -> None:
        found = {name: len(counts) for name, counts in tables("before")[1].chains.items()}
        assert found == {"INPUT": 1, "FORWARD": 3, "OUTPUT": 1, "EVERY": 2, "INNER": 2, "OUTER": 5}

    def test_the_rules_of_a_trace_are_told_from_others(self) -> None:
        assert [older_tables.is_tracing(each) for each in tables("tracing")] == [True, True]
        assert [older_tables.is_tracing(dataclasses.replace(each, name="raw")) for each in tables("before")] == [
            False
        ] * 3

    def test_a_table_without_rules(self) -> None:
        policy = tables("before")[1]
        at = policy.begins[1]
        bare = policy.entries[at : at + older_tables.SHAPES["ip"].size + 40]  # INPUT's policy, and nothing else
        last = policy.entries[-(older_tables.SHAPES["ip"].size + 64) :]
        assert Table("ip", "filter", {1: 0}, bare + last).empty
        assert not policy.empty


class TestReports:
    def test_jumps_returns_and_a_policy(self) -> None:
        assert steps(1) == [
            ("prerouting", "PREROUTING", "policy", "accept", ""),
            ("forward", "FORWARD", "rule", "jump OUTER", "-A FORWARD -i veth1 -p icmp -j OUTER"),
            ("forward", "OUTER", "rule", "jump INNER", "-A OUTER -j INNER"),
            ("forward", "INNER", "return", "return", ""),
            ("forward", "OUTER", "rule", "return", RETURNING),
            ("forward", "FORWARD", "policy", "drop", ""),
        ]

    def test_translation_and_a_rule_that_fits_every_packet(self) -> None:
        there, back = steps(6)[:4], steps(6)[4:]
        dnat = "-A PREROUTING -i veth1 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.2.0.2:80"
        through = [
            ("forward", "FORWARD", "rule", "goto EVERY", "-A FORWARD -p tcp -g EVERY"),
            ("forward", "EVERY", "rule", "accept", "-A EVERY -j ACCEPT"),
        ]
        masquerade = ("postrouting", "POSTROUTING", "rule", "accept", "-A POSTROUTING -o veth2 -j MASQUERADE")
        assert there == [("prerouting", "PREROUTING", "rule", "accept", dnat), *through, masquerade]
        assert back == through

    def test_ipv6(self) -> None:
        [rejected] = steps(58, "ip6")
        assert rejected[2:4] == ("rule", "drop")
        assert rejected[4].startswith("-A FORWARD -p ipv6-icmp")

    def test_one_packet_keeps_its_number_though_its_addresses_are_translated(self) -> None:
        tcp = [event for event in events(tables("before")) if event.network[9] == 6 and event.family == "ip"]
        assert [event.packet == tcp[0].packet for event in tcp] == [True] * 4 + [False] * 2
        assert tcp[0].network[16:20] != tcp[1].network[16:20]

    def test_where_a_packet_was(self) -> None:
        first, masquerade = events(tables("before"))[0], events(tables("before"))[9]
        assert (first.iif, first.oif, first.priority, first.table) == ("veth1", None, -100, "nat")
        assert (masquerade.iif, masquerade.oif, masquerade.priority) == ("veth1", "veth2", 100)
        assert (first.network[12:20].hex("."), first.transport[:1]) == ("0a.01.00.02.0a.02.00.02", b"\x08")

    def test_what_nobody_wrote_is_not_told(self) -> None:
        found = events(tables("before"))
        assert len(MESSAGES) > len(found)
        assert "raw" not in {event.table for event in found}  # it holds the trace's own rules

    def test_a_rule_whose_words_are_not_known(self) -> None:
        told = [older_reports.event(message, tables("before"), (), INTERFACES) for message in MESSAGES]
        assert {(event.verdict, event.rule) for event in told if event and event.kind == "rule"} == {("continue", "")}

    def test_reports_among_other_messages(self) -> None:
        other = bytes.fromhex("14000000020000000100000000000000") + bytes(4)
        padded = [message + bytes(-len(message) % 4) for message in MESSAGES]
        wanted = [message for message in MESSAGES if b"TRACE: raw:" not in message]
        assert 0 < len(wanted) < len(MESSAGES)
        assert list(older_reports.split(b"".join([other, *padded, other]))) == wanted


@pytest.mark.parametrize("data", [b"", b"\0" * 15, bytes(64)])
def test_broken_messages_are_no_reports(data: bytes) -> None:
    assert list(older_reports.split(data)) == []
