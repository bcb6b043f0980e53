"""What each generation writes, rule for rule and in order, beside what the Engine wrote that has it.

The files in `rules` are what Engines told: `iptables -S` and `nft list table ip docker-bridges`, with docker-proxy
and without. `pytest -m engines` runs them again. 26.1.5 wrote what 20.10.24 does.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from netkit.docker.generations.releases import GENERATIONS
from netkit.docker.generations.values import How
from tests.scenes import OF_MODES, SCENES, played, told

RULES = Path(__file__).parent / "rules"
CASES = [
    (name, proxy, scene)
    for name in ("20.10", "28", "29", "29-nft")
    for proxy in ("off", "on")
    for scene in SCENES
    if not (name == "20.10" and scene in OF_MODES) and (name, proxy, scene) != ("29-nft", "off", "many ports")
] + [("netavark", "off", scene) for scene in ("port", "networks")]
"""Docker 29.1 by nftables refuses two ports that lead to the same one of a container where no docker-proxy runs."""


@pytest.mark.parametrize(("name", "proxy", "scene"), CASES, ids=map(" ".join, CASES))
def test_a_generation_writes_what_its_engine_wrote(name: str, proxy: str, scene: str) -> None:
    engine = told((RULES / f"{name}-proxy-{proxy}.txt").read_text(encoding="utf-8"))[scene]
    assert played(GENERATIONS[name], How(proxy=proxy == "on"), scene) == engine


SENTENCES = {
    ("29", "on", "port"): ({"nat OUTPUT": ["! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER"]}, ()),
    ("29", "off", "port"): (
        {
            "nat OUTPUT": ["-m addrtype --dst-type LOCAL -j DOCKER"],
            "nat POSTROUTING": [
                "-o docker0 -m addrtype --src-type LOCAL -j MASQUERADE",
                "-s 172.17.0.2/32 -d 172.17.0.2/32 -p tcp -m tcp --dport 80 -j MASQUERADE",
            ],
            "nat DOCKER": ["-p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80"],
        },
        (),
    ),
    ("29", "on", "icc off"): (
        {"filter DOCKER-FORWARD": ["-i br-net1 -o br-net1 -j DROP", "-i br-net1 ! -o br-net1 -j ACCEPT"]},
        ("-i br-net1 -j ACCEPT",),
    ),
    ("29", "on", "routed"): (
        {"filter DOCKER": ["-o br-net1 -p icmp -j ACCEPT", "! -i br-net1 -o br-net1 -j DROP"]},
        ("172.18.0.2/32 ! -i br-net1 -j DROP", "172.18.0.0/16", "DNAT"),
    ),
    ("29", "on", "nat-unprotected"): (
        {"filter DOCKER": ["! -i br-net1 -o br-net1 -j ACCEPT"]},
        ("-d 172.18.0.2/32 ! -i br-net1",),
    ),
    ("29", "on", "networks"): (
        {"raw PREROUTING": ["-d 127.0.0.1/32 ! -i lo -p tcp -m tcp --dport 9090 -j DROP"]},
        ("ISOLATION", "-j RETURN"),
    ),
    ("29-nft", "on", "networks"): (
        {
            "ip docker-bridges filter-forward-in__br-net2": [
                "ct state established,related counter accept",
                'iifname "br-net2" counter accept comment "ICC"',
                "ip daddr 172.19.0.2 tcp dport 80 counter accept",
                'counter drop comment "UNPUBLISHED PORT DROP"',
            ],
            "ip docker-bridges filter-forward-out__br-net2": [
                "ct state established,related counter accept",
                'counter accept comment "OUTGOING"',
            ],
            "ip docker-bridges nat-postrouting-out__br-net2": [
                'oifname != "br-net2" ip saddr 172.19.0.0/16 counter masquerade comment "MASQUERADE"'
            ],
            "ip docker-bridges raw-PREROUTING": [
                'ip daddr 172.18.0.2 iifname != "br-net1" counter drop comment "DROP DIRECT ACCESS"',
                'ip daddr 172.19.0.2 iifname != "br-net2" counter drop comment "DROP DIRECT ACCESS"',
                'iifname != "lo" ip daddr 127.0.0.1 tcp dport 9090 counter drop comment "DROP REMOTE LOOPBACK"',
            ],
            "ip docker-bridges filter-forward-in__br-int": [
                "ct state established,related counter accept",
                'iifname != "br-int" counter drop comment "INTERNAL NETWORK INGRESS"',
                'counter accept comment "ICC"',
            ],
            "ip docker-bridges filter-forward-out__br-int": [
                "ct state established,related counter accept",
                'oifname != "br-int" counter drop comment "INTERNAL NETWORK EGRESS"',
            ],
        },
        ("saddr 172.30.0.0/16",),
    ),
    ("29-nft", "off", "port"): (
        {
            "ip docker-bridges nat-OUTPUT": ["fib daddr type local counter jump nat-prerouting-and-output"],
            "ip docker-bridges nat-prerouting-and-output": [
                'tcp dport 8080 counter dnat to 172.17.0.2:80 comment "DNAT"'
            ],
            "ip docker-bridges nat-postrouting-in__docker0": [
                'fib saddr type local counter masquerade comment "MASQUERADE FROM HOST"',
                'ip saddr 172.17.0.2 ip daddr 172.17.0.2 tcp dport 80 counter masquerade comment "MASQ TO OWN PORT"',
            ],
        },
        (),
    ),
}
"""What is said of releases in words: which rules stand in a chain, in this order, and which words nowhere."""


@pytest.mark.parametrize("told_of", SENTENCES, ids=" ".join)
def test_what_is_said_of_a_release_in_words_holds(told_of: tuple[str, str, str]) -> None:
    name, proxy, scene = told_of
    has, lacks = SENTENCES[told_of]
    rules = played(GENERATIONS[name], How(proxy=proxy == "on"), scene)
    for chain, wanted in has.items():
        assert [rule for rule in rules[chain] if rule in wanted] == wanted, chain
    assert not [rule for own in rules.values() for rule in own for words in lacks if words in rule]


def test_every_scene_is_told_that_is_asked_for() -> None:
    files = {file.stem: set(told(file.read_text(encoding="utf-8"))) for file in RULES.glob("*.txt")}
    asked = {(f"{name}-proxy-{proxy}", scene) for name, proxy, scene in CASES}
    assert {(file, scene) for file, scenes in files.items() for scene in scenes} == asked
