"""Each part of nft's tables is told by its own word, and only what has really come, gone or changed."""

from __future__ import annotations

import pytest

from netkit.linux.looks.rules import parse_nft
from tests.unit.diffing import host, told

BASE = "chain in {\ntype filter hook input priority 0; policy accept;\n}"
LOG = "chain log {\n}"
CASES = [
    ("", "table ip t", ["+ table nft ip t"]),
    ("", BASE, ["+ table nft ip t", "+ base chain nft ip t in { type filter hook input priority 0; policy accept; }"]),
    ("flags dormant", "", ["- table nft ip t { flags dormant; }"]),
    (LOG, f"{LOG}\nflags dormant", ["~ table nft ip t: plain → { flags dormant; }"]),
    (BASE, f"{BASE}\n{LOG}", ["+ chain nft ip t log"]),
    (BASE, BASE.replace("accept", "drop"), ["~ base chain nft ip t in: policy accept → policy drop"]),
    (
        BASE,
        BASE.replace("priority 0", "priority 10"),
        [
            "~ base chain nft ip t in: { type filter hook input priority 0; policy accept; } → "
            "{ type filter hook input priority 10; policy accept; }"
        ],
    ),
    (
        BASE.replace(" in ", " own ", 1),
        "chain own {\n}",
        ["- base chain nft ip t own { type filter hook input priority 0; policy accept; }", "+ chain nft ip t own"],
    ),
    (LOG, "chain log {\naccept # handle 3\n}", ["+ rule nft ip t log: accept"]),
    (
        BASE.replace("\n}", "\ndrop # handle 3\n}"),
        BASE.replace("\n}", "\ntcp dport 9 accept # handle 4\ndrop # handle 3\n}"),
        ["+ rule nft ip t in: tcp dport 9 accept (rule 1 of 2)"],
    ),
    (LOG, f"{LOG}\nset s {{\ntype inet_service\n}}", ["+ set nft ip t s { type inet_service; }"]),
    (
        "set s {\ntype inet_service\n}",
        "set s {\ntype inet_service\nelements = { 80,\n81 }\n}",
        ["+ element nft ip t s { 80 }", "+ element nft ip t s { 81 }"],
    ),
    (
        'set s {\ntype inet_service\nelements = { 80 comment "a, b", 81 }\n}',
        "set s {\ntype inet_service\nelements = { 81 }\n}",
        ['- element nft ip t s { 80 comment "a, b" }'],
    ),
    (
        "set s {\ntype inet_service\nelements = { 80 }\n}",
        "set s {\ntype inet_service\nflags interval\nelements = { 80 }\n}",
        ["~ set nft ip t s: { type inet_service; } → { type inet_service; flags interval; }"],
    ),
    (
        "map m {\ntype inet_service : verdict\nelements = { 80 : accept, 81 : drop }\n}",
        "map m {\ntype inet_service : verdict\nelements = { 80 : drop, 81 : drop }\n}",
        ["~ element nft ip t m: { 80 : accept } → { 80 : drop }"],
    ),
    (
        LOG,
        f"{LOG}\nmap m {{\ntype inet_service : verdict\nelements = {{ 81 : drop }}\n}}",
        ["+ map nft ip t m { type inet_service : verdict; elements = { 81 : drop } }"],
    ),
    (LOG, f"{LOG}\nquota q {{\n5 mbytes\n}}", ["+ quota nft ip t q { 5 mbytes; }"]),
    (
        LOG,
        f"{LOG}\nflowtable f {{\nhook ingress priority 0\ndevices = {{ eth0 }}\n}}",
        ["+ flowtable nft ip t f { hook ingress priority 0; devices = { eth0 } }"],
    ),
    (f"{LOG}\nct helper h {{\ntype ftp\n}}", LOG, ["- ct helper nft ip t h { type ftp; }"]),
]


@pytest.mark.parametrize(("before", "after", "lines"), CASES)
def test_each_part_has_its_word(before: str, after: str, lines: list[str]) -> None:
    old, new = (host(rules=parse_nft(listing, "ip t")) for listing in (before, after))
    assert told(old, new) == lines
    assert told(new, new) == []
