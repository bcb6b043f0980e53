"""Every wrong call is refused in the learner's words, and nothing is half made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import netkit as nk
from tests.inside.empty import sweep
from tests.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.once


def table() -> list[tuple[str, str]]:
    """(call, what the answer has to name) of each line of the table."""
    lines = (ROOT / "tests" / "inside" / "wrong-calls.txt").read_text(encoding="utf-8").splitlines()
    halves = (line.partition(" => ") for line in lines if line and not line.startswith("#"))
    return [(call.strip(), value) for call, _, value in halves]


CASES = table()


@pytest.fixture(scope="module")
def stage() -> Iterator[dict[str, Any]]:
    """A small network whose handles the wrong calls use."""
    nk.echo(on=False)
    sweep()
    handles = build()
    yield {"nk": nk, **handles}
    handles["sleep"].stop()
    sweep()
    nk.echo()


def build() -> dict[str, Any]:
    ns1, ns2, ended = (nk.Namespace(name) for name in ("ns1", "ns2", "ended"))
    veth1, eth1 = nk.veth("veth1", "eth1", peer_namespace=ns1)
    veth2, eth2 = nk.veth("veth2", "eth2", peer_namespace=ns2)
    free, _ = nk.veth("free", "free-peer")
    gone, _ = nk.veth("gone", "gone-peer")
    ended_eth = nk.Bridge("eth", namespace=ended)
    br, br2 = nk.Bridge("br"), nk.Bridge("br2")
    gone.delete()
    ended.delete()
    br.attach(veth1)
    eth1.add_address("10.0.0.1/24")
    eth1.add_address("fd00::1/64")
    br.add_address("10.0.0.254/24")
    for link in (veth1, eth1, br, nk.host["lo"]):
        link.up()
    ns1.add_route("10.9.0.0/24", via="10.0.0.254")
    ns1.iptables("-A INPUT -s 10.9.9.9 -j DROP")
    sleep = ns2.start("sleep 600")
    return dict(locals())


@pytest.fixture(scope="module")
def last(stage: dict[str, Any]) -> list[Any]:
    """The network, and the journal, after the call before."""
    assert stage
    return [nk.snapshot(), nk.commands()]


@pytest.mark.parametrize(("call", "value"), CASES, ids=[ascii(call) for call, _ in CASES])
def test_a_wrong_call_is_refused(stage: dict[str, Any], last: list[Any], call: str, value: str) -> None:
    with pytest.raises(nk.NetkitError) as caught:
        eval(call, dict(stage))  # noqa: S307  (the table's own lines)
    error = caught.value
    assert all((error.problem, error.rule, error.remedy)), f"value, rule or remedy is missing: {error!r}"
    assert value in str(error), f"{error} does not name {value}"
    before, last[:] = [*last], [nk.snapshot(), nk.commands()]
    assert last == before


def test_the_table_is_long_and_has_no_line_twice() -> None:
    assert len({call for call, _ in CASES}) == len(CASES) >= 450
