"""Berkeley Function-Calling Leaderboard rows.

In: ``{"id", "question": [turns of messages], "function": [...]}``, perhaps with ``ground_truth``: for each
call the acceptable values of every argument, or for several turns lists of Python calls. Out: one trace;
of several acceptable values the first is taken, an argument that may be left out and comes first as empty
is left out. There are no results, as the source has none. The answers lie in files of their own:
the source adapter ``bfcl_folder`` brings both together (https://gorilla.cs.berkeley.edu/leaderboard.html).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Any

from sxl_data.files.json_text import dump
from sxl_data.formats.content import parts_of
from sxl_data.formats.declared_tools import declared_tool, schema_of
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, LeftOut, Origin, Reading, RowError
from sxl_data.trace.types import Tool

_ORIGINS = {"system": "system", "developer": "developer"}


class Bfcl:
    """Format of the question files, with or without their answers."""

    name = "bfcl"
    title = "Berkeley Function-Calling Leaderboard questions"
    unit = "row"
    leaves_out = (
        LeftOut("/path", "the reference path of a multi-turn question; its answer stands in another file"),
        LeftOut("/initial_config", "the state of the simulated environment, which the model does not see"),
        LeftOut("/involved_classes", "names of the classes whose functions are declared in other files"),
        LeftOut("/missed_function", "functions that are held back in some turns"),
    )

    def detect(self, sample: Any) -> str | None:
        """Rows whose `question` is a list of turns."""
        question = sample.get("question") if isinstance(sample, dict) else None
        if (
            isinstance(question, list)
            and question
            and all(isinstance(turn, list) for turn in question)
            and "id" in sample
        ):
            return "has `id` and a `question` of turns"
        return None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        yield read_question(document, origin, self.name)


FORMAT = Bfcl()


def read_question(document: Document, origin: Origin, name: str) -> Reading:
    """The trace of one question, with the calls of its ``ground_truth``."""
    row = document.value
    question = row.get("question") if isinstance(row, dict) else None
    if not isinstance(question, list):
        raise RowError(type(question).__name__, "a list of turns", "/question")
    builder = Builder("tool_use")
    functions = row.get("function") or []
    functions = [functions] if isinstance(functions, dict) else functions
    for k, item in enumerate(functions):
        builder.tool(tool_of(item), at=f"/function/{k}")
    order = {
        f["name"]: list((f.get("parameters") or {}).get("properties") or {}) for f in functions if isinstance(f, dict)
    }
    answers = row.get("ground_truth") or []
    by_turn = bool(answers) and all(isinstance(turn, list) for turn in answers)
    number = 0
    for t, turn in enumerate(question):
        for m, message in enumerate(turn):
            at = f"/question/{t}/{m}"
            if not isinstance(message, dict):
                raise RowError(type(message).__name__, "a message", at)
            role, content = message.get("role"), parts_of(message.get("content"))
            if role == "assistant":
                builder.end_turn()
                builder.say(content, at=at)
                continue
            builder.observe(content, _ORIGINS.get(str(role), "user"), at=at)
            if not builder.task and role == "user" and isinstance(message.get("content"), str):
                builder.task = message["content"]
        golden = (answers[t] if t < len(answers) else []) if by_turn else (answers if t == len(question) - 1 else [])
        number = _answer(builder, golden, order, number, f"/ground_truth/{t}" if by_turn else "/ground_truth")
    return builder.build(document, origin, name, source_id=str(row.get("id")))


def _answer(builder: Builder, golden: Sequence[Any], order: dict[str, list[str]], number: int, at: str) -> int:
    builder.end_turn()
    texts = [item for item in golden if isinstance(item, str)]
    if texts and not any(called(text, order) for text in texts):
        builder.say(texts[0], final=True, at=f"{at}/0")
        return number
    for k, item in enumerate(golden):
        place = f"{at}/{k}"
        calls = (
            [called(item, order)]
            if isinstance(item, str)
            else [(name, chosen(values)) for name, values in item.items()]
            if isinstance(item, dict)
            else []
        )
        for call in calls:
            if call is None:
                continue
            if isinstance(item, str):
                builder.end_turn()  # Python calls run one after the other
            builder.call(call[0], dump(call[1]), f"call_{number}", at=place)
            number += 1
    return number


def chosen(values: Any) -> Any:
    """Arguments from acceptable values: the first of each list, left out where that is empty."""
    if not isinstance(values, dict):
        return values
    out: dict[str, Any] = {}
    for key, options in values.items():
        value = options[0] if isinstance(options, list) and options else options
        if value == "" and isinstance(options, list):
            continue
        if isinstance(value, list):
            value = [chosen(item) for item in value]
        out[key] = chosen(value) if isinstance(value, dict) else value
    return out


def called(text: str, order: dict[str, list[str]]) -> tuple[str, dict[str, Any]] | None:
    """Name and arguments of a Python call with literal arguments; None for any other text."""
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not isinstance(node, ast.Call):
        return None
    name = ast.unparse(node.func)
    try:
        values = [ast.literal_eval(argument) for argument in node.args]
        named = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in node.keywords}
    except (ValueError, RecursionError):
        return None
    names = order.get(name) or [f"arg{i}" for i in range(len(values))]
    return name, {**dict(zip(names, values)), **named}


def tool_of(item: Any) -> Tool:
    """A function document as a tool; its ``parameters`` are in a dialect with type dict."""
    if not isinstance(item, dict) or not isinstance(item.get("name"), str):
        raise RowError(repr(item)[:80], "a function with a name", "/function")
    schema = schema_of(item.get("parameters") or {"type": "object", "properties": {}})
    output = item.get("response")
    return declared_tool(
        item["name"],
        str(item.get("description") or ""),
        schema,
        item,
        schema_of(output) if isinstance(output, dict) else None,
    )
