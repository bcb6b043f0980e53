"""Snapshots of a real kernel: complete, at rest, the same again from JSON, and steady while the network changes."""

from __future__ import annotations

import threading
import time

import pytest

import netkit as nk
from netkit.linux.events import settle
from netkit.model import ForwardingEntry, Neighbour, Snapshot

pytestmark = [pytest.mark.usefixtures("fresh"), pytest.mark.once]


def article() -> tuple[nk.Namespace, nk.Namespace, nk.Bridge]:
    """The article's bridge (ARTICLE, 4)."""
    br = nk.Bridge("brtest")
    spaces = [nk.Namespace("ns1"), nk.Namespace("ns2")]
    for number, space in enumerate(spaces, 1):
        veth, eth1 = nk.veth(f"veth{number}", "eth1", peer_namespace=space)
        br.attach(veth)
        eth1.add_address(f"172.17.1.{number}/24")
        for link in (veth, eth1, space["lo"]):
            link.up()
    br.up()
    return spaces[0], spaces[1], br


def test_the_first_ping_always_answers() -> None:
    """A port forwards some time after it is up: looks and pings through handles wait for it."""
    for _ in range(30):
        ns1, ns2, br = article()
        assert ns1.ping("172.17.1.2"), nk.sh("bridge link").stdout
        ns1.delete()
        ns2.delete()
        br.delete()


def test_a_snapshot_is_at_rest() -> None:
    article()
    state = nk.snapshot()
    for place, name in (("host", "veth1"), ("host", "veth2"), ("ns1", "eth1"), ("ns2", "eth1")):
        link = state[place][name]
        assert (link.up, link.carrier, link.state) == (True, True, "up"), name
    assert state["host"]["brtest"].carrier
    assert settle.wait(0.0)


def test_waiting_for_what_never_comes_ends() -> None:
    nk.sh("ip link add br0 type bridge stp_state 1 forward_delay 3000")
    one, other = nk.veth("one", "other")
    nk.host["br0"].attach(one)
    for link in (one, other, nk.host["br0"]):
        link.up()
    assert nk.snapshot()["host"]["one"].carrier, "a bridge with spanning tree is not waited for"


def test_json_keeps_a_real_snapshot() -> None:
    ns1, _, _ = article()
    ns1.ping("172.17.1.2")
    nk.host.set_policy("FORWARD", "DROP")
    ns1.run("ip neigh add 172.17.1.77 lladdr 02:42:ac:11:01:4d dev eth1")
    state = nk.snapshot()
    again = Snapshot.from_json(state.to_json())
    assert again.namespaces == state.namespaces
    assert again == state
    assert again.to_json(indent=1) == state.to_json(indent=1)


def test_an_equal_network_gives_an_equal_snapshot() -> None:
    snapshots = []
    for _ in range(2):
        ns1, ns2, br = article()
        snapshots.append(nk.snapshot())
        ns1.delete()
        ns2.delete()
        br.delete()
    assert snapshots[0] == snapshots[1]
    assert snapshots[0].namespaces != snapshots[1].namespaces, "their random MACs differ"


def test_neighbours() -> None:
    ns1, ns2, _ = article()
    ns1.ping("172.17.1.2")
    learned = {entry.address: entry for entry in ns1.state.neighbours}
    assert learned["172.17.1.2"].mac == ns2["eth1"].mac
    assert learned["172.17.1.2"].state in {"reachable", "stale", "delay", "probe"}
    ns1.run("ip neigh add 172.17.1.77 lladdr 02:42:ac:11:01:4d dev eth1")
    assert Neighbour("172.17.1.77", "eth1", "02:42:ac:11:01:4d", "permanent") in ns1.state.neighbours
    ns1.ping("172.17.1.99", timeout=0.3)
    assert {entry.state for entry in ns1.state.neighbours if entry.address == "172.17.1.99"} <= {"incomplete", "failed"}


def test_what_a_bridge_has_learned() -> None:
    ns1, ns2, br = article()
    ns1.ping("172.17.1.2")
    learned = {(entry.mac, entry.device) for entry in br.fdb if entry.state == "learned"}
    assert {(ns1["eth1"].mac, "veth1"), (ns2["eth1"].mac, "veth2")} <= learned
    own = {entry.mac for entry in br.fdb if entry.state == "permanent"}
    assert {nk.host["veth1"].mac, nk.host["veth2"].mac} <= own
    nk.sh("bridge fdb add 02:42:ac:11:01:4d dev veth1 master static")
    assert ForwardingEntry("02:42:ac:11:01:4d", "veth1", "brtest", state="static") in br.fdb


def test_what_a_vxlan_device_was_told() -> None:
    done = nk.sh("ip link add vx0 type vxlan id 7 dstport 4789 local 10.0.0.1")
    assert done.returncode == 0, done.stderr
    nk.sh("bridge fdb append 00:00:00:00:00:00 dev vx0 dst 10.0.0.2")
    nk.sh("bridge fdb append 02:42:0a:00:00:09 dev vx0 dst 10.0.0.3")
    fdb = nk.snapshot()["host"].fdb
    assert {(entry.mac, entry.destination, entry.master) for entry in fdb if entry.device == "vx0"} == {
        ("00:00:00:00:00:00", "10.0.0.2", None),
        ("02:42:0a:00:00:09", "10.0.0.3", None),
    }


def test_the_host_comes_first_and_interfaces_in_their_order() -> None:
    article()
    state = nk.snapshot()
    assert list(state.namespaces) == ["host", "ns1", "ns2"]
    assert list(state["host"].interfaces) == ["lo", "brtest", "veth1", "veth2"]
    assert [link.name for link in nk.host] == ["lo", "brtest", "veth1", "veth2"]


def test_looking_while_namespaces_come_and_go() -> None:
    stop, faults = threading.Event(), []

    def change() -> None:
        try:
            while not stop.is_set():
                with nk.Namespace("coming") as space:
                    nk.veth("going", "eth0", peer_namespace=space)
        except nk.NetkitError as error:
            faults.append(error)

    thread, seen, whole = threading.Thread(target=change), [], []
    deadline = time.monotonic() + 20
    thread.start()
    try:
        while len(seen) < 100 or not (whole or time.monotonic() > deadline):
            state = nk.snapshot()
            seen.append(state)
            if "coming" in state.namespaces and "eth0" in state["coming"].interfaces:
                whole.append(state)
    finally:
        stop.set()
        thread.join()
    assert faults == []
    assert whole
    assert {"host", "coming"} == {space.name for state in seen for space in state}
    assert {state["coming"]["eth0"].peer for state in whole} <= {("host", "going"), None}


def test_looking_changes_nothing_and_is_not_written_down() -> None:
    article()
    journal, state = nk.commands(), nk.snapshot()
    repr(nk.host)
    _ = [link.peer for space in (nk.host, nk.Namespace.get("ns1")) for link in space]
    assert nk.host.sysctl("net.ipv4.ip_forward") == "0"
    assert (nk.commands(), nk.snapshot()) == (journal, state)
