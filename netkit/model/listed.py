"""What `bridge vlan`, `bridge mdb`, `ip token`, `ip addrlabel` and `ip xfrm` list: a value for each thing."""

from __future__ import annotations

from dataclasses import dataclass

VLANS, GROUPS, TOKENS, LABELS = "bridge vlan", "bridge mdb", "ip token", "ip addrlabel"
POLICIES, STATES = "ip xfrm policy", "ip xfrm state"
"""The commands that list them."""


@dataclass(frozen=True, order=True)
class Listed:
    """One thing that a command lists.

    Attributes:
        command: that lists it: "bridge vlan".
        words: what that says, a pair for each of its words: (("dev", "veth1"), ("vid", "20"), ("pvid", "")).
        missing: whether it is not there, though each namespace or port begins with it.

    Example:
        >>> print(Listed("bridge vlan", (("dev", "veth1"), ("vid", "1"), ("pvid", "")), missing=True))
        dev veth1 vid 1 pvid is missing
    """

    command: str
    words: tuple[tuple[str, str], ...]
    missing: bool = False

    def __str__(self) -> str:
        return self.typed + " is missing" * self.missing

    @property
    def typed(self) -> str:
        """Its words as one types them."""
        return " ".join(word for pair in self.words for word in pair if word)

    def word(self, key: str) -> str:
        """What stands behind a word; "" where nothing does."""
        return dict(self.words).get(key, "")


def in_vlan(port: str, vlan: int | str, *, own: bool = False, untagged: bool = False) -> Listed:
    """A port, or a bridge itself, in a VLAN.

    Args:
        port: the interface.
        vlan: the VLAN's number.
        own: whether frames that come in without a tag are of it (pvid).
        untagged: whether its frames leave without a tag.
    """
    flags = (*((("pvid", ""),) * own), *((("untagged", ""),) * untagged))
    return Listed(VLANS, (("dev", port), ("vid", str(vlan)), *flags))
