"""Tables in a page, and where lines of rules may end: headings have a scope, what failed a ground and a sign."""

from __future__ import annotations

import re

import pytest

from netkit.comparison.result import Comparison, Pair
from netkit.diagnosis import Diagnosis
from netkit.journey.shown.table import Journey, hops_html, overview
from netkit.journey.values import Hop
from netkit.lessons.replies import Answer, Check
from netkit.markup import FAILED, broken, row, table
from netkit.model.pieces import pieces
from netkit.netfilter import TraceEvent
from netkit.pictures.network.measure import text_width
from netkit.pictures.network.sheet import wrapped

RULE = '-A WEB ! -i br0 -s 10.1.0.0/16 -p tcp -m tcp --dport 8080 -m comment --comment "for the shop" -j DNAT'
IN_PIECES = [
    (RULE, ["-A WEB", "! -i br0", "-s 10.1.0.0/16", "-p tcp", "-m tcp", "--dport 8080", "-m comment",
            '--comment "for the shop"', "-j DNAT"]),
    ('the rule "-o br0 -j DROP" dropped it', ["the", "rule", '"-o br0', '-j DROP"', "dropped", "it"]),
    ("tcp dport { 80, 443 } counter drop", ["tcp dport { 80, 443 }", "counter", "drop"]),
    ('iifname != "br0" ip saddr 10.0.0.0/8 drop', ['iifname != "br0"', "ip saddr 10.0.0.0/8", "drop"]),
    ("-m set --match-set mine src,dst -j DROP", ["-m set", "--match-set mine src,dst", "-j DROP"]),
    ("a well-known port - or two", ["a", "well-known", "port", "-", "or", "two"]),
    ("", []),
]  # fmt: skip

DROP = TraceEvent("host", 1, "ip", "filter", "FORWARD", "forward", 0, "policy", "drop")
CHECKED = Check("04.1", "x", (Answer("a", ok=True), Answer("b", ok=False, found="c"), Answer("d", ok=None)))
LOST = Journey(
    1, "ICMP", "10.0.0.1", "10.0.0.2", what="echo request", end="dropped in host by FORWARD: policy DROP",
    hops=(Hop(0, None, "ns1", "eth0", direction="out"), Hop(1, None, "host", None, hook="forward", events=(DROP,))),
)  # fmt: skip
CAME = Journey(2, "ICMP", "10.0.0.1", "10.0.0.3", what="echo request", end="delivered to 10.0.0.3", delivered=True)


@pytest.mark.parametrize(("text", "parts"), IN_PIECES)
def test_a_line_ends_between_options_only(text: str, parts: list[str]) -> None:
    assert pieces(text) == parts
    assert " ".join(parts) == text


@pytest.mark.parametrize("width", range(90, 400, 13))
def test_no_option_is_torn_from_its_value_in_a_picture(width: int) -> None:
    lines = wrapped(RULE, 9.0, width)
    assert " ".join(lines) == RULE
    for piece in pieces(RULE):
        assert any(piece in line for line in lines) or text_width(piece, 9.0) > width


def test_no_option_is_torn_from_its_value_in_a_page() -> None:
    html = broken(f"{RULE} <b>")
    together = re.findall(r'<span style="white-space:pre">(.*?)</span>', html)
    assert "--dport 8080" in together
    assert "! -i br0" in together
    assert re.sub(r"</?span[^>]*>", "", html).replace("&quot;", '"') == f"{RULE} &lt;b&gt;", "and it can be copied"


def test_headings_say_what_they_head() -> None:
    html = table(("hop", "where"), [row(("1", "ns1:eth0"), scope="row")])
    assert html.count('<th scope="col"') == 2
    assert html.count('<th scope="row"') == 1
    assert table(("hop", "where"), []) == ""


def rows_of(html: str) -> list[str]:
    return [one for one in re.findall(r"<tr>.*?</tr>", html) if 'scope="col"' not in one]


@pytest.mark.parametrize(
    ("html", "failed"),
    [
        (CHECKED._repr_html_(), [1]),
        (Diagnosis("ns1", "10.0.0.2", ok=False, layer="route", walked={"link": ("eth0",)})._repr_html_(), [1]),
        (overview([LOST, CAME])._repr_html_(), [0]),
        (hops_html(LOST), [1]),
    ],
    ids=["check", "why", "x-ray", "journey"],
)  # fmt: skip
def test_what_failed_has_a_ground_and_a_sign(html: str, failed: list[int]) -> None:
    rows = rows_of(html)
    assert [place for place, one in enumerate(rows) if FAILED in one] == failed
    assert [place for place, one in enumerate(rows) if "✗" in one] == failed


def test_every_heading_of_a_table_has_a_scope() -> None:
    compared = Comparison(["a"], (), (Pair("a", "b"),), ("one", "other"), (("a", "b", ""),))
    for html in (compared._repr_html_(), hops_html(LOST), overview([LOST])._repr_html_()):
        assert "<th" in html
        assert not re.search(r"<th(?! scope)", html.replace("<thead", ""))
