"""Nothing gets out of the sandbox: attempts from every place in which a kernel runs code."""

from __future__ import annotations

import json
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.outside.attempts import ATTEMPTS
from tests.outside.outsiders import outsiders
from tests.outside.sessions import NETKIT, PATIENCE, Session, eventually, session, text_of
from tests.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.outside.kernel_calls import Outside

PLACES = ("iopub_thread", "control_thread", "shell_channel_thread")
RECYCLING = "connect_recycled"
REACHING = [name for name in ATTEMPTS if name.startswith("connect") and name != RECYCLING]


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    """Services, a process and files of the machine, all the test's own."""
    with outsiders(tmp_path_factory.mktemp("outside")) as made:
        yield made


@pytest.fixture(scope="module")
def prisoner(kernel: Session, outside: Outside) -> Session:
    """The kernel, with the attempts loaded."""
    return load_attempts(kernel, outside)


def load_attempts(kernel: Session, outside: Outside) -> Session:
    """Load the attempts into a kernel."""
    kernel.run(
        f"import os, sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from tests.outside.attempts import attempt\nfrom tests.outside.kernel_calls import Outside"
    )
    assert kernel.run(f"outside = Outside(*{tuple(outside)!r}); print(outside.port)").strip() == str(outside.port)
    return kernel


@pytest.mark.parametrize("name", [*REACHING, "signal_process", "unmount_run", "read_hidden_file"])
def test_refused(prisoner: Session, name: str) -> None:
    """All the other attempts are made in test_ways_out.py."""
    assert prisoner.run(f"print(attempt({name!r}, outside))").startswith("refused: ")


def test_refused_with_a_recycled_socket(outside: Outside) -> None:
    """In a kernel of its own, for which losing its sockets is the end."""
    with session() as kernel:
        assert load_attempts(kernel, outside).run(f"print(attempt({RECYCLING!r}, outside))").startswith("refused: ")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", [*REACHING, "signal_process", "unmount_run"])
def test_refused_in_threads_of_the_kernel(prisoner: Session, place: str, name: str) -> None:
    code = f"""
import threading
done, results = threading.Event(), []
def callback():
    results.append(attempt({name!r}, outside))
    done.set()
from ipykernel.kernelapp import IPKernelApp
IPKernelApp.instance().{place}.io_loop.add_callback(callback)
done.wait(30)
print(*results)
"""
    assert prisoner.run(code).startswith("refused: ")


@pytest.mark.parametrize("name", [*REACHING, "signal_process", "unmount_run"])
def test_refused_in_a_subshell(prisoner: Session, name: str) -> None:
    subshell = prisoner.ask("control", "create_subshell_request", {})["subshell_id"]
    content = {"code": f"print(attempt({name!r}, outside))", "silent": False}
    prisoner.ask("shell", "execute_request", content, {"subshell_id": subshell})
    shown = ""
    while not shown.strip():
        shown += text_of(prisoner.client.get_iopub_msg(timeout=PATIENCE))
    prisoner.ask("control", "delete_subshell_request", {"subshell_id": subshell})
    assert shown.strip().startswith("refused: ")


def test_links_of_the_machine_are_out_of_sight(prisoner: Session) -> None:
    inside = json.loads(prisoner.run("import os; print(os.popen('ip -j link').read())"))
    assert [link["ifname"] for link in inside] == ["lo"]
    assert prisoner.run("print(*sorted(os.listdir('/sys/class/net')))").strip() == "lo"


def test_run_is_the_sandbox_own(prisoner: Session) -> None:
    inside = prisoner.run("print(*sorted(os.listdir('/run')))").split()
    assert set(inside) <= {"lock", "mount", "netkit", "netns", "xtables.lock"}


def test_what_the_starter_has_open_stays_outside(tmp_path: Path) -> None:
    """Also in process 1, whose descriptors everybody inside can take."""
    (tmp_path / "secret").write_text("the starter's", encoding="utf-8")
    look = "ls -l /proc/[0-9]*/fd"
    with (tmp_path / "secret").open() as file:
        command = [NETKIT, "run", "--", "sh", "-c", look]
        answer = subprocess.run(command, pass_fds=(file.fileno(),), capture_output=True, text=True, check=False)
    assert "/proc/1/fd:" in answer.stdout
    assert "secret" not in answer.stdout


def test_host_name_stays_inside(prisoner: Session) -> None:
    before = socket.gethostname()
    assert prisoner.run("os.system('hostname changed'); print(os.uname().nodename)").strip().endswith("changed")
    assert socket.gethostname() == before
    prisoner.run("os.system('hostname netkit')")


def test_a_script_in_an_output_reaches_the_page(prisoner: Session) -> None:
    """Whether it is run there is Jupyter's choice: the border does not look into messages."""
    shown: list[dict[str, str]] = []
    prisoner.client.execute_interactive(
        "from IPython.display import Javascript; Javascript('6 * 7')",
        timeout=PATIENCE,
        output_hook=lambda message: shown.append(message["content"].get("data", {})),
    )
    assert "6 * 7" in [data.get("application/javascript") for data in shown]


def test_no_program_gains_privileges(prisoner: Session) -> None:
    status = prisoner.run("print(open('/proc/self/status').read())")
    assert "NoNewPrivs:\t1" in status


def test_signal_to_its_own_group_stays_inside() -> None:
    """`trap "kill 0" EXIT` is common in scripts; it must not end the script outside that started the sandbox."""
    script = f"{NETKIT} run -- sh -c 'kill -9 0'; echo outside: $?"
    answer = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert answer.stdout == "outside: 137\n"


def test_hosts_file_is_the_sandbox_own(prisoner: Session) -> None:
    before = Path("/etc/hosts").read_text(encoding="utf-8")
    prisoner.run("open('/etc/hosts', 'a').write('192.0.2.1 nk-attempt\\n')")
    assert "nk-attempt" in prisoner.run("print(open('/etc/hosts').read())")
    assert Path("/etc/hosts").read_text(encoding="utf-8") == before


def test_working_directory_below_run_is_not_a_way_out() -> None:
    """A directory that was open before the mounts were made would still lead to what they hide."""
    command = [NETKIT, "run", "--", "sh", "-c", "pwd; ls .."]
    answer = subprocess.run(command, cwd="/run/lock", capture_output=True, text=True, timeout=60, check=False)
    assert answer.stdout.split() == ["/run/lock", "lock", "netkit", "netns"]


def test_what_was_done_is_really_inside(prisoner: Session) -> None:
    """The kernel lives: all attempts were refused without harm."""
    assert eventually(lambda: prisoner.run("print(6 * 7)").strip()) == "42"
