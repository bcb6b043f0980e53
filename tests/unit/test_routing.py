"""Which routes an address falls under, and in which order the kernel takes them."""

from __future__ import annotations

import pytest

from netkit.model import Route
from netkit.model.routing import matching

NEAR, FAR = Route("10.0.0.0/24", device="eth0"), Route("10.0.0.0/8", via="10.0.0.9")
DEFAULT, SIX = Route("default", via="10.0.0.1"), Route("default", via="fe80::1")
DEAR, OWN = Route("10.0.0.0/24", device="eth1", metric=9), Route("10.0.0.0/32", device="eth2", table="100")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("10.0.0.0", [NEAR, DEAR, FAR, DEFAULT, OWN]),
        ("10.1.0.1", [FAR, DEFAULT]),
        ("8.8.8.8", [DEFAULT]),
        ("fd00::1", [SIX]),
    ],
)
def test_the_longest_prefix_then_the_lowest_metric(address: str, expected: list[Route]) -> None:
    assert matching([OWN, DEFAULT, SIX, DEAR, FAR, NEAR], address) == expected


def test_a_default_route_without_a_router_is_of_its_version() -> None:
    assert [str(Route("default", device="eth0", version=version).network) for version in (4, 6)] == [
        "0.0.0.0/0",
        "::/0",
    ]
