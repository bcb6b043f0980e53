"""What is said of the rules that a packet met at a hook."""

from __future__ import annotations

import pytest

from netkit.journey.telling import verdicts
from netkit.journey.telling.targets import translated, translating
from netkit.netfilter import TraceEvent


def event(
    hook: str, rule: str = "", verdict: str = "accept", tool: str = "iptables", table: str = "mangle"
) -> TraceEvent:
    kind = "rule" if rule else "policy"
    return TraceEvent("r1", 1, "ip", table, hook.upper(), hook, -150, kind, verdict, rule, tool)


@pytest.mark.parametrize(
    ("tool", "rule", "effect"),
    [
        ("iptables", "-A PREROUTING -p icmp -j MARK --set-xmark 0x7/0xffffffff", "marks the packet"),
        ("iptables", "-A PREROUTING -j CONNMARK --restore-mark", "sets the mark of the packet's connection, or takes"),
        ("iptables", "-A PREROUTING -j TTL --ttl-set 9", "changes the packet"),
        ("iptables", "-A PREROUTING -p tcp -j TCPMSS --clamp-mss-to-pmtu", "changes the packet"),
        ("nft", "meta l4proto icmp meta mark set 0x00000007", "marks the packet"),
        ("nft", "ct mark set meta mark", "sets the mark of the packet's connection, or takes"),
        ("nft", "ip dscp set cs1", "changes the packet"),
    ],
)
def test_rules_that_act_on_a_packet_which_goes_on(tool: str, rule: str, effect: str) -> None:
    said = verdicts.sentence([event("prerouting", rule, "continue", tool), event("prerouting")])
    assert f"the rule `{rule}` {effect}" in said
    assert said.endswith(": the policy ACCEPT lets the packet pass.")


@pytest.mark.parametrize(
    ("tool", "rule"),
    [
        ("iptables", "-A PREROUTING -p icmp"),
        ("iptables", '-A PREROUTING -m comment --comment "mark set" -j LOG'),
        ("nft", "ip protocol icmp counter packets 1 bytes 84"),
        ("nft", 'counter packets 1 bytes 84 comment "mark set"'),
    ],
)
def test_rules_that_only_count_or_note_it_are_not_told(tool: str, rule: str) -> None:
    said = verdicts.sentence([event("prerouting", rule, "continue", tool), event("prerouting")])
    assert said == "mangle PREROUTING: the policy ACCEPT lets the packet pass."


@pytest.mark.parametrize(("hook", "end"), [("prerouting", "destination"), ("postrouting", "source")])
def test_whole_networks_are_translated_by_netmap(hook: str, end: str) -> None:
    rule = event(hook, f"-A {hook.upper()} -d 10.77.0.0/24 -j NETMAP --to 10.2.0.0/24", table="nat")
    assert translated(rule) == end
    assert translating([rule], end) is rule
    assert verdicts.sentence([rule]).endswith(f"translates the {end}.")
