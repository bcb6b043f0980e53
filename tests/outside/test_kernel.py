"""What a notebook's user does with the kernel beyond running cells, and what can go wrong with its connection."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import stat
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.ioloop import AsyncIOLoopKernelManager

from netkit.subcommands import lab
from tests.outside import sessions
from tests.outside.sessions import Session, eventually, session

if TYPE_CHECKING:
    from pathlib import Path

RESTARTS = (4, pytest.param(20, marks=pytest.mark.long))


def test_it_is_the_sandbox(kernel: Session) -> None:
    code = "from netkit.sandbox import require_sandbox\nrequire_sandbox()"
    assert kernel.run(code) == "sandbox: host name netkit, you are root inside\n"


def test_the_variable_alone_is_no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    from netkit.errors import NotInSandbox
    from netkit.sandbox import inside, require_sandbox

    monkeypatch.setenv("NETKIT_SANDBOX", "user")
    if inside():
        pytest.skip("these tests run in a sandbox themselves")
    with pytest.raises(NotInSandbox, match=r"Change Kernel.*netkit run -- "):
        require_sandbox()


def test_interrupt_a_cell(kernel: Session) -> None:
    running = kernel.client.execute("print('begun', flush=True)\nimport time\ntime.sleep(60)")
    assert eventually(lambda: "begun" in sessions.text_of(kernel.client.get_iopub_msg(timeout=10)))
    kernel.manager.interrupt_kernel()
    reply = kernel.client.get_shell_msg(timeout=20)
    assert (reply["parent_header"]["msg_id"], reply["content"]["ename"]) == (running, "KeyboardInterrupt")
    assert kernel.run("print('alive')").endswith("alive\n")


def test_interrupt_reaches_the_program_that_a_cell_runs(kernel: Session) -> None:
    kernel.client.execute("print('begun', flush=True)\nimport subprocess\nsubprocess.run(['ping', '-q', '127.0.0.1'])")
    assert eventually(lambda: "begun" in sessions.text_of(kernel.client.get_iopub_msg(timeout=10)))
    kernel.manager.interrupt_kernel()
    assert kernel.client.get_shell_msg(timeout=20)["content"]["status"] in ("ok", "error")
    assert eventually(lambda: "ping" not in kernel.run("import os; print(os.popen('ps -o comm -A').read())"))


def test_standard_input(kernel: Session) -> None:
    shown = kernel.run(
        "print(input('name? '))", allow_stdin=True, stdin_hook=lambda _request: kernel.client.input("Ada Lovelace")
    )
    assert shown == "Ada Lovelace\n"


def test_comm(kernel: Session) -> None:
    kernel.run(
        "from comm import get_comm_manager\n"
        "def opened(comm, message):\n"
        "    comm.on_msg(lambda message: comm.send({'twice': 2 * message['content']['data']['number']}))\n"
        "get_comm_manager().register_target('doubler', opened)"
    )
    shell = kernel.client.shell_channel
    for kind, data in (("comm_open", {}), ("comm_msg", {"number": 21})):
        content = {"comm_id": "test", "target_name": "doubler", "data": data}
        shell.send(kernel.client.session.msg(kind, content))
    messages = (kernel.client.get_iopub_msg(timeout=20) for _ in range(100))
    answer = next(message for message in messages if message["msg_type"] == "comm_msg")
    assert answer["content"]["data"] == {"twice": 42}


def test_subshell(kernel: Session) -> None:
    subshell = kernel.ask("control", "create_subshell_request", {})["subshell_id"]
    assert kernel.ask("control", "list_subshell_request", {})["subshell_id"] == [subshell]
    content = {"code": "done = 1", "silent": False}
    assert kernel.ask("shell", "execute_request", content, {"subshell_id": subshell})["status"] == "ok"
    assert kernel.ask("control", "delete_subshell_request", {"subshell_id": subshell})["status"] == "ok"


def test_debugger(kernel: Session) -> None:
    def request(number: int, command: str, arguments: dict[str, object]) -> dict[str, object]:
        content = {"type": "request", "seq": number, "command": command, "arguments": arguments}
        return kernel.ask("control", "debug_request", content)

    started = {"clientID": "test", "adapterID": "", "pathFormat": "path"}
    assert request(1, "initialize", started)["success"]
    assert request(2, "attach", {})["success"]
    source = request(3, "dumpCell", {"code": "def f():\n    x = 1\n    return x\nf()"})["body"]["sourcePath"]
    place = {"source": {"path": source}, "breakpoints": [{"line": 3}], "sourceModified": False}
    assert request(4, "setBreakpoints", place)["body"]["breakpoints"][0]["verified"]
    assert request(5, "configurationDone", {})["success"]
    assert request(6, "disconnect", {"restart": False, "terminateDebuggee": False})["success"]


def test_large_output_and_input_pass(kernel: Session) -> None:
    assert len(kernel.run(f"x = {'y' * 3_000_000!r}\nprint(x * 3)")) == 9_000_001


@pytest.mark.parametrize("times", RESTARTS)
def test_restarts(times: int) -> None:
    with session() as kernel:
        for number in range(times):
            kernel.run(f"import os; os.system('ip netns add nk{number}')")
            kernel.manager.restart_kernel(now=number % 2 == 0)
            kernel.client.wait_for_ready(timeout=sessions.PATIENCE)
            assert kernel.run("import os; print(os.listdir('/run/netns'))") == "[]\n"


def test_a_client_reconnects_after_the_sockets_were_deleted() -> None:
    with session() as kernel:
        kernel.run("import os; os.system('rm -rf /run/netkit/sockets /run/netkit 2>/dev/null')")
        second = BlockingKernelClient(connection_file=kernel.manager.connection_file)
        second.load_connection_file()
        second.start_channels()
        try:
            assert eventually(lambda: sessions.is_ready(second), sessions.PATIENCE)
        finally:
            second.stop_channels()


def test_the_client_keeps_files_and_folder(tmp_path: Path) -> None:
    with session(cwd=str(tmp_path)) as kernel:
        kernel.run("open('written-inside', 'w').write('x')")
        assert kernel.run("import os; print(os.getcwd())").strip() == str(tmp_path)
        (tmp_path / "neighbour.py").write_text("name = 'Ada'", encoding="utf-8")
        assert kernel.run("import neighbour; print(neighbour.name)") == "Ada\n"
        script = "sys.executable, '-c', 'import neighbour; print(neighbour.name)'"
        assert kernel.run(f"import subprocess, sys; print(subprocess.check_output([{script}]))") == "b'Ada\\n'\n"
    owner = (tmp_path / "written-inside").stat()
    assert (owner.st_uid, owner.st_gid) == (os.geteuid(), os.getegid())


def test_encrypted_connection() -> None:
    from jupyter_client.manager import KernelManager

    if not hasattr(KernelManager, "transport_encryption"):
        pytest.skip("this jupyter_client has no CurveZMQ")
    manager = KernelManager(kernel_name="netkit", transport_encryption="required")
    manager.start_kernel()
    try:
        assert "curve_publickey" in sessions.facts(manager.connection_file)
        assert Session(manager).run("print(6 * 7)") == "42\n"
    finally:
        manager.shutdown_kernel(now=True)


def test_ports_that_are_not_chosen_yet(tmp_path: Path) -> None:
    file = tmp_path / "kernel-free.json"
    file.write_text(json.dumps({"ip": "127.0.0.1", "transport": "tcp", "key": "k" * 20}), encoding="utf-8")
    file.chmod(0o600)
    with launched(str(file)):
        assert eventually(lambda: sessions.facts(file).get("hb_port"))
        assert talk(file) == "42\n"


def test_connection_told_by_options(tmp_path: Path) -> None:
    """Some clients say on the command line what the file says."""
    said = sessions.facts(sessions.connection_file(tmp_path))
    file = tmp_path / "kernel-said.json"
    options = [f"--{name}={said[name + '_port']}" for name in ("shell", "iopub", "stdin", "control", "hb")]
    options += ["--ip=127.0.0.1", '--transport="tcp"', f'--Session.key=b"{said["key"]}"']
    with launched(f"--f={file}", *options):
        assert eventually(file.exists)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert talk(file) == "42\n"


def test_a_taken_port_ends_the_launcher(tmp_path: Path) -> None:
    file = sessions.connection_file(tmp_path)
    port = sessions.facts(file)["shell_port"]
    command = [sys.executable, "-m", "netkit.kernel", "-f", str(file)]
    with socket.create_server(("127.0.0.1", port)):
        answer = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert answer.returncode == 2
    assert f"The kernel cannot listen at port {port} of 127.0.0.1; Address already in use" in answer.stderr


class ThatMeetsAnother(AsyncIOLoopKernelManager):
    """A manager whose first kernel finds a port taken; it is set up as `netkit lab` sets up JupyterLab's."""

    taken: socket.socket | None = None

    def write_connection_file(self, **options: Any) -> None:
        super().write_connection_file(**options)
        self.taken = self.taken or socket.create_server(("127.0.0.1", self.shell_port))


