"""VXLAN devices, their forwarding entries, and neighbour entries."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

import pytest

import netkit as nk
from netkit.errors import AlreadyExists, InvalidAddress, InvalidName, InvalidValue, KernelRefused, NotFound
from netkit.lab.tunnels import Vxlan
from netkit.linux.netlink import sockets
from netkit.model import ForwardingEntry, Neighbour

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.usefixtures("fresh"), pytest.mark.once]
MAC = "02:42:0a:00:00:02"
ZERO = "00:00:00:00:00:00"


@pytest.fixture
def device(fresh: None) -> Iterator[Vxlan]:
    """A device that knows nothing yet, or a skip where the kernel has none."""
    try:
        yield nk.vxlan("vx0", 42, local="192.168.0.1", learning=False, proxy=True)
    except KernelRefused as error:
        pytest.skip(str(error))


def test_a_device_is_as_it_was_asked_for(device: Vxlan) -> None:
    details = dict(nk.snapshot()["host"]["vx0"].details)
    wanted = {"vni": "42", "local": "192.168.0.1", "port": "4789", "learning": "0", "proxy": "1"}
    assert details == wanted
    assert nk.commands().splitlines()[-1] == (
        "ip link add vx0 type vxlan id 42 local 192.168.0.1 dstport 4789 nolearning proxy"
    )
    assert type(nk.host["vx0"]) is Vxlan
    assert nk.host["vx0"] == device


@pytest.mark.usefixtures("device")
def test_the_journal_makes_the_same_device_again() -> None:
    one, _ = nk.veth("one", "other")
    made = [
        nk.vxlan("vx1", 7, remote="192.168.0.2", port=8472),
        nk.vxlan("vx2", 8, local="fd00::1", remote="fd00::2"),
        nk.vxlan("vx3", 9, remote="239.1.1.1", device=one),
    ]
    before = nk.snapshot()
    lines = nk.commands().splitlines()[-3:]
    assert lines[-1] == "ip link add vx3 type vxlan id 9 group 239.1.1.1 dev one dstport 4789"
    for link in made:
        link.delete()
    for line in lines:
        assert nk.sh(line).returncode == 0
    assert nk.snapshot() == before
    assert dict(before["host"]["vx2"].details)["group"] == "fd00::2"


def test_it_moves_and_its_vni_stays_taken(device: Vxlan) -> None:
    ns1 = nk.Namespace("ns1")
    device.move(ns1)
    assert (device.namespace, nk.snapshot()["ns1"]["vx0"].kind) == (ns1, "vxlan")
    with pytest.raises(AlreadyExists, match="has VNI 42 at port 4789"):
        nk.vxlan("vx1", 42)
    nk.vxlan("vx1", 42, port=4790)
    with pytest.raises(AlreadyExists, match="an interface 'vx1' in host"):
        nk.vxlan("vx1", 43)


def test_a_vni_is_free_once_its_device_s_namespace_is_deleted() -> None:
    """The kernel ends a namespace a moment after its name is gone."""
    for _ in range(20):
        ns1 = nk.Namespace("ns1")
        nk.vxlan("vx0", 42).move(ns1)
        ns1.delete()
    assert nk.vxlan("vx0", 42).namespace == nk.host


def test_forwarding_entries(device: Vxlan) -> None:
    device.add_forwarding(MAC, "192.168.0.2")
    device.add_flood("192.168.0.2")
    device.add_flood("192.168.0.3")
    assert {(entry.mac, entry.destination, entry.state) for entry in device.fdb} == {
        (MAC, "192.168.0.2", "static"),
        (ZERO, "192.168.0.2", "static"),
        (ZERO, "192.168.0.3", "static"),
    }
    assert f"{MAC} dst 192.168.0.2" in nk.sh("bridge fdb show dev vx0").stdout
    assert set(nk.snapshot().configuration()["host"].fdb) == set(device.fdb)
    device.delete_forwarding(MAC, "192.168.0.2")
    device.delete_flood("192.168.0.3")
    assert device.fdb == (ForwardingEntry(ZERO, "vx0", None, "192.168.0.2", "static"),)
    assert [line for line in nk.commands().splitlines()[-6:] if "show" not in line] == [
        f"bridge fdb add {MAC} dev vx0 dst 192.168.0.2",
        f"bridge fdb append {ZERO} dev vx0 dst 192.168.0.2",
        f"bridge fdb append {ZERO} dev vx0 dst 192.168.0.3",
        f"bridge fdb del {MAC} dev vx0 dst 192.168.0.2",
        f"bridge fdb del {ZERO} dev vx0 dst 192.168.0.3",
    ]


def test_what_the_kernel_would_swallow_is_refused(device: Vxlan) -> None:
    device.add_forwarding(MAC, "192.168.0.2")
    with pytest.raises(AlreadyExists, match=r"behind 192\.168\.0\.2 already"):
        device.add_forwarding(MAC, "192.168.0.3")
    device.add_flood("192.168.0.2")
    with pytest.raises(AlreadyExists, match="floods to"):
        device.add_flood("192.168.0.2")
    assert len(device.fdb) == 2


def test_a_learned_entry_is_replaced(device: Vxlan) -> None:
    nk.sh(f"bridge fdb add {MAC} dev vx0 dst 192.168.0.3 dynamic")
    assert [entry.state for entry in device.fdb] == ["learned"]
    device.add_forwarding(MAC, "192.168.0.2")
    assert device.fdb == (ForwardingEntry(MAC, "vx0", None, "192.168.0.2", "static"),)
    assert nk.commands().splitlines()[-1] == f"bridge fdb replace {MAC} dev vx0 dst 192.168.0.2"


def test_neighbour_entries(device: Vxlan) -> None:
    device.add_neighbour("10.0.0.2", MAC)
    device.add_neighbour("fd00::2", MAC)
    there = Neighbour("10.0.0.2", "vx0", MAC, "permanent")
    assert there in nk.snapshot()["host"].neighbours
    assert len(nk.snapshot()["host"].neighbours) == 2
    with pytest.raises(AlreadyExists, match=r"entry for 10\.0\.0\.2"):
        device.add_neighbour("10.0.0.2", MAC)
    device.delete_neighbour("fd00::2")
    device.delete_neighbour("10.0.0.2")
    assert nk.snapshot()["host"].neighbours == ()
    assert "ip neigh add 10.0.0.2 lladdr 02:42:0a:00:00:02 dev vx0 nud permanent" in nk.commands()


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda v: v.delete_forwarding(MAC, "192.168.0.9"), NotFound),
        (lambda v: v.delete_flood("192.168.0.9"), NotFound),
        (lambda v: v.delete_neighbour("10.0.0.9"), KernelRefused),
        (lambda v: v.add_forwarding(MAC, "fd00::1"), KernelRefused),
        (lambda v: v.add_forwarding(MAC, "192.168.0.0/24"), InvalidAddress),
        (lambda v: v.add_forwarding(MAC, "239.1.1.1"), InvalidAddress),
        (lambda v: v.add_forwarding(ZERO, "192.168.0.2"), InvalidAddress),
        (lambda v: v.add_forwarding("ff:ff:ff:ff:ff:ff", "192.168.0.2"), InvalidAddress),
        (lambda v: v.add_flood("0.0.0.0"), InvalidAddress),
        (lambda v: v.add_neighbour("10.0.0.300", MAC), InvalidAddress),
        (lambda v: v.add_neighbour("224.0.0.1", MAC), InvalidAddress),
        (lambda v: v.add_neighbour("10.0.0.2", "02:42"), InvalidAddress),
    ],
)
def test_wrong_entries(device: Vxlan, call: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        call(device)
    assert (device.fdb, nk.snapshot()["host"].neighbours) == ((), ())


@pytest.mark.parametrize(
    ("name", "vni", "options", "error"),
    [
        ("vx1", 0, {}, InvalidValue),
        ("vx1", 1 << 24, {}, InvalidValue),
        ("vx1", -1, {}, InvalidValue),
        ("vx1", "7", {}, InvalidValue),
        ("vx1", True, {}, InvalidValue),
        ("vx 1", 7, {}, InvalidName),
        ("abcdefghijklmnop", 7, {}, InvalidName),
        ("vx1", 7, {"port": 0}, InvalidValue),
        ("vx1", 7, {"port": 70000}, InvalidValue),
        ("vx1", 7, {"local": "192.168.0.300"}, InvalidAddress),
        ("vx1", 7, {"local": "239.1.1.1"}, InvalidAddress),
        ("vx1", 7, {"remote": "0.0.0.0"}, InvalidAddress),
        ("vx1", 7, {"remote": "239.1.1.1"}, InvalidValue),
        ("vx1", 7, {"local": "10.0.0.1", "remote": "fd00::1"}, InvalidAddress),
        ("vx1", 7, {"local": "10.0.0.1", "remote": "10.0.0.1"}, InvalidAddress),
        ("vx1", 7, {"learning": "no"}, InvalidValue),
        ("vx1", 7, {"proxy": 1}, InvalidValue),
        ("vx1", 7, {"namespace": "ns1"}, InvalidValue),
        ("vx1", 7, {"device": "eth9"}, NotFound),
    ],
)
def test_wrong_devices(name: Any, vni: Any, options: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        nk.vxlan(name, vni, **options)
    assert [link.name for link in nk.host] == ["lo"]


def test_a_kernel_without_vxlan_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise KernelRefused("", "Unknown device type", errno=errno.EOPNOTSUPP)

    monkeypatch.setattr(sockets, "send", refuse)
    with pytest.raises(KernelRefused, match="this kernel has no 'vxlan'"):
        nk.vxlan("vx1", 7)
