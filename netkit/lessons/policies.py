"""What can be wanted of the host's packet filter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netkit.lessons.task import Found, Hints
from netkit.model import HOST

if TYPE_CHECKING:
    from netkit.model import Snapshot


@dataclass(frozen=True)
class Policy:
    """What no rule of a chain decides is accepted, or dropped."""

    chain: str
    verdict: str
    needs_traffic = False

    @property
    def text(self) -> str:
        """The property, as a sentence."""
        return f"what no rule of {self.chain} decides gets the verdict {self.verdict}"

    def found(self, world: Snapshot) -> Found:
        """Whether a network has it: iptables writes a policy down once it is not ACCEPT."""
        rules = [rule for rule in world[HOST].rules if (rule.tool, rule.table) == ("iptables", "filter")]
        there = next((rule.policy for rule in rules if rule.kind == "policy" and rule.chain == self.chain), "ACCEPT")
        return Found(there == self.verdict, f"the policy is {there}")

    def hints(self, _world: Snapshot) -> Hints:
        """Help for a network that does not have it."""
        return Hints(
            f"What becomes of a packet that no rule of {self.chain} fits? Look: iptables -S {self.chain}",
            "The policy is the last word of a chain: `iptables -P CHAIN VERDICT`, or nk.host.set_policy(…)",
            f"iptables -P {self.chain} {self.verdict}",
        )
