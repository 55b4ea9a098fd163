"""What is asked where tools are declared: made-up questions of five tools, or those of published sets and our own.

The made-up ones are short and begin alike. The others have hundreds of different declarations: BFCL's single turns,
Seal-Tools, ToolAlpaca and the first turns of our closed tool sets, one of each in turn.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sxl_data import toolsets
from sxl_data.trace.messages import declare
from sxl_train.answers.tool_calls import read
from sxl_train.generate.types import Message, Request, Tool
from sxl_train.suites import bfcl, published
from sxl_train.suites.conversation import Conversation
from sxl_train.suites.toolsets import tasks
from sxl_train.suites.types import Options

CATEGORIES = ("simple_python", "multiple", "parallel", "live_simple", "live_multiple", "irrelevance")
LARGEST = 1400
"""Characters of a question and its tools at most: reading prompts is not what is measured."""


def tool(name: str, required: int, **properties: dict[str, object]) -> dict[str, object]:
    schema = {
        "type": "object",
        "properties": properties,
        "required": list(properties)[:required],
        "additionalProperties": False,
    }
    return {"type": "function", "function": {"name": name, "description": name.replace("_", " "), "parameters": schema}}


TEXT: dict[str, object] = {"type": "string"}
WHOLE: dict[str, object] = {"type": "integer"}
STEP: dict[str, object] = {
    "type": "object",
    "properties": {"what": TEXT, "kind": {"enum": ["walk", "bus", "train"]}},
    "required": ["what", "kind"],
}
TOOLS = (
    tool(
        "get_weather", 2, city=TEXT, days={"type": "integer", "minimum": 1, "maximum": 14}, metric={"type": "boolean"}
    ),
    tool("add_event", 2, title=TEXT, minutes=WHOLE, guests={"type": "array", "items": TEXT}),
    tool("convert", 3, amount={"type": "number"}, unit=TEXT, to={"enum": ["m", "km", "kg", "g"]}),
    tool("search_files", 1, pattern=TEXT, folder={"anyOf": [{"type": "string", "maxLength": 20}, {"type": "null"}]}),
    tool("plan_trip", 1, steps={"type": "array", "minItems": 1, "maxItems": 3, "items": STEP}),
)
SHOWN = (
    ("I want 3 feet in metres.", "convert", {"amount": 3, "unit": "ft", "to": "m"}, "0.9144"),
    ("I want a meeting, 30 minutes.", "add_event", {"title": "Meeting", "minutes": 30}, "added"),
    ("I want the weather in Bonn.", "get_weather", {"city": "Bonn", "days": 1}, "sunny"),
)
WANTED = ("the weather in {}", "a meeting in {}", "{} miles in km", "files named {}", "a trip to {}")
WORDS = "Oslo Rome Lima 12 7.5 notes report Cairo lunch Paris 40 demo Quito budget Turin".split()


def make_calls(count: int, tokens: int, seed: int) -> list[Request]:
    """Questions that declared tools answer, behind some that were; they begin alike, so prompts are read once."""
    before: list[dict[str, object]] = []
    for number, (said, name, arguments, result) in enumerate(SHOWN):
        call = {"id": f"call_{number}", "type": "function", "function": {"name": name, "arguments": arguments}}
        before += [
            {"role": "user", "content": said},
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "name": name, "tool_call_id": f"call_{number}", "content": result},
            {"role": "assistant", "content": "Done."},
        ]
    return [
        Request(
            id=f"{seed}/{at}",
            messages=(
                *before,
                {
                    "role": "user",
                    "content": f"I want {WANTED[at % len(WANTED)].format(WORDS[(seed + at) % len(WORDS)])}.",
                },
            ),
            tools=TOOLS,
            max_tokens=tokens,
            temperature=0.7,
            seed=seed,
            constrained=True,
        )
        for at in range(count)
    ]


def collect(data: Path, tokens: int) -> list[Request]:
    """The questions of the published sets in ``data`` and of our tool sets, one of each in turn."""
    options = Options(data=data)
    sets: list[Sequence[tuple[str, Sequence[Message], Sequence[Tool]]]] = [
        [(q.id, q.messages, q.tools) for q in bfcl.questions(category, options)] for category in CATEGORIES
    ]
    for load in (published.seal_tools, published.toolalpaca):
        sets.append([(s.question.id, s.question.messages, s.question.tools) for s in load(options)])
    talks = [Conversation(task, read) for task in tasks(toolsets.names())]
    sets.append([(t.task.id, t.messages, [declare(tool.declared) for tool in t.session.tools.values()]) for t in talks])
    return [
        Request(
            id=f"{at}/{id}",
            messages=tuple(messages),
            tools=tuple(tools),
            max_tokens=tokens,
            temperature=0.7,
            constrained=True,
        )
        for at, each in enumerate(zip_longest(*sets))
        for id, messages, tools in filter(None, each)
        if len(msgspec.json.encode([messages, tools])) <= LARGEST
    ]


def schemas(request: Request) -> dict[str, dict[str, object]]:
    """Name → schema of the arguments, as they are declared."""
    declared = [msgspec.convert(tool["function"], dict[str, object]) for tool in request.tools or ()]
    return {str(each["name"]): msgspec.convert(each.get("parameters") or {}, dict[str, object]) for each in declared}
