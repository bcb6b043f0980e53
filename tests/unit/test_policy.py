"""What refuses a packet is found as the kernel finds it: rule by rule, and in each table the most specific route."""

from __future__ import annotations

import pytest

from netkit.diagnosis import World, policy
from netkit.diagnosis.answers import PolicyRule, RouteAnswer
from netkit.diagnosis.packet import Packet
from netkit.diagnosis.questions import RouteQuestion, RulesQuestion
from netkit.model import Namespace, Route, Snapshot

MAIN = PolicyRule(4, 32766, "lookup", "main")
ROUTES = (
    Route("default", "10.0.0.1", "eth0"),
    Route("10.9.0.0/16", kind="throw"),
    Route("10.8.0.0/16", kind="blackhole", table="50"),
    Route("10.8.8.0/24", "10.0.0.2", "eth0", table="50"),
    Route("default", kind="prohibit", table="60"),
)


def refused(error: str, *rules: PolicyRule, to: str = "10.8.1.1", **asked: object) -> str:
    """What refuses: the rule's words, and the route's destination; "" where nothing is found."""
    world = World(Snapshot({"a": Namespace("a", routes=ROUTES)}), facts={RulesQuestion("a", 4): (*rules, MAIN)})
    question = RouteQuestion("a", to, **asked)  # type: ignore[arg-type]
    found = policy.refusal(world, question, RouteAnswer(error=error))
    return f"{found.rule.selector} {found.route.destination if found.route else found.rule.action}" if found else ""


LOOKUP = PolicyRule(4, 100, "lookup", "50")
CASES = {
    "a table's route": (refused("EINVAL", LOOKUP), "from all 10.8.0.0/16"),
    "a more specific route leads on": (refused("EINVAL", LOOKUP, to="10.8.8.8"), ""),
    "another refusal than the kernel's": (refused("EACCES", LOOKUP), ""),
    "throw, and no table behind": (refused("ENETUNREACH", to="10.9.9.9"), "from all 10.9.0.0/16"),
    "a mark": (
        refused("EACCES", PolicyRule(4, 9, "lookup", "60", mark=4, mask=6), mark=5),
        "from all fwmark 0x4/0x6 default",
    ),
    "another mark": (refused("EACCES", PolicyRule(4, 9, "lookup", "60", mark=4), mark=5), ""),
    "an interface": (
        refused("EACCES", PolicyRule(4, 9, "prohibit", "main", iif="eth1"), iif="eth1"),
        "from all iif eth1 prohibit",
    ),
    "the namespace's own": (
        refused("EACCES", PolicyRule(4, 9, "prohibit", "main", iif="lo")),
        "from all iif lo prohibit",
    ),
    "all but one network": (
        refused("EACCES", PolicyRule(4, 9, "prohibit", "main", source="10.1.0.0/16", inverted=True), source="10.2.0.1"),
        "not from 10.1.0.0/16 prohibit",
    ),
    "goto over a rule": (
        refused("EACCES", PolicyRule(4, 1, "goto", "main", target=200), PolicyRule(4, 100, "prohibit", "main")),
        "",
    ),
    "a suppressed default": (refused("EACCES", PolicyRule(4, 9, "lookup", "60", suppressed=0)), ""),
    "more than is known here": (refused("EACCES", PolicyRule(4, 9, "prohibit", "main", further=True)), ""),
}


@pytest.mark.parametrize("name", CASES)
def test_what_refuses(name: str) -> None:
    found, expected = CASES[name]
    assert found == expected


def test_the_kernel_is_asked_for_what_rules_look_at_and_no_more() -> None:
    packet = Packet("10.0.0.9", "10.8.1.1", "tcp", 40000, 80, mark=7)
    for rules, expected in (
        ((), "ip route get 10.8.1.1"),
        ((PolicyRule(4, 9, "lookup", "60", mark=7),), "ip route get 10.8.1.1 mark 7"),
        (
            (PolicyRule(4, 9, "lookup", "60", protocol=6),),
            "ip route get 10.8.1.1 ipproto tcp sport 40000 dport 80",
        ),
    ):
        world = World(Snapshot({"a": Namespace("a")}), facts={RulesQuestion("a", 4): rules})
        assert policy.question(world, RouteQuestion("a", "10.8.1.1"), packet).command == expected
