"""Who enters a namespace comes home: after an error, an interrupt at any moment, and for whoever looks meanwhile."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import threading
import time
from typing import TYPE_CHECKING

import pytest

import netkit as nk
from netkit.linux import entering, namespaces

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
