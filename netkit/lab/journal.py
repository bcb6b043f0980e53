"""The journal (`nk.commands`, `nk.echo`): each act's `$ command` is shown, done, written down, explained if refused."""

from __future__ import annotations

import errno
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from netkit import sandbox
from netkit.errors import AlreadyExists, InvalidValue, KernelRefused
from netkit.face import face
from netkit.files import replacing
from netkit.kinds import File, Flag
from netkit.linux.events import settle
from netkit.visible import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from netkit.model import Snapshot

Result = TypeVar("Result")

_HEAD = ("#!/bin/sh", "# Rebuilds this network, command by command, in a fresh sandbox.")
_ALL_OF_IT = '# nk.save("mine") makes a script that has it, from what the kernel shows.'
_lines: list[str] = []
_shown = True
_acted = False
_beginning: Snapshot | None = None

_REMEDIES = {
    errno.EBUSY: "Something else uses it: look with nk.draw()",
    errno.ENETUNREACH: "Give an interface an address in the router's network, and switch it up, first",
    errno.EHOSTUNREACH: "Give an interface an address in the router's network, and switch it up, first",
    errno.ENETDOWN: "Switch the interface up first: .up()",
    errno.ELOOP: "A bridge cannot be its own port, not even by way of others",
    errno.EXFULL: "A bridge has at most 1023 ports: make a second one",
    errno.ESRCH: "Look which routes there are: .run('ip route')",
    errno.EADDRNOTAVAIL: "Look which addresses there are: .addresses",
    errno.EOPNOTSUPP: "This interface cannot do that, or this kernel lacks it: `netkit doctor` tells",
    errno.ENOENT: "Look which entries there are: .fdb of a VXLAN device, .run('ip neigh') of a namespace",
    errno.EAFNOSUPPORT: "The two ends of a tunnel are both IPv4 or both IPv6",
    errno.EPERM: "The sandbox has no right to do that: `netkit doctor` tells what it may",
}


