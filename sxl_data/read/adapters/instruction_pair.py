"""Instruction pairs: one text asks, one answers (CodeAlpaca, Evol-Instruct-Code, GPTeacher, …).

In: a row with a prompt column and an answer column under any of the usual names, perhaps an input and a
system text. Out: Observe → final Act. The texts are taken as they are; reasoning and calls there are only where the
answer holds them as markup (``<think>``, calls in tags) or is a whole ReAct log, whose results are no words of the
model.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any, ClassVar

from sxl_data.formats.function_markup import Asked
from sxl_data.formats.react_text import is_log, tell_react
from sxl_data.formats.spoken import pieces_of, tell
from sxl_data.read.language import guess_language
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Option, Origin, Reading, RowError, Unit

PROMPTS = ("instruction", "prompt", "question", "query", "problem")
ANSWERS = ("output", "response", "completion", "answer", "solution")
INPUTS = ("input", "context")
SYSTEMS = ("system", "system_prompt")
LANGUAGES = ("language", "lang", "programming_language")
IDS = ("id", "task_id", "uid")

# Columns of formats that say more than a pair does; a row that has one belongs to their readers.
OTHERS = frozenset(
    (
        "messages",
        "conversations",
        "rationale",
        "reasoning",
        "thought",
        "cot",
        "chain_of_thought",
        "decomposition",
        "facts",
        "patch",
        "diff",
        "tools",
        "reasoning_content",
        "explanation",
        "thinking",
        "steps",
        "trajectory",
    )
)

_NO_INPUT = frozenset(("", "<noinput>", "<no input>", "noinput", "no input", "not applicable", "n/a"))


class InstructionPair:
    """Columns: one of `PROMPTS`, one of `ANSWERS`, optionally `INPUTS`, `SYSTEMS`, `LANGUAGES`, `IDS`."""

    name = "instruction_pair"
    title = "rows of an instruction and its answer, under any usual column names"
    unit: Unit = "row"
    options: ClassVar = {"language": Option("programming language of every answer, where no column names it")}

    def detect(self, sample: Any) -> str | None:
        if not isinstance(sample, dict) or OTHERS & sample.keys():
            return None
        prompt, answer = first_of(sample, PROMPTS), first_of(sample, ANSWERS)
        if prompt is None or answer is None:
            return None
        if not (isinstance(sample[prompt], str) and isinstance(sample[answer], str)):
            return None
        if "\n#### " in sample[answer]:  # GSM8K's own
            return None
        return f"has `{prompt}` and `{answer}`"

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        row = document.value
        if not isinstance(row, dict):
            raise RowError(type(row).__name__, "an object")
        prompt, answer = first_of(row, PROMPTS), first_of(row, ANSWERS)
        if prompt is None or answer is None:
            raise RowError(f"columns {', '.join(row)}", "a prompt and an answer column")
        for name in (prompt, answer):
            if not isinstance(row[name], str) or not row[name].strip():
                raise RowError(repr(row[name])[:80], "a text", f"/{name}")
        task = row[prompt]
        extra = first_of(row, INPUTS)
        builder = Builder("instruction", task)
        system = first_of(row, SYSTEMS)
        if system is not None and isinstance(row[system], str) and row[system].strip():
            builder.observe(row[system], "system", at=f"/{system}")
        if extra is not None and isinstance(row[extra], str) and row[extra].strip().lower() not in _NO_INPUT:
            task = f"{task}\n\n{row[extra]}"
            builder.task = task
        builder.observe(task, at=f"/{prompt}")
        _answer(builder, row[answer], f"/{answer}")
        named = next((row[c] for c in LANGUAGES if isinstance(row.get(c), str) and row[c]), None)
        named = named or origin.options.get("language")
        known = first_of(row, IDS)
        yield builder.build(
            document,
            origin,
            self.name,
            source_id=None if known is None else str(row[known]),
            language=guess_language(row[answer], named, task),
        )


def _answer(builder: Builder, text: str, at: str) -> None:
    """Tell ``builder`` the answer ``text``; what it holds of calls makes the row one of tool use."""
    ids = iter(count())
    if is_log(text):
        builder.kind = "tool_use"
        tell_react(builder, text, ids, at=at)
        return
    pieces = pieces_of(text, {})
    if pieces == [("text", text)]:
        builder.say(text, final=True, at=at)
        return
    if any(isinstance(piece, Asked) for piece in pieces):
        builder.kind = "tool_use"
    tell(builder, text, ids, {}, at=at)


def first_of(row: dict[str, Any], names: tuple[str, ...]) -> str | None:
    """The first of ``names`` that is a column of ``row`` and not null."""
    for name in names:
        if row.get(name) is not None:
            return name
    return None


FORMAT = InstructionPair()
