"""Questions for neighbours: what is mended is seen at once, whatever the kernel was asked before."""

from __future__ import annotations

import time

import pytest

import netkit as nk
from netkit.linux.events import questions

pytestmark = [pytest.mark.usefixtures("fresh"), pytest.mark.once]

SECONDS_TO_ASK = 10.0


def mended_while_it_is_asked_for() -> nk.Namespace:
    """A namespace whose kernel has asked for the last time (`ip` counts from three) for one who is there by now."""
    near, far = nk.Namespace("near"), nk.Namespace("far")
    nk.sh(
        "ip link add eth0 netns near type veth peer name eth0 netns far;"
        "ip -n near addr add 10.0.0.1/24 dev eth0; ip -n near link set eth0 up; ip -n far link set eth0 up;"
        "ip netns exec near sysctl -qw net.ipv4.neigh.eth0.retrans_time_ms=500;"
        "ip netns exec near ping -c1 -W1 10.0.0.2 >/dev/null 2>&1 &"
    )
    deadline = time.monotonic() + SECONDS_TO_ASK
    while "probes 6" not in near.run("ip -s -4 neigh").stdout and time.monotonic() < deadline:
        time.sleep(0.01)
    far.run("ip addr add 10.0.0.2/24 dev eth0")
    return near


def test_a_probe_does_not_share_the_end_of_an_older_question() -> None:
    near = mended_while_it_is_asked_for()
    questions.wait(nk.snapshot())
    assert all(entry.state != "incomplete" for entry in nk.snapshot()["near"].neighbours)
    assert near.ping("10.0.0.2", timeout=1.0).ok


def test_where_nobody_is_asked_for_nothing_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "observe", None)  # a second look would raise an error
    questions.wait(nk.snapshot())
    assert not questions._open(nk.snapshot())