class Script(str):
    """The journal as a shell script; a notebook shows it as it is, without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return visible(self).rstrip("\n")

    @face
    def save(self, path: File) -> None:
        """Write it to a file, which `netkit run -- sh FILE` carries out in a fresh sandbox.

        Args:
            path: of the file.

        Raises:
            InvalidValue: the file cannot be written there.
        """
        with replacing(path, "the script", InvalidValue) as file:
            file.write(self.encode())


def perform(
    command: str,
    act: Callable[[], Result],
    *,
    taken: str | Callable[[], str] = "",
    succeeded: Callable[[Result], bool] | None = None,
) -> Result:
    """Show a command, do what it does, and write it down.

    Args:
        command: what one would type in a shell of the host.
        act: does the same.
        taken: what to say when the kernel answers that it is there already, or a function that finds out.
        succeeded: whether the result is a success, which belongs in the journal; every one without it.

    Returns:
        What `act` returned.

    Raises:
        KernelRefused: the kernel's reason, with a remedy where one is known.
        AlreadyExists: it is there already.
        NotInSandbox: this process is not in the sandbox.
    """
    global _acted  # noqa: PLW0603  (one kernel, one state)
    in_sandbox()
    show(command)
    _acted = True
    try:
        result = act()
    except KernelRefused as error:
        raise _explained(command, error, taken() if callable(taken) else taken) from None
    if succeeded is None or succeeded(result):
        _lines.append(command)
    return result


def perform_all(commands: Sequence[str], act: Callable[[], list[bool]]) -> None:
    """Show commands, do what they do by one act, and write those down that succeeded.

    Args:
        commands: what one would type in a shell of the host.
        act: does the same; returns for each whether it succeeded.

    Raises:
        KernelRefused: the kernel's reason, with a remedy where one is known.
        NotInSandbox: this process is not in the sandbox.
    """
    *before, last = commands
    for command in before:
        show(command)
    done = perform(last, act, succeeded=lambda done: done[-1])
    place = len(_lines) - done[-1]
    _lines[place:place] = [command for command, went in zip(before, done, strict=False) if went]


@cache
def in_sandbox() -> None:
    """Make sure that this process is in the sandbox, which it cannot leave: once it is seen there, it stays there.

    Raises:
        NotInSandbox: it is not.
    """
    sandbox.require_sandbox()


require_sandbox = face(sandbox.require_sandbox)


def note(line: str) -> None:
    """Write down a line that only the script needs, such as one that waits."""
    _lines.append(line)


def begin_anew(state: Snapshot | None = None) -> None:
    """Forget what was written down: the network is empty again, or one that the learner did not make.

    Args:
        state: the network; None for an empty one.
    """
    global _beginning  # noqa: PLW0603  (one notebook, one network)
    _lines.clear()
    _beginning = state


def beginning() -> Snapshot | None:
    """The network that the learner was given at the last beginning, None for an empty one."""
    return _beginning


def look() -> None:
    """Let the kernel draw its conclusions from the last acts, so that a look sees what they lead to."""
    global _acted  # noqa: PLW0603  (one kernel, one state)
    if _acted:
        settle.wait()
        _acted = False


def show(command: str) -> None:
    """Print a command as `$ command`, unless echo is off."""
    if _shown:
        print(f"$ {visible(command)}")  # noqa: T201  (the learner is to see it)


@face
def echo(on: Flag = True) -> None:  # noqa: FBT002  (a switch that reads well: nk.echo(False))
    """Show each act's command, or stop showing it; the journal is kept all the same.

    Args:
        on: True shows, False is silent.

    Raises:
        InvalidValue: it is neither.

    Example:
        >>> echo(False)
        >>> echo()
    """
    global _shown  # noqa: PLW0603  (one notebook, one switch)
    _shown = on


@face
def commands() -> Script:
    """A shell script that rebuilds this very network in a fresh sandbox: the journal.

    Where something is there that no command of the journal mentions, since it was made otherwise, the script is made
    from what the kernel shows, as `nk.save` does.

    Returns:
        Text, one command in a line, in the order of the acts that succeeded. A comment names what was made otherwise;
        if the kernel does not show all that a script needs, such as programs, the journal stays, and a comment at its
        end says what it lacks.

    Example:
        >>> print(commands().splitlines()[0])
        #!/bin/sh
    """
    return (_lines and sandbox.inside() and _made_otherwise()) or Script("\n".join((*_HEAD, *_lines)) + "\n")


def _made_otherwise() -> Script | None:
    """The script where acts alone did not make what is there; None where they did."""
    from netkit.lab.outside import undone, unmentioned
    from netkit.linux.looks import observe
    from netkit.rebuilding import rebuilding

    seen = observe.snapshot()
    lacking = list(dict.fromkeys(unmentioned(seen, _lines, _beginning)))
    other = list(dict.fromkeys(undone(seen, _lines)))
    if not lacking and not other:
        return None
    told = rebuilding(seen)
    if told.missing:
        lacks = [*(f"# It lacks {what}." for what in lacking), *(f"# It has {what} now." for what in other)]
        return Script("\n".join((*_HEAD, *_lines, *lacks, _ALL_OF_IT)) + "\n")
    first, *rest = str(told).splitlines()
    why = [f"# No act of netkit made {what}." for what in lacking]
    why += [f"# Acts of netkit made {what} now." for what in other]
    return Script("\n".join((first, *why, *rest)) + "\n")


def _explained(command: str, error: KernelRefused, taken: str) -> KernelRefused | AlreadyExists:
    if error.errno == errno.EEXIST and taken:
        return AlreadyExists(taken, "each can be there once", "Take another, or use the one that is there")
    reason = f"the kernel says: {error.rule}" if error.errno else error.rule
    remedy = error.remedy or _REMEDIES.get(error.errno, "Look at what is there: nk.draw(), or the handle's .state")
    return KernelRefused(f"`{command}` was refused", reason, remedy, errno=error.errno)
