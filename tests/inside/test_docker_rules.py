"""The rules of nk.Docker, line by line and in their order, are those that the Engine 20.10 was seen to make."""

from __future__ import annotations

import netkit as nk

FILTER = """\
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A FORWARD -i {closed} -o {closed} -j ACCEPT
-A FORWARD -o {app} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o {app} -j DOCKER
-A FORWARD -i {app} ! -o {app} -j ACCEPT
-A FORWARD -i {app} -o {app} -j ACCEPT
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A FORWARD -i docker0 -o docker0 -j ACCEPT
-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER -d 172.30.0.2/32 ! -i {app} -o {app} -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER-ISOLATION-STAGE-1 ! -s 172.31.0.0/16 -o {closed} -j DROP
-A DOCKER-ISOLATION-STAGE-1 ! -d 172.31.0.0/16 -i {closed} -j DROP
-A DOCKER-ISOLATION-STAGE-1 -i {app} ! -o {app} -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-1 -j RETURN
-A DOCKER-ISOLATION-STAGE-2 -o {app} -j DROP
-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
-A DOCKER-ISOLATION-STAGE-2 -j RETURN
-A DOCKER-USER -j RETURN
"""
NAT = """\
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -o {app} -m addrtype --src-type LOCAL -j MASQUERADE
-A POSTROUTING -s 172.30.0.0/16 ! -o {app} -j MASQUERADE
-A POSTROUTING -o docker0 -m addrtype --src-type LOCAL -j MASQUERADE
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A POSTROUTING -s 172.17.0.2/32 -d 172.17.0.2/32 -p tcp -m tcp --dport 80 -j MASQUERADE
-A POSTROUTING -s 172.30.0.2/32 -d 172.30.0.2/32 -p tcp -m tcp --dport 80 -j MASQUERADE
-A DOCKER -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
-A DOCKER -p tcp -m tcp --dport 8081 -j DNAT --to-destination 172.30.0.2:80
"""
"""What iptables-save said of the Engine, started with --userland-proxy=false, after `network create` of app
(172.30.0.0/16) and closed (172.31.0.0/16, --internal), and `run` with -p 8080:80, --network app -p 8081:80, and
--network closed."""


def test_the_rules_are_the_engines(docker: nk.Docker) -> None:
    app = docker.network_create("app", "172.30.0.0/16")
    closed = docker.network_create("closed", "172.31.0.0/16", internal=True)
    docker.run("c1", ports={8080: 80})
    docker.run("c2", network="app", ports={8081: 80})
    docker.run("c3", network="closed")
    rules = nk.snapshot()["host"].rules
    for table, expected in (("filter", FILTER), ("nat", NAT)):
        made = [rule.text for rule in rules if rule.table == table and rule.text.startswith("-A")]
        assert made == expected.format(app=app.bridge, closed=closed.bridge).splitlines()
    assert [rule.text for rule in rules if rule.text.startswith("-P")] == ["-P FORWARD DROP"]


def test_nothing_of_them_is_left(docker: nk.Docker) -> None:
    before = nk.snapshot()["host"].rules
    docker.network_create("app", "172.30.0.0/16")
    docker.run("c2", network="app", ports={8081: 80})
    docker.remove("c2", force=True)
    docker.network_remove("app")
    assert nk.snapshot()["host"].rules == before
