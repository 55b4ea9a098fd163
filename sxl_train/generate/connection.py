"""Questions to an HTTP server in JSON, with patience: busy servers are asked again, silent ones are a clear error."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from typing import TypeAlias
from urllib.parse import urlsplit

from sxl_data.contract.errors import UserError, error

Json: TypeAlias = dict[str, object]
AGAIN = (408, 409, 425, 429, 500, 502, 503, 504)
TRIES, LONGEST_WAIT_S, TIMEOUT_S = 6, 30.0, 600.0
LARGEST = 64_000_000
"""Bytes of an answer that are read."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Refused(Exception):
    """The server answers, and says no to this question."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


class Connection:
    """One server; every question is a connection of its own, so threads may share it."""

    def __init__(self, address: str, key: str = "", wait_s: float = 0.5) -> None:
        self.address, self._key, self._wait_s = address, key, wait_s
        handlers: list[urllib.request.BaseHandler] = [_NoRedirects()]
        if urlsplit(address).hostname in LOOPBACK:
            handlers.append(urllib.request.ProxyHandler({}))
        self._opener = urllib.request.build_opener(*handlers)

    def ask(self, path: str, body: Json | None = None) -> Json:
        """The answer to a question. Raises `Refused`, or `UserError` T121 where no answer comes."""
        problem = ""
        for attempt in range(TRIES):
            if attempt:
                time.sleep(min(self._wait_s * 2**attempt, LONGEST_WAIT_S))
            try:
                return self._ask(path, body)
            except urllib.error.HTTPError as answer:
                said = answer.read(2000).decode("utf-8", "replace")
                problem = f"{answer.code} {_message(said)}"
                if answer.code in (401, 403) or 300 <= answer.code < 400:
                    raise self.missing(problem) from None
                if answer.code not in AGAIN:
                    raise Refused(problem) from None
            except ConnectionRefusedError:
                raise self.missing("nothing listens there") from None
            except (OSError, http.client.HTTPException, ValueError) as fault:
                cause = getattr(fault, "reason", fault)
                if isinstance(cause, ConnectionRefusedError) and not attempt:
                    raise self.missing("nothing listens there") from None
                problem = str(cause) or type(fault).__name__
        raise self.missing(f"{problem}, {TRIES} times")

    def _ask(self, path: str, body: Json | None) -> Json:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        question = urllib.request.Request(f"{self.address}/{path}", data=data, headers=headers)
        with self._opener.open(question, timeout=TIMEOUT_S) as answer:
            raw = answer.read(LARGEST + 1)
        if len(raw) > LARGEST:
            raise Refused(f"an answer of more than {LARGEST:,} bytes")
        found = json.loads(raw)
        if not isinstance(found, dict):
            raise Refused("an answer that is no JSON object")
        return found

    def missing(self, found: str) -> UserError:
        """The error of a server that gives no answers."""
        return error("T121", file=self.address, found=found, expected="an OpenAI-compatible server")


def _message(said: str) -> str:
    """What the server said, without its wrapping."""
    try:
        told = json.loads(said)
        inner = told.get("error", told)
        return str(inner.get("message", inner) if isinstance(inner, dict) else inner)
    except (ValueError, AttributeError):
        return " ".join(said.split())[:200]
