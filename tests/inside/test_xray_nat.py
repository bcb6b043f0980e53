"""Journeys through what Docker sets up: published ports from everywhere, and the way out. What the topology demands."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

import netkit as nk
from tests.inside.containers import OUTSIDER, fetch, get, server
from tests.inside.journeys import expected, only, story, xrayed
from tests.inside.wild_networks import ROUTED, TRANSLATED

if TYPE_CHECKING:
    from netkit.journey.shown.table import Journey


@dataclasses.dataclass
class Web:
    """A web server in a container, its port published, and every neighbour known."""

    place: nk.Namespace
    port: str

    def words(self, journey: Journey) -> str:
        """A journey's story with short names for what the kernel and Docker name by themselves."""
        text = story(journey).replace(self.place.name, "web").replace(self.port, "veth")
        for owner in ("host:docker0", "host:cable", "outsider:eth0"):
            text = text.replace(f"the MAC of {owner}", f"<{owner}>")
        return text


@pytest.fixture
def web(docker: nk.Docker) -> Web:
    container = docker.run("web", server("web"), ports={8080: 80})
    assert get(container.namespace, "127.0.0.1")
    for place, address in ((outsider(), "192.168.7.1"), (nk.host, "172.17.0.2"), (container.namespace, "172.17.0.1")):
        fetch(place, address, 80 if address == "172.17.0.2" else 8080)
    return Web(container.namespace, container.namespace["eth0"].peer.name)


def outsider() -> nk.Namespace:
    return nk.Namespace.get("outsider")


def test_from_outside(web: Web) -> None:
    x = xrayed(lambda: fetch(outsider(), "192.168.7.1", 8080))
    asks, answers, again = x.journeys[:3]
    assert web.words(asks) == expected("nat", "from outside: SYN")
    assert web.words(answers) == expected("nat", "from outside: SYN-ACK")
    assert answers.answers == asks.number
    assert web.words(again) == expected("nat", "from outside: ACK")
    assert all(journey.delivered for journey in x.journeys)


def test_from_the_host_itself(web: Web) -> None:
    asks, answers, again = xrayed(lambda: fetch(nk.host, "127.0.0.1", 8080)).journeys[:3]
    assert web.words(asks) == expected("nat", "from the host: SYN")
    assert web.words(answers) == expected("nat", "from the host: SYN-ACK")
    assert web.words(again) == expected("nat", "from the host: ACK")


def test_from_the_host_with_chains_that_see_packets_half_translated(web: Web) -> None:
    """Those of the table filter: behind nat's chain of OUTPUT, and before that of INPUT."""
    for chain in ("INPUT", "OUTPUT"):
        nk.host.set_policy(chain, "ACCEPT")
    asks, answers, again = xrayed(lambda: fetch(nk.host, "127.0.0.1", 8080)).journeys[:3]
    assert web.words(asks) == expected("nat", "from the host: SYN")
    assert web.words(answers) == expected("nat", "from the host, chains behind: SYN-ACK")
    assert web.words(again) == expected("nat", "from the host, chains behind: ACK")


def test_hairpin(web: Web) -> None:
    """The container asks the host's published port and reaches itself."""
    asks, answers = xrayed(lambda: fetch(web.place, "172.17.0.1", 8080)).journeys[:2]
    assert web.words(asks) == expected("nat", "hairpin: SYN")
    assert web.words(answers) == expected("nat", "hairpin: SYN-ACK")
    assert answers.answers == asks.number


def test_the_way_out(web: Web) -> None:
    x = xrayed(lambda: web.place.ping(OUTSIDER))
    request, reply = only(x.journeys, "ICMP", "echo request"), only(x.journeys, "ICMP", "echo reply")
    assert web.words(request) == expected("nat", "the way out: request")
    assert web.words(reply) == expected("nat", "the way out: reply")
    assert reply.answers == request.number


def test_an_answer_that_a_rule_writes_is_one_packet_though_the_connection_is_forgotten(web: Web) -> None:
    assert web.place
    nk.host.run("iptables -I FORWARD -p tcp --dport 80 -j REJECT --reject-with tcp-reset")

    def ask() -> None:
        with pytest.raises(ConnectionRefusedError):
            fetch(outsider(), "192.168.7.1", 8080)

    resets = [each for each in xrayed(ask).journeys if "RST" in each.what]
    assert [each.delivered for each in resets] == [True]
    assert resets[0].hops[-2].where == "outsider:eth0"
    nk.host.run("iptables -D FORWARD -p tcp --dport 80 -j REJECT --reject-with tcp-reset")


def test_the_host_is_no_router(web: Web) -> None:
    """Its rule has translated the packet, which is for somebody else then, and no further hook sees it."""
    assert web.port
    nk.host.sysctl("net.ipv4.ip_forward", 0)

    def ask() -> None:
        with pytest.raises(OSError, match="timed out"):
            fetch(outsider(), "192.168.7.1", 8080, timeout=0.2)

    asks = xrayed(ask).find("tcp")[0]
    assert (asks.delivered, asks.end) == (False, "host does not forward it: net.ipv4.ip_forward is 0 there")
    prerouting = asks.hops[-1]
    translated = ["destination address 192.168.7.1 → 172.17.0.2 (DNAT)", "destination port 8080 → 80 (DNAT)"]
    assert (prerouting.hook, prerouting.changed) == ("prerouting", translated)


RESET = "FORWARD -p tcp --dport 80 -j REJECT --reject-with tcp-reset"


def refused(place: str, address: str, port: int) -> list[Journey]:
    """The packets of a connection that is refused."""

    def ask() -> None:
        with pytest.raises(ConnectionRefusedError):
            fetch(nk.Namespace.get(place), address, port)

    return [journey for journey in xrayed(ask).journeys if journey.protocol == "TCP"]


@pytest.mark.usefixtures("fresh")
class TestTheResetOfARule:
    """No rule of NAT that it meets does anything to it: it belongs to the connection that it ends."""

    def test_has_the_published_address_since_the_translation_of_the_question_is_undone(self) -> None:
        for line in (*TRANSLATED, f"ip netns exec gw iptables -A {RESET}"):
            nk.sh(line)
        asked, reset = refused("out", "10.23.0.1", 8080)
        assert asked.end.startswith("rejected in gw by filter FORWARD")
        assert (reset.source, reset.delivered) == ("10.22.0.11", True)
        (hop,) = [hop for hop in reset.hops if hop.hook == "postrouting"]
        assert hop.changed[:2] == [
            "source address 10.22.0.11 → 10.23.0.1 (destination NAT undone by conntrack)",
            "source port 80 → 8080 (destination NAT undone by conntrack)",
        ]
        assert hop.decided.startswith("The conntrack entry of the connection translates the packet")
        assert "MASQUERADE` lets the packet pass" in hop.decided
        assert any("--to-destination" in str(record) for record in hop.evidence)

    def test_keeps_its_address_where_the_question_had_it(self) -> None:
        for line in (
            *ROUTED,
            f"ip netns exec r1 iptables -A {RESET}",
            "ip netns exec r1 iptables -t nat -A POSTROUTING -j SNAT --to-source 10.20.9.9",
        ):
            nk.sh(line)
        _, reset = refused("a", "10.20.3.2", 80)
        (hop,) = [hop for hop in reset.hops if hop.hook == "postrouting"]
        assert hop.changed == []
        assert hop.decided.endswith("--to-source 10.20.9.9` lets the packet pass.")
        assert reset.source == "10.20.3.2"
