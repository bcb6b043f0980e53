"""What of the live view needs no kernel: its rhythm, its table, its options, the commands and their errors."""

from __future__ import annotations

import doctest
import math
import re
from importlib import import_module
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

import netkit as nk
from netkit.errors import InvalidValue
from netkit.linux.looks.counters import Counters
from netkit.widgets.meters import ROWS, Meters, table
from netkit.widgets.pacing import SECONDS_BETWEEN_DRAWINGS, SECONDS_TO_GATHER, Drawing, Regular
from netkit.widgets.watcher import Order

times = st.floats(0, 100, allow_nan=False)


@pytest.mark.parametrize("module", ["meters", "watcher"])
def test_examples_are_true(module: str) -> None:
    result = doctest.testmod(import_module(f"netkit.widgets.{module}"))
    assert (result.attempted > 0, result.failed) == (True, 0)


def drawings(events: list[float], cost: float) -> list[tuple[float, float]]:
    """When a view draws that hears these events: (begin, end) of each drawing."""
    rhythm, done, waiting = Drawing(), [], sorted(events)
    while waiting or rhythm.due is not None:
        if rhythm.due is None or (waiting and waiting[0] < rhythm.due):
            rhythm.heard(max(waiting.pop(0), done[-1][1] if done else 0.0))
            continue
        began = rhythm.due
        rhythm.drawn(began, began + cost)
        done.append((began, began + cost))
    return done


class TestRhythm:
    def test_an_event_is_drawn_soon(self) -> None:
        assert drawings([7.0], cost=0.1) == [(pytest.approx(7.0 + SECONDS_TO_GATHER), pytest.approx(7.2))]

    def test_events_of_one_act_are_one_drawing(self) -> None:
        assert len(drawings([7.0, 7.01, 7.05], cost=0.1)) == 1

    @given(st.lists(times, min_size=1, max_size=200), st.floats(0.001, 3))
    def test_the_last_state_is_always_drawn(self, events: list[float], cost: float) -> None:
        last_drawing, _ = drawings(events, cost)[-1]
        assert last_drawing >= max(events)

    @given(st.lists(times, min_size=2, max_size=200), st.floats(0.001, 3))
    def test_a_storm_does_not_choke(self, events: list[float], cost: float) -> None:
        done = drawings(events, cost)
        for (began, ended), (following, _) in pairwise(done):
            assert following - began >= SECONDS_BETWEEN_DRAWINGS - 1e-9, "at most about three a second"
            assert following - ended >= (ended - began) - 1e-9, "at most half of a processor"

    def test_what_is_regular_takes_a_small_part_of_a_processor(self) -> None:
        looking = Regular(0.5, now=0.0)
        looking.done(ended=10.0, cost=0.001)
        assert looking.due == 10.5
        looking.done(ended=20.0, cost=0.1)
        assert 0.1 / (looking.due - 20.0) <= 0.01

    def test_what_is_asked_for_comes_sooner(self) -> None:
        looking = Regular(5.0, now=0.0)
        looking.done(ended=10.0, cost=0.01)
        looking.hasten(10.02)
        assert looking.due == pytest.approx(10.1), "not at once: it was done a moment ago"
        looking.done(ended=10.1, cost=0.01)
        looking.hasten(13.0)
        assert looking.due == 13.0


class TestMeters:
    def test_rates_are_those_since_the_last_reading(self) -> None:
        meters = Meters()
        meters.rows(0.0, {("ns1", "eth1"): Counters(received_bytes=1_000, sent_bytes=500)})
        [row] = meters.rows(2.0, {("ns1", "eth1"): Counters(received_bytes=3_000, sent_bytes=500)})
        assert (row.rate_in, row.rate_out) == (1_000, 0)

    def test_an_interface_that_was_made_anew_has_no_rate(self) -> None:
        meters = Meters()
        meters.rows(0.0, {("ns1", "eth1"): Counters(received_bytes=1_000)})
        [row, new] = meters.rows(1.0, {("ns1", "eth1"): Counters(), ("ns2", "eth1"): Counters(sent_bytes=9)})
        assert (row.rate_in, new.rate_out) == (0, 0)

    def test_the_table_names_losses_in_bold(self) -> None:
        text = table(Meters().rows(0.0, {("ns1", "<b>"): Counters(received_packets=12_345, sent_lost=3)}))
        assert "ns1:&lt;b&gt;" in text
        assert "12,345" in text
        assert "<b>3</b>" in text

    def test_of_many_interfaces_the_busiest_are_shown(self) -> None:
        readings = {("ns1", f"eth{n}"): Counters(received_bytes=n) for n in range(100)}
        text = table(Meters().rows(0.0, readings))
        assert text.count('scope="row"') == ROWS
        assert "ns1:eth99<" in text
        assert "ns1:eth0<" not in text
        assert f"The {ROWS} interfaces with the most traffic, of 100." in text


def test_an_order_survives_its_way() -> None:
    order = Order(("ns1", "[web]"), 1.5, counters=False)
    assert Order.from_json(order.to_json()) == order
    assert "\n" not in order.to_json()


@pytest.mark.parametrize(
    ("arguments", "options", "said"),
    [
        ((5,), {}, "5 cannot be watched; a live view shows namespaces"),
        ((None,), {}, "None cannot be watched"),
        ((), {"seconds": 0}, "0 is not a time to wait"),
        ((), {"seconds": -1}, "-1 is not a time to wait"),
        ((), {"seconds": "10"}, "'10' is not a time to wait"),
        ((), {"seconds": True}, "True is not a time to wait"),
        ((), {"seconds": math.inf}, "inf is not a time to wait"),
        ((), {"seconds": math.nan}, "nan is not a time to wait"),
        ((), {"counters": 1}, "counters=1 is not True or False"),
    ],
)
def test_what_is_wrong_is_said(arguments: tuple, options: dict, said: str) -> None:
    with pytest.raises(InvalidValue, match=re.escape(said)):
        nk.live(*arguments, **options)
