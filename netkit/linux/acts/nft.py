"""Change tables of nftables, many lines in one transaction (`nft -f -`); why a kernel has none for IP (nft(8))."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.errors import KernelRefused, ProgramMissing
from netkit.linux.entering import HOST_PATH
from netkit.linux.run import run

if TYPE_CHECKING:
    from collections.abc import Sequence

_MISSING = "Operation not supported"
_WITHOUT = "This kernel may lack nf_tables for IP, as that of NETKIT_WORLD=uml does: try nk.Docker(like='29')"


def obstacle() -> str:
    """Why there are no tables of nftables for IP on the host, in one sentence; empty if there are: nft is asked."""
    try:
        tried = run(HOST_PATH, ["nft", "--check", "add table ip netkit_probe"])
    except ProgramMissing as error:
        return str(error)
    if tried.returncode:
        return "this kernel has no nf_tables for IP, as that of NETKIT_WORLD=uml has none."
    return ""


def change(path: str, lines: Sequence[str]) -> None:
    """`nft LINE` for each, by one program and in one transaction: `nft -f -`.

    Args:
        path: a file that opens the namespace.
        lines: what stands behind `nft`: "add rule ip docker-bridges raw-PREROUTING …".

    Raises:
        KernelRefused: with its own complaint; nothing has changed then.
        ProgramMissing: nft is not installed.
    """
    outcome = run(path, ["nft", "-f", "-"], given="".join(f"{line}\n" for line in lines))
    if outcome.returncode:
        said = [line.partition("Error: ")[2] for line in outcome.stderr.splitlines() if "Error: " in line]
        rule = said[0] if said else f"exit status {outcome.returncode}"
        remedy = _WITHOUT if _MISSING in rule else ""
        raise KernelRefused("`nft -f -` failed", rule, remedy)


def take_away(path: str, lines: Sequence[str]) -> list[bool]:
    """The same for what somebody may have taken away, or uses: the others go all the same.

    Args:
        path: a file that opens the namespace.
        lines: as for `change`, "delete chain ip docker-bridges …".

    Returns:
        Which of them went.
    """
    try:
        change(path, lines)
    except KernelRefused:
        return [_goes(path, line) for line in lines]
    return [True] * len(lines)


def _goes(path: str, line: str) -> bool:
    try:
        change(path, [line])
    except KernelRefused:
        return False
    return True
