"""nk.Docker: every network mode with real traffic."""

from __future__ import annotations

import os
import subprocess
from typing import Any

import pytest

import netkit as nk
from tests.inside.containers import OUTSIDER, client, fetch, get, server, typed, wait_for_the_end
from tests.inside.wire import wait_until


def outsider() -> nk.Namespace:
    return nk.Namespace.get("outsider")


def test_a_container_is_what_docker_would_make(docker: nk.Docker) -> None:
    web = docker.run("web", server("web"))
    assert (web.address, web.mac, web.network) == ("172.17.0.2", "02:42:ac:11:00:02", "bridge")
    eth0 = web.namespace["eth0"]
    assert eth0.peer.name.startswith("veth")
    assert (len(eth0.peer.name), eth0.peer.master) == (11, "docker0")
    assert [(route.destination, route.via) for route in web.namespace.routes] == [
        ("default", "172.17.0.1"),
        ("172.17.0.0/16", None),
    ]
    assert web.run("hostname").stdout.strip() == web.id[:12]
    assert web.run("cat /etc/hosts").stdout.splitlines()[-1].split() == ["172.17.0.2", web.id[:12]]
    assert docker.inspect(web)["State"] == {"Status": "running", "Running": True, "Pid": web.pid, "ExitCode": 0}
    assert docker.network_inspect("bridge")["Containers"][web.id]["IPv4Address"] == "172.17.0.2/16"


def test_its_namespaces_are_its_own(docker: nk.Docker) -> None:
    web = docker.run("web")
    for kind in ("net", "mnt", "uts", "ipc", "pid"):
        assert os.stat(f"/proc/{web.pid}/ns/{kind}").st_ino != os.stat(f"/proc/self/ns/{kind}").st_ino, kind
    first = web.run("sh -c 'readlink /proc/1/exe; echo $$'").stdout.splitlines()
    if web.own_proc:
        assert first[0].endswith("/sleep")
    assert int(first[-1]) < 20
    assert bool(docker.inspect(web)["Notes"]) == (not web.own_proc)


def test_what_is_done_in_it_is_typed_with_its_process_id(docker: nk.Docker, capsys: pytest.CaptureFixture[str]) -> None:
    nk.echo()
    web = docker.run("web")
    nk.veth("eth1", "eth2", namespace=web.namespace)
    nk.echo(on=False)
    lines = [line for line in capsys.readouterr().out.splitlines() if "nsenter" in line]
    assert any("ip link add eth1" in line for line in lines)
    assert all(line.startswith("$ nsenter --net=/proc/$web_pid/ns/net ") for line in lines), lines


def test_it_may_not_change_its_own_network_unless_it_is_privileged(docker: nk.Docker) -> None:
    plain, strong = docker.run("plain"), docker.run("strong", privileged=True)
    refused = plain.run("ip addr add 10.9.9.9/24 dev eth0")
    assert refused.returncode
    assert "not permitted" in refused.stderr
    assert not strong.run("ip addr add 10.9.9.9/24 dev eth0").returncode
    assert "10.9.9.9/24" in strong.namespace["eth0"].addresses


def test_it_has_no_name_until_somebody_links_it(docker: nk.Docker) -> None:
    web = docker.run("web")
    assert nk.sh("ip netns list").stdout.split()[:1] == ["outsider"]
    assert web.namespace.name == "[web]"
    nk.sh(f"ln -s /proc/{web.pid}/ns/net /run/netns/test")
    assert "test" in nk.sh("ip netns list").stdout.split()
    assert web.namespace.name == "test"
    assert nk.Namespace.get("test")["eth0"].addresses == ("172.17.0.2/16",)
    os.unlink("/run/netns/test")
    assert web.namespace.name == "[web]"


