"""Tools of MCP servers: one written with the protocol's own package, and one that means harm."""

from __future__ import annotations

import json
import shlex
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import sxl_data
from sxl_data import toolsets
from sxl_data.contract.errors import UserError
from sxl_data.trace.types import Result, encode
from sxl_train.agent import Agent, servers
from sxl_train.agent.relay import LONGEST
from sxl_train.agent.servers import Joined, open_server
from sxl_train.evaluate.known import KnownAnswers

FRIENDLY = """
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver import Image
from mcp.server.mcpserver.exceptions import ToolError
server = MCPServer("notes")

@server.tool()
def total(left: int, right: int) -> int:
    "Add two numbers."
    return left + right

@server.tool()
def remember(text: str) -> str:
    "Keep a text."
    if not text:
        raise ToolError("nothing to keep")
    return f"kept {text}" * (1 if len(text) < 9 else 60_000)

@server.tool()
def picture() -> Image:
    "Draw."
    return Image(data=b"x", format="png")

server.run()
"""
HOSTILE = """
import json, sys, time
what, tools, result = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])

def say(**message):
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)

def endless():
    while True:
        sys.stdout.write("x" * 65536)

def now(stage):
    if what == stage + "-exits": sys.exit(3)
    if what == stage + "-hangs": time.sleep(600)
    if what == stage + "-endless": endless()
    if what == stage + "-garbage": print("\\x00 no JSON {", flush=True)

now("start")
for line in sys.stdin:
    asked = json.loads(line)
    method, key = asked.get("method"), asked.get("id")
    if key is None:
        continue
    if method == "initialize":
        say(id=key, result={"protocolVersion": asked["params"]["protocolVersion"], "capabilities": {"tools": {}},
                            "serverInfo": {"name": "x", "version": "1"}})
    elif method == "tools/list":
        now("list")
        say(id=key, result={"tools": tools, "nextCursor": "again"})
    elif method == "tools/call":
        now("call")
        say(id=key, result=result)
    else:
        say(id=key, error={"code": -32601, "message": "no such method"})
"""
PLAIN: dict[str, Any] = {"name": "act", "description": "Act.", "inputSchema": {"type": "object"}}


@pytest.fixture
def friendly(tmp_path: Path) -> str:
    file = tmp_path / "server of ours.py"
    file.write_text(FRIENDLY)
    return shlex.join([sys.executable, str(file)])


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, seconds in (("PATIENCE_S", 2.0), ("CALL_S", 0.5)):
        monkeypatch.setattr(servers, name, seconds)
    file = tmp_path / "hostile.py"
    file.write_text(HOSTILE)

    def command(what: str, tools: Any = (PLAIN,), result: Any = None) -> str:
        result = result or {"content": [{"type": "text", "text": "done"}]}
        return shlex.join([sys.executable, str(file), what, json.dumps(list(tools)), json.dumps(result)])

    return command


@pytest.fixture
def session() -> Iterator[toolsets.Session]:
    chosen = toolsets.get("calculator")
    made = toolsets.Session(chosen, toolsets.make_task(chosen, 0).state.copied())
    yield made
    made.state.close()


def said(result: Result) -> str:
    return "".join(part.text or "" for part in result.content)


def test_an_agent_calls_tools_of_its_own_and_of_a_server_and_its_trace_validates(
    friendly: str, session: toolsets.Session, tmp_path: Path
) -> None:
    calls = [("total", {"left": 2, "right": 40}), ("total", {"left": "two"}), ("remember", {"text": ""})]
    calls += [("remember", {"text": "a long text"}), ("picture", {})]
    texts = ["<tool_call>" + json.dumps({"name": name, "arguments": given}) + "</tool_call>" for name, given in calls]
    backend = KnownAnswers({f"turn-{at}": [text] for at, text in enumerate([*texts, "42"])})
    with open_server(friendly, session.tools.keys()) as server:
        assert list(server.tools) == ["total", "remember", "picture"] and server.left_out == []
        joined = Joined(session, [server])
        outcome = Agent(backend, joined).run("How much is it?")
        assert joined.tools.keys() > session.tools.keys()
    results = [result for step in outcome.trace.steps for result in getattr(step, "results", ())]
    assert [result.status for result in results] == ["ok", "error", "error", "ok", "ok"]
    assert said(results[0]) == "42"
    assert said(results[1]).startswith("total: ") and results[1].error_type == "bad_arguments"
    assert "nothing to keep" in said(results[2])
    assert said(results[3]).endswith("more characters)")
    assert said(results[4]) == "(image, not shown)"
    file = tmp_path / "trace.jsonl"
    file.write_bytes(encode(outcome.trace) + b"\n")
    # What the server's schema refused is what the validator says too; nothing else is found.
    assert {finding.code for finding in sxl_data.validate(file).findings} == {"A307"}


