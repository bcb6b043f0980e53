"""nk.Docker: what begins, ends and is taken away; nothing stays behind."""

from __future__ import annotations

import time

import pytest

import netkit as nk
from netkit.errors import AlreadyExists, Conflict
from tests.inside.containers import SECONDS, fetch, get, server, traces, typed, wait_for_the_end


def test_addresses_and_macs_are_used_again(docker: nk.Docker) -> None:
    assert [docker.run(name).address for name in ("aa", "bb", "cc")] == ["172.17.0.2", "172.17.0.3", "172.17.0.4"]
    docker.remove("bb", force=True)
    assert docker.run("dd").address == "172.17.0.3"


def test_what_ended_is_still_listed_and_its_network_is_gone(docker: nk.Docker) -> None:
    quick = docker.run("quick", "sh -c 'echo done; exit 3'", ports={8080: 80})
    wait_for_the_end(quick)
    assert [container.name for container in docker.ps()] == []
    assert (quick.status, quick.logs, quick.address) == (3, "done\n", None)
    assert not [link for link in nk.host.interfaces if link.name.startswith("veth")]
    assert repr(docker.ps(all=True)).splitlines()[1].split()[-2:] == ["(3)", "quick"]
    assert docker.run("other", ports={8080: 80}).address == "172.17.0.2"


def test_stop_gives_a_program_time_to_end(docker: nk.Docker) -> None:
    polite = docker.run(
        "polite", ["sh", "-c", "trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.02; done"]
    )
    deadline = time.monotonic() + SECONDS
    while "ready" not in polite.logs and time.monotonic() < deadline:
        time.sleep(0.005)
    docker.stop(polite)
    assert (polite.logs, polite.status) == ("ready\nbye\n", 7)
    deaf = docker.run("deaf")
    before = time.monotonic()
    docker.stop(deaf)
    assert deaf.status == 137
    assert time.monotonic() - before < 5, "a first process that catches no SIGTERM never sees it"
    with pytest.raises(Conflict, match="not running"):
        docker.exec("deaf", "true")


def test_the_same_machine_has_the_same_docker(docker: nk.Docker) -> None:
    assert nk.Docker() is docker


def test_a_port_of_a_program_or_container_is_refused(docker: nk.Docker) -> None:
    docker.run("web", ports={8080: 80})
    program = nk.host.start(typed(server("program", 8081)))
    assert get(nk.host, "127.0.0.1", 8081)
    for port in (8080, 8081):
        with pytest.raises(AlreadyExists, match=f"port {port}/tcp .* already allocated"):
            docker.run(f"late{port}", ports={port: 80})
    program.stop()
    assert [container.name for container in docker.ps()] == ["web"]
    assert [container.state for container in docker.ps(all=True)] == ["up", "created", "created"]
    with pytest.raises(AlreadyExists, match="'late8080' is in use"):
        docker.run("late8080", ports={8082: 80})
    docker.remove("late8080")
    assert docker.run("late8080", ports={8082: 80}).address == "172.17.0.3", "nothing is held by what never ran"


def test_another_machine_has_a_docker_of_its_own(docker: nk.Docker) -> None:
    place = nk.Namespace("machine2")
    place["lo"].up()
    second = nk.Docker(host=place)
    far = second.run("web", server("far"), ports={8080: 80})
    near = docker.run("web", server("near"), ports={8080: 80})
    assert far.address == near.address == "172.17.0.2"
    assert get(place, far.address) == "far to 172.17.0.1"
    assert get(nk.host, "127.0.0.1", 8080) == "near to 172.17.0.1"
    second.close()
    assert [link.name for link in place.interfaces] == ["lo"]
    place.delete()


def test_closing_leaves_the_machine_as_it_was() -> None:
    place = nk.Namespace("clean")
    before = nk.snapshot()["clean"]
    docker = nk.Docker(host=place)
    docker.network_create("app")
    docker.run("web", network="app", ports={80: 80})
    docker.close()
    after = nk.snapshot()["clean"]
    assert (after.interfaces, after.routes, after.rules, after.sysctls) == (
        before.interfaces,
        before.routes,
        before.rules,
        before.sysctls,
    )
    place.delete()


def test_a_docker_whose_bridge_was_taken_away_begins_anew() -> None:
    place = nk.Namespace("anew")
    old = nk.Docker(host=place)
    gone = old.run("web", ports={80: 80})
    place["docker0"].delete()
    place.iptables("-F FORWARD")
    new = nk.Docker(host=place)
    assert new is not old
    assert not gone.running
    assert new.run("web", ports={80: 80}).namespace.ping("172.17.0.1").ok
    new.close()
    place.delete()


@pytest.mark.parametrize("rounds", [5, pytest.param(200, marks=pytest.mark.long)])
def test_rounds_leave_nothing(docker: nk.Docker, rounds: int) -> None:
    docker.remove(docker.run("first", ports={8080: 80}), force=True)
    before = traces()
    for number in range(rounds):
        web = docker.run("web", server("web"), ports={8080: 80, 9000 + number: "53/udp"})
        docker.stop(web)
        docker.remove(web)
    assert traces() == before


def test_a_port_is_published_at_one_address_alone(docker: nk.Docker) -> None:
    web = docker.run("web", server("web"), ports=["127.0.0.1:8085:80", "127.0.0.2:8085:80", "8090-8091:80-81"])
    assert get(nk.host, "127.0.0.1", 8085) == get(nk.host, "127.0.0.2", 8085) == "web to 172.17.0.1"
    assert get(nk.host, "172.17.0.1", 8090).startswith("web to ")
    with pytest.raises(ConnectionRefusedError):
        fetch(nk.host, "172.17.0.1", 8085)
    assert docker.port(web) == {
        "80/tcp": ["127.0.0.1:8085", "127.0.0.2:8085", "0.0.0.0:8090"],
        "81/tcp": ["0.0.0.0:8091"],
    }
    assert "127.0.0.1:8085->80/tcp" in repr(docker.ps())


def test_rules_of_ones_own_outlive_a_docker_and_serve_the_next() -> None:
    place = nk.Namespace("kept")
    first = nk.Docker(host=place, like="20.10")
    place.iptables("-I DOCKER-USER -s 10.0.0.1 -j DROP")
    first.close()
    second = nk.Docker(host=place, like="20.10")
    told = [rule.text for rule in place.state.rules if rule.chain == "DOCKER-USER"]
    assert told == ["-N DOCKER-USER", "-A DOCKER-USER -s 10.0.0.1/32 -j DROP", "-A DOCKER-USER -j RETURN"]
    place.iptables("-F DOCKER-USER")
    second.close()
    assert not place.state.rules
    place.delete()
