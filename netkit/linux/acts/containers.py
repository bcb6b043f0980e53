"""Start a container's process by unshare(1), with which capabilities, hold it until its network is ready, end it.

The namespaces are made by util-linux' `unshare` (unshare(1)), so that what is seen is what one can type; what the
process sees of files, and its hostname, are set from outside, by a thread that enters them.  The process that stays
outside waits for the container's first process and takes it along when it is killed; the first process in a pid
namespace takes everything in there along when it ends (pid_namespaces(7)).
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from netkit.errors import CommandFailed, NotFound
from netkit.linux.contained import CLIENT
from netkit.linux.entering import inside, opened
from netkit.linux.libc import checked, libc
from netkit.linux.run import popen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CAPABILITIES = (
    *("chown", "dac_override", "fsetid", "fowner", "mknod", "net_raw", "setgid", "setuid", "setfcap", "setpcap"),
    *("net_bind_service", "sys_chroot", "kill", "audit_write"),
)
"""What Docker leaves to a container that is not privileged: CAP_NET_ADMIN and CAP_SYS_ADMIN are not among it."""

_CLONE_FS, _CLONE_NEWNS, _CLONE_NEWUTS, _MS_BIND = 0x200, 0x20000, 0x4000000, 0x1000
_SECONDS_TO_START, _SECONDS_BETWEEN_LOOKS = 20.0, 0.001
_KILLED = "sigprocmask unblock failed"
"""What unshare says, with status 1, when SIGKILL ended what it waited for: it wants to end by the same signal."""

_PREPARE = """\
directory=$1
shift
read -r pid rest </proc/self/stat
set -e
own=own
mount -t proc proc /proc 2>/dev/null || own=shared
echo "$pid $own" >&0
read -r go
exec "$@" </dev/null >>"$directory/log" 2>&1
"""
"""What the first process does before it becomes the program: while /proc is still the outer one, it tells its number
there; then it waits for a word on its standard input."""


def limited(command: Sequence[str]) -> list[str]:
    """A command that may do what Docker leaves to a container that is not privileged (setpriv(1), capabilities(7))."""
    kept = ",".join(f"+{name}" for name in CAPABILITIES)
    return ["setpriv", f"--bounding-set=-all,{kept}", f"--inh-caps=-all,{kept}", *command]


def entering(pid: int, command: Sequence[str]) -> list[str]:
    """A command in all the namespaces of a container's first process (nsenter(1))."""
    return ["nsenter", f"--target={pid}", "--mount", "--uts", "--ipc", "--net", "--pid", *command]


def starting(
    command: Sequence[str], directory: str, *, own_network: bool = True, network: str | None = None
) -> list[str]:
    """The command that starts a program in namespaces of its own.

    Args:
        command: the program and its arguments.
        directory: where its files are; it stands in the command line, for the container is called like it.
        own_network: whether it gets a network namespace.
        network: a file that opens the network namespace which it shares instead.
    """
    enter = ["nsenter", f"--net={network}"] if network else []
    kinds = ["--net"] if own_network and not network else []
    prepare = ["sh", "-c", _PREPARE, CLIENT, directory, *command]
    apart = ["unshare", *kinds, "--mount", "--uts", "--ipc", "--propagation", "slave", *prepare]
    return ["unshare", "--pid", "--fork", "--kill-child", *enter, *apart]


