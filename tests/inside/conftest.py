"""Networks for the tests of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import netkit as nk
from tests.inside.empty import sweep
from tests.inside.wire import BRIDGE, LEARNED, network, ping

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def article() -> Iterator[None]:
    """The two containers of the article's section 4: random MACs, nothing learned yet."""
    with network(BRIDGE):
        yield


@pytest.fixture
def bridge() -> Iterator[None]:
    """The same with fixed MACs, which both neighbours know for good and the bridge has learned."""
    with network(BRIDGE + LEARNED):
        ping("ns1", "172.17.1.2")
        yield


@pytest.fixture
def fresh() -> Iterator[None]:
    """An empty network before and after, and no echo."""
    nk.echo(on=False)
    sweep()
    yield
    nk.echo(on=False)
    sweep()
    nk.echo()
