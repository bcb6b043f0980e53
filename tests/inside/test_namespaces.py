"""Namespaces: made, found, entered and deleted, by netkit or behind its back."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

import netkit as nk
from netkit.errors import AlreadyExists, InvalidValue
from netkit.linux import entering
from netkit.linux import namespaces as spaces
from tests.inside.wire import wait_until

pytestmark = pytest.mark.usefixtures("fresh")


def test_a_new_namespace_has_a_loopback_that_is_down() -> None:
    ns1 = nk.Namespace("ns1")
    assert Path("/run/netns/ns1").exists()
    assert list(ns1.state.interfaces) == ["lo"]
    assert (ns1["lo"].is_up, ns1["lo"].mtu, ns1["lo"].mac) == (False, 65536, "00:00:00:00:00:00")
    assert ns1.exists
    assert repr(ns1) == "ns1:\n  lo: loopback, down"


def test_ip_sees_what_netkit_makes_and_netkit_what_ip_makes() -> None:
    nk.Namespace("ns1")
    nk.sh("ip netns add ns2")
    assert {line.split()[0] for line in nk.sh("ip netns list").stdout.splitlines()} == {"ns1", "ns2"}
    ns2 = nk.Namespace.get("ns2")
    nk.sh("ip -n ns2 link add br0 type bridge")
    assert isinstance(ns2["br0"], nk.Bridge)
    assert "br0" in ns2
    assert [link.name for link in ns2] == ["lo", "br0"]
    ns2.delete()
    assert "ns2" not in nk.sh("ip netns list").stdout


def test_names_are_unique() -> None:
    nk.Namespace("ns1")
    with pytest.raises(AlreadyExists, match=r"nk\.Namespace\.get\('ns1'\)"):
        nk.Namespace("ns1")


def test_handles_of_the_same_namespace_are_equal() -> None:
    ns1 = nk.Namespace("ns1")
    assert ns1 == nk.Namespace.get("ns1") != nk.host
    assert len({ns1, nk.Namespace.get("ns1")}) == 1
    assert nk.Namespace.get("host") == nk.host


def test_a_block_deletes_its_namespace() -> None:
    with nk.Namespace("ns1") as ns1:
        assert ns1.exists
    assert not ns1.exists
    assert repr(ns1) == "ns1: gone"


def test_when_delete_returns_the_other_ends_are_gone() -> None:
    for number in range(10):
        ns1 = nk.Namespace("ns1")
        nk.veth(f"veth{number}", "eth0", peer_namespace=ns1)
        ns1.delete()
        assert f"veth{number}" not in nk.host


def test_a_namespace_in_use_is_not_deleted() -> None:
    ns1 = nk.Namespace("ns1")
    sleep = ns1.start("sleep 60")
    wait_until(lambda: "sleep" in ns1.state.processes)
    with pytest.raises(InvalidValue, match="sleep"):
        ns1.delete()
    sleep.stop()
    ns1.delete()
    assert not ns1.exists


def wait_for_its_own_namespace(process: subprocess.Popen[bytes]) -> str:
    """The namespace's path, once `unshare` has made it."""
    path, deadline = f"/proc/{process.pid}/ns/net", time.monotonic() + 10
    while os.stat(path).st_ino == os.stat(entering.HOST_PATH).st_ino and time.monotonic() < deadline:
        time.sleep(0.005)
    return path


def test_a_nameless_namespace_is_found_by_its_process() -> None:
    with subprocess.Popen(["unshare", "--net", "sleep", "60"]) as process:
        wait_for_its_own_namespace(process)
        deadline = time.monotonic() + 10
        while "[sleep]" not in nk.snapshot().namespaces and time.monotonic() < deadline:
            time.sleep(0.005)  # until unshare has become sleep
        space = nk.snapshot()["[sleep]"]
        handle = nk.Namespace.get("[sleep]")
        _, eth0 = nk.veth("veth0", "eth0", peer_namespace=handle)
        eth0.add_address("10.0.0.2/24")
        assert (space.named, space.processes) == (False, ("sleep",))
        assert nk.host["veth0"].peer == eth0
        assert f"nsenter --net=/proc/{process.pid}/ns/net ip addr add 10.0.0.2/24 dev eth0" in nk.commands()
        with pytest.raises(InvalidValue, match="cannot be deleted"):
            handle.delete()
        process.kill()
        assert process.wait() == -9


def test_two_nameless_namespaces_of_the_same_program_are_told_apart() -> None:
    with (
        subprocess.Popen(["unshare", "--net", "sleep", "60"]) as one,
        subprocess.Popen(["unshare", "--net", "sleep", "60"]) as other,
    ):
        deadline = time.monotonic() + 10
        while "[sleep]#2" not in nk.snapshot().namespaces and time.monotonic() < deadline:
            time.sleep(0.005)
        names = {space.name for space in nk.snapshot() if not space.named}
        one.kill()
        other.kill()
    assert names == {"[sleep]", "[sleep]#2"}


def test_the_article_s_way_to_name_a_container_s_namespace() -> None:
    """A symbolic link in /run/netns (ARTICLE, 5), not a mount."""
    with subprocess.Popen(["unshare", "--net", "sleep", "60"]) as process:
        path = wait_for_its_own_namespace(process)
        Path("/run/netns/test").symlink_to(path)
        test = nk.Namespace.get("test")
        test["lo"].up()
        assert nk.sh("ip -n test -brief link show lo").stdout.split()[:2] == ["lo", "UNKNOWN"]
        wait_until(lambda: (test.state.named, test.state.processes) == (True, ("sleep",)))
        process.kill()
        process.wait()
    assert "test" not in nk.snapshot().namespaces, "the name leads nowhere now"
    spaces.delete("test")
    assert not Path("/run/netns/test").is_symlink()


def test_other_files_in_the_folder_are_no_namespaces() -> None:
    Path("/run/netns").mkdir(exist_ok=True)
    Path("/run/netns/notes").write_text("no namespace")
    assert "notes" not in nk.snapshot().namespaces
    Path("/run/netns/notes").unlink()


def test_a_namespace_that_could_not_be_made_leaves_no_name() -> None:
    Path("/run/netns/ns1").mkdir(parents=True)
    with pytest.raises(AlreadyExists):
        nk.Namespace("ns1")
    Path("/run/netns/ns1").rmdir()
    assert nk.Namespace("ns1").exists
