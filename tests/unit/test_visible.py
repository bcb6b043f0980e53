"""What nobody can see, or would act on a terminal or a page, is shown as an escape, wherever it comes from."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netkit.changes import diff
from netkit.comparison import compare
from netkit.diagnosis.report import Diagnosis
from netkit.errors import NetkitError
from netkit.journey.shown.table import Journey
from netkit.journey.values import Hop, Seen
from netkit.journeys import Journeys
from netkit.model import Rule, Snapshot
from netkit.netfilter import TraceEvent
from netkit.outcomes import Outcome, Ping
from netkit.packets.recording import Recorded, Recording
from netkit.pictures.ink.picture import Picture
from netkit.visible import in_html, in_line, visible
from netkit.widgets import pages
from tests.unit import hostile
from tests.unit.cases import Network

if TYPE_CHECKING:
    from collections.abc import Callable

BAD = "a\x1b]0;title\x07b\x1b[31m\u202egnp.\u2066c\u200f\x9b\r"
SEEN = r"a\x1b]0;title\x07b\x1b[31m\u202egnp.\u2066c\u200f\x9b\r"


def network(name: str) -> Snapshot:
    rules = (Rule("iptables", "filter", "INPUT", f'-A INPUT -m comment --comment "{name}" -j DROP'),)
    built = Network("host", name).room("host", rules=rules).bridge("host", f"br{name}")
    return built.veth(("host", f"veth{name}"), (name, "eth0")).port("host", f"br{name}", f"veth{name}").snapshot()


def journey() -> Journey:
    rule = f"-A FORWARD -m comment --comment {BAD} -j DROP"
    event = TraceEvent("host", 1, "ip", "filter", "FORWARD", "forward", 0, "rule", "drop", rule)
    sent = Hop(0, None, BAD, f"eth{BAD}", direction="out", changed=[f"a {BAD}"])
    hops = sent, Hop(1, 0, "host", hook="forward", events=(event,), decided=f"the rule `{rule}` drops the packet.")
    return Journey(1, "UDP", "10.0.0.1", "10.0.0.2", what=f"DNS asks for {BAD} (A)", hops=hops, end=f"lost in {BAD}")


def asks_for_a_bad_name() -> Recording:
    from scapy.layers.dns import DNS, DNSQR
    from scapy.layers.inet import UDP

    packet = hostile.ETHER / hostile.PAIR / UDP(sport=40000, dport=53) / DNS(qd=DNSQR(qname=b"a\x1b\x07\rb.example"))
    return Recording(Recorded((hostile.seen_at(bytes(packet), 1, BAD, "eth0", "out"),)))


def drawn(name: str) -> str:
    image = Picture(network(name), title=f"of {name[:3]}")
    return image.svg + image.html


JOURNEYS = Journeys(Seen(()))
JOURNEYS.__dict__["everything"] = [journey()]
SHOWN: dict[str, Callable[[], str]] = {
    "outcome": lambda: repr(Outcome("echo", BAD, BAD, 0)),
    "ping": lambda: repr(Ping("10.0.0.1", 1, 0, reason=BAD)),
    "error": lambda: str(NetkitError(f"'{BAD}' is no name", BAD, BAD)),
    "snapshot": lambda: repr(network(BAD)),
    "picture": lambda: drawn(BAD),
    "picture in words": lambda: repr(Picture(network(BAD))),
    "changes": lambda: repr(diff(Snapshot({}), network(BAD))),
    "changes, page": lambda: diff(Snapshot({}), network(BAD))._repr_html_(),
    "comparison": lambda: repr(compare(network(BAD), Snapshot({}))),
    "comparison, page": lambda: compare(network(BAD), Snapshot({}))._repr_html_(),
    "diagnosis": lambda: repr(Diagnosis(BAD, BAD, ok=False, layer="link", explanation=BAD, evidence=[BAD])),
    "diagnosis, page": lambda: Diagnosis(BAD, BAD, ok=False, layer="link", evidence=[BAD])._repr_html_(),
    "journey": lambda: repr(journey()),
    "journey, page": lambda: journey()._repr_html_(),
    "journeys": lambda: repr(JOURNEYS.table(everything=True)),
    "journeys, page": lambda: JOURNEYS.table(everything=True)._repr_html_(),
    "ladder": lambda: JOURNEYS.ladder(journey()).svg + JOURNEYS.ladder(journey()).html,
    "player's list of hops": lambda: pages.hop_list(journey()),
    "player's telling": lambda: pages.telling(journey(), 2),
    "capture": lambda: repr(asks_for_a_bad_name()),
    "capture, page": lambda: asks_for_a_bad_name()._repr_html_(),
}


@pytest.mark.parametrize("what", SHOWN)
def test_nothing_that_acts_is_shown(what: str) -> None:
    shown = html.unescape(SHOWN[what]())
    assert not [letter for letter in shown if not letter.isprintable() and letter not in "\n\t\xa0"]
    assert re.search(r"\\x1b|\\x07|\\x9b", shown.replace("\n", "").replace(" ", ""))


def test_the_value_stays_as_it_is() -> None:
    outcome = Outcome("printf", BAD, "", 0)
    assert outcome.stdout == BAD
    assert repr(outcome) == SEEN


@pytest.mark.parametrize(("text", "lines", "line"), [
    ("plain", "plain", "plain"), ("zwei\nZeilen\t1", "zwei\nZeilen\t1", "zwei\\nZeilen\\t1"), (BAD, SEEN, SEEN),
    ("日本語 → é", "日本語 → é", "日本語 → é"), ("\udce9", "\\udce9", "\\udce9"),
])  # fmt: skip
def test_escapes(text: str, lines: str, line: str) -> None:
    assert (visible(text), in_line(text)) == (lines, line)


@given(st.text())
def test_any_text_can_be_shown(text: str) -> None:
    assert in_line(text).isprintable()
    assert in_html(text) == html.escape(visible(text))
    assert visible(text).encode() == visible(text).encode(errors="replace")
