"""X-rays on flows of many kinds whose end somebody else knows: the kernel's counters, and how the network was made."""

from __future__ import annotations

import pytest

from tests.inside.flows import Flow, Watcher
from tests.inside.flows_filtered import FILTERED
from tests.inside.flows_hosts import HOSTS
from tests.inside.flows_linked import LINKED
from tests.inside.flows_translated import TRANSLATED

FLOWS = {flow.name: flow for flow in (*FILTERED, *HOSTS, *LINKED, *TRANSLATED)}
BY_DEFAULT = (
    *(
        "iptables-legacy filter OUTPUT in a",
        "nft bridge forward IPv4, no br_netfilter",
        "netdev egress at r1:out0 IPv4",
    ),
    *("nft ARP output at h2: 10.21.0.2 is at", "tc egress at sw:p2"),
    *("tbf at r1:out0", "strict rp_filter at a router"),
    *("group 239.1.2.3 joined by h2", "equal packets, every other one dropped", "large, in pieces, IPv6"),
    *("REDIRECT to the machine itself", "a published port at 127.0.0.1"),
)

pytestmark = [pytest.mark.usefixtures("fresh"), pytest.mark.once]


def right(flow: Flow) -> None:
    """Nothing is said that the judges do not know."""
    watcher = Watcher(flow)
    try:
        verdict = watcher.judged()
    finally:
        watcher.close()
    assert verdict.unproven == []
    assert verdict.wrong == []


@pytest.mark.parametrize("name", BY_DEFAULT)
def test_packets_have_their_right_end_and_cause(name: str) -> None:
    right(FLOWS[name])


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in FLOWS if name not in BY_DEFAULT])
def test_packets_of_each_kind_have_their_right_end_and_cause(name: str) -> None:
    right(FLOWS[name])


def test_there_are_many_of_different_names() -> None:
    every = (*FILTERED, *HOSTS, *LINKED, *TRANSLATED)
    assert len(every) == len(FLOWS) >= 200
