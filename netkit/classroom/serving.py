"""The server of `netkit class` on this machine: on loopback, for whoever has its key (cookie), and for nobody else."""

from __future__ import annotations

import hmac
import http.server
import secrets
import time
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, urlsplit

from netkit.classroom import board, watching
from netkit.classroom.page import POLICY

if TYPE_CHECKING:
    from pathlib import Path

_COOKIE = "netkit-class"


class Answer(NamedTuple):
    """What is shown.

    Attributes:
        kind: its media type.
        text: what it says.
    """

    kind: str
    text: str


def answer(name: str, folder: Path, course: str, now: float) -> Answer | None:
    """The page of that name, made anew from the files; None where there is none.

    Args:
        name: "" for the class, "class.csv", or that of a learner's page.
        folder: that learners share progress in.
        course: its name.
        now: seconds since the epoch.

    Raises:
        NotFound: the folder is gone.
    """
    shown = watching.learners(folder)
    if name == "":
        return Answer("text/html; charset=utf-8", board.class_page(shown, now, course))
    if name == "class.csv":
        return Answer("text/csv; charset=utf-8", board.class_csv(shown, now))
    own = next((one for one in shown if one.page == name), None)
    return own and Answer("text/html; charset=utf-8", board.learner_page(own, now))


class Server(http.server.ThreadingHTTPServer):
    """Serves a class on loopback.

    Args:
        folder: that learners share progress in.
        course: its name.
        port: where; 0 for a free one.

    Attributes:
        key: without which it shows nothing: other accounts of this machine reach loopback as well.
    """

    daemon_threads = True

    def __init__(self, folder: Path, course: str, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.folder, self.course, self.key = folder, course, secrets.token_urlsafe(32)

    @property
    def address(self) -> str:
        """What a browser opens."""
        return f"http://127.0.0.1:{self.server_address[1]}/?key={self.key}"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        """Show a page to whoever has the key."""
        asked = urlsplit(self.path)
        given = parse_qs(asked.query).get("key", [""])[0]
        cookies = SimpleCookie(self.headers.get("Cookie", ""))
        had = cookies[_COOKIE].value if _COOKIE in cookies else ""
        if not (_same(given, self.server.key) or _same(had, self.server.key)):
            self._say(403, Answer("text/plain", "Open the address that netkit class printed.\n"))
            return
        if given:
            self.send_response(303)
            self.send_header("Set-Cookie", f"{_COOKIE}={self.server.key}; HttpOnly; SameSite=Strict; Path=/")
            self.send_header("Location", asked.path)
            self.end_headers()
            return
        found = answer(asked.path.lstrip("/"), self.server.folder, self.server.course, time.time())
        self._say(200 if found else 404, found or Answer("text/plain", "There is no such page.\n"))

    def _say(self, status: int, found: Answer) -> None:
        data = found.text.encode(errors="replace")
        self.send_response(status)
        self.send_header("Content-Type", found.kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Write nothing: who looks when is nobody's concern."""


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
