"""A Hub on this machine: the part of its HTTP API that the real client of `huggingface_hub` uses for a dataset.

Content lies in memory. Faults are set by method and a part of the path, and strike a number of times.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.sxl_data.publish.fake_repo import Repo

TOKEN = "hf_" + "madeUpForTheFakeHub0123456789abcd"


@dataclass
class Fault:
    """``kind``: a status; ``cut`` (no answer, nothing done), ``lost`` (done, no answer), ``half`` (half the body
    read), ``hang`` (no answer for some time)."""

    method: str
    part: str
    kind: int | str
    times: int = 1


@dataclass
class FakeHub:
    repos: dict[str, Repo] = field(default_factory=dict)
    store: dict[str, bytes] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    before: list[tuple[str, Callable[[], object]]] = field(default_factory=list)
    token: str = TOKEN
    released: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def __enter__(self) -> FakeHub:
        hub = self

        class Bound(Handler):
            of = hub

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Bound)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *problem: object) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    def puts(self) -> int:
        return sum(method == "PUT" and "/lfs/" in path for method, path in self.asked)

    def write(self, repo: str, folder: Path, revision: str = "main") -> Path:
        """What a reader gets who downloads the dataset."""
        for name, data in self.repos[repo].at(revision).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.store[data] if isinstance(data, str) else data)
        return folder


class Handler(BaseHTTPRequestHandler):
    of: FakeHub
    protocol_version = "HTTP/1.1"

    def log_message(self, *words: object) -> None:
        pass

    def _serve(self) -> None:
        path = unquote(urlsplit(self.path).path)
        hub = self.of
        hub.asked.append((self.command, path))
        size = int(self.headers.get("Content-Length") or 0)
        fault = next((f for f in hub.faults if f.method == self.command and f.part in path and f.times), None)
        if fault:
            fault.times -= 1
            if fault.kind in ("half", "cut"):
                self.rfile.read(size // 2 if fault.kind == "half" else 0)
                return self._cut()
        body = self._chunks() if self.headers.get("Transfer-Encoding") == "chunked" else self.rfile.read(size)
        if fault and fault.kind == "hang":
            hub.released.wait(5)
            return self._cut()
        if fault and isinstance(fault.kind, int):
            return self._send(fault.kind, {"error": f"made to fail with {fault.kind}"})
        for part, act in [item for item in hub.before if item[0] in path]:
            hub.before.remove((part, act))
            act()
        if not path.startswith("/lfs/") and self.headers.get("Authorization") != f"Bearer {hub.token}":
            return self._send(401, {"error": "Invalid credentials in Authorization header"})
        status, answer = answer_to(hub, self.command, path, body)
        if fault and fault.kind == "lost":
            return self._cut()
        self._send(status, answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve

    def _chunks(self) -> bytes:
        found = b""
        while size := int(self.rfile.readline().strip() or b"0", 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.close()

    def _send(self, status: int, answer: Any) -> None:
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        if status == 404:
            self.send_header("X-Error-Code", "RepoNotFound")
        if isinstance(answer, bytes):
            self.send_header("ETag", hashlib.sha1(data).hexdigest())
            self.send_header("X-Repo-Commit", "0" * 40)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


def answer_to(hub: FakeHub, method: str, path: str, body: bytes) -> tuple[int, Any]:
    if path.startswith("/lfs/"):
        oid = path.removeprefix("/lfs/")
        if hashlib.sha256(body).hexdigest() != oid:
            return 400, {"error": "not the bytes that were announced"}
        hub.store[oid] = body
        return 200, {}
    if path == "/api/validate-yaml":
        return 200, {"errors": [], "warnings": []}
    if path == "/api/repos/create":
        said = json.loads(body)
        name = f"{said.get('organization') or 'me'}/{said['name']}"
        if name in hub.repos:
            return 409, {"error": "You already created this dataset repo"}
        hub.repos[name] = Repo(said.get("visibility") == "private")
        return 200, {"url": f"{hub.url}/datasets/{name}", "name": name}
    where = path.removeprefix("/api").removeprefix("/datasets").removeprefix("/models").lstrip("/")
    name = "/".join(where.split("/")[:2]).removesuffix(".git")
    repo = hub.repos.get(name)
    if repo is None:
        return 404, {"error": "Repository not found"}
    rest = where.removeprefix(name).removeprefix(".git").strip("/")
    return repo.answer(method, rest, body, hub.store, f"{hub.url}")