@pytest.mark.parametrize("what", ["start-exits", "start-hangs", "start-endless", "list-hangs", "list-endless"])
def test_a_server_that_is_none_is_refused_with_a_code(hostile: Any, what: str) -> None:
    began = time.monotonic()
    with pytest.raises(UserError) as raised, open_server(hostile(what)):
        pass
    assert raised.value.findings[0].code == "T404"
    assert time.monotonic() - began < 60  # hangs are ended, however slow the machine


@pytest.mark.parametrize("where", ["no-such-command-here", "'open quote", "", "http://127.0.0.1:9/mcp"])
def test_a_command_or_address_that_is_not_there_is_refused_with_a_code(where: str) -> None:
    with pytest.raises(UserError) as raised, open_server(where):
        pass
    assert raised.value.findings[0].code == "T404"


def test_names_and_schemas_that_cannot_be_used_are_left_out_and_told(hostile: Any) -> None:
    deep: dict[str, Any] = {"type": "object"}
    for _ in range(40):
        deep = {"type": "object", "properties": {"a": deep}}
    double = {str(n): {"allOf": [{"$ref": f"#/$defs/{n + 1}"}] * 2} for n in range(40)} | {"40": {}}
    offered = [
        PLAIN | {"name": name, "inputSchema": schema}
        for name, schema in [
            ("act", {"type": "object"}),
            ("act", {"type": "object"}),
            ("taken", {"type": "object"}),
            ("a\nb\x1b[2J", {"type": "object"}),
            ("</tool_call>", {"type": "object"}),
            ("deep", deep),
            ("large", {"type": "object", "description": "x" * 30_000}),
            ("wrong", {"type": "object", "properties": {"a": {"type": "nothing"}}}),
            ("far", {"type": "object", "properties": {"a": {"$ref": "https://example.com/schema.json"}}}),
            ("bomb", {"type": "object", "properties": {"a": {"$ref": "#/$defs/0"}}, "$defs": double}),
        ]
    ]
    with open_server(hostile("", offered), {"taken"}) as server:
        assert list(server.tools) == ["act", "bomb"]
        assert len(server.left_out) >= 8 and all(line.isprintable() for line in server.left_out)
        assert server.call("bomb", '{"a": 1}') == "done"


@pytest.mark.parametrize("what", ["call-exits", "call-hangs", "call-endless", "call-garbage"])
def test_a_call_that_goes_wrong_is_an_error_that_the_model_is_told(
    hostile: Any, session: toolsets.Session, what: str
) -> None:
    with open_server(hostile(what)) as server:
        result = Joined(session, [server]).call("1", "act", "{}")
        assert result.status == ("ok" if what == "call-garbage" else "error")
        assert said(result)


def test_a_line_beyond_the_limit_stops_the_server_and_a_long_result_below_it_is_cut(hostile: Any) -> None:
    for size, status in ((LONGEST // 4, "ok"), (LONGEST + 10, "error")):
        # The size is written where the text is made: a command line holds no eight megabytes.
        script = Path(shlex.split(hostile(""))[1])
        script.write_text(
            HOSTILE.replace(
                "say(id=key, result=result)", f"result['content'][0]['text'] = 'y' * {size}; say(id=key, result=result)"
            )
        )
        chosen = toolsets.get("calculator")
        with open_server(hostile("")) as server:
            result = Joined(toolsets.Session(chosen, toolsets.make_task(chosen, 0).state), [server]).call(
                "1", "act", "{}"
            )
            assert (result.status, len(said(result)) <= servers.LONGEST_RESULT + 100) == (status, True)


def test_without_leave_no_server_is_started(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import contextlib

    from sxl_train.agent.__main__ import _servers, parser
    from sxl_train.agent.live import Live

    mark = tmp_path / "started"
    options = parser().parse_args(["model", "task", "--mcp", f"touch {shlex.quote(str(mark))}"])
    with contextlib.ExitStack() as stack, pytest.raises(UserError) as raised:
        _servers(stack, Live("model"), options, toolsets.Session(toolsets.get("calculator"), None))
    assert raised.value.findings[0].code == "T405" and not mark.exists()
    assert "outside the sandbox" in capsys.readouterr().err
