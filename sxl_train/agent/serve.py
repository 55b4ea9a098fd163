"""``sxl-train agent MODEL --serve``: the model behind an OpenAI-compatible address, on this machine alone.

It listens on 127.0.0.1 and asks for a token with every request. Pages in a browser are kept out twice: a request with
an `Origin` that is not this address, or with a `Host` that is not (a name that was bound anew to the loopback), is
refused before its body is read. One answer is made at a time; a stream sends its answer whole when it is made.
"""

from __future__ import annotations

import hmac
import secrets
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec

from sxl_data.contract.console import say
from sxl_data.contract.errors import UserError
from sxl_train.agent import wire
from sxl_train.generate.types import Backend
from sxl_train.run.objects import Object, Value

ADDRESS = "127.0.0.1"
LARGEST = 4_000_000
"""Bytes of a request that are read."""
PATIENCE_S = 30.0


class Server(ThreadingHTTPServer):
    """One model. ``port`` 0 takes a free one; ``token`` empty makes one."""

    daemon_threads = True

    def __init__(self, backend: Backend, port: int = 0, token: str = "") -> None:
        super().__init__((ADDRESS, port), _Handler)
        self.backend, self.token = backend, token or secrets.token_urlsafe(24)
        self.busy = threading.Lock()
        self.answered = 0

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def allows(self, host: str, origin: str | None) -> bool:
        """Whether a request was meant for this address, and comes from no other page."""
        own = {f"{name}:{self.port}" for name in (ADDRESS, "localhost")}
        return host in own and (origin is None or origin in {f"http://{name}" for name in own})

    def handle_error(self, request: Value, client_address: Value) -> None:
        """A client that hung up, or never finished its question, is no fault of ours; others are shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def chat(self, body: bytes) -> tuple[Object, bool]:
        """(the answer, whether it is to be streamed). Raises `wire.Unfit`."""
        request, stream = wire.read(body)
        with self.busy:
            self.answered += 1
            key = str(self.answered)
            try:
                (sample,) = self.backend.generate([request])
            except UserError as problem:
                raise wire.Unfit(str(problem.findings[0].found)) from None
        if sample.error:
            raise wire.Unfit(sample.error)
        return wire.answer(self.backend.name, request, sample, key), stream


class _Handler(BaseHTTPRequestHandler):
    server: Server
    timeout = PATIENCE_S
    protocol_version = "HTTP/1.1"
    server_version = "sxl"
    sys_version = ""

    def do_GET(self) -> None:
        if not self._may():
            return
        if self.path.partition("?")[0] != "/v1/models":
            self._refuse(404, f"there is /v1/models and /v1/chat/completions, not {self.path[:200]}")
            return
        model = {"id": self.server.backend.name, "object": "model", "created": 0, "owned_by": "sxl"}
        self._send(200, {"object": "list", "data": [model]})

    def do_POST(self) -> None:
        if not self._may():
            return
        if self.path.partition("?")[0] != "/v1/chat/completions":
            self._refuse(404, f"there is /v1/models and /v1/chat/completions, not {self.path[:200]}")
            return
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit() and int(length) <= LARGEST):
            self._refuse(413, f"a body of at most {LARGEST:,} bytes, its Content-Length stated")
            return
        try:
            answer, stream = self.server.chat(self.rfile.read(int(length)))
        except wire.Unfit as problem:
            self._send(400, {"error": {"message": str(problem), "type": "invalid_request_error", "code": None}})
            return
        if not stream:
            self._send(200, answer)
            return
        events = [b"data: " + msgspec.json.encode(chunk) + b"\n\n" for chunk in wire.chunks(answer)]
        self._write(200, "text/event-stream", b"".join([*events, b"data: [DONE]\n\n"]))

    def _may(self) -> bool:
        if not self.server.allows(self.headers.get("Host", ""), self.headers.get("Origin")):
            self._refuse(403, "this address answers programs of this machine, not pages of others")
            return False
        kind, _, token = self.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer" or not hmac.compare_digest(token.encode(), self.server.token.encode()):
            self._refuse(401, "the token that was printed at the start belongs into the header Authorization: Bearer …")
            return False
        return True

    def _refuse(self, status: int, words: str) -> None:
        """An error before the body was read: the connection cannot be used again."""
        self.close_connection = True
        self._send(status, {"error": {"message": words, "type": "invalid_request_error", "code": None}})

    def _send(self, status: int, body: Object) -> None:
        self._write(status, "application/json", msgspec.json.encode(body))

    def _write(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Value) -> None:
        """Nothing: what people ask is theirs."""


def serve(backend: Backend, port: int) -> None:
    """Answer until Ctrl-C."""
    with Server(backend, port) as server:
        say(f"serving    {backend.name}")
        say(f"base_url   http://{ADDRESS}:{server.port}/v1")
        say(f"api_key    {server.token} (a new one with each start)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            say("stopped")
