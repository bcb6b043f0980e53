"""Objects that snapshots read for `%%changes` alone, and those of nft that rules use by name: each change is told."""

from __future__ import annotations

import pytest

from tests.inside.test_changes_complete import missed, network

__all__ = ["network"]

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("network")]

ROWS = [
    (
        "ip xfrm policy add src 10.9.0.0/24 dst 10.8.0.0/24 dir out action block",
        "ip xfrm policy: src 10.9.0.0/24 .*block",
    ),
    ("ip xfrm policy delete src 10.9.0.0/24 dst 10.8.0.0/24 dir out", "- ip xfrm policy"),
    ("bridge mdb add dev br0 port w0 grp 239.1.1.1 permanent", r"\+ bridge mdb: dev br0 port w0 grp 239.1.1.1"),
    ("bridge mdb add dev br0 port w0 grp ff05::9 permanent", r"\+ bridge mdb: dev br0 port w0 grp ff05::9"),
    ("ip token set ::5 dev v0", r"\+ ip token: ::5 dev v0"),
    ("ip addrlabel add prefix fd98::/64 label 77", r"\+ ip addrlabel: prefix fd98::/64 label 77"),
    ("ip addrlabel del prefix fc00::/7 label 5", r"\+ ip addrlabel: prefix fc00::/7 label 5 is missing"),
    ("ip addrlabel add prefix fc00::/7 label 5", r"- ip addrlabel: prefix fc00::/7 label 5 is missing"),
    ("ip addrlabel del prefix fd98::/64 label 77", "- ip addrlabel: prefix fd98::/64"),
    ("nft add table inet f", r"\+ table nft inet f"),
    ("nft add quota inet f q '{ 5 mbytes ; }'", r"\+ object nft inet f: quota q { 5 mbytes; }"),
    ("nft add counter inet f k", r"\+ object nft inet f: counter k"),
    ("nft add limit inet f l '{ rate 1/second ; }'", r"\+ object nft inet f: limit l"),
    (
        "nft add ct timeout inet f t '{ protocol tcp ; policy = { established: 100 } ; }'",
        r"\+ object nft inet f: ct timeout t",
    ),
    ("nft add synproxy inet f s '{ mss 1460 ; wscale 7 ; }'", r"\+ object nft inet f: synproxy s"),
    ("nft delete quota inet f q", "- object nft inet f: quota q"),
    ("nft add table inet f '{ flags dormant ; }'", "flags dormant"),
    ("nft delete table inet f", "- object nft inet f: counter k"),
]


def test_each_is_told() -> None:
    assert missed(ROWS) == []
