"""Entries of conntrack that are older than the rules: what they still lead elsewhere is told, with what ends that."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

import netkit as nk
from tests.inside.wild_networks import TRANSLATED
from tests.inside.wire import udp, wait_until

TALK = f"{sys.executable} {Path(__file__).with_name('wild_talk.py')}"
RULE = "ip netns exec gw iptables -t nat -{} PREROUTING -p udp --dport 5300 -j DNAT --to-destination 10.22.0.{}"


@pytest.mark.usefixtures("fresh")
@pytest.mark.skipif(not shutil.which("conntrack"), reason="conntrack is not installed")
def test_a_datagram_from_the_same_port_goes_the_old_way_until_the_entry_is_deleted() -> None:
    for line in (*TRANSLATED, RULE.format("A", 77)):
        assert nk.sh(line).returncode == 0, line
    server = nk.Namespace.get("in1").start(f"{TALK} serve udp 0.0.0.0 5300")
    wait_until(lambda: ":5300" in nk.sh("ip netns exec in1 ss -Huan").stdout)
    with udp("out", ("10.23.0.1", 5300)) as asking:
        asking.settimeout(0.3)
        port = asking.getsockname()[1]
        asking.send(b"lost")
        for line in (RULE.format("D", 77), RULE.format("A", 11)):
            assert nk.sh(line).returncode == 0, line
        asking.send(b"lost as well")
        with pytest.raises(TimeoutError):
            asking.recv(10)
        said = nk.why("out", "10.23.0.1", 5300, "udp")
        assert said.ok, "a new socket's datagrams go where the rule leads"
        (told,) = said.walked["conntrack"]
        assert f"from port {port} still goes to 10.22.0.77" in told
        assert nk.sh(told.split("`")[1]).returncode == 0
        asking.send(b"here")
        assert asking.recv(10)
    server.stop()