def test_a_published_port_answers_from_everywhere(docker: nk.Docker) -> None:
    web = docker.run("web", server("web"), ports={8080: 80})
    assert get(web.namespace, "127.0.0.1") == "web to 127.0.0.1"
    assert fetch(outsider(), "192.168.7.1", 8080) == f"web to {OUTSIDER}"
    assert fetch(nk.host, "127.0.0.1", 8080) == "web to 172.17.0.1"
    assert fetch(nk.host, "192.168.7.1", 8080).startswith("web to ")
    assert fetch(nk.host, "172.17.0.2") == "web to 172.17.0.1"
    assert fetch(web.namespace, "172.17.0.1", 8080) == "web to 172.17.0.1"  # hairpin
    assert docker.port(web) == {"80/tcp": ["0.0.0.0:8080"]}


def test_a_neighbour_needs_bridged_packets_to_pass_iptables(docker: nk.Docker) -> None:
    """Else the answers to its packets go straight back over the bridge, with an address that it never asked."""
    if "net.bridge.bridge-nf-call-iptables" not in nk.host.state.sysctls:
        pytest.skip("this machine has no br_netfilter")
    web, neighbour = docker.run("web", server("web"), ports={8080: 80}), docker.run("neighbour")
    assert get(web.namespace, "127.0.0.1")
    with pytest.raises(OSError, match="timed out"):
        fetch(neighbour.namespace, "172.17.0.1", 8080, timeout=0.2)
    nk.host.sysctl("net.bridge.bridge-nf-call-iptables", 1)
    try:
        assert fetch(neighbour.namespace, "172.17.0.1", 8080) == "web to 172.17.0.3"
    finally:
        nk.host.sysctl("net.bridge.bridge-nf-call-iptables", 0)


def test_without_a_published_port_the_host_has_nothing(docker: nk.Docker) -> None:
    web = docker.run("web", server("web"))
    assert get(nk.host, "172.17.0.2") == "web to 172.17.0.1"
    with pytest.raises(ConnectionRefusedError):
        fetch(outsider(), "192.168.7.1", 8080)
    outsider().add_route("172.17.0.0/16", via="192.168.7.1")
    with pytest.raises(OSError, match="timed out"):
        fetch(outsider(), web.address, 80, timeout=0.2)
    outsider().delete_route("172.17.0.0/16")


def test_containers_get_out_under_the_hosts_address(docker: nk.Docker) -> None:
    away = outsider().start(typed(server("away", 8000)))
    inner = docker.run("inner")
    assert get(inner.namespace, OUTSIDER, 8000) == "away to 192.168.7.1"
    away.stop()


def test_host_mode_has_no_network_of_its_own_and_ports_clash(docker: nk.Docker) -> None:
    first = docker.run("first", server("first", 8000), network="host")
    assert first.namespace is nk.host
    assert get(outsider(), "192.168.7.1", 8000) == f"first to {OUTSIDER}"
    second = docker.run("second", server("second", 8000), network="host")
    wait_for_the_end(second)
    assert "Address already in use" in second.logs
    assert (first.address, first.running, second.status) == (None, True, 1)


def test_none_has_only_a_loopback(docker: nk.Docker) -> None:
    lonely = docker.run("lonely", network="none")
    assert [link.name for link in lonely.namespace.interfaces] == ["lo"]
    assert lonely.namespace["lo"].is_up
    assert lonely.address is None
    assert not lonely.namespace.routes


def test_sharers_of_a_network_are_as_on_one_host(docker: nk.Docker) -> None:
    pod = docker.run("pod", server("pod"))
    side = docker.run("side", server("side", 81), network="container:pod")
    assert (side.address, side.mac) == (pod.address, pod.mac)
    assert get(side.namespace, "127.0.0.1") == "pod to 127.0.0.1"
    assert get(pod.namespace, "127.0.0.1", 81) == "side to 127.0.0.1"
    assert side.run("hostname").stdout == pod.run("hostname").stdout
    clash = docker.run("clash", server("clash"), network="container:pod")
    wait_for_the_end(clash)
    assert "Address already in use" in clash.logs


def _others(space: Any) -> tuple[str, ...]:
    """The programs of a namespace that is neither named nor a container's."""
    return () if space.named or space.containers else space.processes


