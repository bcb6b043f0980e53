"""Notices of names in /run/netns, also where the kernel gives none."""

from __future__ import annotations

import ctypes
import errno

import pytest

import netkit as nk
from netkit.linux import folder
from netkit.linux.events import hearing, settle

pytestmark = pytest.mark.usefixtures("fresh")


class Refusing:
    """A kernel that gives this user no more notices."""

    def inotify_init1(self, _flags: int) -> int:
        ctypes.set_errno(errno.EMFILE)
        return -1


def test_names_that_come_and_go() -> None:
    nk.Namespace("ns1")
    notices = folder.Folder()
    assert notices.changed() == {"ns1"}
    assert notices.changed() == set()
    nk.Namespace("ns2")
    assert notices.changed() == {"ns2"}
    nk.Namespace.get("ns1").delete()
    assert notices.changed() == {"ns1"}
    notices.close()


def test_without_notices_all_names_are_told_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    nk.Namespace("ns1")
    with monkeypatch.context() as patched:
        patched.setattr(folder, "libc", Refusing)
        desk = hearing._Desk()
        patched.setattr(hearing, "_desk", desk)
        notices = folder.Folder()
        assert notices.changed() == notices.changed() == {"ns1"}
        notices.close()
        ns2 = nk.Namespace("ns2")
        nk.veth("v2", "eth0", peer_namespace=ns2)
        assert settle.wait()
        nk.sh("ip netns delete ns1; ip netns add ns1")
        ns2.delete()
        assert "v2" not in nk.host
        with hearing.listening() as ear:
            assert set(ear.numbers()) == {"ns1"}
        desk.drop()
