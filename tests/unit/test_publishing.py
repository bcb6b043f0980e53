"""Published ports: what stands behind Docker's -p, as values, and how Docker tells them."""

from __future__ import annotations

import pytest

from netkit.docker import publishing
from netkit.docker.generations import common
from netkit.docker.generations.values import How, Segment
from netkit.docker.publishing import Published

TYPED = {
    "8080:80": [Published("tcp", 8080, 80)],
    "53:5353/udp": [Published("udp", 53, 5353)],
    "10.1.2.3:443:8443/tcp": [Published("tcp", 443, 8443, "10.1.2.3")],
    "7000-7001:90-91": [Published("tcp", 7000, 90), Published("tcp", 7001, 91)],
}


@pytest.mark.parametrize("text", TYPED)
def test_what_stands_behind_p(text: str) -> None:
    assert publishing.ports([text]) == tuple(TYPED[text])


def test_a_table_says_the_same() -> None:
    assert publishing.ports({8080: 80, 53: "53/udp"}) == publishing.ports(["8080:80", "53:53/udp"])
    assert publishing.ports(["8080:80", "8080:80"]) == publishing.ports({8080: 80}), "each once"


def test_docker_tells_them_by_the_containers_port() -> None:
    found = publishing.ports(["8080:80", "127.0.0.1:8085:80"])
    assert publishing.table(found) == {
        "80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}, {"HostIp": "127.0.0.1", "HostPort": "8085"}]
    }
    assert [str(one) for one in found] == ["0.0.0.0:8080->80/tcp", "127.0.0.1:8085->80/tcp"]


def test_only_an_address_that_was_named_is_asked_for_by_the_rule() -> None:
    everywhere, here = publishing.ports(["8080:80", "127.0.0.1:8085:80"])
    segment = Segment("docker0", "172.17.0.0/16")
    assert " -d " not in common.translation(everywhere, "172.17.0.2", segment, How()).words
    assert common.translation(here, "172.17.0.2", segment, How()).words.startswith("-d 127.0.0.1/32 -p tcp")