def test_a_snapshot_knows_whose_namespace_it_is(docker: nk.Docker) -> None:
    web, db = docker.run("web"), docker.run("db")
    docker.run("side", "sh -c 'exec tail -f'", network="container:web")
    docker.run("here", network="host")
    docker.run("alone", network="none")
    nk.sh(f"ln -s /proc/{db.pid}/ns/net /run/netns/base")
    other = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
    wait_until(lambda: "sleep" in {program for space in nk.snapshot() for program in _others(space)})
    found = {space.name: dict(space.containers) for space in nk.snapshot() if space.containers}
    assert found == {
        "host": {"here": "sleep"},
        web.namespace.name: {"web": "sleep", "side": "tail"},
        "base": {"db": "sleep"},
        docker.find("alone").namespace.name: {"alone": "sleep"},
    }
    assert nk.Namespace.get("base").state.containers == {"db": "sleep"}
    other.kill()
    other.wait()
    docker.stop("side")
    assert nk.snapshot()[web.namespace.name].containers == {"web": "sleep"}
    os.unlink("/run/netns/base")


def test_a_link_is_a_line_in_the_hosts_file(docker: nk.Docker) -> None:
    c1 = docker.run("c1", server("c1"))
    c2 = docker.run("c2", links=["c1", "c1:db"])
    assert get(nk.host, c1.address)
    lines = [line.split() for line in c2.run("cat /etc/hosts").stdout.splitlines()]
    assert ["172.17.0.2", "db", c1.id[:12], "c1"] in lines
    assert "c1 to 172.17.0.3" in c2.run(typed(client("db"))).stdout
    linked = docker.run("c3", links={"c1": "c1"})
    assert ["172.17.0.2", "c1", c1.id[:12]] in [
        line.split() for line in linked.run("cat /etc/hosts").stdout.splitlines()
    ]


def test_names_of_a_user_defined_network_are_known(docker: nk.Docker) -> None:
    app = docker.network_create("app", "172.30.0.0/16")
    c1 = docker.run("c1", server("c1"), network="app")
    c2 = docker.run("c2", network=app, links=["c1:db"])
    assert (c1.address, c1.mac) == ("172.30.0.2", "02:42:ac:1e:00:02")
    assert nk.host[app.bridge].addresses[0] == "172.30.0.1/16"
    assert c2.run("cat /etc/resolv.conf").stdout.splitlines() == ["nameserver 127.0.0.11", "options ndots:0"]
    assert get(nk.host, c1.address)
    for name in ("c1", "db"):
        assert "c1 to 172.30.0.3" in c2.run(typed(client(name))).stdout, name


def test_networks_are_apart(docker: nk.Docker) -> None:
    docker.network_create("app", "172.30.0.0/16")
    docker.network_create("other")
    web = docker.run("web", server("web"), network="app", ports={8080: 80})
    near, far, old = docker.run("near", network="app"), docker.run("far", network="other"), docker.run("old")
    assert get(near.namespace, web.address) == "web to 172.30.0.3"
    assert far.address == "172.18.0.2"
    for stranger in (far, old):
        with pytest.raises(OSError, match="timed out"):
            fetch(stranger.namespace, web.address, timeout=0.2)


def test_an_internal_network_has_no_way_out_or_in(docker: nk.Docker) -> None:
    docker.network_create("closed", "172.31.0.0/16", internal=True)
    web, near = (docker.run(name, server(name), network="closed") for name in ("web", "near"))
    assert get(near.namespace, web.address) == "web to 172.31.0.3"
    assert near.namespace.ping("172.31.0.1").ok  # the bridge itself is on the link
    stranger = docker.run("stranger")
    outsider().add_route("172.31.0.0/16", via="192.168.7.1")
    for place, address in ((near.namespace, OUTSIDER), (outsider(), web.address), (stranger.namespace, web.address)):
        with pytest.raises(OSError, match="timed out"):
            fetch(place, address, timeout=0.2)
    outsider().delete_route("172.31.0.0/16")
    dropped = [rule for rule in nk.snapshot()["host"].rules if "172.31.0.0/16" in rule.text and rule.packets]
    assert len(dropped) == 2, "one for each direction"