def test_jupyter_starts_it_again_at_other_ports() -> None:
    name, _, value = lab.ANEW.partition("=")
    assert (name, value) == ("--KernelManager.cache_ports", "False")

    async def begin() -> None:
        manager = ThatMeetsAnother(kernel_name="netkit", cache_ports=False)
        await manager.start_kernel()
        first = manager.shell_port
        while manager.shell_port == first:
            await asyncio.sleep(0.05)
        client = manager.client()
        client.start_channels()
        await client.wait_for_ready(timeout=sessions.PATIENCE)
        client.stop_channels()
        await manager.shutdown_kernel(now=True)
        assert manager.taken
        manager.taken.close()

    asyncio.run(asyncio.wait_for(begin(), 2 * sessions.PATIENCE))


@pytest.mark.parametrize("text", ["{", ""])
def test_a_missing_file_name_or_a_broken_file_is_told(tmp_path: Path, text: str) -> None:
    file = tmp_path / "kernel-broken.json"
    file.write_text(text, encoding="utf-8")
    arguments = ["-f", str(file)] if text else []
    command = [sys.executable, "-m", "netkit.kernel", *arguments]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert answer.returncode == 2
    assert answer.stderr.startswith("netkit: ")
    assert "Traceback" not in answer.stderr


def test_modules_of_the_folder_do_not_replace_the_launchers(tmp_path: Path) -> None:
    (tmp_path / "socket.py").write_text("raise RuntimeError('not this one')", encoding="utf-8")
    (tmp_path / "select.py").write_text("raise RuntimeError('not this one')", encoding="utf-8")
    file = sessions.connection_file(tmp_path)
    with launched("-f", str(file), cwd=tmp_path):
        assert talk(file) == "42\n"


