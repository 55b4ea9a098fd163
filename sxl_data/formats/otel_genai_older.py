"""Messages of a model's call as OpenTelemetry had them before 1.37, in the form that 1.37 gave them.

In: a span with its attributes, or log records of one span. Out: the same attributes with ``gen_ai.input.messages`` and
``gen_ai.output.messages``, each message with the pointer at which it stood, and what is left of the span. Three older
forms: events (``gen_ai.user.message``, ``gen_ai.choice``, …, conventions 1.28 to 1.36, as events of the span or as log
records), ``gen_ai.content.prompt`` and ``gen_ai.content.completion`` (1.26, 1.27), and numbered attributes
(``gen_ai.prompt.0.content``), which OpenLLMetry writes.
Source: https://github.com/open-telemetry/semantic-conventions/blob/v1.36.0/docs/gen-ai/gen-ai-events.md,
https://github.com/open-telemetry/semantic-conventions/blob/v1.27.0/docs/gen-ai/gen-ai-spans.md,
https://github.com/traceloop/openllmetry (``opentelemetry-semantic-conventions-ai``).
"""

from __future__ import annotations

from typing import Any

from sxl_data.contract import patterns
from sxl_data.files.json_text import open_text

IN, OUT, TOOLS, PLACE = "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.tool.definitions", "$at"
_ROLES = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
    "gen_ai.choice": "assistant",
}
_WHOLE = {"gen_ai.content.prompt": ("gen_ai.prompt", IN), "gen_ai.content.completion": ("gen_ai.completion", OUT)}
_READ = ("role", "content", "tool_calls", "tool_call_id", "id", "reasoning", "message", "gen_ai.event.content")
_NUMBERED = patterns.compile(r"gen_ai\.(prompt|completion)\.(\d{1,5})\.(.+)")
_DECLARED = patterns.compile(r"llm\.request\.functions\.(\d{1,5})\.(name|description|parameters)")
_CALLED = patterns.compile(r"tool_calls\.(\d{1,5})\.(id|name|arguments)")


def event_name(record: dict[str, Any], attributes: dict[str, Any]) -> str | None:
    """The name of an event or a log record, where it is one of a model's messages."""
    for name in (record.get("eventName"), record.get("event_name"), attributes.get("event.name"), record.get("name")):
        if isinstance(name, str) and (name in _ROLES or name in _WHOLE):
            return name
    return None


def from_events(events: list[tuple[str, dict[str, Any], str]]) -> dict[str, Any]:
    """Messages of ``events`` as new attributes; each is a name, what it holds, and its pointer."""
    found: dict[str, list[Any]] = {}
    for name, held, at in events:
        if name in _WHOLE:
            key, to = _WHOLE[name]
            value = open_text(held.get(key))
            listed = value if isinstance(value, list) else [value]
            role = "user" if to == IN else "assistant"
            found.setdefault(to, []).extend(_message(item, role, at) for item in listed if item is not None)
            continue
        whole = open_text(held.get("gen_ai.event.content"))
        body = {**held, **whole} if isinstance(whole, dict) else held
        message = open_text(body.get("message"))
        if isinstance(message, dict):
            body = {**body, **message}
        elif message is not None and "content" not in body:
            body = {**body, "content": message}
        found.setdefault(OUT if name == "gen_ai.choice" else IN, []).append(_message(body, _ROLES[name], at))
    return dict(found)


def from_attributes(attributes: dict[str, Any], at: str) -> tuple[dict[str, Any], set[str]]:
    """(new attributes, the keys that they were made of) of numbered ``attributes`` of a span at ``at``."""
    sides: dict[str, dict[int, dict[str, Any]]] = {}
    tools: dict[int, dict[str, Any]] = {}
    used: set[str] = set()
    for key, value in attributes.items():
        if (found := _NUMBERED.fullmatch(key)) is not None:
            item = sides.setdefault(found[1], {}).setdefault(int(found[2]), {PLACE: f"{at}/attributes/{key}"})
            if (called := _CALLED.fullmatch(found[3])) is not None:
                item.setdefault("tool_calls", {}).setdefault(int(called[1]), {})[called[2]] = value
            elif found[3] in ("role", "content", "tool_call_id", "finish_reason", "reasoning"):
                item[found[3]] = value
            else:
                continue
        elif (declared := _DECLARED.fullmatch(key)) is not None:
            tools.setdefault(int(declared[1]), {})[declared[2]] = value
        else:
            continue
        used.add(key)
    made: dict[str, Any] = {}
    for side, key in (("prompt", IN), ("completion", OUT)):
        items = [item for _, item in sorted(sides.get(side, {}).items())]
        for item in items:
            item["tool_calls"] = [call for _, call in sorted(item.get("tool_calls", {}).items())]
        if items:
            role = "user" if key == IN else "assistant"
            made[key] = [_message(item, role, item[PLACE]) for item in items]
    if tools:
        made[TOOLS] = [tool for _, tool in sorted(tools.items())]
    return made, used


def _message(held: Any, role: str, at: str) -> dict[str, Any]:
    """One message of any older form, with ``parts``."""
    body = held if isinstance(held, dict) else {"content": held}
    said = body.get("role") if isinstance(body.get("role"), str) else role
    answered = body.get("tool_call_id", body.get("id") if said == "tool" else None)
    parts: list[Any] = []
    if isinstance(body.get("reasoning"), str) and body["reasoning"]:
        parts.append({"type": "reasoning", "content": body["reasoning"]})
    content = body.get("content")
    if said == "tool":
        parts.append({"type": "tool_call_response", "id": answered, "response": content})
    else:
        opened = content if isinstance(content, list) else [content]
        parts += [{"type": "text", "content": c} if isinstance(c, str) else c for c in opened if c not in (None, "")]
    calls = open_text(body.get("tool_calls"))
    for call in calls if isinstance(calls, list) else ():
        if isinstance(call, dict):
            inner = call["function"] if isinstance(call.get("function"), dict) else call
            parts.append(
                {
                    "type": "tool_call",
                    "id": call.get("id"),
                    "name": inner.get("name"),
                    "arguments": inner.get("arguments", {}),
                }
            )
    return {**{key: value for key, value in body.items() if key not in _READ}, "role": said, "parts": parts, PLACE: at}
