"""ATOF event streams of NVIDIA's NeMo tools: scopes of agents, model calls and tools, start and end.

In: JSONL with ``atof_version``. What a model was asked is in the start of its first scope, what it said in the end
of each; a tool's end answers the call that its ``tool_call_id`` names. Payloads are those of the model's own
API; one that is not known is said as JSON. The input of the outermost agent stands in where no model shows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.files.json_text import dump
from sxl_data.formats.anthropic_blocks import read_assistant, read_user
from sxl_data.formats.chat_reading import read_messages
from sxl_data.formats.content import parts_of, task_of
from sxl_data.formats.declarations import tools_of
from sxl_data.formats.places import located
from sxl_data.formats.qwen_code import read_answer
from sxl_data.formats.response_items import ItemReader
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, LeftOut, Origin, Reading, RowError
from sxl_data.trace.types import Agent, Part, Result

NAME = "atof"
_MESSAGE = ("content", "tool_calls", "reasoning", "reasoning_content", "reasoning_details")


class Atof:
    """Format of ATOF streams."""

    name = NAME
    title = "ATOF event streams"
    unit = "file"
    leaves_out = (LeftOut("data_schema", "which interface the data is of"),)

    def detect(self, sample: Any) -> str | None:
        """Lines with an `atof_version`."""
        first = sample[0] if isinstance(sample, list) and sample else None
        return "has `atof_version`" if isinstance(first, dict) and "atof_version" in first else None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        builder = Builder("agent")
        asked = False
        model = name = identity = told = None
        skipped: dict[str, int] = {}
        for event, at, line in located(document):
            category, edge = event.get("category"), event.get("scope_category")
            profile = event["category_profile"] if isinstance(event.get("category_profile"), dict) else {}
            data = event["data"] if isinstance(event.get("data"), dict) else {"data": event.get("data")}
            time = event.get("timestamp")
            common: dict[str, Any] = {"line": line, "timestamp": time if isinstance(time, str) else None}
            place = f"{at}/data"
            if (category, edge) == ("agent", "start"):
                name, identity = name or event.get("name"), identity or event.get("uuid")
                told = data.get("input")
            elif (category, edge) == ("llm", "start"):
                model = model or profile.get("model_name") or data.get("model")
                if not asked and any(isinstance(data.get(key), list) for key in ("messages", "contents")):
                    _read_asked(builder, data, place, common)
                    asked = True
            elif (category, edge) == ("llm", "end"):
                if not asked:
                    _observe(builder, told, place, common)
                    asked = True
                builder.end_turn()
                _read_said(builder, data, place, common)
            elif (category, edge) == ("tool", "end"):
                builder.result(_result(builder, data, profile, event), at=place, **common)
            else:
                key = f"{category}/{edge}"
                skipped[key] = skipped.get(key, 0) + 1
        builder.agent = Agent(name=str(name or ""), model=model if isinstance(model, str) else None)
        builder.executed = True
        if skipped:
            builder.ext[NAME] = {"skipped": dict(sorted(skipped.items()))}
        group = identity if isinstance(identity, str) else None
        reading = builder.build(document, origin, NAME, source_id=group, group=group)
        if not reading.trace.steps:
            raise RowError("no model or tool events", "scopes of category llm and tool")
        yield reading


FORMAT = Atof()


def _observe(builder: Builder, told: Any, at: str, common: dict[str, Any]) -> None:
    parts = parts_of(told)
    if parts:
        builder.observe(parts, "user", at=at, **common)
        builder.task = builder.task or task_of(parts)


def _read_asked(builder: Builder, data: dict[str, Any], at: str, common: dict[str, Any]) -> None:
    """The messages of a model's first request."""
    if data.get("system"):
        builder.observe(parts_of(data["system"]), "system", at=f"{at}/system", **common)
    for key in ("systemInstruction", "system_instruction", "instructions"):
        if data.get(key):
            held = data[key].get("parts") if isinstance(data[key], dict) else data[key]
            builder.observe(parts_of(held), "system", at=f"{at}/{key}", **common)
    for key in ("tools", "functions"):
        for number, tool in enumerate(tools_of(data.get(key))):
            builder.tool(tool, at=f"{at}/{key}/{number}")
    for i, turn in enumerate(data.get("contents") or ()):
        parts = turn.get("parts") if isinstance(turn, dict) else None
        if isinstance(parts, list):
            _read_parts(builder, turn, parts, f"{at}/contents/{i}", common)
    for i, message in enumerate(data.get("messages") or ()):
        content = message.get("content") if isinstance(message, dict) else message
        role = message.get("role") if isinstance(message, dict) else None
        if role == "assistant":
            builder.end_turn()
            read_assistant(builder, content, f"{at}/messages/{i}/content", **common)
        elif role in ("system", "developer"):
            builder.observe(parts_of(content), role, at=f"{at}/messages/{i}", **common)
        else:
            read_user(builder, content, f"{at}/messages/{i}/content", **common)


def _read_parts(builder: Builder, turn: dict[str, Any], parts: list[Any], at: str, common: dict[str, Any]) -> None:
    """One turn of Gemini's ``contents``."""
    held = [part for part in parts if isinstance(part, dict)]
    if turn.get("role") == "model":
        builder.end_turn()
        read_answer(builder, held, f"{at}/parts", common)
    else:
        _observe(builder, held, f"{at}/parts", common)


def _read_said(builder: Builder, data: dict[str, Any], at: str, common: dict[str, Any]) -> None:
    """What a model answered, in its API's own form."""
    choices = data.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    if isinstance(first, dict) and isinstance(first.get("message"), dict):
        read_messages(builder, [{"role": "assistant", **first["message"]}], f"{at}/choices/0/message")
    elif isinstance(data.get("candidates"), list) and data["candidates"]:
        held = data["candidates"][0].get("content") if isinstance(data["candidates"][0], dict) else None
        parts = held.get("parts") if isinstance(held, dict) else None
        read_answer(
            builder, [p for p in parts or () if isinstance(p, dict)], f"{at}/candidates/0/content/parts", common
        )
    elif isinstance(data.get("output"), list):
        reader = ItemReader(builder)
        for i, item in enumerate(data["output"]):
            reader.read(item, f"{at}/output/{i}", **common)
    elif isinstance(data.get("tool_calls"), list) and not isinstance(data.get("content"), list):
        message = {key: data[key] for key in _MESSAGE if data.get(key) is not None}
        read_messages(builder, [{"role": "assistant", **message}], at, alone=True)
    elif isinstance(data.get("content"), (list, str)):
        read_assistant(builder, data["content"], f"{at}/content", **common)
    else:
        builder.say((Part(type="data", data_json=dump(data)),), at=at, **common)


def _result(builder: Builder, data: dict[str, Any], profile: dict[str, Any], event: dict[str, Any]) -> Result:
    call_id = profile.get("tool_call_id")
    waiting = builder.open_calls
    if not isinstance(call_id, str):
        call_id = builder.next_call()
    elif waiting and call_id not in {call.call_id for call in waiting}:
        # An interface whose calls have no ids: the harness gave its own, by the name of the tool.
        same = next((call.call_id for call in waiting if call.name == event.get("name")), None)
        call_id = same or call_id
    failed = data.get("error")
    output = data.get("result", data.get("output", failed if failed is not None else data or None))
    text = output if isinstance(output, (str, list)) or output is None else dump(output)
    return Result(call_id=call_id, content=parts_of(text), status="error" if failed is not None else "unknown")
