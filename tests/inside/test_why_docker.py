"""nk.why among containers: published ports, isolated networks, names."""

from __future__ import annotations

from typing import Any

import pytest

import netkit as nk
from netkit.errors import InvalidValue, NetkitError
from tests.inside.containers import get, server

pytestmark = pytest.mark.once


def mended(said: Any, *asked: Any) -> bool:
    """Whether the repair helps."""
    assert said.repair, said
    outcomes = [nk.sh(line) for line in said.repair]
    assert not any(outcome.returncode for outcome in outcomes), outcomes
    again = nk.why(*asked)
    assert again.ok, again
    return True


def web(docker: nk.Docker) -> Any:
    """A container whose server is published at port 8080."""
    made = docker.run("web", server("web"), ports={8080: 80})
    assert get(nk.host, made.address) == "web to 172.17.0.1"
    return made


def test_published_port_without_its_rule(docker: nk.Docker) -> None:
    web(docker)
    rule = next(rule.text for rule in nk.snapshot()["host"].rules if "--to-destination" in rule.text)
    nk.sh(f"iptables -t nat {rule.replace('-A', '-D', 1)}")
    asked = "outsider", "192.168.7.1", 8080
    said = nk.why(*asked)
    assert (said.layer, said.where) == ("nat", "host"), said
    assert mended(said, *asked)


def test_published_port_that_leads_astray(docker: nk.Docker) -> None:
    web(docker)
    rule = next(rule.text for rule in nk.snapshot()["host"].rules if "--to-destination" in rule.text)
    nk.sh(f"iptables -t nat {rule.replace('-A', '-D', 1)}")
    nk.sh(f"iptables -t nat {rule.replace(':80', ':8888')}")
    asked = "outsider", "192.168.7.1", 8080
    said = nk.why(*asked)
    assert (said.layer, said.where) == ("nat", "host"), said
    assert mended(said, *asked)
    nk.sh(f"iptables -t nat {rule.replace('-A', '-D', 1)}")
    nk.sh(f"iptables -t nat {rule}")


def test_published_port_that_leads_astray_beside_another_container_s(docker: nk.Docker) -> None:
    web(docker)
    astray = docker.run("astray", server("astray"), ports={8087: 8888})
    assert get(nk.host, astray.address) == "astray to 172.17.0.1"
    said = nk.why("outsider", "192.168.7.1", 8087)
    assert said.explanation.endswith(f"somebody listens at {astray.address}:80"), said


def test_rule_of_a_port_that_nobody_publishes(docker: nk.Docker) -> None:
    web(docker)
    rule = next(rule.text for rule in nk.snapshot()["host"].rules if "--to-destination" in rule.text)
    nk.sh(f"iptables -t nat {rule.replace('-A', '-D', 1)}")
    nk.sh(f"iptables -t nat {rule.replace('--dport 8080', '--dport 8081')}")
    asked = "outsider", "192.168.7.1", 8080
    said = nk.why(*asked)
    assert (said.layer, said.where) == ("nat", "host"), said
    assert mended(said, *asked)
    assert [each.text for each in nk.snapshot()["host"].rules if "--to-destination" in each.text] == [rule]


def test_isolated_networks(docker: nk.Docker) -> None:
    docker.network_create("shop", "172.30.0.0/16")
    docker.network_create("back", "172.31.0.0/16")
    one, other = docker.run("one", network="shop"), docker.run("other", network="back")
    said = nk.why(one, other)
    assert (said.layer, said.where) == ("filter", "host"), said
    assert "DOCKER-USER" in said.repair[0]
    assert mended(said, one, other)
    for line in said.repair:
        nk.sh(line.replace("-I DOCKER-USER", "-D DOCKER-USER"))


def test_wrong_line_of_a_link(docker: nk.Docker) -> None:
    docker.run("db")
    asking = docker.run("app", links=["db"])
    asking.run("sh -c \"sed 's/^172.17.0.2/172.17.0.77/' /etc/hosts > /tmp/h; cat /tmp/h > /etc/hosts; rm /tmp/h\"")
    said = nk.why(asking, "db")
    assert said.layer == "name", said
    assert "172.17.0.77" in said.explanation
    assert mended(said, asking, "db")


def test_wrong_line_where_the_name_server_knows_better(docker: nk.Docker) -> None:
    docker.network_create("shop", "172.30.0.0/16")
    db = docker.run("db", network="shop")
    asking = docker.run("app", network="shop", add_host={"db": "172.30.0.77"})
    said = nk.why(asking, "db")
    assert said.layer == "name", said
    assert f"db is {db.address}" in said.explanation
    assert mended(said, asking, "db")


def test_another_name_server_in_its_file(docker: nk.Docker) -> None:
    docker.network_create("shop", "172.30.0.0/16")
    docker.run("db", network="shop")
    asking = docker.run("app", network="shop")
    assert nk.why(asking, "db").ok
    asking.run("sh -c 'echo nameserver 172.30.0.99 > /etc/resolv.conf'")
    said = nk.why(asking, "db")
    assert said.layer == "name", said
    assert "127.0.0.11, which its /etc/resolv.conf does not name, knows it" in said.explanation
    assert mended(said, asking, "db")


def test_name_that_nobody_knows(docker: nk.Docker) -> None:
    said = nk.why(docker.run("app"), "nobody")
    assert (said.ok, said.layer) == (False, "name")
    assert not said.repair


def test_container_without_a_network(docker: nk.Docker) -> None:
    alone, other = docker.run("alone", network="none"), docker.run("other")
    assert nk.why(alone, other).layer == "link"
    assert nk.why(other, alone).layer == "link"


WRONG = [
    (("nowhere", "10.0.0.1"), {}),
    ((42, "10.0.0.1"), {}),
    (("host", 42), {}),
    (("host", ""), {}),
    (("host", "10.0.0.1/8"), {}),
    (("host", "10.0.0.1", 70000), {}),
    (("host", "10.0.0.1", "80"), {}),
    (("host", "10.0.0.1"), {"protocol": "sctp"}),
    (("host", "10.0.0.1"), {"protocol": "tcp"}),
    (("host", "10.0.0.1", 80), {"protocol": "icmp"}),
]


@pytest.mark.parametrize(("values", "options"), WRONG, ids=str)
def test_wrong_calls(values: tuple[Any, ...], options: dict[str, str]) -> None:
    with pytest.raises(NetkitError) as caught:
        nk.why(*values, **options)
    assert str(caught.value)
    assert isinstance(caught.value, InvalidValue) or "nowhere" in str(caught.value)


@pytest.mark.usefixtures("fresh")
def test_it_is_a_look(capsys: pytest.CaptureFixture[str]) -> None:
    nk.echo()
    before = nk.commands()
    assert nk.why("host", "127.0.0.1").ok
    assert capsys.readouterr().out == ""
    assert nk.commands() == before
    nk.echo(on=False)
