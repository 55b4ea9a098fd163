"""An OpenAI-compatible server, a real one on loopback, and places where none is."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from sxl_data.contract.errors import UserError
from sxl_train.generate.opening import open_model
from sxl_train.generate.types import Request

CALL = {"function": {"name": "add", "arguments": '{"a": 1, "b": 2}'}}


class Server(BaseHTTPRequestHandler):
    """Answers as such servers do; fails twice where the question says so."""

    failures: int
    asked: list[dict[str, Any]]

    def log_message(self, *words: object) -> None:
        pass

    def answer(self, status: int, body: Any) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def do_GET(self) -> None:
        self.answer(200, {"data": [{"id": "toy"}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).asked.append(body)
        if type(self).failures:
            type(self).failures -= 1
            return self.answer(503, {"error": "busy"})
        usage = {"prompt_tokens": 3, "completion_tokens": 2}
        if self.path.endswith("/chat/completions"):
            if body["messages"][0]["content"] == "too long":
                return self.answer(400, {"error": {"message": "maximum context is 8"}})
            message = {"content": "Sum:", "reasoning_content": "I add.", "tool_calls": [CALL]}
            return self.answer(200, {"choices": [{"message": message, "finish_reason": "tool_calls"}], "usage": usage})
        return self.answer(200, {"choices": [{"text": " world", "finish_reason": "length"}], "usage": usage})


@pytest.fixture
def address() -> Iterator[str]:
    Server.failures, Server.asked = 0, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()


def test_answers_are_written_as_our_own_template_writes_them(address: str) -> None:
    model = open_model(address)
    asked = [
        Request(id="chat", messages=({"role": "user", "content": "1 + 2"},), tools=({"type": "function"},), seed=3),
        Request(id="text", prompt="hello", samples=2, temperature=0.5, stop=("\n",)),
        Request(id="long", messages=({"role": "user", "content": "too long"},)),
    ]
    made = {(sample.request, sample.index): sample for sample in model.generate(asked)}
    chat, text, long = made["chat", 0], made["text", 1], made["long", 0]
    assert chat.text == (
        '<think>I add.</think>Sum:<tool_call>{"name": "add", "arguments": {"a": 1, "b": 2}}</tool_call>'
    )
    assert (text.text, text.finish, text.prompt_tokens, text.tokens) == (" world", "length", 3, 2)
    assert long.finish == "error" and "maximum context" in long.error
    seeds = [body["seed"] for body in Server.asked if body.get("prompt") == "hello"]
    assert len(set(seeds)) == 2 and {body["model"] for body in Server.asked} == {"toy"}


def test_a_busy_server_is_asked_again(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = open_model(address)
    monkeypatch.setattr(model._connection, "_wait_s", 0.001)  # type: ignore[attr-defined]
    Server.failures = 2
    (sample,) = model.generate([Request(id="a", prompt="hello")])
    assert sample.text == " world" and len(Server.asked) == 3


def test_where_nothing_answers_is_one_clear_error() -> None:
    with pytest.raises(UserError) as problem:
        open_model("http://127.0.0.1:9/v1")
    assert [item.code for item in problem.value.findings] == ["T121"]
    assert "nothing listens there" in str(problem.value)


def test_what_a_server_does_not_give_is_refused(address: str) -> None:
    model = open_model(address)
    tools = ({"type": "function", "function": {"name": "add"}},)
    held = Request(id="a", messages=({"role": "user", "content": "q"},), tools=tools, constrained=True)
    for code, attempt in (("T122", lambda: list(model.generate([held]))), ("T123", lambda: model.score([("a", "b")]))):
        with pytest.raises(UserError) as problem:
            attempt()
        assert [item.code for item in problem.value.findings] == [code]
