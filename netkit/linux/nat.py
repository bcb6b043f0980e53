"""Change the packet filter and address translation, by iptables (iptables(8)): one call is one act."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.linux.run import checked

if TYPE_CHECKING:
    from collections.abc import Sequence

_SECONDS_FOR_THE_LOCK = "5"


def iptables(path: str, arguments: Sequence[str]) -> str:
    """`iptables ARGUMENTS` in a namespace.

    Args:
        path: a file that opens the namespace.
        arguments: what stands behind `iptables`.

    Returns:
        What it printed: for `-L` and `-S` the rules.

    Raises:
        KernelRefused: with its own complaint.
        ProgramMissing: iptables is not installed.
    """
    return checked(path, ["iptables", "-w", _SECONDS_FOR_THE_LOCK, *arguments])
