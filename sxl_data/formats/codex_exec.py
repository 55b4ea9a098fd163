"""What ``codex exec --json`` prints: one event a line, of threads, turns and items.

In: ``thread.started``, ``turn.started``, ``item.started``, ``item.updated`` and ``item.completed`` with the item as it
is then, ``turn.completed`` with tokens or ``turn.failed``. Out: one trace. An item that runs (a command, a change of
files, an MCP call, a search, a plan) is a call named after its type, whose arguments are what the item says of it; it
gets its result when it completes. The prompt is not printed. Items of a type that is not known are kept beside. Older
versions name the type ``item_type`` and the answer ``assistant_message``.
Source: https://github.com/openai/codex/blob/main/codex-rs/exec/src/exec_events.rs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.files.json_text import counts, dump
from sxl_data.formats.beside import Beside
from sxl_data.formats.content import parts_of
from sxl_data.formats.places import located
from sxl_data.formats.streams import common_of
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.types import Agent, Metrics, Outcome, Part, Result, Status

NAME = "codex_exec"
_ITEMS = ("item.started", "item.updated", "item.completed")
_STATUS: dict[str, Status] = {"completed": "ok", "failed": "error", "declined": "denied"}
# Type of an item that runs → the keys that say what it is asked to do; the others say what came of it.
_ASKED = {
    "command_execution": ("command",),
    "file_change": ("changes",),
    "mcp_tool_call": ("arguments",),
    "collab_tool_call": ("sender_thread_id", "receiver_thread_ids", "prompt"),
    "web_search": ("query", "action"),
    "todo_list": ("items",),
}
_COUNTS = {
    "prompt_tokens": "input_tokens",
    "completion_tokens": "output_tokens",
    "cached_tokens": "cached_input_tokens",
}
_TOLD = ("aggregated_output", "exit_code", "status", "result", "error", "agents_states")


class CodexExec:
    """Format of the events of one run."""

    name = NAME
    title = "output of codex exec --json"
    unit = "file"
    composes = (("arguments", "what an item says of its call, as one object"),)

    def detect(self, sample: Any) -> str | None:
        """Events of type `thread.started`, `turn.started` or `item.completed`."""
        records = [record for record in sample if isinstance(record, dict)] if isinstance(sample, list) else []
        for record in records:
            if record.get("type") in _ITEMS and isinstance(record.get("item"), dict):
                return f"has events of type {record['type']}"
        return None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        builder, kept = Builder("agent"), Beside(NAME, origin)
        run = _Run(builder, kept)
        thread, spent = None, list[dict[str, Any]]()
        for event, at, line in located(document):
            kind = event.get("type")
            if kind in _ITEMS and isinstance(event.get("item"), dict):
                run.item(event["item"], kind == "item.completed", common_of(event, f"{at}/item", line))
                kept.keep(f"line {line}", event, "type", "item", "timestamp")
                continue
            if kind == "thread.started":
                thread = thread or event.get("thread_id")
            elif kind == "turn.completed" and isinstance(event.get("usage"), dict):
                spent.append(event["usage"])
                kept.keep(f"line {line}/usage", event["usage"], *_COUNTS.values())
            elif kind == "turn.failed":
                builder.outcome = Outcome(status="aborted")
            kept.keep(f"line {line}", event, *(("usage",) if kind == "turn.completed" else ()), "type", "thread_id")
        run.finish()
        kept.tell(builder)
        builder.agent = Agent(name="codex")
        builder.metrics = _metrics(spent)
        builder.executed = True
        group = thread if isinstance(thread, str) else None
        reading = builder.build(document, origin, NAME, source_id=group, group=group)
        if not reading.trace.steps:
            raise RowError("no items", "events of type item.completed")
        yield reading


FORMAT = CodexExec()


class _Run:
    """The items of a run, told as they come."""

    def __init__(self, builder: Builder, kept: Beside) -> None:
        self._builder, self._kept = builder, kept
        self._calls: dict[str, str] = {}  # item → arguments that were told last
        self._said: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}  # words that are not yet complete

    def item(self, item: dict[str, Any], complete: bool, common: dict[str, Any]) -> None:
        """One state of ``item``."""
        identity = str(item.get("id") or f"item_{common['line']}")
        kind = item.get("type", item.get("item_type"))
        if kind in ("agent_message", "assistant_message", "reasoning", "plan"):
            self._said.pop(identity, None)
            if complete:
                self._say(item, kind, common)
            else:
                self._said[identity] = (item, common)
        elif isinstance(kind, str) and kind in _ASKED:
            self._call(identity, kind, item, complete, common)
        else:
            self._kept.keep(f"line {common['line']}/item", item)

    def finish(self) -> None:
        """Tell what was begun and never completed: the run was cut off."""
        for item, common in self._said.values():
            self._say(item, item.get("type", item.get("item_type")), common)

    def _say(self, item: dict[str, Any], kind: Any, common: dict[str, Any]) -> None:
        text = item.get("text")
        if isinstance(text, str) and text:
            if kind == "reasoning":
                self._builder.reflect(text, "summary", **common)
            else:
                self._builder.say(text, **common)
        read = ("id", "type", *(("text",) if isinstance(text, str) else ()))
        self._kept.keep(f"line {common['line']}/item", item, *read)

    def _call(self, identity: str, kind: str, item: dict[str, Any], complete: bool, common: dict[str, Any]) -> None:
        asked = _ASKED[kind]
        given = item.get("arguments") if kind == "mcp_tool_call" else {k: item[k] for k in asked if k in item}
        arguments = dump({} if given is None else given)
        name = item.get("tool") if kind in ("mcp_tool_call", "collab_tool_call") else kind
        times = 1 + int(kind == "todo_list" and identity in self._calls)
        if identity not in self._calls or (kind == "todo_list" and self._calls[identity] != arguments):
            # A plan that changes was written again.
            call_id = identity if times == 1 else f"{identity}-{common['line']}"
            server = "server" if kind == "web_search" else "function"
            self._builder.call(str(name or kind), arguments, call_id, kind=server, **common)
            self._calls[identity] = arguments
        if complete and kind not in ("todo_list", "web_search"):
            self._builder.result(_result(identity, item), **common)
        elif complete:
            self._builder.end_turn()  # what it gave is not printed, and what follows was said after it
        self._kept.keep(f"line {common['line']}/item", item, "id", "type", "item_type", "tool", *asked, *_TOLD)


def _result(identity: str, item: dict[str, Any]) -> Result:
    """What came of an item that ran."""
    told, failed, structured = item.get("aggregated_output"), item.get("error"), item.get("agents_states")
    content: tuple[Part, ...] = parts_of(told)
    if isinstance(item.get("result"), dict):
        content = parts_of(item["result"].get("content"))
        structured = {k: v for k, v in item["result"].items() if k != "content" and v is not None} or None
    elif item.get("result") is not None:
        content = parts_of(item["result"])
    message = failed.get("message") if isinstance(failed, dict) else failed
    code = item.get("exit_code")
    code = code if type(code) is int else None
    status = _STATUS.get(str(item.get("status")), "unknown")
    return Result(
        call_id=identity,
        content=content or parts_of(message),
        status="error" if (code or message) and status in ("ok", "unknown") else status,
        exit_code=code,
        error_message=message if isinstance(message, str) else None,
        structured_json=dump(structured) if structured else None,
    )


def _metrics(spent: list[dict[str, Any]]) -> Metrics | None:
    """The tokens of all turns."""
    found = counts(
        {name: sum(turn[key] for turn in spent if type(turn.get(key)) is int) or None for name, key in _COUNTS.items()}
    )
    return Metrics(**found) if found else None
