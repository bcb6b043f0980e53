"""What Jupyter starts: it runs an IPython kernel in a sandbox, and is the relay between the two.

Only the standard library is loaded here, and no thread is started: `system` says why.
"""

import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType

from netkit.errors import InvalidValue, NetkitError, SandboxError, SandboxUnavailable
from netkit.sandbox import inherited, limits, log, worlds
from netkit.sandbox.filesystem import CONNECTION_FILE
from netkit.sandbox.job import here, python
from netkit.sandbox.relaying.client import Heir, client, watch
from netkit.sandbox.relaying.connection import Connection, parse
from netkit.sandbox.relaying.relay import Relay
from netkit.sandbox.signals import Signals

_LOOK = 0.5
"""Seconds between two looks for the client while the sandbox is made."""

_SAFE_PATH = "PYTHONSAFEPATH"
"""Keeps the folder that a Python is started in out of what it imports (Python's "Command line and environment")."""


def main(arguments: list[str], parent: int) -> int:
    """Run a kernel in a sandbox until it ends.

    Args:
        arguments: of the kernel, `-f CONNECTION_FILE` among them.
        parent: process id of the client that started this one.

    Returns:
        The exit status: the kernel's own.
    """
    inherited.settle()
    is_wanted = watch(parent)
    try:
        connection, rest = parse(arguments)
        heir = Heir(connection, client(parent))
        relay = Relay(connection)
        connection.save()
    except (NetkitError, OSError) as error:
        return _refuse(error)
    signals = Signals()
    try:
        limits.allow_files()
        with _leaving_unless(is_wanted):
            sandbox = worlds.start(here(_kernel(rest), connection.inside()))
    except (InvalidValue, SandboxUnavailable) as error:
        relay.close()
        heir.keep()
        _fall_back(connection, error)
    except SandboxError as error:
        _note(connection, error)
        return 128 + signal.SIGKILL
    _note(connection, *sandbox.notes)
    signals.pass_to(sandbox)
    status = _carry(relay, sandbox, is_wanted)
    connection.remove()
    heir.dismiss()
    if status:
        _note(connection, f"the kernel ended with status {status}")
    return status if status >= 0 else 128 - status


def _refuse(error: NetkitError | OSError) -> int:
    """Say why there is no kernel, not even one that tells why; the exit status."""
    scarce = limits.scarce(error.errno or 0) if isinstance(error, OSError) else None
    told = f"{scarce[0]}. {scarce[1]}: {scarce[2]}" if scarce else str(error)
    log.write(f"the kernel was not started: {told}")
    sys.stderr.write(f"netkit: {told}\n")
    return 2


def _note(connection: Connection, *sentences: object) -> None:
    """Write to the log what concerns a kernel."""
    for sentence in sentences:
        log.write(f"{os.path.basename(connection.path)}: {sentence}")


def _carry(relay: Relay, sandbox: worlds.Sandbox, is_wanted: Callable[[], bool]) -> int:
    """Carry until the kernel has ended, and leave nothing of the sandbox; its exit status."""
    try:
        return relay.carry(sandbox, is_wanted)
    finally:
        sandbox.end()


def let_neighbours_be_imported(client: int) -> None:
    """Take back what kernel.json sets for this process alone, unless the client was started with it: its user's wish.

    Inside, a notebook may import what lies beside it.

    Args:
        client: process id of the client that started this process.
    """
    try:
        with open(f"/proc/{client}/environ", "rb") as variables:
            wished = any(one.startswith(_SAFE_PATH.encode() + b"=") for one in variables.read().split(b"\0"))
    except OSError:
        wished = False
    if not wished:
        os.environ.pop(_SAFE_PATH, None)


@contextlib.contextmanager
def _leaving_unless(is_wanted: Callable[[], bool]) -> Iterator[None]:
    """End this process during the block if the client goes; the sandbox ends with it, however far it has come."""

    def look(_number: int, _frame: FrameType | None) -> None:
        if not is_wanted():
            os._exit(128 + signal.SIGKILL)

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, _LOOK, _LOOK)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)


def _kernel(arguments: list[str]) -> tuple[str, ...]:
    """The argv of the IPython kernel, which loads netkit's magics so that a first cell may begin with %%changes."""
    return python("-m", "ipykernel_launcher", "-f", CONNECTION_FILE, "--ext", "netkit", *arguments)


def _fall_back(connection: Connection, error: NetkitError) -> None:
    """Become the kernel that runs nothing and tells why."""
    _note(connection, error)
    told = json.dumps([error.problem, error.rule, error.remedy])
    command = python("-P", "-m", "netkit.sandbox.fallback", connection.path, told)
    os.execv(command[0], command)  # noqa: S606 - a shell would only be in the way
