"""`netkit run` and `netkit shell`: input, output, status, signals and terminal pass; the sandbox is as it should be."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from netkit.sandbox.job import Job, here, inside, runtime_directory
from tests.outside import sessions, trees
from tests.outside.sessions import NETKIT, Session, eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    Netkit = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize(
    ("script", "status"),
    [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill -TERM $$", 143), ("no-such-program-at-all", 127)],
)
def test_status(netkit: Netkit, script: str, status: int) -> None:
    assert netkit("run", "--", "sh", "-c", script).returncode == status


def test_program_that_is_not_there(netkit: Netkit) -> None:
    answer = netkit("run", "--", "no-such-program")
    assert (answer.returncode, answer.stderr) == (
        127,
        "netkit: 'no-such-program' is not there: no such program in PATH\n",
    )


def test_program_that_cannot_be_started(netkit: Netkit, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no program", encoding="utf-8")
    assert netkit("run", "--", str(tmp_path / "text")).returncode == 126


def test_no_command(netkit: Netkit) -> None:
    answer = netkit("run")
    assert (answer.returncode, answer.stderr[:30]) == (2, "netkit: No command is given; '")


def test_streams_are_apart(netkit: Netkit) -> None:
    answer = netkit("run", "--", "sh", "-c", "tr a-z A-Z; echo error >&2", input="text")
    assert (answer.stdout, answer.stderr) == ("TEXT", "error\n")


def test_working_directory(netkit: Netkit, tmp_path: Path) -> None:
    assert netkit("run", "--", "pwd", cwd=tmp_path).stdout.strip() == str(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_signals_pass(number: signal.Signals) -> None:
    command = [
        NETKIT,
        "run",
        "--",
        "sh",
        "-c",
        f"trap 'echo got it; exit 3' {int(number)}; echo ready; sleep 100 & wait",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    assert process.communicate(timeout=20)[0] == "got it\n"
    assert process.returncode == 3


def test_closed_pipe_ends_the_command() -> None:
    script = f"{NETKIT} run -- yes | head -n 1"
    answer = subprocess.run(
        ["bash", "-c", f"{script}; echo ${{PIPESTATUS[0]}}"], capture_output=True, text=True, check=True
    )
    assert answer.stdout == "y\n141\n"


def test_killed_starter_leaves_nothing() -> None:
    command = [NETKIT, "run", "--", "sh", "-c", "echo ready; sleep 1000"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    found = trees.look(process.pid)
    process.kill()
    process.communicate()
    assert eventually(lambda: not trees.alive(list(found.roles.values())), 2.0)


FACTS = (
    ("hostname", "netkit"),
    ("id -u", "0"),
    ("cat /proc/sys/net/ipv4/ip_forward", "0"),
    ("cat /proc/sys/net/ipv4/conf/default/rp_filter", "0"),
    ("cat /proc/sys/net/bridge/bridge-nf-call-iptables 2>/dev/null || echo 0", "0"),
    ("cut -f1 /proc/sys/net/ipv4/ping_group_range", "0"),
    ("cat /sys/class/net/lo/operstate", "unknown"),
    ("ip -br link show lo | tr -s ' ' | cut -d' ' -f2", "UNKNOWN"),
    ("ip netns add a && ip netns exec a ip -o link | wc -l", "1"),
    ("ip netns add a && ip netns del a && ls /run/netns | wc -l", "0"),
    ("ip link add name br0 type bridge && ls /sys/class/net | tr '\\n' ' '", "br0 lo"),
    ("ping -c 1 -W 2 127.0.0.1 >/dev/null; echo $?", "0"),
    ("getent hosts netkit | tr -s ' '", "127.0.1.1 netkit"),
    ("sudo -n -u root WORD=x sh -c 'echo $WORD'", "x"),
    ("sudo ip link show lo >/dev/null; echo $?", "0"),
    ("which sysctl >/dev/null; echo $?", "0"),
    ("echo x > /dev/null; head -c 4 /dev/urandom | wc -c", "4"),
    ("echo $DOCKER_HOST", "unix:///run/docker.sock"),
    ("ls -A /etc/docker 2>/dev/null | wc -l", "0"),
    ("grep -c ' / / ' /proc/self/mountinfo", "1"),
    ("iptables -t nat -A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE; iptables -t nat -S | grep -c MASQ", "1"),
)


@pytest.mark.parametrize(("script", "expected"), FACTS)
def test_what_a_learner_finds(netkit: Netkit, script: str, expected: str) -> None:
    answer = netkit("run", "--", "sh", "-c", script)
    assert answer.stdout.strip() == expected, answer.stderr


def test_temporary_folders_have_what_the_command_is_told_of(netkit: Netkit) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        for name in ("told", "other"):
            Path(folder, name).write_text(f"{name}\n", encoding="utf-8")
        script = 'cat "$0"; ls "${0%/*}"; echo new > /tmp/nk-new; echo changed > "$0"'
        answer = netkit("run", "--", "sh", "-c", script, f"{folder}/told", env=sessions.environment(TMPDIR=""))
        assert answer.stdout.split() == ["told", "told"], answer.stderr
        assert Path(folder, "told").read_text(encoding="utf-8") == "changed\n"
    assert not Path("/tmp/nk-new").exists()


def test_the_paths_of_administrators_are_searched() -> None:
    job = Job(("true",), "/", {"PATH": "/usr/bin", "LANG": "C"})
    made = inside(job, "user")
    own = f":{os.path.dirname(sys.executable)}" if sys.prefix != sys.base_prefix else ""
    assert made["PATH"] == f"/run/netkit/bin{own}:/usr/bin:/usr/local/sbin:/usr/sbin:/sbin"
    assert made["NETKIT_SANDBOX"] == "user"
    assert made["LANG"] == "C"


def test_the_docker_command_is_led_into_the_sandbox_only(monkeypatch: pytest.MonkeyPatch) -> None:
    machines = {"DOCKER_HOST": "tcp://192.0.2.1", "DOCKER_CONTEXT": "a", "DOCKER_TLS_VERIFY": "1", "DOCKER_CONFIG": "b"}
    for name, value in machines.items():
        monkeypatch.setenv(name, value)
    made = inside(here(("true",)), "user")
    kept = {name: value for name, value in made.items() if name.startswith("DOCKER_")}
    assert kept == {"DOCKER_HOST": "unix:///run/docker.sock", "DOCKER_CONFIG": "/run/netkit/docker"}


@pytest.mark.parametrize(
    "variables",
    [{}, {"JUPYTER_RUNTIME_DIR": "/a"}, {"JUPYTER_DATA_DIR": "/b"}, {"XDG_DATA_HOME": "/c"}, {"HOME": "/d"}],
)
def test_jupyters_rule_for_its_runtime_directory(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    from jupyter_core.paths import jupyter_runtime_dir

    for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert runtime_directory(os.environ) == jupyter_runtime_dir()


def test_shell_of_a_kernel(kernel: Session, netkit: Netkit) -> None:
    kernel.run("import os; os.system('ip netns add lesson; ip link add name br7 type bridge')")
    name = os.path.basename(kernel.manager.connection_file)
    stem = name.removeprefix("kernel-").removesuffix(".json")
    script = (
        "ip -br link show br7 | cut -c1-3; ip netns; hostname; ls /run/netkit; ip link add name br8 type bridge; exit 4"
    )
    for text in (stem, stem[:-1], name, kernel.manager.connection_file):
        answer = netkit("shell", text, input=script)
        assert answer.stdout.split()[:3] == ["br7", "lesson", "netkit"], answer.stderr
        assert answer.returncode == 4
    assert "br8" in kernel.run("print(os.popen('ip -br link').read())")
    assert name in netkit("shell", "--list").stdout


def test_shells_of_a_kernel_are_privileged_inside_only(kernel: Session, netkit: Netkit) -> None:
    answer = netkit(
        "shell", kernel.manager.connection_file, input="grep NoNew /proc/self/status; umount -l /run && echo gone"
    )
    assert answer.stdout == "NoNewPrivs:\t1\n"


def test_shell_of_an_unknown_kernel(kernel: Session, netkit: Netkit) -> None:
    answer = netkit("shell", "no-such-kernel")
    stem = os.path.basename(kernel.manager.connection_file).removeprefix("kernel-").removesuffix(".json")
    assert answer.returncode == 2
    assert answer.stderr.startswith("netkit: No kernel is called 'no-such-kernel'; running now: ")
    assert f"'{stem}'" in answer.stderr


def test_beginning_that_means_several_kernels(kernel: Session, netkit: Netkit) -> None:
    with sessions.session() as other:
        first, second = (os.path.basename(one.manager.connection_file) for one in (kernel, other))
        same = next(number for number, (a, b) in enumerate(zip(first, second, strict=False)) if a != b)
        answer = netkit("shell", first[:same])
        assert answer.returncode == 2
        assert "means several kernels" in answer.stderr


def test_shell_ends_with_the_kernel() -> None:
    with sessions.session() as kernel:
        command = [NETKIT, "shell", kernel.manager.connection_file]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with subprocess.Popen(command, text=True, **pipes) as shell:  # type: ignore[call-overload]
            shell.stdin.write("echo ready\n")
            shell.stdin.flush()
            assert shell.stdout.readline() == "ready\n"
            os.kill(kernel.launcher, signal.SIGKILL)
            assert shell.wait(10) == 128 + signal.SIGKILL
