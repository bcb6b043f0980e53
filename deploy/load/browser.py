"""What a learner's browser does at a JupyterHub: log in, start the server, open it, stop it, log out."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote, urlsplit

import requests

from netkit.errors import NetkitError

SECONDS_BETWEEN_LOOKS = 0.5
SECONDS_FOR_AN_ANSWER = 120


class HubError(NetkitError):
    """The hub, or a server of it, does not do what it should."""


class Browser:
    """One learner at one hub.

    Args:
        hub: address of the hub: "https://hub.example.org", say.
        name: the learner's name there.
        patience: seconds to wait for a server to start or stop.
    """

    def __init__(self, hub: str, name: str, patience: float) -> None:
        self.hub, self.name, self.patience = hub.rstrip("/"), name, patience
        self._session = requests.Session()
        self._home = f"/user/{quote(name)}/"
        self._server_of_hub = f"/hub/api/users/{quote(name)}/server"

    def log_in(self, password: str) -> None:
        """Fill in the form of the login page.

        Raises:
            HubError: there is no hub, or it does not let the learner in.
        """
        self._ask("GET", "/hub/login")
        token = self._token("/hub/")
        form = {"username": self.name, "password": password, "_xsrf": token}
        self._ask("POST", "/hub/login", data=form, allow_redirects=False, refusals=(403,))
        if not self.is_in():
            problem = f"{self.hub} does not let {self.name} in"
            raise HubError(problem, remedy="Look at the hub's list of users and at the password")

    def is_in(self) -> bool:
        """Whether the hub has let the learner in."""
        return bool(self._cookie("jupyterhub-hub-login"))

    def start_server(self) -> None:
        """Start the learner's server, as the button of the hub's page does, and wait until it is ready.

        Raises:
            HubError: it was refused, failed, or took too long.
        """
        deadline = time.monotonic() + self.patience
        while (answer := self._ask("POST", self._server_of_hub, json={}, refusals=(400, 429))).status_code == 429:
            self._wait(deadline, "a place among the servers that start", float(answer.headers.get("Retry-After", 1)))
        if answer.status_code == 400:  # it says why: mostly that the server runs already
            raise HubError(f"{self.name}'s server cannot be started", _why(answer), "Stop it, and try again")
        while not (server := self._server()).get("ready"):
            if not server.get("pending"):
                raise HubError(f"{self.name}'s server did not start", "", "The hub's log says why")
            self._wait(deadline, "the server to start")

    def open_server(self) -> None:
        """Open JupyterLab, for which the hub tells the server who comes."""
        self._ask("GET", f"{self._home}lab")

    def start_kernel(self, kernel: str) -> str:
        """Start a kernel; its id.

        Args:
            kernel: name of its kernelspec.
        """
        return self._ask("POST", f"{self._home}api/kernels", json={"name": kernel}, refusals=()).json()["id"]

    def channels(self, identity: str) -> tuple[str, dict[str, Any]]:
        """Address and options of the websocket that leads to a kernel."""
        address = urlsplit(self.hub + self._home)
        scheme = {"http": "ws", "https": "wss"}[address.scheme]
        cookies = "; ".join(f"{c.name}={c.value}" for c in self._session.cookies if address.path.startswith(c.path))
        url = f"{scheme}://{address.netloc}{address.path}api/kernels/{identity}/channels"
        return url, {"cookie": cookies, "origin": f"{address.scheme}://{address.netloc}"}

    def stop_server(self) -> None:
        """Stop the learner's server, and wait until the hub knows of none.

        Raises:
            HubError: it took too long.
        """
        deadline = time.monotonic() + self.patience
        while self._server():
            # 400: it is starting, or stopping already
            self._ask("DELETE", self._server_of_hub, refusals=(400, 404))
            self._wait(deadline, "the server to stop")

    def log_out(self) -> None:
        """Log out, after which the cookies are worth nothing."""
        self._ask("GET", "/hub/logout")
        self._session.close()

    def _server(self) -> dict[str, Any]:
        """What the hub knows of the learner's server; empty if there is none."""
        return self._ask("GET", f"/hub/api/users/{quote(self.name)}").json()["servers"].get("", {})

    def _wait(self, deadline: float, what: str, seconds: float = SECONDS_BETWEEN_LOOKS) -> None:
        if time.monotonic() > deadline:
            raise HubError(f"{self.name} waited {self.patience:.0f} s for {what}", "", "Give it longer with --patience")
        time.sleep(seconds)

    def _ask(self, method: str, path: str, *, refusals: tuple[int, ...] = (), **options: Any) -> requests.Response:
        """One request; an answer of 400 and more is an error, unless it is among the refusals."""
        headers = {"X-XSRFToken": self._token(self._home if path.startswith(self._home) else "/hub/")}
        url = f"{self.hub}{path}"
        try:
            answer = self._session.request(method, url, headers=headers, timeout=SECONDS_FOR_AN_ANSWER, **options)
        except requests.RequestException as error:
            why = str(error).rpartition(": ")[2].rstrip("\"')")
            raise HubError(f"{url} gives no answer: {why}", remedy="Look whether a JupyterHub runs there") from None
        if answer.status_code >= 400 and answer.status_code not in refusals:
            remedy = "The hub's log says why" if answer.status_code >= 500 else ""
            raise HubError(f"{method} {url} answers {answer.status_code} {answer.reason}", _why(answer), remedy)
        return answer

    def _token(self, path: str) -> str:
        """What a page that was read proves when it writes: the cookie _xsrf of the hub, or of the server."""
        return self._cookie("_xsrf", urlsplit(self.hub).path + path)

    def _cookie(self, name: str, path: str = "") -> str:
        values = [c.value for c in self._session.cookies if c.name == name and (not path or c.path == path)]
        return values[0] or "" if values else ""


def _why(answer: requests.Response) -> str:
    """The reason that an answer gives in JSON."""
    try:
        message = str(answer.json().get("message", ""))
    except requests.JSONDecodeError:
        return ""
    return "" if message == answer.reason else message
