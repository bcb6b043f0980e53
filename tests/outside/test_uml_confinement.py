"""What root inside User-Mode Linux does not reach outside by mounting the machine's files once more."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from netkit.sandbox import system
from netkit.sandbox.uml import landlock
from tests.outside.test_uml import in_uml

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.skipif(shutil.which("linux.uml") is None, reason="user-mode-linux is not installed"),
    pytest.mark.skipif(landlock.version() < landlock.NEEDED, reason="this Linux has no Landlock"),
]

ATTEMPTS = """
import json, os, subprocess, sys
work, other, folder, victim, number = json.load(sys.stdin)

def outside(path):
    top, rest = ("/proc", path.removeprefix("/proc/")) if path.startswith("/proc/") else os.path.split(path)
    subprocess.run(["mount", "-t", "hostfs", "none", "/mnt", "-o", top], check=True)
    return f"/mnt/{rest}"

def write(path):
    with open(path, "r+") as file:
        file.write("written from inside")

def see(path):
    if os.readlink(path) != other:
        raise OSError(0, "it is something else")

attempts = {
    "write a file": (other, write),
    "read a temporary file": (other, lambda path: open(path).read()),
    "empty a file": (other, lambda path: open(path, "w")),
    "make a file": (folder + "/new", lambda path: open(path, "x")),
    "make a folder": (folder + "/new", os.mkdir),
    "remove a file": (other, os.unlink),
    "move a file": (other, lambda path: os.rename(path, path + "-moved")),
    "link a file": (other, lambda path: os.link(path, path + "-linked")),
    "change a mode": (other, lambda path: os.chmod(path, 0o777)),
    "change an owner": (other, lambda path: os.chown(path, 1, 1)),
    "change a time": (other, lambda path: os.utime(path, (1, 1))),
    "read a process": (f"/proc/{victim}/cmdline", lambda path: open(path).read()),
    "read a process's environment": (f"/proc/{victim}/environ", lambda path: open(path).read()),
    "open a process's memory": (f"/proc/{victim}/mem", write),
    "open its own memory": ("/proc/self/mem", write),
    "write a setting": ("/proc/sys/vm/swappiness", lambda path: write(path)),
    "read a service's folder": ("/run/netkit-test", lambda path: open(path).read()),
    "see what the starter has open": ("/proc/self/fd/" + number, see),
    "make a device": (work + "/device", lambda path: os.mknod(path, 0o020666, os.makedev(1, 3))),
}
told = {}
for name, (path, act) in attempts.items():
    try:
        told[name] = f"SUCCEEDED: {act(outside(path))!r}"
    except OSError as error:
        told[name] = f"refused: {error.strerror}"
    finally:
        subprocess.run(["umount", "/mnt"])
print(json.dumps(told))
"""
OWN = {"change a mode", "change an owner", "change a time"}
"""What everybody may do to files of his own, and Landlock leaves: a mount namespace takes that, too."""


def may_mount() -> bool:
    """Whether this user may make mounts, as root mostly may."""
    try:
        os.close(system.memory_folder(4096))
    except OSError:
        return False
    return True


def facts(path: Path) -> tuple[int, ...]:
    """Mode, owner, group and times of a file."""
    found = path.stat()
    return found.st_mode, found.st_uid, found.st_gid, found.st_mtime_ns, found.st_ctime_ns


def test_hostfs_reaches_no_more_than_is_kept(tmp_path: Path) -> None:
    """All victims are the test's own, and each attempt is harmless even if it works."""
    work, folder = tmp_path / "work", tmp_path / "other"
    other = folder / "file"
    work.mkdir()
    folder.mkdir()
    other.write_text("as it was")
    before = facts(other)
    with subprocess.Popen(["sleep", "1000"]) as victim, other.open() as file:
        # Not in arguments: what is named there is shown inside.
        told = json.dumps([str(work), str(other), str(folder), str(victim.pid), str(file.fileno())])
        options = {
            "input": told,
            "cwd": work,
            "env": {"HOME": str(work), "TMPDIR": str(work)},
            "pass_fds": (file.fileno(),),
        }
        answer = in_uml("python", "-c", ATTEMPTS, **options)
        victim.kill()
    assert answer.returncode == 0, answer.stderr
    got = {name for name, told in json.loads(answer.stdout).items() if not told.startswith("refused: ")}
    assert got <= (set() if may_mount() else OWN)
    assert [path.name for path in folder.iterdir()] == ["file"]
    if may_mount():
        assert facts(other) == before
    assert other.read_text() == "as it was"
    assert list(work.iterdir()) == []


CAPABILITIES = """
import os, sys
from netkit.sandbox import system
system.forbid_new_privileges()
system.keep_capabilities(system.FILE_CAPABILITIES)
os.execvp("cat", ["cat", "/proc/self/status"])
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="root has capabilities to give up")
def test_capabilities_that_were_given_up_do_not_come_back() -> None:
    answer = subprocess.run([sys.executable, "-c", CAPABILITIES], capture_output=True, text=True, check=True)
    words = dict(line.split(":\t", 1) for line in answer.stdout.splitlines() if ":\t" in line)
    allowed = sum(1 << number for number in system.FILE_CAPABILITIES)
    assert [int(words[kind], 16) & ~allowed for kind in ("CapPrm", "CapEff", "CapInh", "CapAmb")] == [0] * 4
