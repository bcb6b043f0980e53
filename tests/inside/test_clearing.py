"""Back to an empty network: what goes, what stays, and what is printed."""

from __future__ import annotations

import subprocess

import pytest

import netkit as nk
from netkit.linux import sysctls
from netkit.linux.events.monitor import Monitor
from tests.inside.empty import host_links
from tests.inside.wire import wait_until

pytestmark = pytest.mark.usefixtures("fresh")


def test_everything_goes_that_is_not_the_host_s_own(capsys: pytest.CaptureFixture[str]) -> None:
    ns1, ns2 = nk.Namespace("ns1"), nk.Namespace("ns2")
    bridge = nk.Bridge("br0")
    port, eth0 = nk.veth("port", "eth0", peer_namespace=ns1)
    bridge.attach(port)
    nk.veth("one", "other")
    nk.veth("a", "b", namespace=ns1, peer_namespace=ns2)
    server = ns1.start("sleep 600")
    nk.host.iptables("-P FORWARD DROP")
    nk.host.iptables("-N OWN")
    nk.host.iptables("-t nat -A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE")
    nk.host.sysctl("net.ipv4.ip_forward", 1)
    nk.host.run("ip route add blackhole 10.9.0.0/16")
    nk.echo()
    nk.reset()
    printed = capsys.readouterr().out.splitlines()
    left = nk.snapshot()
    assert list(left.namespaces) == ["host"]
    assert (list(left["host"].interfaces), left["host"].rules, left["host"].routes) == (["lo"], (), ())
    assert sysctls.read("/proc/self/ns/net", "net.ipv4.ip_forward") == "1", "a switch is the host's own"
    assert not server.running
    assert not eth0.namespace.exists
    assert printed[:2] == ["$ ip netns pids ns1 | xargs -r kill -9", "$ ip -all netns delete"]
    assert {"$ ip link delete br0", "$ iptables -t filter -P FORWARD ACCEPT"} <= set(printed)


def test_what_no_link_takes_along_goes_too() -> None:
    began = nk.snapshot()
    nk.sh("ip address add 10.1.0.1/24 dev lo; ip address add 10.1.0.2/24 dev lo; ip address add fd00::1/64 dev lo")
    nk.sh("ip rule add from 10.1.0.0/24 lookup 100; ip -6 rule add fwmark 7 prohibit; ip rule del pref 32767")
    nk.sh("ip route add unreachable 10.3.0.0/16 table 100; ip -6 route add blackhole fd01::/64 proto static")
    nk.sh("ip route add local 10.4.0.0/24 dev lo; ip nexthop add id 7 blackhole")
    changed = nk.snapshot()["host"]
    assert (len(changed.policies), len(changed.next_hops)) == (3, 1)
    nk.reset()
    assert nk.snapshot() == began


LISTED = """
ip addrlabel del prefix fc00::/7 label 5
ip addrlabel add prefix fc00::/7 label 9
ip addrlabel add prefix fd98::/64 label 77
ip addrlabel add prefix fd99::/64 dev lo label 78
ip xfrm policy add src 10.9.0.0/24 dst 10.8.0.0/24 dir out action block
ip xfrm state allocspi src 10.0.0.1 dst 10.0.0.2 proto esp min 5 max 9
tc qdisc add dev lo root tbf rate 1mbit burst 10k latency 50ms
tc qdisc add dev lo ingress
ip neigh add proxy 10.0.0.9 dev lo
"""


def test_labels_ipsec_and_what_lo_has_go_too() -> None:
    began = nk.snapshot()
    for line in LISTED.strip().splitlines():
        assert nk.sh(line).returncode == 0, line
    changed = nk.snapshot()["host"]
    assert {each.command for each in changed.further} == {"ip addrlabel", "ip xfrm policy", "ip xfrm state"}
    assert {(each.address, each.state) for each in changed.neighbours} == {("10.0.0.9", "proxy")}
    assert len(changed.queues) == 2
    nk.reset()
    assert nk.snapshot() == began


def test_where_nothing_is_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    nk.echo()
    nk.reset()
    assert capsys.readouterr().out == ""


def test_a_namespace_without_a_name_ends_with_its_program() -> None:
    with subprocess.Popen(["unshare", "--net", "sleep", "600"]) as process:
        wait_until(lambda: "[sleep]" in nk.snapshot().namespaces)
        nk.veth("veth0", "eth0", peer_namespace=nk.Namespace.get("[sleep]"))
        nk.reset()
        assert process.wait() == -9
    assert host_links() == ["lo"]


def test_a_name_that_leads_nowhere_goes_too() -> None:
    web = nk.Docker().run("web", "sleep 600")
    nk.sh(f"ln -s /proc/{web.pid}/ns/net /run/netns/web")
    nk.reset()
    assert nk.sh("ls /run/netns").stdout == ""


def test_a_docker_is_closed_and_can_begin_again() -> None:
    docker = nk.Docker()
    docker.run("web", "sleep 600", ports={8080: 80})
    nk.reset()
    assert list(nk.snapshot().namespaces) == ["host"]
    assert nk.snapshot()["host"].rules == ()
    again = nk.Docker()
    assert again is not docker
    assert not again.ps(all=True)
    again.close()


def test_many_are_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel ends them together: one after the other, each would be waited for."""
    for number in range(20):
        nk.veth(f"v{number}", "eth0", peer_namespace=nk.Namespace(f"ns{number}"))
    waited: list[int] = []
    wait = Monitor.await_gone

    def noting(self: Monitor, ends: set[tuple[int, int]], seconds: float) -> bool:
        waited.append(len(ends))
        return wait(self, ends, seconds)

    monkeypatch.setattr(Monitor, "await_gone", noting)
    nk.reset()
    assert waited == [20]
    assert host_links() == ["lo"]


def test_the_journal_leads_to_an_empty_network_as_well() -> None:
    nk.veth("v0", "eth0", peer_namespace=nk.Namespace("ns1"))
    nk.reset()
    deleted, waited = nk.commands().splitlines()[-2:]
    assert deleted == "ip -all netns delete"
    assert waited.startswith("while ip link show dev v0 >")


@pytest.mark.parametrize("like", ["20.10", "29"])
def test_a_docker_whose_machine_is_gone_is_forgotten(like: str) -> None:
    nk.Docker(host=nk.Namespace("node"), like=like).run("box")
    nk.sh("ip netns pids node | xargs -r kill -9; ip netns delete node")
    nk.reset()
    again = nk.Docker(host=nk.Namespace("node"), like=like)
    assert again.run("box").running
    again.close()
