"""X-rays of networks that change meanwhile, or of which not everything is watched."""

from __future__ import annotations

import os
import signal

import pytest

import netkit as nk
from tests.inside.wire import nameless, ping, sh, wait_until

pytestmark = pytest.mark.usefixtures("bridge")


def test_what_nobody_watched_is_not_blamed() -> None:
    with nk.xray(nk.Namespace.get("ns1")) as x:
        ping("ns1", "172.17.1.2")
    request, reply = x.find("icmp")
    assert request.end == "it left the watched networks by ns1:eth1"
    assert reply.end == "delivered to 172.17.1.1 in ns1"


def test_a_nameless_namespace_keeps_its_name_when_another_ends() -> None:
    with nameless("172.17.1.3") as first, nameless("172.17.1.4") as second, nk.xray() as x:
        sh(f"nsenter --net=/proc/{second}/ns/net ping -c 1 172.17.1.1")
        path = f"/proc/{first}/ns/net"
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: not os.path.exists(path))
    assert [journey.end for journey in x.find("icmp")] == [
        "delivered to 172.17.1.1 in ns1",
        "delivered to 172.17.1.4 in [sh]#2",
    ]
    assert {"[sh]", "[sh]#2"} & set(x.seen.after.namespaces) == {"[sh]#2"}


def test_a_route_and_a_port_that_came_meanwhile() -> None:
    sh("ip link set veth2 nomaster")
    with nk.xray() as x:
        sh("ip link set veth2 master brtest; ip -n ns1 route add 10.9.0.0/24 via 172.17.1.2 dev eth1")
        wait_until(lambda: "state forwarding" in sh("bridge link show dev veth2"))
        ping("ns1", "172.17.1.2")
        sh("ip netns exec ns1 ping -c 1 -W 0.1 10.9.0.1 || true")
    there, *_, beyond = x.find("icmp", source="172.17.1.1")
    assert next(hop for hop in there.hops if hop.where == "host:veth2").decided.startswith("The FDB of brtest ")
    assert beyond.hops[0].decided == "The route 10.9.0.0/24 via 172.17.1.2 dev eth1 leads to 10.9.0.1."


def test_the_neighbour_table_knows_link_local_addresses() -> None:
    found = "ip -n ns2 -6 -o addr show dev eth1 scope link"
    wait_until(lambda: "fe80" in sh(found) and "tentative" not in sh(f"{found}; ip -n ns1 -6 addr"))
    address = sh(found).split("inet6 ")[1].partition("/")[0]
    with nk.xray() as x:
        ping("ns1", f"{address}%eth1")
    request = next(one for one in x.everything if "echo request" in one.what)
    [sent] = [hop.decided for hop in request.hops if hop.where == "ns1:eth1"]
    assert sent.startswith("The neighbour table of ns1 says: ")


def test_an_interface_that_was_there_for_a_while_only() -> None:
    with nk.xray() as x:
        with nameless("172.17.1.3"):
            sh("ip netns exec ns1 ping -c 1 172.17.1.3")
        wait_until(lambda: "veth3" not in sh("ip -brief link"))  # the kernel takes a namespace away a while later
    ends = [journey.end for journey in x.find("icmp")]
    assert all("by a rule of policy routing" not in hop.decided for one in x.journeys for hop in one.hops)
    assert any("host:veth3, which was there for a while only, so nothing is known of it" in end for end in ends), ends
