"""Whom a destination of nk.why means: handles of what is gone, addresses that are valid on one link only."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

import netkit as nk
from netkit.errors import InvalidAddress, NotFound
from tests.inside import networks
from tests.inside.wire import BRIDGE, ip, sh, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.usefixtures("fresh"), pytest.mark.once]


def link_local(place: str, device: str) -> str:
    """The link-local address of an interface."""
    addresses = nk.snapshot()[place][device].addresses
    return next(text.partition("/")[0] for text in addresses if text.startswith("fe80:"))


@contextmanager
def serving(place: str) -> Iterator[None]:
    """Somebody listens at TCP port 80 of a namespace."""
    server = nk.Namespace.get(place).start("busybox httpd -f -p 80")
    wait_until(lambda: ":80 " in sh(f"ip netns exec {place} ss -ltn"))
    yield
    server.stop()


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


def test_a_link_local_address_with_its_interface() -> None:
    networks.build("six")
    address, number = link_local("r", "eth0"), nk.snapshot()["a"]["eth0"].index
    with serving("r"):
        answers = [
            nk.why("a", f"{address}%eth0"),
            nk.why("a", f"{address}%eth0", 80),
            nk.why("a", f"{address}%{number}", 80),
            nk.why("a", address, 80),  # a has one link only
        ]
    for said in answers:
        assert said.ok, said
        assert "return path" in said.walked, said
        assert f"{address} on eth0 in r" in said.walked["address"]


def test_nobody_listens_at_a_link_local_address() -> None:
    networks.build("six")
    said = nk.why("a", f"{link_local('r', 'eth0')}%eth0", 81)
    assert (said.layer, said.where) == ("service", "r"), said
    assert "Connection refused" in said.evidence[-1]


def test_a_link_local_address_among_several_links() -> None:
    networks.build("six")
    address = link_local("b", "eth0")
    with pytest.raises(InvalidAddress) as caught:
        nk.why("r", address)
    assert str(caught.value) == (
        f"'{address}' is valid on one link only, and r has several: eth0, eth1; a link-local address needs the "
        f"interface that leads to it. Try '{address}%eth1'."
    )
    ip("-n b addr del fd00:2::2/64 dev eth0")
    with serving("b"):
        assert nk.why("r", f"{address}%eth1", 80).ok
        assert nk.why("r", nk.Namespace.get("b")["eth0"], 80).ok  # a handle leaves no doubt
    said = nk.why("r", f"{address}%eth0")
    assert (said.layer, said.where) == ("address", "r"), said
    assert f"{address}%eth1" in said.explanation


def test_a_link_local_address_behind_an_interface_that_is_off() -> None:
    networks.build("six")
    address = link_local("b", "eth0")
    ip("-n r link set eth1 down")
    said = nk.why("r", f"{address}%eth1")
    assert (said.layer, said.repair) == ("link", ["ip netns exec r ip link set dev eth1 up"]), said
    assert f"ip route get {address} oif eth1" in "\n".join(said.evidence)
    nk.sh(said.repair[0])
    wait_until(lambda: nk.why("r", f"{address}%eth1").ok)


def test_a_default_route_of_the_other_version_has_no_part_in_it() -> None:
    ip(BRIDGE)
    ip("-n ns1 route add blackhole default\n-n ns1 -6 addr add fd01::1/64 dev eth1 nodad")
    found = nk.why("ns1", "fd02::1")
    assert (found.ok, found.layer) == (False, "route")
    assert "ns1 knows no route to fd02::1" in repr(found)
    assert "blackhole" not in "".join(found.repair)


def test_a_default_route_that_refuses_ipv6_is_removed_as_such() -> None:
    ip(BRIDGE)
    ip("-n ns1 -6 addr add fd01::1/64 dev eth1 nodad\n-n ns1 -6 route add blackhole default")
    [line] = nk.why("ns1", "fd02::1").repair
    assert line == "ip netns exec ns1 ip -6 route del blackhole default"
    sh(line)
    assert "blackhole" not in sh("ip -n ns1 -6 route")


def test_what_a_namespace_is_called_nobody_inside_can_look_up() -> None:
    ip(BRIDGE)
    said = nk.why("ns1", "ns2")
    assert (said.ok, str(said.layer), said.where) == (False, "name", "ns1")
    assert "ns1 does not know the name ns2" in said.explanation
    assert nk.Namespace.get("ns1").run("getent hosts ns2").returncode != 0
    for line in said.repair:
        sh(line)
    assert nk.why("ns1", "ns2").ok
