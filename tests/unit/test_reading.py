"""Rules as they are read: iptables' and nft's words become conditions, a target and its options."""

from __future__ import annotations

import pytest

from netkit.model import Rule
from netkit.model.reading import Match


def iptables(text: str) -> Rule:
    return Rule("iptables", "filter", "FORWARD", text)


def listed(text: str) -> Rule:
    return Rule("nft", "inet mine", "forward", text)


def test_a_rule_of_iptables() -> None:
    rule = iptables("-A FORWARD ! -i br0 -p tcp -m tcp --dport 80:90 -j DNAT --to-destination 10.0.0.2:80 --random")
    assert rule.matches == (
        Match("-i", ("br0",), negated=True), Match("-p", ("tcp",)), Match("-m", ("tcp",)), Match("--dport", ("80:90",)),
    )  # fmt: skip
    assert (rule.target, rule.goto, rule.option("--to-destination")) == ("DNAT", False, "10.0.0.2:80")
    assert rule.options == (("--to-destination", "10.0.0.2:80"), ("--random",))


def test_what_a_rule_asks_for() -> None:
    rule = iptables("-A FORWARD ! -s 10.0.0.0/8 -d 10.0.0.2/32 -m set --match-set mine src,dst -j DROP")
    assert (rule.asks("-s"), rule.asks("-d"), rule.asks("--match-set")) == ("", "10.0.0.2/32", "mine src,dst")


def test_a_comment_says_nothing_whatever_it_says() -> None:
    rule = iptables('-A FORWARD -m comment --comment "-j DROP it" -g MINE')
    assert (rule.target, rule.goto, rule.matches) == ("MINE", True, (Match("-m", ("comment",)),))
    assert iptables("-A FORWARD -m comment --comment -j -j ACCEPT").target == "ACCEPT"


def test_long_options_are_their_short_forms() -> None:
    assert iptables("-A FORWARD --source 10.0.0.1 --jump DROP").matches == (Match("-s", ("10.0.0.1",)),)


def test_a_quote_that_is_left_open() -> None:
    assert iptables('-A FORWARD -m comment --comment "open -j DROP').target == "DROP"


@pytest.mark.parametrize(
    ("rule", "kind", "policy", "hook"),
    [
        (iptables("-P FORWARD DROP"), "policy", "DROP", ""),
        (iptables("-N DOCKER"), "chain", "", ""),
        (iptables("-A FORWARD -j DROP"), "rule", "", ""),
        (listed("type filter hook forward priority filter; policy drop;"), "base", "drop", "forward"),
        (listed("type nat hook postrouting priority srcnat;"), "base", "", "postrouting"),
        (listed("tcp dport 80 drop"), "rule", "", ""),
    ],
)
def test_what_a_line_is(rule: Rule, kind: str, policy: str, hook: str) -> None:
    assert (rule.kind, rule.policy, rule.hook) == (kind, policy, hook)


def test_a_rule_of_nft() -> None:
    rule = listed('iifname != "br0" tcp dport { 80, 443 } counter dnat ip to 10.0.0.2:80')
    assert rule.matches == (Match("iifname", ("br0",), negated=True), Match("tcp dport", ("{", "80,", "443", "}")))
    assert (rule.matches[1].value, rule.matches[1].values) == ("{ 80, 443 }", ["80", "443"])
    assert (rule.target, rule.option("to")) == ("dnat", "10.0.0.2:80")


def test_what_iptables_has_an_option_for_is_asked_for_by_it() -> None:
    rule = listed('iif "br0" ip saddr != 10.0.0.0/8 ip6 daddr fd00::1 drop')
    assert [match.option for match in rule.matches] == ["-i", "-s", "-d"]
    assert (rule.asks("-i"), rule.asks("iif"), rule.asks("-s"), rule.asks("-d")) == ("br0", "br0", "", "fd00::1")


def test_what_is_not_known_of_nft_is_a_condition_of_which_nobody_knows_more() -> None:
    rule = listed("meta mark 0x1 jump other")
    assert rule.matches == (Match("meta"), Match("mark"), Match("0x1"))
    assert rule.target == "other"
