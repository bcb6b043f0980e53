"""What is known of the networks around a packet, where they changed while it was recorded."""

from __future__ import annotations

import ipaddress

from netkit.journey.telling.around import Around
from netkit.journey.telling.claims import Switch
from netkit.journey.values import Seen
from netkit.model import Interface, Namespace, Route, Snapshot

FORWARD = "net.ipv4.ip_forward"


def around(before: Namespace, after: Namespace, **more: object) -> Around:
    """The networks with one namespace "r", before and after."""
    return Around(Seen((), (), Snapshot({"r": before}), Snapshot({"r": after}), **more))  # type: ignore[arg-type]


def packed(address: str) -> bytes:
    return ipaddress.ip_address(address).packed


def test_an_interface_is_up_and_a_port_if_it_was_that_at_either_moment() -> None:
    alone = Namespace("r", {"eth0": Interface("eth0", "veth"), "br0": Interface("br0", "bridge")})
    port = Interface("eth0", "veth", up=True, carrier=True, master="br0")
    for known in (
        around(alone, Namespace("r", {"eth0": port})),
        around(Namespace("r", {"eth0": port}), alone),
    ):
        link = known.interface("r", "eth0")
        assert link is not None
        assert (link.up, link.carrier, known.master("r", "eth0")) == (True, True, "br0")
        assert [each.name for each in known.ports("r", "br0")] == ["eth0"]


def test_a_switch_that_was_changed_is_unknown() -> None:
    off, on = Namespace("r", sysctls={FORWARD: "0"}), Namespace("r", sysctls={FORWARD: "1"})
    assert around(off, off).sysctl("r", FORWARD) == Switch("r", FORWARD, "0")
    assert around(off, on).sysctl("r", FORWARD) is None
    assert around(off, Namespace("r")).sysctl("r", FORWARD) == Switch("r", FORWARD, "0")
    assert around(off, off).sysctl("r", "net.ipv4.other") is None


def test_a_packet_may_have_left_by_a_new_route() -> None:
    old, new = Route("default", "10.0.0.1", "eth0"), Route("10.9.0.0/24", "10.1.0.1", "eth1")
    known = around(Namespace("r", routes=(old,)), Namespace("r", routes=(new, old)))
    assert known.route("r", packed("10.9.0.7"), "eth1") == new
    assert known.route("r", packed("10.9.0.7"), "eth0") == old
    assert known.route("r", packed("10.9.0.7"), None) == old
    assert known.route("r", packed("10.9.0.7"), "eth2") is None


def test_a_default_route_without_a_router_is_of_one_version() -> None:
    four, six = Route("default", None, "eth0"), Route("default", "fd01::254", "eth0", version=6)
    space = Namespace("r", routes=(four, six))
    known = around(space, space)
    assert known.routes("r", packed("10.0.0.1")) == [four]
    assert known.routes("r", packed("fd02::1")) == [six]
    only = Namespace("r", routes=(Route("default", None, "eth0", version=6),))
    assert around(only, only).routes("r", packed("10.0.0.1")) == []


def test_what_was_there_for_a_while_only() -> None:
    space = Namespace("r", {"eth0": Interface("eth0", "veth")})
    known = around(space, Namespace("r"))
    assert [known.passing(*place) for place in (("r", "eth0"), ("r", "eth1"), ("s", "eth1"))] == [False, True, False]


def test_what_is_watched() -> None:
    space = Namespace("r")
    assert around(space, space).is_watched("r", "eth0")
    some = around(space, space, watched={"r": ("eth1",)})
    assert (some.is_watched("r", "eth1"), some.is_watched("r", "eth0"), some.is_watched("s", "eth1")) == (
        True,
        False,
        False,
    )
