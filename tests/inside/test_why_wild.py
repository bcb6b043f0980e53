"""nk.why on broken networks of kinds that lessons do not have, judged by traffic alone."""

from __future__ import annotations

import pytest

from tests.inside.wild import Case, Judge
from tests.inside.wild_filters import FILTERS
from tests.inside.wild_links import LINKS
from tests.inside.wild_masks import MASKS
from tests.inside.wild_ways import WAYS

CASES = (*WAYS, *FILTERS, *LINKS, *MASKS)

pytestmark = [pytest.mark.usefixtures("fresh"), pytest.mark.long, pytest.mark.once]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_what_traffic_shows_is_said_and_mended(case: Case) -> None:
    judge = Judge(case)
    try:
        assert judge.run() == []
    finally:
        judge.close()


def test_there_are_many_of_different_names() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 60
