"""What a rule of nft does with a packet where something is unknown or missing, from values by hand."""

from __future__ import annotations

from typing import Any

import pytest

from netkit.diagnosis.matching import Passing
from netkit.diagnosis.packet import Packet
from netkit.diagnosis.packetfilter import at_hook
from netkit.model import Namespace, Rule

TCP = Passing(Packet("172.17.0.2", "10.0.0.1", "tcp", 40000, 80), "docker0", "eth0")
DROP: dict[str, Any] = {"drop": None}
ACCEPT: dict[str, Any] = {"accept": None}
LIMIT = {"limit": {"rate": 10, "per": "second"}}
EXTENSION = {"xt": {"type": "match", "name": "string"}}
STRANGE = {"match": {"op": "==", "left": {"rt": {"key": "classid"}}, "right": 7}}

ODD = {"match": {"op": "<", "left": {"meta": {"key": "l4proto"}}, "right": {"concat": [1, 2]}}}


def port(number: int) -> dict[str, Any]:
    left = {"payload": {"protocol": "tcp", "field": "dport"}}
    return {"match": {"op": "==", "left": left, "right": number}}


def verdict(*expressions: list[dict[str, Any]], policy: str = "accept", kind: str = "filter", **more: Any) -> Any:
    """What a base chain does, whose rules have these expressions."""
    hook = more.pop("hook", "forward")
    where = {"family": "inet", "table": "guard"}
    head = {**where, "name": "way", "hook": hook, "prio": 0, "type": kind, "policy": policy}
    rules = [
        {"rule": {**where, "chain": "way", "handle": number, "expr": expr}}
        for number, expr in enumerate(expressions, 2)
    ]
    texts = [Rule("nft", "inet guard", "way", f"rule {number}", handle=number) for number in range(2, len(rules) + 2)]
    base = Rule("nft", "inet guard", "way", f"type {kind} hook {hook} priority 0; policy {policy};")
    return at_hook(Namespace("host", rules=(base, *texts)), hook.upper(), TCP, ({"chain": head}, *rules))


def test_the_rule_that_drops_is_told_in_the_words_of_nft() -> None:
    dropped = verdict([port(81), DROP], [port(80), DROP])
    assert (dropped.dropped, dropped.rule.text) == (True, "rule 3")


def test_a_policy_drops_what_no_rule_accepts() -> None:
    dropped = verdict([port(81), ACCEPT], policy="drop")
    assert dropped.rule.policy == "drop"
    assert not verdict([port(80), ACCEPT], [DROP], policy="drop").dropped


SYN_ACK = {"|": [{"|": ["syn", "ack"]}, "rst"]}


@pytest.mark.parametrize("both", [["syn", "ack"], {"|": ["syn", "ack"]}, SYN_ACK], ids=["1.0", "1.1", "nested"])
@pytest.mark.parametrize(("asked", "dropped"), [("syn", True), ("ack", False), ({"|": ["syn", "ack"]}, False)])
def test_flags_are_masked_as_each_release_of_nft_lists_them(both: object, asked: object, *, dropped: bool) -> None:
    flags = {"payload": {"protocol": "tcp", "field": "flags"}}
    found = verdict([{"match": {"op": "==", "left": {"&": [flags, both]}, "right": asked}}, DROP])
    assert (found.dropped, found.doubts) == (dropped, ())


@pytest.mark.parametrize("unknown", [LIMIT, EXTENSION, STRANGE, ODD], ids=["limit", "xt", "rt", "odd"])
def test_what_nobody_knows_is_a_doubt(unknown: dict[str, Any]) -> None:
    assert verdict([unknown, DROP]).doubts
    assert not verdict([unknown, DROP]).dropped
    assert verdict([unknown, ACCEPT], policy="drop").doubts
    assert verdict([port(80), DROP], [unknown, ACCEPT]).dropped
    assert not verdict([port(81), unknown, DROP]).doubts
    assert not verdict([unknown, {"counter": {"packets": 0, "bytes": 0}}]).doubts


def test_a_map_of_verdicts_by_a_key_that_nobody_knows() -> None:
    number = {"numgen": {"mode": "random", "mod": 2}}
    said = verdict([{"vmap": {"key": number, "data": {"set": [[0, DROP], [1, ACCEPT]]}}}])
    assert (said.dropped, bool(said.doubts)) == (False, True)


def test_a_bare_redirect_and_a_map_of_addresses() -> None:
    key = {"payload": {"protocol": "tcp", "field": "dport"}}
    aim = {"map": {"key": key, "data": {"set": [[8080, "10.9.3.7"], [80, "10.9.3.8"]]}}}
    led = verdict([{"dnat": {"addr": aim}}], kind="nat", hook="prerouting")
    assert led.packet.destination == "10.9.3.8"
    assert not verdict([{"redirect": None}], kind="nat", hook="prerouting").dropped
