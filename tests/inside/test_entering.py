"""Who enters a namespace comes home: after an error, an interrupt at any moment, and for whoever looks meanwhile."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

import netkit as nk
from netkit.linux import entering, namespaces
from tests.inside.wire import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.usefixtures("fresh")


def here() -> int:
    return os.stat("/proc/thread-self/ns/net").st_ino


@pytest.fixture
def interrupted() -> Iterator[Callable[[Callable[[], object], float], None]]:
    """Calls a function that is interrupted after some time (seconds), also if it has ended by then."""
    main, waits = threading.main_thread().ident or 0, queue.SimpleQueue[float | None]()

    def interrupt() -> None:
        while (seconds := waits.get()) is not None:
            time.sleep(seconds)
            signal.pthread_kill(main, signal.SIGINT)

    def call(act: Callable[[], object], seconds: float) -> None:
        with contextlib.suppress(KeyboardInterrupt):
            waits.put(seconds)
            act()
            time.sleep(1)

    thread = threading.Thread(target=interrupt)
    thread.start()
    yield call
    waits.put(None)
    thread.join()


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_at_any_moment_leaves_the_thread_at_home_and_nothing_half_made(
    interrupted: Callable[[Callable[[], object], float], None],
) -> None:
    home, places = here(), []
    os.makedirs("/run/netns", exist_ok=True)

    def act(name: str) -> None:
        namespaces.create(name).close()
        for _ in range(5):
            entering.inside(f"/run/netns/{name}", lambda: [here() for _ in range(5)])

    for number in range(200):
        interrupted(lambda name=f"made{number}": act(name), number * 10e-6)
        places.append(here())
    assert set(places) == {home}
    kinds = [os.stat(f"/run/netns/{name}").st_dev for name in os.listdir("/run/netns")]
    assert set(kinds) == {os.stat(entering.HOST_PATH).st_dev}, "each name opens a namespace"
    assert 0 < len(kinds) < 200, "some interrupts came before, and some after"


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_at_any_moment_leaves_no_name_half_deleted(
    interrupted: Callable[[Callable[[], object], float], None],
) -> None:
    for number in range(200):
        namespaces.create(f"made{number}").close()
        interrupted(lambda name=f"made{number}": namespaces.delete(name), number * 1e-6)
    kinds = {os.stat(f"/run/netns/{name}").st_dev for name in os.listdir("/run/netns")}
    assert kinds <= {os.stat(entering.HOST_PATH).st_dev}, "each name opens a namespace"


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_at_any_moment_leaves_no_program_that_nobody_waits_for(
    interrupted: Callable[[Callable[[], object], float], None],
) -> None:
    ns1 = nk.Namespace("ns1")
    for number in range(150):
        interrupted(lambda: ns1.run("true"), number * 15e-6)

    def few() -> bool:
        ns1.run("true")  # Python waits now for those that ended without a reader
        stats = subprocess.check_output(["ps", "-o", "stat=", "--ppid", str(os.getpid())], text=True)
        return stats.count("Z") < 10

    wait_until(few)  # hardly any: only an interrupt of Python's own destructor may leave one


def test_an_error_and_a_call_within_a_call_come_home_too() -> None:
    home, paths = here(), [nk.Namespace(name).path for name in ("ns1", "ns2")]
    inodes = [os.stat(path).st_ino for path in paths]

    def within() -> list[int]:
        return [here(), entering.inside(paths[1], here), entering.inside(entering.HOST_PATH, here), here()]

    assert entering.inside(paths[0], within) == [inodes[0], inodes[1], home, inodes[0]]
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            entering.inside(paths[0], lambda: entering.inside(paths[1], lambda: 1 / 0))
    assert (here(), entering.apart(here)) == (home, home)
    assert entering.inside(paths[0], lambda: entering.apart(here)) == home


def test_meanwhile_this_process_still_lives_on_the_host_for_whoever_looks() -> None:
    ns1 = nk.Namespace("ns1")
    arrived, looked = threading.Event(), threading.Event()
    seen: list[nk.Snapshot] = []

    def look() -> None:
        arrived.wait()
        seen.append(nk.snapshot())
        with entering.opened(entering.HOST_PATH) as host:
            assert os.fstat(host.fileno()).st_ino == entering.home()
        looked.set()

    thread = threading.Thread(target=look)
    thread.start()
    entering.inside(ns1.path, lambda: (arrived.set(), looked.wait(10)))
    thread.join()
    assert looked.is_set()
    assert list(seen[0].namespaces) == ["host", "ns1"]
    assert seen[0]["ns1"].processes == ()


def test_another_process_that_looks_finds_this_one_on_the_host_too() -> None:
    """A live view, or a shell beside the notebook, is neither to show nor to kill a program that only looks."""
    ns1 = nk.Namespace("ns1")
    look = "import netkit as nk; print({name: space.processes for name, space in nk.snapshot().namespaces.items()})"
    command = [sys.executable, "-c", look]
    told = entering.inside(ns1.path, lambda: entering.apart(lambda: subprocess.check_output(command, text=True)))
    assert "'ns1': ()" in told
    assert "[python]" not in told
    inhabited = ns1.start("sleep 60")
    assert nk.snapshot()["ns1"].processes == ("sleep",)
    inhabited.stop()


def test_looking_and_going_at_the_same_time() -> None:
    """Whoever looks never finds this process between two places, however often the threads take turns."""
    ns1, ended = nk.Namespace("ns1"), threading.Event()
    seen: set[int] = set()

    def look() -> None:
        while not ended.is_set():
            seen.add(entering.lives(os.getpid()))

    thread, interval = threading.Thread(target=look), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    thread.start()
    for _ in range(3000):
        entering.inside(ns1.path, here)
    sys.setswitchinterval(interval)
    ended.set()
    thread.join()
    assert seen == {here()}


def test_a_child_forgets_where_its_parent_s_threads_were() -> None:
    ns1, arrived, ended = nk.Namespace("ns1"), threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: entering.inside(ns1.path, lambda: (arrived.set(), ended.wait(10))))
    thread.start()
    arrived.wait()
    child = os.fork()
    if child == 0:
        places: list[int] = []
        again = threading.Thread(target=lambda: (entering.inside(ns1.path, here), places.append(here())))
        again.start()  # the C library gives it the place, and with it the name, of one that the parent had
        again.join()
        os._exit(places != [here()])
    ended.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