class Contained:
    """A process in namespaces of its own; it waits for `go`.

    Args:
        path: a file that opens the network namespace of the machine that it runs on.
        command: what `starting` gave.
        directory: where the files `hosts` and `resolv.conf` are, which it sees in /etc; its output goes to `log`
            there, complaints of its start to `start`.
        hostname: its name for itself.

    Attributes:
        pid: process id of its first process, as the sandbox sees it.
        own_proc: whether it has a /proc of its own: the kernel refuses one where the sandbox's is partly read-only.

    Raises:
        CommandFailed: it could not be started.
        ProgramMissing: a program that is needed is not there.
    """

    def __init__(self, path: str, command: Sequence[str], directory: str, hostname: str) -> None:
        self._complaints = Path(directory, "start")
        self._status: int | None = None
        self._line, theirs = socket.socketpair()
        try:
            with self._complaints.open("ab") as output:
                self._popen = popen(
                    path, command, stdin=theirs.fileno(), stdout=output.fileno(), stderr=subprocess.STDOUT
                )
        except BaseException:
            self._line.close()
            raise
        finally:
            theirs.close()
        self._line.settimeout(_SECONDS_TO_START)
        self.pid, self.own_proc = self._hello()
        self.inode = os.stat(f"/proc/{self.pid}/ns/net").st_ino
        try:
            _in_its_place(self.pid, lambda: _furnish(directory, hostname))
        except BaseException as error:
            self.end(0)
            if not isinstance(error, OSError):
                raise
            rule, remedy = f"the kernel says: {error.strerror}", "Look what `netkit doctor` says"
            raise CommandFailed("the container's files cannot be put in their places", rule, remedy) from None

    def _hello(self) -> tuple[int, bool]:
        """What the first process says when it is ready."""
        try:
            words = self._line.recv(64).decode().split()
        except BaseException as error:  # an interrupt, too, ends what was started
            self.end(0)
            if not isinstance(error, OSError):
                raise
            words = []
        if len(words) == 2:
            return int(words[0]), words[1] == "own"
        self.end(0)
        said = self._complaints.read_text(errors="replace").strip().splitlines()
        raise CommandFailed(
            "the container did not start", said[-1] if said else "it said nothing", "Look what `netkit doctor` says"
        )

    def go(self) -> None:
        """Let it become its program; returns when it has."""
        self._line.send(b"go\n")
        deadline = time.monotonic() + _SECONDS_TO_START
        while self.running and self._preparing() and time.monotonic() < deadline:
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        self._line.close()

    def _preparing(self) -> bool:
        """Whether it still is the shell that prepares, or the program that gives capabilities up (proc(5), cmdline)."""
        words = _cmdline(self.pid).split("\0")
        return words == [""] or words[:3] == limited(()) or CLIENT in words[:4]  # nothing: just about to change

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._popen.poll() is None

    @property
    def status(self) -> int | None:
        """Its exit status, 128 and the signal's number when a signal ended it; None while it runs."""
        if self._status is None and (status := self._popen.poll()) is not None:
            killed = status == 1 and _KILLED in self._complaints.read_text(errors="replace")
            self._status = 128 + signal.SIGKILL if killed else status if status >= 0 else 128 - status
        return self._status

    def kill(self) -> None:
        """Send it SIGKILL, and do not wait until it has ended: `end` does."""
        if self.running:
            # The first process dies before the one that waits for it, which then tells its exit status.
            with contextlib.suppress(ProcessLookupError):
                os.kill(getattr(self, "pid", None) or self._popen.pid, signal.SIGKILL)

    def end(self, grace: float) -> None:
        """End it, and with it all that it started.

        Args:
            grace: seconds (float) that it gets after SIGTERM before SIGKILL comes. A first process that does not
                catch SIGTERM never gets to see it (pid_namespaces(7)): then nobody waits.
        """
        pid = getattr(self, "pid", None)
        if self.running and pid is not None and grace and _catches(pid, signal.SIGTERM):
            with contextlib.suppress(ProcessLookupError):  # it ended by itself: that is the aim
                os.kill(pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):  # then it is killed
                self._popen.wait(grace)
        self.kill()
        self._popen.wait()
        self._line.close()
        _ = self.status  # while its complaints can still be read


def reserve(path: str, protocol: str, address: str, port: int) -> socket.socket:
    """Take a port of a machine, so that nobody else does, as the Engine does for a published port.

    Args:
        path: a file that opens the machine's network namespace.
        protocol: "tcp" or "udp".
        address: the machine's; "0.0.0.0" or "::" for all of them.
        port: its number.

    Raises:
        OSError: somebody has it, or the machine does not have the address.
    """

    def act() -> socket.socket:
        kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
        six = ":" in address
        taken = socket.socket(socket.AF_INET6 if six else socket.AF_INET, kind)
        try:
            if six:
                taken.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(protocol == "tcp"))
            taken.bind((address, port))
            if protocol == "tcp":
                taken.listen()
        except BaseException:
            taken.close()
            raise
        return taken

    return inside(path, act)


def _in_its_place(pid: int, act: Callable[[], object]) -> None:
    """Call a function where a process has its files and its name, by a thread that enters there and ends (setns(2)).

    Raises:
        OSError: whatever the kernel refused.
    """
    refused: list[OSError] = []

    def work() -> None:
        try:
            with opened(f"/proc/{pid}/ns/mnt") as files, opened(f"/proc/{pid}/ns/uts") as names:
                checked(libc().unshare(_CLONE_FS))  # a thread that shares its folders with others may not enter
                checked(libc().setns(files.fileno(), _CLONE_NEWNS))
                checked(libc().setns(names.fileno(), _CLONE_NEWUTS))
            act()
        except NotFound:  # it has ended
            refused.append(OSError(errno.ESRCH, os.strerror(errno.ESRCH)))
        except OSError as error:
            refused.append(error)

    thread = threading.Thread(target=work, name="netkit container")
    thread.start()
    thread.join()
    if refused:
        raise refused[0]


def _furnish(directory: str, hostname: str) -> None:
    """Put a container's own files over those of the machine, and give it its name."""
    socket.sethostname(hostname)
    for name in ("hosts", "resolv.conf"):
        own, place = f"{directory}/{name}", f"/etc/{name}"
        if os.path.exists(own) and os.path.exists(place):
            checked(libc().mount(own.encode(), place.encode(), None, _MS_BIND, None))


def _cmdline(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        return ""


def _catches(pid: int, number: int) -> bool:
    """Whether a process has a handler for a signal (proc(5), SigCgt)."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return False
    caught = next((line.split()[1] for line in lines if line.startswith("SigCgt:")), "0")
    return bool(int(caught, 16) >> (number - 1) & 1)
