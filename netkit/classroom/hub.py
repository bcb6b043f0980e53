"""The teacher's page as a service of a JupyterHub: for whom the hub's roles let in, and for nobody else.

The hub starts it, hands it an address, a prefix and a token by variables, and tells it who asks (JupyterHub,
"Services"). jupyterhub is an import of this module alone: it is there where a hub starts learners' servers.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jupyterhub.services.auth import HubOAuthCallbackHandler, HubOAuthenticated
from tornado.httpserver import HTTPServer
from tornado.web import Application, HTTPError, RequestHandler, authenticated

from netkit.classroom.page import POLICY
from netkit.classroom.serving import answer

if TYPE_CHECKING:
    from pathlib import Path

ADDRESS, PREFIX = "JUPYTERHUB_SERVICE_URL", "JUPYTERHUB_SERVICE_PREFIX"
"""The variables in which a hub says where the service is to listen, and below which path of the hub it is."""


class _Page(HubOAuthenticated, RequestHandler):
    """Whoever may use the service, by the hub's roles; all others are sent to log in, or refused."""

    def initialize(self, folder: Path, course: str) -> None:
        self._folder, self._course = folder, course

    @authenticated
    async def get(self, name: str) -> None:
        # A large class takes the page a second, in which the hub may ask whether the service still answers.
        found = await asyncio.to_thread(answer, name, self._folder, self._course, time.time())
        if found is None:
            raise HTTPError(404)
        self.set_header("Content-Type", found.kind)
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Security-Policy", POLICY)
        self.finish(found.text.encode(errors="replace"))


def application(folder: Path, course: str) -> Application:
    """What answers for a class.

    Args:
        folder: that learners share progress in.
        course: its name.
    """
    prefix = os.environ[PREFIX]
    told: dict[str, Any] = {"folder": folder, "course": course}
    pages = [(f"{prefix}oauth_callback", HubOAuthCallbackHandler), (f"{prefix}(.*)", _Page, told)]
    return Application(pages, cookie_secret=secrets.token_bytes(32))


async def serve(folder: Path, course: str) -> None:
    """Serve a class where the hub says, until this process is ended.

    Args:
        folder: that learners share progress in.
        course: its name.

    Raises:
        OSError: that address cannot be had.
    """
    place = urlsplit(os.environ[ADDRESS])
    server = HTTPServer(application(folder, course))
    server.listen(place.port or 80, place.hostname or "")
    await asyncio.Event().wait()
