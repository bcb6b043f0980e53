"""Change rules by iptables(8), which waits 5 s for its lock, or many at once by `iptables-restore --noflush`."""

from __future__ import annotations

import shlex
from collections import defaultdict
from typing import TYPE_CHECKING

from netkit.errors import KernelRefused
from netkit.linux.run import checked

if TYPE_CHECKING:
    from collections.abc import Sequence

_SECONDS_FOR_THE_LOCK = "5"


def iptables(path: str, arguments: Sequence[str], tool: str = "iptables") -> str:
    """`iptables ARGUMENTS` in a namespace.

    Args:
        path: a file that opens the namespace.
        arguments: what stands behind `iptables`.
        tool: "iptables", or "ip6tables" for the rules of IPv6.

    Returns:
        What it printed: for `-L` and `-S` the rules.

    Raises:
        KernelRefused: with its own complaint.
        ProgramMissing: iptables is not installed.
    """
    return checked(path, [tool, "-w", _SECONDS_FOR_THE_LOCK, *arguments])


def change(path: str, lines: Sequence[str], tool: str = "iptables") -> None:
    """`iptables LINE` for each, by one program: `iptables-restore --noflush` (iptables-restore(8)).

    Args:
        path: a file that opens the namespace.
        lines: what stands behind `iptables`, "-t nat -A POSTROUTING -j MASQUERADE"; no lists, no policies.
        tool: "iptables", or "ip6tables" for the rules of IPv6.

    Raises:
        KernelRefused: with its own complaint; of that table nothing has changed then.
        ProgramMissing: iptables is not installed.
    """
    tables: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        table, _, rest = line.removeprefix("-t ").partition(" ") if line.startswith("-t ") else ("filter", "", line)
        tables[table].append(rest)
    text = "".join(f"*{table}\n{''.join(f'{line}{chr(10)}' for line in own)}COMMIT\n" for table, own in tables.items())
    checked(path, [f"{tool}-restore", "--noflush", "-w", _SECONDS_FOR_THE_LOCK], given=text)


def take_away(path: str, lines: Sequence[str], tool: str = "iptables") -> list[bool]:
    """The same for rules and chains that somebody may have taken away, or may use: the others go all the same.

    Args:
        path: a file that opens the namespace.
        lines: as for `change`, "-D DOCKER …", "-X DOCKER".
        tool: as for `change`.

    Returns:
        Which of them went.
    """
    try:
        change(path, lines, tool)
    except KernelRefused:
        return [_goes(path, line, tool) for line in lines]
    return [True] * len(lines)


def _goes(path: str, line: str, tool: str) -> bool:
    try:
        checked(path, [tool, "-w", _SECONDS_FOR_THE_LOCK, *shlex.split(line)])
    except KernelRefused:
        return False
    return True
