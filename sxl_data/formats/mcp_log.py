"""Messages of the Model Context Protocol as they went over the wire: JSON-RPC, one message a line.

In: what a client and a server wrote to each other (the protocol's stdio transport is one message a line), or a log of
it whose lines hold the message under one key. Out: one trace of the calls and their results, with the tools that the
server listed and its instructions; nobody's words are in such a log, so it has no task. What asks for a model
(`sampling/createMessage`), prompts, resources and notifications are kept beside, as is what a log puts around one.
Source: https://modelcontextprotocol.io/specification/ (base protocol, server tools; versions 2024-11-05 to 2025-11-25).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.files.json_text import dump, given, load_object
from sxl_data.formats.beside import Beside
from sxl_data.formats.content import parts_of
from sxl_data.formats.declarations import tools_of
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.types import Act, Agent, Result, Status

NAME = "mcp_log"
_CALL, _LIST, _BEGIN, _ASK = "tools/call", "tools/list", "initialize", "sampling/createMessage"
# A message, its pointer, its line, what the log puts around it
Wired = tuple[dict[str, Any], str, int, dict[str, Any]]


class McpLog:
    """Format of recorded messages."""

    name = NAME
    title = "messages of the Model Context Protocol (JSON-RPC)"
    unit = "file"

    def detect(self, sample: Any) -> str | None:
        """JSON-RPC messages of which one is `initialize` with a protocol version, `tools/list` or `tools/call`."""
        for record in sample if isinstance(sample, list) else ():
            for message, _, _ in _messages(record):
                method, about = message.get("method"), message.get("params")
                if method in (_CALL, _LIST) or (
                    method == _BEGIN and isinstance(about, dict) and "protocolVersion" in about
                ):
                    return f"has JSON-RPC messages, one of them `{method}`"
        return None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        builder, kept = Builder("tool_use"), Beside(NAME, origin)
        asked: dict[str, list[dict[str, Any]]] = {}
        client: dict[str, Any] = {}
        for message, at, line, around in _wired(document):
            kept.keep(f"line {line}", around)
            method, identity = message.get("method"), dump(message.get("id"))
            if isinstance(method, str):
                about = message["params"] if isinstance(message.get("params"), dict) else {}
                asked.setdefault(identity, []).append(message) if "id" in message else None
                if method == _CALL:
                    name, call_id = str(about.get("name") or ""), _named(identity)
                    builder.call(
                        name, call_id=call_id, at=f"{at}/params", line=line, **given(about.get("arguments") or {})
                    )
                    kept.keep(f"line {line}{at}/params", about, "name", "arguments")
                    kept.keep(f"line {line}{at}", message, "jsonrpc", "id", "method", "params")
                    continue
                client = about if method == _BEGIN else client
                kept.keep(f"line {line}{at}", message, "jsonrpc", "id")
                continue
            request = _answered(asked.get(identity, []), message)
            _answer(builder, kept, request, message, at, line)
        kept.tell(builder)
        info = client["clientInfo"] if isinstance(client.get("clientInfo"), dict) else {}
        version = info.get("version")
        builder.agent = Agent(name=str(info.get("name") or ""), version=version if isinstance(version, str) else None)
        builder.executed = True
        reading = builder.build(document, origin, NAME)
        if not any(isinstance(step, Act) for step in reading.trace.steps):
            raise RowError("no call", f"a message `{_CALL}`")
        yield reading


FORMAT = McpLog()


def _wired(document: Document) -> Iterator[Wired]:
    records = document.value if isinstance(document.value, list) else [document.value]
    for i, record in enumerate(records):
        at = document.places[i] if i < len(document.places) else ""
        line = document.lines[min(i, len(document.lines) - 1)]
        found = list(_messages(record))
        for message, place, around in found:
            yield message, at + place, line, around
        if not found and isinstance(record, dict):
            yield {}, at, line, record


def _messages(record: Any) -> Iterator[tuple[dict[str, Any], str, dict[str, Any]]]:
    """The messages of one line with their pointers: the line itself, a batch of them, or what one of its keys holds, an
    object or JSON text."""
    for place, item in enumerate(record) if isinstance(record, list) else [(None, record)]:
        at = "" if place is None else f"/{place}"
        if isinstance(item, dict) and "jsonrpc" in item:
            yield item, at, {}
            continue
        for key, held in item.items() if isinstance(item, dict) and place is None else ():
            inner = load_object(held) if isinstance(held, str) and '"jsonrpc"' in held else held
            if isinstance(inner, dict) and "jsonrpc" in inner:
                yield inner, f"/{key}", {name: value for name, value in item.items() if name != key}
                break


def _named(identity: str) -> str:
    """The id of a call: that of its request, which JSON-RPC has as a text or a number."""
    return identity[1:-1] if identity.startswith('"') and "\\" not in identity else identity


def _answered(open_requests: list[dict[str, Any]], message: dict[str, Any]) -> dict[str, Any] | None:
    """The request that ``message`` answers. Either side numbers its own, so the one is taken that it fits."""
    result = message.get("result")
    held = result if isinstance(result, dict) else {}
    fits = _LIST if "tools" in held else _BEGIN if "serverInfo" in held else None
    if fits is None and "content" in held:
        fits = _ASK if "role" in held else _CALL
    for i, request in enumerate(open_requests):
        if fits in (None, request.get("method")):
            return open_requests.pop(i)
    return None


def _answer(
    builder: Builder, kept: Beside, request: dict[str, Any] | None, message: dict[str, Any], at: str, line: int
) -> None:
    """Tell what answers ``request``."""
    method, result = (request or {}).get("method"), message.get("result")
    held = result if isinstance(result, dict) else {}
    if method == _CALL and ("result" in message or "error" in message):
        builder.result(_result(_named(dump(message.get("id"))), message), at=f"{at}/result", line=line)
        kept.keep(f"line {line}{at}/result", held, "content", "isError", "structuredContent")
        kept.keep(f"line {line}{at}", message, "jsonrpc", "id", "result", "error")
        return
    read: tuple[str, ...] = ()
    if method == _LIST:
        known = {tool.name for tool in builder.tools}
        for i, tool in enumerate(tools_of(held.get("tools"))):
            if tool.name not in known:
                builder.tool(tool, at=f"{at}/result/tools/{i}", line=line)
        for i, tool in enumerate(held["tools"] if isinstance(held.get("tools"), list) else ()):
            kept.keep(f"line {line}{at}/tools/{i}", tool, "name", "description", "inputSchema", "outputSchema")
        read = ("tools",)
    elif method == _BEGIN and isinstance(held.get("instructions"), str):
        builder.observe(held["instructions"], "system", at=f"{at}/result/instructions", line=line)
        read = ("instructions",)
    kept.keep(f"line {line}{at}/result", held, *read)
    kept.keep(f"line {line}{at}", message, "jsonrpc", "id", *(("result",) if isinstance(result, dict) else ()))


def _result(call_id: str, message: dict[str, Any]) -> Result:
    held = message["result"] if isinstance(message.get("result"), dict) else {}
    error = message["error"] if isinstance(message.get("error"), dict) else {}
    said, structured = error.get("message"), held.get("structuredContent")
    status: Status = "error" if error or held.get("isError") is True else "ok"
    return Result(
        call_id=call_id,
        content=parts_of(held.get("content", said)),
        status=status,
        error_type=str(error["code"]) if "code" in error else None,
        error_message=said if isinstance(said, str) else None,
        structured_json=dump(structured if structured is not None else error["data"])
        if structured is not None or error.get("data") is not None
        else None,
    )
