"""nk.why on broken networks of kinds that lessons do not have, and on healthy ones, judged by traffic alone."""

from __future__ import annotations

import pytest

from tests.inside.wild import Case, Judge
from tests.inside.wild_bridged import BRIDGED
from tests.inside.wild_devices import DEVICES
from tests.inside.wild_docked import DOCKED, HEALTHY_DOCKED
from tests.inside.wild_ends import ENDS, HEALTHY_ENDS
from tests.inside.wild_filters import FILTERS
from tests.inside.wild_frames import FRAMES
from tests.inside.wild_healthy import HEALTHY_WAYS
from tests.inside.wild_healthy_further import HEALTHY_FURTHER
from tests.inside.wild_healthy_links import HEALTHY_LINKS
from tests.inside.wild_hosts import HOSTS
from tests.inside.wild_inner import INNER
from tests.inside.wild_led import LED
from tests.inside.wild_links import LINKS
from tests.inside.wild_masks import MASKS
from tests.inside.wild_matches import MATCHES
from tests.inside.wild_names import HEALTHY_NAMED, NAMED
from tests.inside.wild_nodes import HEALTHY_NODES, ON_NODES
from tests.inside.wild_options import OPTIONS
from tests.inside.wild_remembered import HEALTHY_REMEMBERED, REMEMBERED
from tests.inside.wild_rules import RULES
from tests.inside.wild_states import STATES
from tests.inside.wild_steering import STEERING
from tests.inside.wild_uplinks import HEALTHY_UPLINKED, UPLINKED
from tests.inside.wild_walls import WALLS
from tests.inside.wild_ways import WAYS
from tests.inside.wild_wires import HEALTHY_DOUBLES, WIRED
from tests.inside.wild_written import HEALTHY_WRITTEN, WRITTEN

OF_KINDS = (*WAYS, *FILTERS, *LINKS, *MASKS, *STEERING, *MATCHES, *BRIDGED, *HOSTS, *STATES)
OF_MISTAKES = (*RULES, *OPTIONS, *UPLINKED, *LED, *DOCKED, *DEVICES, *FRAMES)
OF_OTHERS = (*ON_NODES, *WALLS, *WIRED, *INNER, *ENDS, *WRITTEN, *NAMED, *REMEMBERED)
BROKEN = (*OF_KINDS, *OF_MISTAKES, *OF_OTHERS)
HEALTHY_OF_KINDS = (*HEALTHY_WAYS, *HEALTHY_LINKS, *HEALTHY_FURTHER)
HEALTHY_OF_OTHERS = (*HEALTHY_UPLINKED, *HEALTHY_DOCKED, *HEALTHY_NODES, *HEALTHY_DOUBLES)
HEALTHY = (*HEALTHY_OF_KINDS, *HEALTHY_OF_OTHERS, *HEALTHY_WRITTEN, *HEALTHY_NAMED, *HEALTHY_ENDS, *HEALTHY_REMEMBERED)

pytestmark = [pytest.mark.usefixtures("fresh"), pytest.mark.long, pytest.mark.once]


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case.name.replace(" ", "-"))
def test_what_traffic_shows_is_said_and_mended(case: Case) -> None:
    judge = Judge(case)
    try:
        assert judge.run() == []
    finally:
        judge.close()


@pytest.mark.parametrize("case", HEALTHY, ids=lambda case: case.name.replace(" ", "-"))
def test_where_traffic_flows_all_is_said_to_be_well(case: Case) -> None:
    judge = Judge(case)
    try:
        judge.build()
        assert judge.short == []
    finally:
        judge.close()


def test_there_are_many_of_different_names() -> None:
    assert len({case.name for case in (*BROKEN, *HEALTHY)}) == len(BROKEN) + len(HEALTHY)
    assert len(BROKEN) >= 300
    assert len(HEALTHY) >= 85
