"""Where no sandbox can be made, everything says why and what to do, and no code runs."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient

from netkit.errors import InvalidValue
from netkit.sandbox import log, problems, worlds
from tests.outside import sessions
from tests.outside.sessions import NETKIT, eventually
from tests.processes import ending
from tests.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.once

CAUSE = "the user world stops at the stage 'user namespace' (ENOSPC): user.max_user_namespaces is 0"
FORBIDDING = (
    # In a user namespace of its own, where the setting is not the machine's.
    *("unshare", "--user", "--map-root-user", "--mount", "sh", "-c"),
    'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"',
    "sh",
)


def forbidden(*command: str, **options: object) -> subprocess.CompletedProcess[str]:
    """Run a command where nobody may make another user namespace."""
    variables = {**os.environ, "NETKIT_WORLD": "user"}
    options = {"capture_output": True, "text": True, "timeout": 60, "env": variables, **options}
    return subprocess.run([*FORBIDDING, *command], check=False, **options)  # type: ignore[call-overload]


@contextmanager
def fallback(
    folder: Path, *prefix: str, program: tuple[str, ...] = ("-m", "netkit.kernel", "-f"), **variables: str
) -> Iterator[BlockingKernelClient]:
    """The kernel that takes the sandbox's place, and a client of it."""
    file = sessions.connection_file(folder)
    command = [*prefix, sys.executable, *program, str(file)]
    variables = {"XDG_STATE_HOME": str(folder / "state"), **variables}
    process = subprocess.Popen(command, env=sessions.environment(**variables), start_new_session=True)
    with ending(process):
        client = BlockingKernelClient(connection_file=str(file))
        client.load_connection_file()
        client.start_channels()
        assert eventually(lambda: sessions.is_ready(client), sessions.PATIENCE)
        yield client
        client.shutdown(reply=True, timeout=20)  # a channel that is closed at once may take the request with it
        client.stop_channels()


def answer_to(client: BlockingKernelClient, code: str) -> tuple[dict[str, Any], str]:
    """The reply to a cell, and what it shows."""
    shown: list[str] = []
    reply = client.execute_interactive(code, timeout=60, output_hook=lambda m: shown.append(sessions.text_of(m)))
    return reply["content"], "".join(shown)


