"""Root's way into another user's kernel: as that user, never as root.

What runs in a sandbox is its owner's: the programs that a shell finds there first, what they do, and who may trace
them.  With root's identity a shell in there would hand that over.  So root becomes the owner with su(1), before
anything inside is looked at, and the owner's own netkit opens the shell.
"""

import os
import pwd
import shlex
import sys
from typing import NoReturn

from netkit.errors import ProgramMissing, SandboxError
from netkit.sandbox import system
from netkit.sandbox.kernels import RunningKernel


def name(kernel: RunningKernel) -> str:
    """The name of a kernel's owner, or the user id if no account has it.

    Args:
        kernel: of anybody.
    """
    try:
        return pwd.getpwuid(kernel.owner).pw_name
    except KeyError:
        return str(kernel.owner)


def command(kernel: RunningKernel) -> list[str]:
    """The command with which root opens a shell in another user's kernel.

    Args:
        kernel: of somebody with an account.
    """
    words = [kernel.interpreter, "-m", "netkit.cli", "shell", kernel.connection_file]
    # A terminal of its own, since whoever has root's could type into it; a login, which takes none of root's variables.
    return ["su", "--login", "--pty", "--shell", "/bin/sh", "--command", shlex.join(words), name(kernel)]


def become_owner(kernel: RunningKernel) -> NoReturn:
    """Become the command that opens the shell, with nothing of root's but its terminal, which su(1) keeps.

    Args:
        kernel: another user's.

    Raises:
        SandboxError: its owner has no account here.
        ProgramMissing: there is no su.
    """
    owner, words = name(kernel), command(kernel)
    if owner == str(kernel.owner):
        raise SandboxError(
            f"The kernel '{kernel.name}' belongs to the user id {owner}, which has no account here",
            "root enters a kernel as its owner only",
            "Give the id an account, or work as that user in the place where the kernel was started",
        )
    program = system.program(words[0])
    if not program:
        raise ProgramMissing("There is no su, which lets root enter as the kernel's owner", remedy="Install util-linux")
    sys.stderr.write(f"The kernel is {owner}'s, and you enter as {owner}:\n$ {shlex.join(words)}\n")
    sys.stderr.flush()
    system.close_all_but(set())
    system.leave_keys()
    os.execv(program, words)  # noqa: S606 - su starts the shell
