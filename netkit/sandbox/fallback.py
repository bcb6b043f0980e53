"""The kernel in place of a sandbox that cannot be made: "netkit runs no code here", and it tells why.

It lives outside, with the machine's own network, and therefore never runs a cell.  The first cell shows what
`netkit doctor` found, the others point to it.
"""

import asyncio
import json
import sys
from typing import Any

from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel

from netkit.errors import SandboxUnavailable
from netkit.sandbox import log
from netkit.sandbox.doctor import examination
from netkit.sandbox.doctor.report import html


class FallbackKernel(Kernel):
    """Answers every cell with the reason why there is no sandbox."""

    implementation = "netkit-fallback"
    implementation_version = "1"
    language_info: dict[str, object] = {"name": "python", "mimetype": "text/x-python", "file_extension": ".py"}  # noqa: RUF012 - as ipykernel has it
    reason = SandboxUnavailable("No sandbox can be made here")
    examined = False

    @property
    def banner(self) -> str:  # type: ignore[override]
        """What a client shows when it starts."""
        return f"netkit runs no code here. {self.reason} The log is {log.path()}."

    async def do_execute(self, code: str, silent: bool, *_more: object, **_options: object) -> dict[str, Any]:  # noqa: ARG002, FBT001 - ipykernel calls it so
        """Run nothing; the reply is an error."""
        name, value = type(self.reason).__name__, f"{self.reason} The log is {log.path()}."
        error = {"ename": name, "evalue": value, "traceback": [f"{name}: {value}"]}
        if not silent:
            await self._examine()
            self.send_response(self.iopub_socket, "error", error)
        return {"status": "error", "execution_count": self.execution_count, **error}

    async def _examine(self) -> None:
        """Show the doctor's report once; the kernel goes on answering its client meanwhile."""
        if self.examined:
            return
        self.examined = True
        try:
            report = await asyncio.to_thread(examination.examine)
        except OSError:  # the doctor needs files and processes, too; where there are none, the error says so
            return
        data = {"text/plain": str(report), "text/html": html(report)}
        self.send_response(self.iopub_socket, "display_data", {"data": data, "metadata": {}})


class FallbackApp(IPKernelApp):
    """Lets the last reply be announced before the thread that announces it ends."""

    def start(self) -> None:
        """Serve, and end the control thread first: ipykernel ends it last, and what it says then may block for good."""
        super().start()
        self.control_thread.stop()
        self.control_thread.join()


def main(path: str, reason: str) -> None:
    """Serve a connection until the client ends it.

    Args:
        path: the connection file.
        reason: problem, rule and remedy, as a JSON list.
    """
    FallbackKernel.reason = SandboxUnavailable(*json.loads(reason))
    # No cell prints anything; without streams to flush, ipykernel also ends without a delay of 10 s now and then.
    # It imports nothing of the notebook's folder, which ipykernel would search for what is loaded later.
    options = {"kernel_class": FallbackKernel, "outstream_class": None, "ignore_cwd": True}
    FallbackApp.launch_instance(argv=["-f", path], **options)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