def test_the_fallback_kernel_answers_every_cell_with_the_reason(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    with fallback(tmp_path, *FORBIDDING, NETKIT_WORLD="user") as client:
        first = f"open({str(canary)!r}, 'w')"
        for code in (first, f"!touch {canary}"):
            told, shown = answer_to(client, code)
            assert (told["status"], told["ename"]) == ("error", "SandboxUnavailable")
            assert CAUSE in told["evalue"]
            assert "sysctl -w user.max_user_namespaces" in told["evalue"]
            assert str(tmp_path / "state" / "netkit" / "netkit.log") in told["evalue"]
            assert shown.endswith(f"SandboxUnavailable: {told['evalue']}")
            assert ("User world\nmissing  user namespace\n" in shown) == (code is first)
        client.kernel_info()
        banner = client.get_shell_msg(timeout=20)["content"]["banner"]
    assert CAUSE in banner
    assert not canary.exists()
    assert CAUSE in (tmp_path / "state" / "netkit" / "netkit.log").read_text(encoding="utf-8")


def test_the_fallback_kernel_shows_the_doctor_s_table_once(tmp_path: Path) -> None:
    tables: list[str] = []
    with fallback(tmp_path, *FORBIDDING, NETKIT_WORLD="user") as client:
        for _ in range(2):
            client.execute_interactive(
                "1", timeout=60, output_hook=lambda m: tables.append(m["content"].get("data", {}).get("text/html", ""))
            )
    (table,) = filter(None, tables)
    assert table.startswith("<table")
    assert "user.max_user_namespaces is 0" in table
    assert "sudo sysctl -w user.max_user_namespaces=15000" in table
    assert "every program of every user reach more of the kernel" in table


SLOW = """
import sys, time
from ipykernel.iostream import IOPubThread
from ipykernel.kernelbase import Kernel
from netkit.sandbox import fallback

announce, publish = Kernel._publish_status_and_flush, IOPubThread._thread_main

def announce_late(self, *arguments, **options):
    time.sleep(0.3)
    announce(self, *arguments, **options)

def end_late(self):
    publish(self)
    time.sleep(1)

Kernel._publish_status_and_flush, IOPubThread._thread_main = announce_late, end_late
fallback.main(sys.argv[1], '["No sandbox can be made here"]')
"""


def test_the_fallback_kernel_ends_though_its_last_reply_is_announced_late(tmp_path: Path) -> None:
    with fallback(tmp_path, program=("-c", SLOW)) as client:
        told, _ = answer_to(client, "1")
    assert told["ename"] == "SandboxUnavailable"


def test_an_unknown_world_is_told_with_the_known_ones(tmp_path: Path) -> None:
    with fallback(tmp_path, NETKIT_WORLD="mars") as client:
        told, _ = answer_to(client, "1")
    assert told["evalue"].startswith("NETKIT_WORLD is 'mars'; it is one of auto, user")


def test_run_says_why_not() -> None:
    answer = forbidden(NETKIT, "run", "--", "touch", "/tmp/netkit-canary")
    assert answer.returncode == 125
    assert CAUSE in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not os.path.exists("/tmp/netkit-canary")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs programs in a folder that is closed to others")
@pytest.mark.parametrize(("world", "status"), [("user", 125), ("auto", 0)])
def test_root_whose_python_lies_in_another_s_closed_folder(world: str, status: int) -> None:
    """Root inside has no rights there; User-Mode Linux is a process of the root outside, who has them."""
    with tempfile.TemporaryDirectory(dir=Path.home()) as folder:  # below /tmp it would be shown
        place = Path(folder, "environment")
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
        (own,) = place.glob("lib/python*/site-packages")
        (own / "others.pth").write_text(f"{ROOT}\n", encoding="utf-8")
        os.chown(folder, 65534, 65534)
        os.chmod(folder, 0o700)
        words = [str(place / "bin" / "python"), "-m", "netkit.cli", "run", "--", str(place / "bin" / "python"), "-V"]
        variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        variables["NETKIT_WORLD"] = world
        done = subprocess.run(words, env=variables, cwd="/", capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == status, done.stderr
    if status:
        assert "the stage 'interpreter' (EACCES): inside, root has no rights over other users' files" in done.stderr
        assert f"{folder} is closed to others. Start it as their owner" in done.stderr


def test_a_sandbox_whose_later_stage_fails_leaves_nothing() -> None:
    """One user namespace may be made, the second one not."""
    one = tuple(word.replace("echo 0 ", "echo 1 ") for word in FORBIDDING)
    answer = subprocess.run(
        [*one, NETKIT, "run", "--", "true"],
        env={**os.environ, "NETKIT_WORLD": "user"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 125
    assert "at the stage 'second user namespace' (ENOSPC)" in answer.stderr


CAUSES = (
    ("user namespace", errno.ENOSPC, {"user.max_user_namespaces": "0"}, "", "user.max_user_namespaces is 0"),
    ("pid namespace", errno.ENOSPC, {"user.max_pid_namespaces": "3"}, "", "user.max_pid_namespaces is 3"),
    ("user namespace", errno.EINVAL, {}, "", "without user namespaces"),
    ("user namespace", errno.EPERM, {}, "2", "a seccomp filter"),
    ("mount propagation", errno.EACCES, {"kernel.apparmor_restrict_unprivileged_userns": "1"}, "0", "AppArmor"),
    ("user namespace", errno.EPERM, {"kernel.unprivileged_userns_clone": "0"}, "0", "unprivileged_userns_clone is 0"),
    ("own /proc", errno.EPERM, {}, "0", "parts of /proc are masked"),
    ("own /run", errno.EPERM, {}, "0", "a security module"),
    ("own /dev", errno.ENODEV, {}, "0", "the kernel's own words"),
    ("own /run", errno.ENOENT, {}, "0", "there is no /run"),
    ("network namespace", errno.ENOSPC, {"user.max_net_namespaces": "0"}, "", "user.max_net_namespaces is 0"),
    # A container's filter on a machine whose AppArmor restricts, too: its file is visible inside.
    ("user namespace", errno.EPERM, {"kernel.apparmor_restrict_unprivileged_userns": "1"}, "2", "a seccomp filter"),
    # Mounts were allowed before: it is not the filter.
    ("own /proc", errno.EPERM, {}, "2", "parts of /proc are masked"),
)


@pytest.mark.parametrize("row", CAUSES, ids=lambda row: f"{row[0]}: {row[4]}")
def test_causes(monkeypatch: pytest.MonkeyPatch, row: tuple[str, int, dict[str, str], str, str]) -> None:
    stage, number, settings, seccomp, cause = row
    files = {f"/proc/sys/{name.replace('.', '/')}": value for name, value in settings.items()}
    files["/proc/self/status"] = f"Name:\tpython\nSeccomp:\t{seccomp}\n"
    monkeypatch.setattr(problems, "_read", lambda path: files.get(path, ""))
    monkeypatch.setattr(problems.os, "geteuid", lambda: 1000)
    problem = problems.explain("user", stage, number, "the kernel's own words (/run)")
    assert cause in problem.cause
    assert problem.remedy
    assert str(problem).startswith(f"the user world stops at the stage '{stage}' ({errno.errorcode[number]}): ")


CAUSES_OF_UML = (
    ("program", errno.ENOENT, "", "is not installed", "sudo apt install user-mode-linux tcc"),
    ("program", errno.ENOSPC, "", "the words", "export TMPDIR="),
    ("program", errno.ENOEXEC, "", "the words", ""),
    ("program", errno.EINVAL, "", "the words", ""),
    ("program", errno.EMFILE, "", "the words", ""),
    ("program", errno.ELIBACC, "", "the words", "sudo apt install tcc"),
    ("boot", 0, "3", "kernel.yama.ptrace_scope is 3", ""),
    ("boot", 0, "", "as if it were linked statically", ""),
    ("boot", errno.ELIBACC, "", "as if it were linked statically", ""),
    ("boot", 0, "1", "does not let programs trace their children", ""),
    ("modules", errno.EIO, "", "the words", ""),
)


@pytest.mark.parametrize("row", CAUSES_OF_UML, ids=lambda row: f"{row[0]} {row[1]} {row[2]}")
def test_causes_of_user_mode_linux(monkeypatch: pytest.MonkeyPatch, row: tuple[str, int, str, str, str]) -> None:
    stage, number, scope, cause, line = row
    monkeypatch.setattr(problems, "_read", lambda path: scope if path.endswith("ptrace_scope") else "")
    problem = problems.explain("uml", stage, number, "the words: " + ("ptrace" if scope else "put_fp_registers+0x10"))
    assert cause in problem.cause
    assert line in problem.line
    assert problem.remedy


def test_choice_of_worlds(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("", "auto"):
        monkeypatch.setenv(worlds.VARIABLE, value)
        assert list(worlds.chosen()) == list(worlds.WORLDS)
    monkeypatch.setenv(worlds.VARIABLE, "user")
    assert worlds.chosen() == ("user",)
    monkeypatch.setenv(worlds.VARIABLE, "User")
    with pytest.raises(InvalidValue, match="NETKIT_WORLD is 'User'; it is one of auto, user"):
        worlds.chosen()


@pytest.mark.parametrize("name", worlds.WORLDS)
def test_every_world_has_what_a_world_has(name: str) -> None:
    world = worlds.load(name)
    assert name == world.NAME
    assert world.SUMMARY
    assert all(callable(getattr(world, act)) for act in ("start", "enter", "inside"))


def test_the_diary_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for number in range(6000):
        log.write(f"{number} " + 100 * "x")
    folder = tmp_path / "netkit"
    assert sorted(path.name for path in folder.iterdir()) == ["netkit.log", "netkit.log.1"]
    assert sum(path.stat().st_size for path in folder.iterdir()) < 600_000
    assert "5999 " in (folder / "netkit.log").read_text(encoding="utf-8")


def test_a_diary_that_cannot_be_written_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    log.write("nothing happens")
    assert (tmp_path / "file").read_text(encoding="utf-8") == "in the way"