def test_terminate_ends_the_kernel(tmp_path: Path) -> None:
    file = sessions.connection_file(tmp_path)
    with launched("-f", str(file)) as process:
        assert talk(file) == "42\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) in (0, 128 + signal.SIGTERM)


def _launch(*arguments: str, **options: object) -> subprocess.Popen[bytes]:
    words = arguments if arguments[0].startswith("-") else ("-f", *arguments)
    return subprocess.Popen([sys.executable, "-m", "netkit.kernel", *words], start_new_session=True, **options)  # type: ignore[call-overload]


class launched:  # noqa: N801 - a context manager is used like a function
    """A launcher for the time of a block."""

    def __init__(self, *arguments: str, **options: object) -> None:
        self.process = _launch(*arguments, **options)

    def __enter__(self) -> subprocess.Popen[bytes]:
        return self.process

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def talk(file: Path) -> str:
    """What a kernel answers, asked by a client of its connection file."""
    client = BlockingKernelClient(connection_file=str(file))
    client.load_connection_file()
    client.start_channels()
    try:
        assert eventually(lambda: sessions.is_ready(client), sessions.PATIENCE)
        shown: list[str] = []
        client.execute_interactive(
            "print(6 * 7)", timeout=30, output_hook=lambda message: shown.append(sessions.text_of(message))
        )
        return "".join(shown)
    finally:
        client.stop_channels()
