"""Knows how a client talks with a kernel: started, given code, asked for what came back, and ended."""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_client.manager import KernelManager

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jupyter_client.blocking.client import BlockingKernelClient

NETKIT = str(Path(sys.executable).with_name("netkit"))
PATIENCE = 60.0
"""Seconds after which a kernel that says nothing has failed."""


class Session:
    """A kernel and a client of it.

    Args:
        manager: of a kernel that runs.
    """

    def __init__(self, manager: KernelManager) -> None:
        self.manager = manager
        self.client: BlockingKernelClient = manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)

    def run(self, code: str, **options: Any) -> str:
        """What a cell prints and shows as text; "Name: value" of its error at the end."""
        assert self.manager.is_alive(), "the kernel is dead"
        deadline = time.monotonic() + PATIENCE
        while True:
            shown: list[str] = []
            reply = self.client.execute_interactive(
                code, timeout=PATIENCE, output_hook=lambda message, all_=shown: all_.append(text_of(message)), **options
            )
            # Behind an error a kernel drops what comes at once.
            if reply["content"]["status"] != "aborted" or time.monotonic() > deadline:
                return "".join(shown)

    def ask(self, channel: str, kind: str, content: dict[str, Any], header: dict[str, Any] | None = None) -> Any:
        """The content of the reply to any request.

        Args:
            channel: "shell" or "control".
            kind: the message's type, "create_subshell_request" say.
            content: what it says.
            header: entries to add to the message's header.
        """
        message = self.client.session.msg(kind, content)
        message["header"].update(header or {})
        getattr(self.client, f"{channel}_channel").send(message)
        wait = getattr(self.client, f"get_{channel}_msg")
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            reply = wait(timeout=PATIENCE)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                return reply["content"]
        raise TimeoutError(f"no reply to {kind}")

    @property
    def launcher(self) -> int:
        """Process id of the kernel's launcher."""
        return self.manager.provisioner.pid


def text_of(message: dict[str, Any]) -> str:
    """The text that a message of the IOPub channel shows."""
    content = message["content"]
    if message["msg_type"] == "stream":
        return content["text"]
    if message["msg_type"] in ("execute_result", "display_data"):
        return content["data"].get("text/plain", "") + "\n"
    if message["msg_type"] == "error":
        return f"{content['ename']}: {content['evalue']}"
    return ""


@contextmanager
def session(kernel_name: str = "netkit", **options: Any) -> Iterator[Session]:
    """A kernel for the time of a block, with all that is Jupyter's ended after it."""
    manager = KernelManager(kernel_name=kernel_name)
    manager.start_kernel(**options)
    started = None
    try:
        started = Session(manager)
        yield started
    finally:
        if started:
            started.client.stop_channels()
        manager.shutdown_kernel(now=started is None)
        manager.cleanup_resources()


def eventually(condition: Callable[[], Any], seconds: float = 10.0) -> Any:
    """The first true result of a condition, or its last one when the time is over."""
    deadline = time.monotonic() + seconds
    while not (result := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return result


def connection_file(folder: Path, name: str = "kernel-test.json") -> Path:
    """A new connection file with free ports, as a client writes it."""
    from jupyter_client.connect import write_connection_file

    path, _ = write_connection_file(str(folder / name), key=b"a-key-of-this-test")
    return Path(path)


def environment(**more: str) -> dict[str, str]:
    """This process's environment with some more variables."""
    return {**os.environ, **more}


def facts(path: Path | str) -> dict[str, Any]:
    """What a connection file says, nothing if it is not there."""
    return json.loads(Path(path).read_text(encoding="utf-8") or "{}") if Path(path).exists() else {}


def is_ready(client: BlockingKernelClient) -> bool:
    """Whether a kernel of unknown age answers; a client that is no manager's gives up after a second."""
    try:
        client.wait_for_ready(timeout=PATIENCE)
    except RuntimeError:
        return False
    return True
