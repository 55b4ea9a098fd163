"""The OpenAI-compatible address: who is let in, what is answered, and a real client where one is installed."""

from __future__ import annotations

import http.client
import json
import socket
import struct
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from sxl_train.agent.serve import LARGEST, Server
from sxl_train.evaluate.known import KnownAnswers

TOOL = {
    "type": "function",
    "function": {
        "name": "lock",
        "description": "Lock a door.",
        "parameters": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
    },
}
CALL = (
    '<think>It is the door.</think>At once.<tool_call>{"name": "lock", "arguments": {"name": "front door"}}</tool_call>'
)
ASKED: dict[str, Any] = {"model": "any", "messages": [{"role": "user", "content": "Lock it."}]}


@pytest.fixture(params=[CALL])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with Server(KnownAnswers({"chat": [request.param]}), token="the token") as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def send(server: Server, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
    given = {"Authorization": "Bearer the token"} | headers
    connection.request(method, path, data, {key: value for key, value in given.items() if value})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, json.loads(text) if answer.headers["Content-Type"] == "application/json" else text


def test_it_listens_on_the_loopback_alone_and_makes_a_token_of_its_own() -> None:
    with Server(KnownAnswers({})) as one, Server(KnownAnswers({})) as other:
        assert one.server_address[0] == "127.0.0.1"
        assert len(one.token) >= 32 and one.token != other.token


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Authorization": ""}, 401),
        ({"Authorization": "Bearer the tokem"}, 401),
        ({"Authorization": "Basic the token"}, 401),
        ({"Authorization": "Bearer tökén"}, 401),
        ({"Origin": "https://example.com"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "example.com"}, 403),
        ({"Host": "127.0.0.1.example.com"}, 403),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_page_of_another_origin_and_a_wrong_token_are_refused(
    server: Server, method: str, headers: dict[str, str], status: int
) -> None:
    path = "/v1/models" if method == "GET" else "/v1/chat/completions"
    given = {key: value.encode().decode("latin-1") for key, value in headers.items()}
    found, answer = send(server, method, path, ASKED if method == "POST" else None, **given)
    assert found == status
    assert ("error" in answer) is (status != 200)
    assert server.answered == int(status == 200 and method == "POST")


def test_its_own_address_is_an_origin_that_may_ask(server: Server) -> None:
    assert send(server, "GET", "/v1/models", Origin=f"http://localhost:{server.port}")[0] == 200


def test_a_call_of_a_declared_tool_comes_back_as_one_and_thoughts_apart(server: Server) -> None:
    _, answer = send(server, "POST", "/v1/chat/completions", ASKED | {"tools": [TOOL]})
    (choice,) = answer["choices"]
    assert choice["finish_reason"] == "tool_calls"
    message = choice["message"]
    assert (message["content"], message["reasoning_content"]) == ("At once.", "It is the door.")
    (call,) = message["tool_calls"]
    assert call["function"]["name"] == "lock" and json.loads(call["function"]["arguments"]) == {"name": "front door"}


def test_without_tools_an_answer_is_text(server: Server) -> None:
    _, answer = send(server, "POST", "/v1/chat/completions", ASKED)
    (choice,) = answer["choices"]
    assert choice["finish_reason"] == "stop" and "tool_calls" not in choice["message"]
    assert choice["message"]["content"].startswith("At once.<tool_call>")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        {"messages": []},
        {"messages": [{"role": "wizard", "content": ""}]},
        ASKED | {"n": 2},
        ASKED | {"temperature": -1},
        ASKED | {"tools": [{"type": "function"}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]},
        {"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "a", "arguments": "{"}}]}]},
    ],
)
def test_what_cannot_be_answered_is_said_so_and_the_server_goes_on(server: Server, body: Any) -> None:
    status, answer = send(server, "POST", "/v1/chat/completions", body)
    assert status == 400 and answer["error"]["message"]
    assert send(server, "GET", "/v1/models")[0] == 200


def test_a_body_beyond_the_limit_is_not_read(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.putrequest("POST", "/v1/chat/completions")
    connection.putheader("Authorization", "Bearer the token")
    connection.putheader("Content-Length", str(LARGEST + 1))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_half_a_question_and_a_client_that_hangs_up_leave_no_trace(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        connection = socket.create_connection(("127.0.0.1", server.port))
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer the token"
        connection.sendall(f"{head}\r\nContent-Length: 900\r\n\r\n{{".encode())
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    assert send(server, "GET", "/v1/models")[0] == 200
    assert "Traceback" not in capsys.readouterr().err


def test_a_real_client_lists_models_calls_tools_and_streams(server: Server) -> None:
    openai = pytest.importorskip("openai")
    client = openai.OpenAI(base_url=f"http://127.0.0.1:{server.port}/v1", api_key="the token", max_retries=0)
    assert [model.id for model in client.models.list()] == [server.backend.name]
    history: list[Any] = [{"role": "user", "content": "Lock it."}]
    answer = client.chat.completions.create(model="any", messages=history, tools=[TOOL])
    (call,) = answer.choices[0].message.tool_calls
    assert call.function.name == "lock" and answer.usage.total_tokens >= 0
    history += [answer.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": "locked"}]
    assert client.chat.completions.create(model="any", messages=history, tools=[TOOL]).choices
    parts = list(client.chat.completions.create(model="any", messages=history, tools=[TOOL], stream=True))
    assert parts[0].choices[0].delta.tool_calls[0].function.name == "lock"
    assert parts[-1].choices[0].finish_reason == "tool_calls"
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="another").models.list()
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model="any", messages=history, n=2)
