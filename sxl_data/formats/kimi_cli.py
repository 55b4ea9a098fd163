"""Wire logs of Kimi CLI: a ``metadata`` line with a protocol version, then events.

In: events of the loop (``step.begin``, text, reasoning, ``tool.call``, ``tool.result``, ``step.end``) with the
prompts of the user. A prompt appears as ``turn.prompt`` and again in the context; it is read once. The set of
active tools names them without schemas, a snapshot of the tools declares them. A compaction's summary is what the
agent goes on from. Other events are counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sxl_data.files.json_text import given
from sxl_data.formats.content import parts_of, task_of
from sxl_data.formats.declarations import tools_of
from sxl_data.formats.exit_codes import exit_code
from sxl_data.formats.harness import is_harness, settle_task
from sxl_data.formats.places import located
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.types import Agent, Metrics, Part, Result

NAME = "kimi_cli"
_TEXT = ("text", "content.text", "text.delta", "content.part")
_THINK = ("think", "thinking", "content.think", "reasoning")


class KimiCli:
    """Format of Kimi CLI wire logs."""

    name = NAME
    title = "Kimi CLI wire logs"
    unit = "file"

    def detect(self, sample: Any) -> str | None:
        """A `metadata` line with `protocol_version`, or loop events."""
        for record in sample if isinstance(sample, list) else ():
            if isinstance(record, dict) and record.get("type") == "metadata" and "protocol_version" in record:
                return "starts with `metadata` and a `protocol_version`"
            if isinstance(record, dict) and record.get("type") == "context.append_loop_event":
                return "has `context.append_loop_event` lines"
        return None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        builder = Builder("agent")
        skipped: Counter[str] = Counter()
        version = model = None
        usage: list[dict[str, Any]] = []
        prompts: Counter[str] = Counter()
        ext: dict[str, Any] = {}
        for record, at, line in located(document):
            kind = record.get("type")
            common: dict[str, Any] = {"timestamp": _time(record.get("time")), "at": at, "line": line}
            if kind == "metadata":
                version = record.get("app_version")
                ext["protocol_version"] = record.get("protocol_version")
            elif kind == "config.update":
                model = record.get("modelAlias") or model
                prompt = record.get("systemPrompt")
                if isinstance(prompt, str) and prompt and prompts[prompt] == 0:
                    prompts[prompt] += 1
                    builder.observe(prompt, "system", **common)
            elif kind == "tools.set_active_tools":
                ext["active_tools"] = record.get("toolNames")
            elif kind == "llm.tools_snapshot":
                _declare(builder, record, at, line)
            elif kind == "turn.prompt":
                content = parts_of(record.get("input"))
                prompts[_key(content)] += 1
                asked = not is_harness(record.get("input"))
                builder.observe(content, "user" if asked else "environment", **common)
                builder.task = builder.task or (task_of(content) if asked else "")
            elif kind == "context.append_loop_event" and isinstance(record.get("event"), dict):
                _read_event(builder, record["event"], common, skipped)
            elif kind == "context.append_message" and isinstance(record.get("message"), dict):
                _read_message(builder, record["message"], common, prompts, skipped)
            elif isinstance(kind, str) and "compact" in kind and (text := _summary(record)):
                builder.observe(text, "environment", **common)
            else:
                if kind == "usage.record" and isinstance(record.get("usage"), dict):
                    usage.append(record["usage"])
                    model = model or record.get("model")
                skipped[str(kind)] += 1
        builder.agent = Agent(
            name="kimi-cli",
            version=version if isinstance(version, str) else None,
            model=model if isinstance(model, str) else None,
        )
        builder.metrics = _metrics(usage)
        builder.executed = True
        builder.ext[NAME] = {**ext, **({"skipped": dict(sorted(skipped.items()))} if skipped else {})}
        settle_task(builder)
        reading = builder.build(document, origin, NAME)
        if not reading.trace.steps:
            raise RowError("no messages", "prompts or loop events")
        yield reading


FORMAT = KimiCli()


def _declare(builder: Builder, record: dict[str, Any], at: str, line: int) -> None:
    """The tools of a snapshot; a later one adds those that are new."""
    known = {tool.name for tool in builder.tools}
    for key in ("tools", "snapshot"):
        held = record.get(key)
        held = held.get("tools") if isinstance(held, dict) else held
        for number, tool in enumerate(tools_of(held)):
            if tool.name not in known:
                builder.tool(tool, at=f"{at}/{key}/{number}", line=line)


def _summary(record: dict[str, Any]) -> tuple[Part, ...]:
    """The summary that a compaction left, wherever its event holds it."""
    for holder in (record, record.get("result"), record.get("event"), record.get("message")):
        if isinstance(holder, dict):
            for key in ("summary", "compactedSummary", "text", "content"):
                if holder.get(key):
                    return parts_of(holder[key])
    return ()


def _read_event(builder: Builder, event: dict[str, Any], common: dict[str, Any], skipped: Counter[str]) -> None:
    kind = str(event.get("type"))
    if kind == "step.begin":
        builder.end_turn()
    elif kind == "tool.call":
        builder.call(
            str(event.get("name") or ""),
            call_id=str(event.get("toolCallId") or event.get("uuid") or ""),
            **given(event.get("args")),
            **common,
        )
    elif kind == "tool.result":
        held = event["result"] if isinstance(event.get("result"), dict) else {"output": event.get("result")}
        failed = held.get("isError")
        content = parts_of(held.get("output"))
        content += tuple(
            part for key in ("message", "error") for part in parts_of(held.get(key)) if part not in content
        )
        code = exit_code(task_of(content), "kimi")
        builder.result(
            Result(
                call_id=str(event.get("toolCallId") or ""),
                content=content,
                exit_code=code,
                status="error" if failed is True or code else "ok" if failed is False else "unknown",
            ),
            **common,
        )
    elif kind in _TEXT or kind in _THINK:
        part = event.get("part")
        inner = part if isinstance(part, dict) else event
        thought = inner.get("think", inner.get("thinking"))
        if isinstance(thought, str):
            builder.reflect(thought, **common)
        elif isinstance(inner.get("text"), str):
            if kind in _THINK:
                builder.reflect(inner["text"], **common)
            else:
                builder.say(inner["text"], **common)
    elif kind != "step.end":
        skipped[kind] += 1


def _read_message(
    builder: Builder, message: dict[str, Any], common: dict[str, Any], prompts: Counter[str], skipped: Counter[str]
) -> None:
    """A message put into the context; the user's prompts are there already."""
    content = parts_of(message.get("content"))
    role = message.get("role")
    if role == "user" and prompts[_key(content)] > 0:
        prompts[_key(content)] -= 1
        skipped["context.append_message (a prompt again)"] += 1
    elif role == "assistant":
        builder.end_turn()
        builder.say(content, **common)
    else:
        asked = role == "user" and not is_harness(message.get("content"))
        builder.observe(content, "user" if asked else "system" if role == "system" else "environment", **common)
        if asked:
            builder.task = builder.task or task_of(content)


def _key(content: tuple[Part, ...]) -> str:
    return task_of(content)


def _time(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 10**14:
        return None
    return datetime.fromtimestamp(value / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _metrics(usage: list[dict[str, Any]]) -> Metrics | None:
    if not usage:
        return None

    def total(*keys: str) -> int:
        return sum(item[key] for item in usage for key in keys if isinstance(item.get(key), int))

    return Metrics(
        prompt_tokens=total("inputOther", "inputCacheRead", "inputCacheCreation"),
        completion_tokens=total("output"),
        cached_tokens=total("inputCacheRead"),
    )
