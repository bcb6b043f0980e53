"""Root and other users' kernels: root enters as their owner, and nothing of root's gets in."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from netkit.errors import SandboxError
from netkit.sandbox import kernels, worlds
from netkit.sandbox.job import here
from tests import ordinary
from tests.hub import people
from tests.outside.sessions import NETKIT, PATIENCE, eventually
from tests.processes import ending
from tests.project import ROOT

if TYPE_CHECKING:
    import pwd
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root sees other users' kernels"),
    pytest.mark.skipif(shutil.which("su") is None, reason="su is not installed"),
]

HOSTILE = """#!/bin/sh
# In PATH before the machine's own one: whoever runs it tells here what it had.
{ env; id; cat /proc/self/status; /usr/bin/ls -l /proc/self/fd; pwd; cat /proc/keys; } > ~/had-by-the-visitor 2>&1
cp /usr/bin/true "$ROOTS_FOLDER"/made-by-the-learner 2>/dev/null
exec /usr/bin/ls "$@"
"""
KERNEL = f"""
import os, time
with open("/run/netkit/bin/ls", "w") as program:
    program.write({HOSTILE!r}.replace("$ROOTS_FOLDER", os.environ["PYTHONPATH"].split(":")[1]))
os.chmod("/run/netkit/bin/ls", 0o755)
open(os.path.expanduser("~/runs"), "w").close()
time.sleep(1000)
"""
"""Stands for the IPython kernel: what a learner's cell could do to a visitor."""


@dataclass(frozen=True)
class Class:
    """A learner with netkit, and root.

    Attributes:
        learner: the user.
        folder: that only root may enter.
        command: what runs the learner's Python.
    """

    learner: pwd.struct_passwd
    folder: Path
    command: tuple[str, ...]


@pytest.fixture(scope="module")
def class_(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Class]:
    """A learner, whose home has netkit and a Python of its own, and a folder of root's."""
    folder = tmp_path_factory.mktemp("roots")
    skeleton = tmp_path_factory.mktemp("skeleton")
    shutil.copytree(ROOT / "netkit", skeleton / "lib" / "netkit", ignore=shutil.ignore_patterns("__pycache__"))
    (skeleton / "lib" / "ipykernel_launcher.py").write_text(KERNEL, encoding="utf-8")
    with people.learners(1, skeleton, f"nk-visited-{os.getpid()}-{{}}") as (learner,):
        python = f"{learner.pw_dir}/python"
        os.symlink(ordinary.interpreter(), python)
        own = (f"HOME={learner.pw_dir}", f"USER={learner.pw_name}", f"PYTHONPATH={learner.pw_dir}/lib:{folder}")
        become = ("setpriv", "--reuid", learner.pw_name, "--regid", str(learner.pw_gid), "--init-groups")
        (Path(learner.pw_dir) / ".profile").write_text(f"export PYTHONPATH={learner.pw_dir}/lib\n", encoding="utf-8")
        yield Class(learner, folder, (*become, "env", *own, python))


@contextmanager
def kernel(class_: Class, name: str) -> Iterator[None]:
    """A kernel of the learner's."""
    home = Path(class_.learner.pw_dir)
    words = [*class_.command, "-m", "netkit.kernel", "-f", str(home / f"kernel-{name}.json")]
    process = subprocess.Popen(words, cwd=home)
    with ending(process):
        try:
            assert eventually((home / "runs").exists, PATIENCE), "the kernel does not run"
            yield
        finally:
            process.terminate()
            (home / "runs").unlink(missing_ok=True)


def test_root_enters_as_the_owner(class_: Class) -> None:
    """The learner's programs run with the learner's rights and get nothing of root's."""
    secret = class_.folder / "secret"
    secret.write_text("root's", encoding="utf-8")
    had = Path(class_.learner.pw_dir) / "had-by-the-visitor"
    with kernel(class_, "visited"), secret.open() as file:
        answer = subprocess.run(
            [NETKIT, "shell", "visited"],
            input="ls /\nip -br link\nexit 7\n",
            env={**os.environ, "ROOTS_SECRET": "root's"},
            cwd=class_.folder,
            pass_fds=(file.fileno(),),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        listed = subprocess.run([NETKIT, "shell", "--list"], capture_output=True, text=True, timeout=60, check=True)
        # Whatever a process looks like: the kernel tells who made its namespaces.
        with pytest.raises(SandboxError, match="the sandbox belongs to another user"):
            worlds.enter(kernels.find("visited").first, here(("true",)))
    assert answer.returncode == 7, answer
    assert f"you enter as {class_.learner.pw_name}" in answer.stderr
    assert had.stat().st_uid == class_.learner.pw_uid, "as whom it ran"
    told = had.read_text(encoding="utf-8")
    assert "NoNewPrivs:\t1" in told
    assert not [word for word in ("root's", "ROOTS_SECRET", str(class_.folder), str(secret)) if word in told]
    assert list(class_.folder.iterdir()) == [secret]
    assert [line.split("\t")[2] for line in listed.stdout.splitlines() if line.startswith("visited\t")] == [
        class_.learner.pw_name
    ]


def test_a_name_that_steers_a_terminal_is_not_shown(class_: Class) -> None:
    with kernel(class_, "\x1b]0;title\x07"):
        assert not [each for each in kernels.running() if each.owner == class_.learner.pw_uid]


def test_the_owner_of_a_process_that_hides_is_known(class_: Class) -> None:
    hide = "import ctypes, time; ctypes.CDLL(None).prctl(4, 0, 0, 0, 0); print(1, flush=True); time.sleep(1000)"
    process = subprocess.Popen([*class_.command, "-c", hide], stdout=subprocess.PIPE)
    with ending(process):
        with process.stdout as told:
            told.readline()
        assert os.stat(f"/proc/{process.pid}/environ").st_uid == 0, "as the file system shows it"
        assert kernels.owner(process.pid) == class_.learner.pw_uid
        process.kill()
