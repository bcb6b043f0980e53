"""Knows the shell commands that make what a snapshot holds as lines of iproute2's programs, and what none can make."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from netkit.model.further import GROUPS, LABELS, MISSING, TOKENS, VLANS, beside_usual
from netkit.shell import in_namespace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netkit.model import Namespace


def sundries(space: Namespace) -> Iterator[str]:
    """The commands that make VLANs of ports, groups that were led to one, tokens and labels of IPv6.

    Args:
        space: the namespace, whose links, bridges' ports among them, are there by then.
    """
    lines = beside_usual(space)
    for command, line in sorted(lines, key=lambda each: not each[1].endswith(MISSING)):  # what is taken away, first
        if command in _MADE:
            yield in_namespace(
                space.name, "", _MADE[command](space, line.removesuffix(MISSING), line.endswith(MISSING))
            )


def unmade(space: Namespace) -> Iterator[str]:
    """What no command makes again, a sentence each: the keys of IPsec are in no snapshot.

    Args:
        space: the namespace.
    """
    yield from (f"in {space.name}, {command}: {line}" for command, line in space.further if command not in _MADE)


def _vlan(space: Namespace, line: str, missing: bool) -> str:  # noqa: FBT001  (what each of the table gets)
    device, vlan, *words = line.split()
    own = " self" if space.interfaces[device].kind == "bridge" else ""
    act = "del" if missing else "add"
    return " ".join(["bridge vlan", act, f"dev {quote(device)} vid {vlan}", *([] if missing else words)]) + own


def _group(_: Namespace, line: str, __: bool) -> str:  # noqa: FBT001
    _, bridge, _, port, _, group, *inside = line.split()
    words = [f"bridge mdb add dev {quote(bridge)} port {quote(port)} grp {group}", *inside, "permanent"]
    return " ".join(words)


def _token(_: Namespace, line: str, __: bool) -> str:  # noqa: FBT001
    token, _, device = line.split()
    return f"ip token set {token} dev {quote(device)}"


def _label(_: Namespace, line: str, missing: bool) -> str:  # noqa: FBT001
    _, prefix, _, label = line.split()
    return f"ip addrlabel {'del' if missing else 'add'} prefix {prefix} label {label}"


_MADE = {VLANS: _vlan, GROUPS: _group, TOKENS: _token, LABELS: _label}
