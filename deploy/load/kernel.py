"""A running kernel, over the websocket by which a browser speaks with it."""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Any, Self

import nbformat
import websocket

from deploy.load.browser import HubError

if TYPE_CHECKING:
    from deploy.load.browser import Browser

OUTPUTS = ("stream", "display_data", "execute_result", "error")


class Kernel:
    """A connection to a kernel; several may follow one another.

    Args:
        browser: of the learner whose kernel it is.
        identity: what `Browser.start_kernel` gave.
    """

    def __init__(self, browser: Browser, identity: str) -> None:
        self._patience, self._who = browser.patience, browser.name
        self._name = uuid.uuid4().hex
        url, options = browser.channels(identity)
        try:
            self._socket = websocket.create_connection(
                f"{url}?session_id={self._name}", timeout=browser.patience, **options
            )
        except (websocket.WebSocketException, OSError) as error:
            raise HubError(f"{browser.name}'s kernel cannot be reached: {error}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._socket.close()

    def run(self, code: str) -> list[Any]:
        """Run a cell; its outputs, as nbformat holds them.

        Raises:
            HubError: the kernel died, or the cell did not end in time.
        """
        request = self._request(code)
        deadline = time.monotonic() + self._patience
        try:
            self._socket.send(json.dumps(request))
            return self._outputs(request["header"]["msg_id"], deadline)
        except (websocket.WebSocketException, OSError) as error:
            raise HubError(f"{self._who}'s kernel broke off: {error}", "", f"The cell was: {code[:60]!r}") from None

    def _outputs(self, request: str, deadline: float) -> list[Any]:
        """What comes back until both the reply and the word `idle` are there."""
        outputs, awaited = [], {"execute_reply", "idle"}
        while awaited:
            self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
            message = self._message()
            kind, content = message.get("msg_type", ""), message.get("content", {})
            if content.get("execution_state") in ("dead", "restarting", "autorestarting"):
                raise HubError(f"{self._who}'s kernel died", "", "Its log, ~/.local/state/netkit/netkit.log, says why")
            if message.get("parent_header", {}).get("msg_id") != request:
                continue
            if kind in OUTPUTS:
                outputs.append(nbformat.v4.output_from_msg(message))
            awaited -= {content.get("execution_state") if kind == "status" else kind}
        return outputs

    def _message(self) -> dict[str, Any]:
        """The next one; one with binary buffers, as widgets send them, says nothing of interest here."""
        received = self._socket.recv()
        return json.loads(received) if isinstance(received, str) and received else {}

    def _request(self, code: str) -> dict[str, Any]:
        header = {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "username": self._who}
        header |= {"session": self._name, "version": "5.3", "date": ""}
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}}
        content |= {"allow_stdin": False, "stop_on_error": False}
        parts = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "buffers": []}
        return {**parts, "channel": "shell"}
