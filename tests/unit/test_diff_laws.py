"""nk.diff's laws: nothing for the same network, a line for every difference, backwards the mirror image."""

from __future__ import annotations

import dataclasses
from collections import Counter

from hypothesis import given, settings

import netkit as nk
from netkit.model import Namespace, Snapshot
from tests.unit.snapshots import snapshots


@settings(max_examples=15)
@given(snapshots())
def test_the_same_network_has_not_changed(snapshot: Snapshot) -> None:
    changes = nk.diff(snapshot, snapshot)
    assert not changes
    assert repr(changes) == "nothing changed"
    assert not nk.diff(snapshot, Snapshot.from_json(snapshot.to_json()))


def configured(snapshot: Snapshot) -> Snapshot:
    """What somebody set: rules in the order of their chains, states of links that are on, forwarding entries once.

    Entries of a forwarding database that are permanent are an interface's own; those learned may be housekeeping's.
    """
    return Snapshot({space.name: _configured(space) for space in snapshot})


def _configured(space: Namespace) -> Namespace:
    return dataclasses.replace(
        space,
        rules=tuple(sorted(space.rules, key=lambda rule: (rule.tool, rule.table, rule.chain))),
        fdb=tuple(dict.fromkeys(entry for entry in space.fdb if entry.state == "static")),
        interfaces={
            name: link if link.up else dataclasses.replace(link, state="down")
            for name, link in space.interfaces.items()
        },
    )


@settings(max_examples=20)
@given(snapshots(), snapshots())
def test_every_difference_of_configuration_is_told(one: Snapshot, other: Snapshot) -> None:
    if configured(one) != configured(other):
        assert nk.diff(one, other)


@settings(max_examples=20)
@given(snapshots(), snapshots())
def test_backwards_it_is_the_mirror_image(one: Snapshot, other: Snapshot) -> None:
    there, back = nk.diff(one, other, counters=True), nk.diff(other, one, counters=True)
    signs = {"+": "-", "-": "+", "~": "~"}
    made = Counter((signs[c.sign], c.kind, c.text) for c in there if c.sign != "~")
    assert made == Counter((c.sign, c.kind, c.text) for c in back if c.sign != "~")
    assert Counter(c.kind for c in there if c.sign == "~") == Counter(c.kind for c in back if c.sign == "~")
