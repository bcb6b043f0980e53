"""The live view on the real kernel: what happens is drawn, what ends is let go, and nothing is left behind."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import netkit as nk
from netkit.errors import Conflict
from netkit.linux import entering, namespaces
from netkit.linux.acts import links
from netkit.linux.looks import counters, observe
from netkit.linux.looks.watching import Watch
from netkit.widgets.feed import Feed
from netkit.widgets.watcher import Order
from tests.inside import needs
from tests.inside.empty import rest
from tests.inside.wire import BRIDGE, ip, ping, sh, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 15.0  # seconds; the machine may be busy
PROMISED = 1.0  # seconds from an event to its picture
ORPHANED = """
import os, sys
from netkit.widgets.feed import Feed
from netkit.widgets.watcher import Order
feed = Feed(Order(), lambda message: (print(feed.process.pid, flush=True), os._exit(0)))
feed._thread.join()
"""

pytestmark = [pytest.mark.usefixtures("fresh"), pytest.mark.once]


class View:
    """A live view without a notebook: what it was told last, and when."""

    def __init__(self, **options: Any) -> None:
        self.pictures: list[tuple[float, str]] = []
        self.counters = self.ended = ""
        self._news = threading.Condition()
        self.feed = Feed(Order(**options), self._told)
        self.process = self.feed.process.pid

    def _told(self, message: dict[str, str]) -> None:
        with self._news:
            if "picture" in message:
                self.pictures.append((time.monotonic(), message["picture"]))
            self.counters = message.get("counters", self.counters)
            self.ended = message.get("ended", self.ended)
            self._news.notify_all()

    @property
    def text(self) -> str:
        """The description in the last picture's alternative text."""
        return re.search('alt="([^"]*)"', self.pictures[-1][1])[1] if self.pictures else ""

    def wait_for(self, words: str, *, gone: bool = False) -> float:
        """Wait until the picture tells something, or no longer does; the seconds that it took."""
        began = time.monotonic()
        with self._news:
            assert self._news.wait_for(lambda: (words in self.text) is not gone, PATIENCE), self.text
        return time.monotonic() - began

    def wait_until(self, condition: Any) -> None:
        with self._news:
            assert self._news.wait_for(condition, PATIENCE), vars(self)

    def share_of_a_processor(self, seconds: float) -> float:
        """The part that it takes from now on, all its threads together."""
        began, used = time.monotonic(), self._used()
        threading.Event().wait(seconds)  # that time passes is what is measured
        return (self._used() - used) / (time.monotonic() - began)

    def _used(self) -> float:
        tasks = Path(f"/proc/{self.process}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


@pytest.fixture
def view(one_view: View) -> View:
    """The same for many tests, since it takes a second to start; the network is empty again."""
    one_view.wait_for("1 namespace: host.\nhost: lo is up.")
    return one_view


@pytest.fixture(scope="module")
def one_view() -> Iterator[View]:
    one = View()
    yield one
    one.feed.stop()
    assert not Path(f"/proc/{one.process}").exists()


class TestWhatHappensIsDrawn:
    def test_within_a_second(self, view: View) -> None:
        """The best of five: others may keep the machine busy."""
        took = []
        for number in range(5):
            ip(f"link add br{number} type bridge")
            took.append(view.wait_for(f"br{number}"))
        assert min(took) < PROMISED

    def test_in_a_namespace_that_appears_later(self, view: View) -> None:
        ip("netns add ns1")
        view.wait_for("ns1: lo is down")
        ip("-n ns1 link set lo up\n-n ns1 addr add 10.9.8.7/24 dev lo")
        view.wait_for("10.9.8.7/24")
        ip("-n ns1 route add 10.1.0.0/16 dev lo")
        view.wait_for("10.1.0.0/16")
        ip("-n ns1 neigh add 10.9.8.9 lladdr 02:42:0a:09:08:09 dev lo")
        view.wait_for("permanent neighbour")

    def test_in_a_nameless_namespace(self, view: View) -> None:
        process = subprocess.Popen(["unshare", "--net", "sleep", "60"])
        view.wait_for("[sleep]")
        process.kill()
        process.wait()
        view.wait_for("[sleep]", gone=True)

    @needs.nftables
    def test_rules_and_switches(self, view: View) -> None:
        sh("iptables -t nat -A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE")
        view.wait_for("MASQUERADE")
        ip("link add br0 type bridge\nlink add br1 type bridge")  # somewhere to forward to
        view.wait_for("br1")
        sh("sysctl -q net.ipv4.ip_forward=1")
        view.wait_for("net.ipv4.ip_forward = 1")

    def test_the_last_state_of_a_storm_and_few_pictures(self, view: View) -> None:
        lines = "".join(f"link add l{n} type veth peer name m{n}\nlink set l{n} up\n" for n in range(250))
        ip("netns add storm")
        began = time.monotonic()
        words = ["ip", "-netns", "storm", "-batch", "-"]
        subprocess.run(words, input=lines + "link set m249 up\n", text=True, check=True)
        view.wait_for("m249 is up")
        drawn = [moment for moment, _ in view.pictures if moment > began]
        assert len(drawn) <= 3 * (drawn[-1] - began) + 1

    def test_only_the_namespaces_that_were_asked_for(self) -> None:
        ip("netns add ns1\nnetns add ns2")
        view = View(names=("ns2",))
        view.wait_for("1 namespace: ns2.")
        ip("-n ns1 link set lo up\n-n ns2 link set lo up")
        view.wait_for("ns2: lo is up")
        assert "ns1" not in view.text
        view.feed.stop()

    def test_a_picture_is_told_only_if_it_is_another_one(self, view: View) -> None:
        ip("link add br0 type bridge")
        view.wait_for("br0")
        before = len(view.pictures)
        ip("link set br0 txqueuelen 999\nlink set br0 txqueuelen 1000\nlink add br1 type bridge")
        view.wait_for("br1")
        shown = [html for _, html in view.pictures[before - 1 :]]
        assert len(shown) >= 2
        assert all(one != other for one, other in pairwise(shown))


class TestWhatPassesIsCounted:
    def test_as_the_kernel_counts_it(self) -> None:
        ip(BRIDGE)
        ping("ns1", "172.17.1.2")
        found = counters.read(namespaces.path_of("ns1"))["eth1"]
        files = [f"/sys/class/net/eth1/statistics/{name}" for name in ("rx_packets", "tx_bytes")]
        packets, sent = map(int, sh(f"ip netns exec ns1 cat {' '.join(files)}").split())
        assert found.received_packets in range(1, packets + 1)
        assert found.sent_bytes in range(98, sent + 1)

    def test_beside_the_picture(self, view: View) -> None:
        ip(BRIDGE)
        view.wait_until(lambda: "ns2:eth1" in view.counters)
        ping("ns1", "172.17.1.2", "-c 100 -i 0.01 -q")
        view.wait_until(lambda: re.search("ns2:eth1.*?>(1\\d\\d)<", view.counters))

    def test_or_not(self) -> None:
        view = View(counters=False)
        view.wait_for("host: lo is up")
        ip("link add br0 type bridge")
        view.wait_for("br0")
        assert view.counters == ""
        view.feed.stop()


class TestNothingIsLeftBehind:
    def test_a_namespace_that_loses_its_name_ends(self, view: View) -> None:
        """Its cable's other end vanishes with it, and the view does not keep it alive."""
        ip("netns add ns1\nlink add veth1 type veth peer name eth1 netns ns1")
        view.wait_for("veth1")
        ip("netns del ns1")
        wait_until(lambda: "veth1" not in observe.names(entering.HOST_PATH))
        view.wait_for("veth1", gone=True)

    def test_namespaces_that_come_and_go_all_the_time(self, view: View) -> None:
        for number in range(20):
            ip(f"netns add n{number}\nlink add v{number} type veth peer name eth1 netns n{number}")
            ip(f"netns del n{number}")
        ip("link add br0 type bridge")
        view.wait_for("br0")
        wait_until(lambda: observe.names(entering.HOST_PATH) == ["lo", "br0"])
        assert view.feed.running
        view.wait_until(lambda: len(os.listdir(f"/proc/{view.process}/fd")) < 15)

    def test_an_idle_view_takes_less_than_a_hundredth_of_a_processor(self, view: View) -> None:
        ip(BRIDGE)
        view.wait_for("ns2")
        assert any(view.share_of_a_processor(1.5) < 0.01 for _ in range(4)), "the last events may still be drawn"

    def test_20_views_leave_no_descriptor_and_no_thread(self) -> None:
        View().feed.stop()
        rest()
        descriptors, threads = os.listdir("/proc/self/fd"), threading.active_count()
        for _ in range(20):
            view = View()
            view.feed.stop()
            view.feed.stop()
            assert (view.ended, view.feed.running) == ("it was stopped", False)
        rest()
        assert os.listdir("/proc/self/fd") == descriptors
        assert threading.active_count() == threads

    def test_it_ends_with_its_kernel(self) -> None:
        run = subprocess.run([sys.executable, "-c", ORPHANED], capture_output=True, text=True, check=True)
        process = int(run.stdout.split()[0])
        wait_until(lambda: not is_alive(process))

    def test_it_ends_when_nothing_happens(self) -> None:
        view = View(seconds=0.5, counters=False)
        view.wait_until(lambda: view.ended)
        assert view.ended == "nothing happened for 0.5 seconds"

    def test_that_its_process_was_killed_is_said(self) -> None:
        view = View()
        os.kill(view.process, 9)
        view.wait_until(lambda: view.ended)
        assert view.ended == "its process came to an end"

    def test_a_watch_closes_what_it_opened(self) -> None:
        rest()
        before = os.listdir("/proc/self/fd")
        ip("netns add ns1")
        with Watch() as watch:
            assert {name for name, _ in watch.talks()} == {"host", "ns1"}
            assert not watch.heard()
            links.set_up(namespaces.path_of("ns1"), "lo")
            assert watch.heard()
            assert not watch.heard()
            namespaces.delete("ns1")
            assert watch.names_changed()
            assert watch.look()
        rest()
        assert os.listdir("/proc/self/fd") == before


def is_alive(process: int) -> bool:
    """Whether it runs; nobody may have waited for one that has ended (proc(5), state Z)."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_in_a_program_it_says_that_it_needs_a_notebook() -> None:
    with pytest.raises(Conflict, match=r"there is no notebook to show a live view in.*nk\.draw"):
        nk.live()
