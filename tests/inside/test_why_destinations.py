"""Whom a destination of nk.why means: handles of what is gone, addresses that are valid on one link only."""

from __future__ import annotations

import pytest

import netkit as nk
from netkit.errors import NotFound
from tests.inside.wire import BRIDGE, ip

pytestmark = pytest.mark.usefixtures("fresh")


def refused(destination: nk.Interface | nk.Namespace) -> str:
    """What nk.why says to the handle of something that is gone."""
    with pytest.raises(NotFound) as caught:
        nk.why("ns1", destination)
    error = caught.value
    assert all((error.problem, error.rule, error.remedy)), error
    return str(error)


def test_an_interface_that_is_gone() -> None:
    ip(BRIDGE)
    eth1 = nk.Namespace.get("ns2")["eth1"]
    ip("-n ns2 link delete eth1")
    assert refused(eth1) == "there is no interface 'eth1' in ns2 any more; there are: lo. Take one of these."


def test_a_namespace_that_is_gone_and_its_interfaces() -> None:
    ip(BRIDGE)
    ns2 = nk.Namespace.get("ns2")
    eth1 = ns2["eth1"]
    ip("netns delete ns2")
    said = refused(ns2)
    assert said.startswith("there is no namespace 'ns2' any more; there are: host, ns1")
    assert refused(eth1) == said
