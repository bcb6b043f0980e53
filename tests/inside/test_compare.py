"""nk.compare on networks of the kernel: other names are the same network, a fault is not."""

from __future__ import annotations

import pytest

import netkit as nk
from tests.inside.empty import sweep

pytestmark = [pytest.mark.usefixtures("fresh"), pytest.mark.once]


def build(names: tuple[str, str], bridge: str, net: str) -> None:
    """The article's section 4 under these names, with masquerade."""
    br = nk.Bridge(bridge)
    for number, name in enumerate(names, 1):
        host_end, eth = nk.veth(f"to-{name}", f"if-{name}", peer_namespace=nk.Namespace(name))
        br.attach(host_end)
        eth.add_address(f"{net}.{number}/24")
        host_end.up()
        eth.up()
        nk.Namespace.get(name).run(f"ip route add default via {net}.254")
    br.add_address(f"{net}.254/24")
    br.up()
    nk.sh(f"iptables -t nat -A POSTROUTING -s {net}.0/24 ! -o {bridge} -j MASQUERADE")


def test_two_networks_made_by_hand() -> None:
    build(("ns1", "ns2"), "brtest", "172.17.1")
    first = nk.snapshot()
    sweep()
    build(("web", "db"), "docker9", "10.9.8")
    same = nk.compare(first, nk.snapshot(), a_name="first", b_name="second")
    assert same.equal, same
    assert ("brtest in host", "docker9 in host") in same.pairs

    nk.Namespace.get("db").run("ip route del default")
    nk.sh("ip link set to-web nomaster")
    result = nk.compare(first, nk.snapshot(), a_name="first", b_name="second")
    lost = [text.rpartition("second: ")[2] for text in result.differences]
    assert sorted(lost) == ["if-db in db has no such default route", "to-web in host is no port of a bridge"]


def test_a_snapshot_is_the_same_as_the_next_one() -> None:
    build(("ns1", "ns2"), "brtest", "172.17.1")
    assert nk.compare(nk.snapshot(), nk.snapshot()).equal
