"""Whoever opens connections to a kernel, and however many: the learner at it notices nothing."""

from __future__ import annotations

import os
import pwd
import resource
import socket
import subprocess
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from netkit.sandbox import log
from netkit.sandbox.relaying import reception
from netkit.sandbox.relaying.peers import Peers
from tests.ordinary import NOBODY
from tests.outside import sessions
from tests.outside.sessions import Session, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY_ID = pwd.getpwnam("nobody").pw_uid
GREETING = b"\xff" + bytes(8) + b"\x7f"
FEW, MOST = 256, resource.getrlimit(resource.RLIMIT_NOFILE)[1]
MEGABYTES = 16
"""The most that the relay may grow by, whatever comes."""

ROUND_TRIP = 5.0
"""Seconds for a cell of a learner who notices nothing; on a busy machine."""

STRANGER = """\
import resource, socket, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
made = []
for number in range(int(sys.argv[2])):
    try:
        made.append(socket.create_connection(("127.0.0.1", int(sys.argv[1]))))
    except OSError as error:
        print(error)
print(len(made), flush=True)
sys.stdin.read()
"""
"""Opens many connections, says how many it made, and holds them until its input ends."""


@pytest.fixture(scope="module")
def kernel() -> Iterator[Session]:
    """A kernel whose client may have few files open, and more if it asks for them."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (FEW, MOST))
    try:
        with sessions.session() as started:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
            yield started
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def told(kernel: Session) -> str:
    """What the log says of a kernel."""
    name = os.path.basename(kernel.manager.connection_file)
    lines = Path(log.path()).read_text(encoding="utf-8").splitlines() if os.path.exists(log.path()) else []
    return "\n".join(line for line in lines if name in line)


def port(kernel: Session, channel: str = "shell_port") -> int:
    return sessions.facts(kernel.manager.connection_file)[channel]


def resident(process: int) -> float:
    """Megabytes of a process that are in memory (proc_pid_statm(5))."""
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def descriptors(process: int) -> int:
    return len(os.listdir(f"/proc/{process}/fd"))


@contextmanager
def unmoved(kernel: Session) -> Iterator[None]:
    """A kernel answers behind the block as before it, at old connections and at new ones, and needs no more memory."""
    kernel.run("work = 'of an hour'")
    before = resident(kernel.launcher)
    yield
    begun = time.monotonic()
    assert kernel.run("print(work)") == "of an hour\n"
    assert time.monotonic() - begun < ROUND_TRIP
    second = kernel.manager.blocking_client()
    second.start_channels()
    try:
        second.wait_for_ready(timeout=sessions.PATIENCE)
    finally:
        second.stop_channels()
    assert resident(kernel.launcher) - before < MEGABYTES


@contextmanager
def flood(number: int, where: int, greeting: bytes = b"") -> Iterator[list[socket.socket]]:
    """Connections of this user."""
    with ExitStack() as stack:
        made = [stack.enter_context(socket.create_connection(("127.0.0.1", where))) for _ in range(number)]
        for one in made:
            one.settimeout(0)
            one.sendall(greeting)
        yield made


def is_open(one: socket.socket) -> bool:
    """Whether the other end has not closed a connection."""
    try:
        while said := one.recv(4096):
            assert said
    except BlockingIOError:
        return True
    except ConnectionError:
        return False
    return False


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user as well")
def test_another_users_two_thousand_connections(kernel: Session) -> None:
    with unmoved(kernel):
        command = [*NOBODY, "/usr/bin/python3", "-c", STRANGER, str(port(kernel)), "2000"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            assert int(process.stdout.readline()) == 2000
            assert kernel.run("print(work)") == "of an hour\n"
            assert eventually(lambda: descriptors(kernel.launcher) < 64)
            process.communicate()
    assert f"refused a connection of user id {NOBODY_ID}: a kernel is its owner's and root's only" in told(kernel)
    assert told(kernel).count("refused") <= 4


def test_connections_that_say_nothing_get_no_places(kernel: Session) -> None:
    with unmoved(kernel), flood(400, port(kernel)) as made:
        assert eventually(lambda: sum(map(is_open, made)) <= 64)
        assert kernel.run("print(work)") == "of an hour\n"
        assert eventually(lambda: not any(map(is_open, made)), 2 * reception._GREETS_WITHIN)
    assert "refused a connection that sent nothing" in told(kernel)


def test_connections_that_speak_something_else_are_closed(kernel: Session) -> None:
    with unmoved(kernel), flood(3, port(kernel), b"GET / HTTP/1.1\r\n\r\n") as made:
        assert eventually(lambda: not any(map(is_open, made)))
    assert "refused a connection that did not begin with ZMQ's greeting" in told(kernel)


def test_a_flood_at_one_channel_leaves_the_others_alone(kernel: Session) -> None:
    """A learner's own program may speak ZMQ: the channel is full then, and the others have their places."""
    with unmoved(kernel), flood(150, port(kernel, "stdin_port"), GREETING) as made:
        assert eventually(lambda: sum(map(is_open, made)) < 64)
        assert kernel.ask("control", "kernel_info_request", {})["status"] == "ok"
        for one in made:
            one.close()
    assert "to stdin_port, which has 64 already" in told(kernel)


def test_without_descriptors_the_relay_waits(kernel: Session) -> None:
    before = resource.prlimit(kernel.launcher, resource.RLIMIT_NOFILE)
    few = descriptors(kernel.launcher) + 3
    with unmoved(kernel):
        resource.prlimit(kernel.launcher, resource.RLIMIT_NOFILE, (few, before[1]))
        with flood(20, port(kernel), GREETING):
            assert eventually(lambda: descriptors(kernel.launcher) >= few - 1)
            begun = ticks(kernel.launcher)
            assert kernel.run("import time; time.sleep(0.4); print(work)") == "of an hour\n"
            assert ticks(kernel.launcher) - begun < os.sysconf("SC_CLK_TCK") / 8, "it spins"
        resource.prlimit(kernel.launcher, resource.RLIMIT_NOFILE, before)
    assert "no connection is taken in for 0.2 s: Too many open files" in told(kernel)


def ticks(process: int) -> int:
    """Processor time of a process in clock ticks (proc_pid_stat(5))."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_the_relay_has_the_descriptors_and_the_program_its_usual_number(kernel: Session) -> None:
    assert kernel.run("import resource; print(*resource.getrlimit(resource.RLIMIT_NOFILE))") == f"{FEW} {MOST}\n"
    assert resource.prlimit(kernel.launcher, resource.RLIMIT_NOFILE) == (MOST, MOST)


@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_the_kernel_tells_whose_a_connection_is(family: socket.AddressFamily, address: str) -> None:
    peers = Peers()
    try:
        with socket.create_server((address, 0), family=family) as server:
            ours = socket.create_connection(server.getsockname()[:2])
            theirs, _ = server.accept()
            with theirs:
                assert peers.owner(theirs) == os.geteuid()
                ours.close()
                with pytest.raises(ConnectionAbortedError):
                    peers.owner(theirs)
    finally:
        peers.close()


def test_whose_a_unix_connection_is() -> None:
    one, other = socket.socketpair()
    peers = Peers()
    with one, other:
        assert peers.owner(one) == os.geteuid()
    peers.close()


def test_a_kernel_that_tells_nothing_refuses_nobody() -> None:
    peers = Peers()
    peers.close()
    peers._kernel = None
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        theirs, _ = server.accept()
        with theirs:
            assert peers.owner(theirs) is None
