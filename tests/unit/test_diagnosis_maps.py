"""Which element of a verdict map is missing, from values by hand."""

from __future__ import annotations

from typing import Any

import pytest

from netkit.diagnosis import mapped
from netkit.diagnosis.findings import World
from netkit.diagnosis.matching import Passing
from netkit.diagnosis.packet import Packet
from netkit.diagnosis.questions import RulesetQuestion
from netkit.model import Namespace, Rule, Snapshot

TABLE = {"family": "ip", "table": "t"}
TCP = Passing(Packet("10.0.0.9", "172.17.0.2", "tcp", 40000, 80), "eth0", "docker0")
ADD = 'nft \'add element ip t jumps { "docker0" : jump '


def world(elements: list[Any], **chains: list[dict[str, Any]]) -> World:
    """A host whose forwarded packets are looked up in a map by the interface that they leave by."""
    looked = {"vmap": {"key": {"meta": {"key": "oifname"}}, "data": "@jumps"}}
    ruled = {"way": [looked], **chains}
    head = {"name": "way", "hook": "forward", "prio": 0, "type": "filter", "policy": "accept"}
    said: list[dict[str, Any]] = [
        {"map": {**TABLE, "name": "jumps", "type": "ifname", "map": "verdict", "elem": elements}},
        {"chain": {**TABLE, **head}},
    ]
    said += [{"chain": {**TABLE, "name": name}} for name in chains]
    texts = [Rule("nft", "ip t", "way", "type filter hook forward priority 0; policy accept;")]
    for number, (name, statements) in enumerate(ruled.items(), 1):
        said.append({"rule": {**TABLE, "chain": name, "handle": number, "expr": statements}})
        texts.append(Rule("nft", "ip t", name, f"rule {number}", handle=number))
    host = Namespace("host", rules=tuple(texts))
    return World(Snapshot({"host": host}), facts={RulesetQuestion("host"): tuple(said)})


def advised(host: World) -> list[str]:
    return mapped.lines(host, "host", "FORWARD", TCP, lambda verdict: not verdict.dropped)


def jump(chain: str) -> dict[str, Any]:
    return {"jump": {"target": chain}}


def test_what_sends_a_packet_nowhere_is_replaced() -> None:
    host = world([["docker0", {"drop": None}]], into=[{"accept": None}], closed=[{"drop": None}])
    assert advised(host) == ["nft 'delete element ip t jumps { \"docker0\" }'", ADD + "into }'"]


def test_a_chain_that_something_leads_to_is_not_meant() -> None:
    host = world([["docker0", {"drop": None}], ["br0", jump("into")]], into=[{"accept": None}])
    assert advised(host) == []


@pytest.mark.parametrize(("other", "chosen"), [("into__docker0", "into__docker0"), ("also", "")])
def test_of_several_the_one_called_after_the_key_is_meant(other: str, chosen: str) -> None:
    host = world([], into=[{"accept": None}], **{other: [{"accept": None}]})
    assert advised(host) == ([f"{ADD}{chosen} }}'"] if chosen else [])
