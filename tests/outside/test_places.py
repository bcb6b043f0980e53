"""Folders that programs about networks write to are a sandbox's own, and a name that nobody knows is not waited for."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from netkit.sandbox.places import OWN

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    Netkit = Callable[..., subprocess.CompletedProcess[str]]


def test_they_are_writable_and_gone_afterwards(netkit: Netkit) -> None:
    before = {place: sorted(os.listdir(place)) if os.path.isdir(place) else None for place in OWN}
    script = "; ".join(f"ls {place}; mkdir {place}/mine; stat -f -c %T {place}" for place in OWN)
    answer = netkit("run", "--", "sh", "-ec", script)
    assert (answer.returncode, answer.stdout.split()) == (0, ["tmpfs"] * len(OWN)), answer.stderr
    assert {place: sorted(os.listdir(place)) if os.path.isdir(place) else None for place in OWN} == before


def test_a_namespace_has_files_of_its_own(netkit: Netkit) -> None:
    script = (
        "mkdir -p /etc/netns/blue; echo nameserver 9.9.9.9 > /etc/netns/blue/resolv.conf; ip netns add blue; "
        "ip netns exec blue cat /etc/resolv.conf"
    )
    answer = netkit("run", "--", "sh", "-ec", script)
    if "mount of /sys failed" not in answer.stderr:  # else this machine forbids `ip netns exec`
        assert answer.stdout == "nameserver 9.9.9.9\n", answer.stderr


def test_what_is_written_to_etc_stays_inside(netkit: Netkit) -> None:
    answer = netkit("run", "--", "sh", "-ec", "echo mine > /etc/netkit-was-here; cat /etc/netkit-was-here /etc/passwd")
    assert not os.path.exists("/etc/netkit-was-here")
    if answer.returncode == 0:  # a machine with all these folders has its own /etc inside
        assert answer.stdout.startswith("mine\n")
        assert "root:" in answer.stdout


def test_a_name_that_nobody_knows_is_not_waited_for(netkit: Netkit) -> None:
    began = time.monotonic()
    answer = netkit(
        "run",
        "--",
        "sh",
        "-c",
        "ip link add d0 type veth peer name d1; ip addr add 192.0.2.1/24 dev d0; ip link set d0 up; "
        "ip link set d1 up; ip route add default via 192.0.2.9; getent hosts nobody.example.net; "
        "getent hosts 192.0.2.77; getent hosts localhost",
    )
    assert "localhost" in answer.stdout
    assert time.monotonic() - began < 8
