"""nk.why on broken networks of kinds that not every kernel has: VLANs, VRFs, bonds.

In a kernel that lacks one its test is left out, with the reason; tests/outside/test_uml_features.py runs all of them in
User-Mode Linux, where none may be left out.
"""

from __future__ import annotations

import pytest

from tests.inside.wild import Case, Judge
from tests.inside.wild_features import FEATURES

pytestmark = [pytest.mark.usefixtures("fresh"), pytest.mark.long, pytest.mark.once]


@pytest.mark.parametrize(("probe", "case"), FEATURES, ids=lambda each: getattr(each, "name", "").replace(" ", "-"))
def test_what_not_every_kernel_has(probe: str, case: Case) -> None:
    judge = Judge(case)
    try:
        judge.shell("ip netns add probe")
        if judge.shell(f"set -e; {probe}").returncode:
            pytest.skip(f"this kernel has not what {case.name} needs")
        judge.shell("ip netns del probe")
        if case.breaking:
            judge.run()
        else:
            judge.build()
        assert judge.short == []
    finally:
        judge.close()
