"""The viewer's server: this machine alone, this page alone, whoever has the token.

In: answers and a token. Out: an HTTP server on 127.0.0.1. A site that somebody visits can send requests here from their
browser, so a request must name this host (against names that are made to point here), must come from our own page
where it says where it comes from, and must carry the token in a header of its own, which no other site may set. The
page itself holds nothing of the build. It allows its own script and style, no connection elsewhere, no frame around it.
"""

from __future__ import annotations

import hmac
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from sxl_data.contract.console import say
from sxl_data.contract.errors import UserError
from sxl_data.serve.answers import Answers

HOST = "127.0.0.1"
TOKEN = "X-Sxl-Token"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_ASSETS = {
    "/": ("sxl_data.serve", "viewer.html", "text/html"),
    "/viewer.js": ("sxl_data.serve", "viewer.js", "text/javascript"),
    "/viewer.css": ("sxl_data.serve", "viewer.css", "text/css"),
    "/page.css": ("sxl_data.view", "page.css", "text/css"),
}
_API = "/api/"
_VALUES = 20


class Server(ThreadingHTTPServer):
    """Answers until nobody asks any more. ``port`` 0: one that is free."""

    daemon_threads = True
    timeout = 1.0

    def __init__(self, answers: Answers, token: str, port: int = 0) -> None:
        self.answers, self.token = answers, token
        self.asked = time.monotonic()
        super().__init__((HOST, port), Handler)

    @property
    def address(self) -> str:
        """What to open: the token stands where no browser sends it on, and no log has it."""
        return f"http://{HOST}:{self.server_port}/#token={self.token}"

    def run(self, idle_seconds: float) -> None:
        """Answer until there was no request for so long."""
        while time.monotonic() - self.asked < idle_seconds:
            self.handle_request()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    server_version, sys_version = "sxl", ""
    protocol_version = "HTTP/1.1"
    timeout = 120
    disable_nagle_algorithm = True
    wbufsize = -1  # a header and its body in one piece

    def do_GET(self) -> None:
        """Our own files, and answers for who has the token."""
        try:
            self._answer()
        except (BrokenPipeError, ConnectionError, TimeoutError):
            self.close_connection = True

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        here = {f"{name}:{self.server.server_port}" for name in (HOST, "localhost")}
        if self.headers.get("Host") not in here:
            self._send(403, {"error": "this server answers to its own name alone"})
            return
        if parts.path in _ASSETS:
            package, name, kind = _ASSETS[parts.path]
            self._write(200, kind, files(package).joinpath(name).read_bytes())
            return
        if not parts.path.startswith(_API):
            self._send(404, {"error": "nothing here"})
            return
        origin, site = self.headers.get("Origin"), self.headers.get("Sec-Fetch-Site", "same-origin")
        if (origin is not None and origin.removeprefix("http://") not in here) or site not in ("same-origin", "none"):
            self._send(403, {"error": "asked by another site"})
        elif not hmac.compare_digest(self.headers.get(TOKEN, "").encode(), self.server.token.encode()):
            self._send(403, {"error": "no token: open the address that `sxl-data serve` printed"})
        else:
            self._ask(parts.path.removeprefix(_API), parts.query)

    def _ask(self, what: str, query: str) -> None:
        self.server.asked = time.monotonic()  # whoever has no token does not keep the server up
        try:
            values = dict(parse_qsl(query, max_num_fields=_VALUES, errors="replace"))
            found = self.server.answers.answer(what, values)
        except UserError as problem:
            first = problem.findings[0]
            self._send(400, {"error": f"{first.code}: {first.found}; expected {first.expected}"})
        except ValueError:
            self._send(400, {"error": "the question was not understood"})
        except Exception as problem:  # one row that cannot be shown must not end the rest
            say(f"{what}: {type(problem).__name__}: {problem}")
            self._send(500, {"error": f"this could not be shown: {type(problem).__name__}"})
        else:
            self._send(404 if found is None else 200, {"error": "nothing here"} if found is None else found)

    def _send(self, status: int, value: dict[str, Any]) -> None:
        self._write(status, "application/json", msgspec.json.encode(value))

    def _write(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: what somebody looked at is nobody else's."""
