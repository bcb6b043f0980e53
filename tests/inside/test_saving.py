"""nk.save and nk.load: a network whoever made it, all of it or nothing, nothing overwritten in silence."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

import netkit as nk
from netkit.errors import AlreadyExists, Conflict, InvalidValue, KernelRefused, NotFound
from tests.inside.empty import needs_own_files

pytestmark = pytest.mark.usefixtures("fresh", "own_folder")

BY_HAND = (
    "ip netns add left",
    "ip netns add right",
    "ip link add dev e0 netns left type veth peer name e1 netns right",
    "ip -n left addr add 10.3.0.1/24 dev e0",
    "ip -n right addr add 10.3.0.2/24 dev e1",
    "ip -n left link set e0 up",
    "ip -n right link set e1 up",
    "ip -n left route add 10.9.0.0/16 via 10.3.0.2",
    "ip netns exec right iptables -A INPUT -p tcp --dport 99 -j DROP",
    "ip netns exec right sysctl -qw net.ipv4.ip_forward=1",
)


@pytest.fixture
def own_folder(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))


def by_hand() -> None:
    """A network that the journal knows nothing of."""
    subprocess.run(["sh", "-ec", "\n".join(BY_HAND)], check=True, capture_output=True)


def test_what_was_made_by_hand_comes_back() -> None:
    by_hand()
    before = nk.snapshot()
    saved = nk.save("mine")
    assert saved.ok
    nk.reset()
    loaded = nk.load("mine")
    assert loaded.ok, loaded
    assert loaded.comparison is not None
    assert nk.snapshot() == before
    assert nk.Namespace.get("left").ping("10.3.0.2").ok


STACKED = (
    "ip netns add left",
    "ip link add dev p0 type veth peer name p1",
    "ip link set p0 up",
    "ip link add link p0 name mv0 type macvlan mode private",
    "ip link add link p0 name mv1 netns left type macvlan mode bridge",
    "ip -n left link set mv1 up",
    "ip tuntap add dev tap0 mode tap || true",  # a user may have no /dev/net/tun
    "ip link add vx0 type vxlan id 6 dstport 4790 group 239.1.1.1 dev p0",
    "ip link add vx1 type vxlan id 7 dstport 4791 remote 10.0.0.9",
    "bridge fdb append 02:00:00:00:00:31 dev vx1 dst 10.0.0.9",
    "ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:32 dev p0 nud noarp",
    "mkdir -p /etc/netns/left && echo 'nameserver 10.0.0.9' > /etc/netns/left/resolv.conf",
)


@needs_own_files
def test_links_that_lie_on_others_and_own_files_come_back() -> None:
    subprocess.run(["sh", "-ec", "\n".join(STACKED)], check=True, capture_output=True)
    assert nk.save("mine").ok
    nk.reset()
    assert not nk.sh("ls -A /etc/netns").stdout
    loaded = nk.load("mine")
    assert loaded.ok, loaded
    assert nk.snapshot()["left"]["mv1"].parent == ("host", "p0")
    nk.reset()


def test_a_link_that_no_line_makes_keeps_no_other_from_coming_back() -> None:
    subprocess.run(["sh", "-ec", "\n".join(BY_HAND)], check=True, capture_output=True)
    nk.sh(
        "unshare -n sleep 60 & own=$(readlink /proc/self/ns/net);"
        ' while [ "$(readlink /proc/$!/ns/net)" = "$own" ]; do sleep 0.01; done;'
        " ip link add far type veth peer name near netns $!"
    )
    nk.sh("ip addr add 10.4.0.1/24 dev far; ip link set far up")
    assert "far in host, a cable whose other end is out of reach" in nk.save("mine").missing
    nk.reset()
    loaded = nk.load("mine")
    assert nk.Namespace.get("left").ping("10.3.0.2").ok
    assert loaded.missing


def test_the_script_alone_makes_it_too() -> None:
    by_hand()
    before = nk.snapshot()
    script = nk.save("mine").script
    nk.reset()
    assert nk.sh(f"sh {script}").returncode == 0
    assert nk.snapshot() == before


def test_commands_go_on_from_what_was_loaded() -> None:
    by_hand()
    nk.save("mine")
    nk.reset()
    nk.load("mine")
    assert "ip netns add left" in nk.commands()


OF_BRIDGES_AND_IPV6 = (
    "ip -n left link add br0 type bridge",
    "ip -n left link add p0 type veth peer name p1",
    "ip -n left link set p0 master br0 up",
    "ip -n left link set br0 up",
    "ip netns exec left bridge mdb add dev br0 port p0 grp 239.1.1.1 permanent",
    "ip netns exec left bridge mdb add dev br0 port p0 grp ff08::9 permanent",
    "ip -n left token set ::5 dev e0",
    "ip -n left addrlabel add prefix 2001:db8::/32 label 99",
    "ip -n left addrlabel del prefix ::/96 label 3",
    "ip netns exec left sysctl -qw net.ipv6.conf.all.forwarding=1",
)


def test_groups_of_a_bridge_tokens_and_labels_come_back() -> None:
    by_hand()
    subprocess.run(["sh", "-ec", "\n".join(OF_BRIDGES_AND_IPV6)], check=True, capture_output=True)
    before = nk.snapshot()
    assert len(before["left"].further) == 5
    assert nk.save("mine").ok
    nk.reset()
    assert nk.load("mine").ok
    assert nk.snapshot()["left"].further == before["left"].further


def test_what_has_keys_is_named_as_missing() -> None:
    by_hand()
    nk.sh("ip -n left xfrm policy add src 10.3.0.1 dst 10.3.0.2 dir out action block")
    line = "in left, ip xfrm policy: src 10.3.0.1/32 dst 10.3.0.2/32 dir out action block"
    assert nk.save("mine").missing == (line,)


def test_what_no_script_makes_is_named() -> None:
    program = nk.Namespace("pc").start("sleep 1000")
    saved = nk.save("busy")
    program.stop()
    assert not saved
    assert "what runs in pc: sleep" in saved.missing
    assert "missing: what runs in pc: sleep" in repr(saved)


def test_nothing_is_overwritten_in_silence() -> None:
    nk.Namespace("first")
    first = nk.save("mine").snapshot.read_text()
    nk.Namespace("second")
    with pytest.raises(AlreadyExists, match="replace=True"):
        nk.save("mine")
    assert nk.save("mine", replace=True).snapshot.read_text() != first


def test_it_is_loaded_only_where_nothing_is() -> None:
    nk.Namespace("mine")
    nk.save("mine")
    with pytest.raises(Conflict, match=r"nk\.reset\(\)"):
        nk.load("mine")
    nk.host.iptables("-A FORWARD -j ACCEPT")
    nk.Namespace.get("mine").delete()
    with pytest.raises(Conflict):
        nk.load("mine")


def test_a_network_that_fails_half_way_is_not_there_at_all() -> None:
    by_hand()
    saved = nk.save("mine")
    text = saved.snapshot.read_text()
    saved.snapshot.write_text(text.replace("10.9.0.0/16", "10.9.0.1/16"))  # which is no network's address
    nk.reset()
    with pytest.raises((KernelRefused, InvalidValue)):
        nk.load("mine")
    assert list(nk.snapshot().namespaces) == ["host"]


@pytest.mark.parametrize("name", ["", "a b", "../x", "-x", ".x", "x" * 61, 7, "a/b"])
def test_what_is_no_name_is_refused(name: Any) -> None:
    for act in (nk.save, nk.load):
        with pytest.raises(InvalidValue):
            act(name)


def test_a_name_that_is_not_there_lists_those_that_are() -> None:
    nk.save("mine")
    with pytest.raises(NotFound, match=r"there are: mine.*Did you mean 'mine'"):
        nk.load("mina")


def test_what_is_no_network_is_refused() -> None:
    nk.save("mine").snapshot.write_text("{}")
    with pytest.raises(InvalidValue, match="is no snapshot"):
        nk.load("mine")
