"""nk.diff's laws: nothing for the same network, a line for every difference, backwards the mirror image."""

from __future__ import annotations

import dataclasses
from collections import Counter

from hypothesis import given, settings

import netkit as nk
from netkit.model import Snapshot
from tests.unit.snapshots import snapshots


@settings(max_examples=15)
@given(snapshots())
def test_the_same_network_has_not_changed(snapshot: Snapshot) -> None:
    changes = nk.diff(snapshot, snapshot)
    assert not changes
    assert repr(changes) == "nothing changed"
    assert not nk.diff(snapshot, Snapshot.from_json(snapshot.to_json()))


def by_chain(snapshot: Snapshot) -> Snapshot:
    """The snapshot with its rules in the order of their chains: only within a chain does the order matter."""
    return Snapshot(
        {
            space.name: dataclasses.replace(
                space, rules=tuple(sorted(space.rules, key=lambda rule: (rule.tool, rule.table, rule.chain)))
            )
            for space in snapshot
        }
    )


@settings(max_examples=20)
@given(snapshots(), snapshots())
def test_every_difference_of_configuration_is_told(one: Snapshot, other: Snapshot) -> None:
    if by_chain(one) != by_chain(other):
        assert nk.diff(one, other)


@settings(max_examples=20)
@given(snapshots(), snapshots())
def test_backwards_it_is_the_mirror_image(one: Snapshot, other: Snapshot) -> None:
    there, back = nk.diff(one, other, counters=True), nk.diff(other, one, counters=True)
    signs = {"+": "-", "-": "+", "~": "~"}
    made = Counter((signs[c.sign], c.kind, c.text) for c in there if c.sign != "~")
    assert made == Counter((c.sign, c.kind, c.text) for c in back if c.sign != "~")
    assert Counter(c.kind for c in there if c.sign == "~") == Counter(c.kind for c in back if c.sign == "~")
