"""Rationale sets: a question, how one gets to the answer, and the answer.

In: a row with a question, a rationale and an answer column under any of the usual names, or an answer
that opens with ``<think>``. Out: Observe → Reflect → final Act. A row whose rationale is empty keeps its
other phases; nothing is written in its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.contract import patterns
from sxl_data.read.adapters.instruction_pair import ANSWERS, IDS, LANGUAGES, PROMPTS, SYSTEMS, first_of
from sxl_data.read.language import guess_language
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin, Reading, RowError, Unit

RATIONALES = (
    "rationale",
    "reasoning",
    "reasoning_content",
    "thinking",
    "thought",
    "cot",
    "chain_of_thought",
    "explanation",
)
QUESTIONS = (*PROMPTS, "source", "input")
RESULTS = (*ANSWERS, "target", "final_answer", "label")

_THINK = patterns.compile(r"(?s)\A\s*<think>(.*?)</think>\s*(.*)\z")
_OTHERS = frozenset(("messages", "conversations", "decomposition", "facts", "patch", "trajectory", "tools"))


class ReasoningSet:
    """Columns: one of `QUESTIONS`, one of `RATIONALES`, one of `RESULTS`."""

    name = "reasoning_set"
    title = "questions with a rationale and an answer"
    unit: Unit = "row"

    def detect(self, sample: Any) -> str | None:
        if not isinstance(sample, dict) or _OTHERS & sample.keys():
            return None
        question, rationale, answer = (first_of(sample, names) for names in (QUESTIONS, RATIONALES, RESULTS))
        if question is None or answer is None or rationale in (None, question, answer):
            return None
        if not isinstance(sample[question], str) or not isinstance(sample[rationale], str):
            return None
        return f"has `{question}`, `{rationale}` and `{answer}`"

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        row = document.value
        if not isinstance(row, dict):
            raise RowError(type(row).__name__, "an object")
        question, rationale, answer = (first_of(row, names) for names in (QUESTIONS, RATIONALES, RESULTS))
        if question is None or answer is None:
            raise RowError(f"columns {', '.join(row)}", "a question and an answer column")
        asked, answered = row[question], row[answer]
        if not isinstance(asked, str) or not asked.strip():
            raise RowError(repr(asked)[:80], "a text", f"/{question}")
        text = answered if isinstance(answered, str) else _word(answered)
        if not text.strip():
            raise RowError(repr(answered)[:80], "an answer", f"/{answer}")
        builder = Builder("reasoning", asked)
        system = first_of(row, SYSTEMS)
        if system is not None and isinstance(row[system], str) and row[system].strip():
            builder.observe(row[system], "system", at=f"/{system}")
        builder.observe(asked, at=f"/{question}")
        if rationale is not None and isinstance(row[rationale], str) and row[rationale].strip():
            builder.reflect(row[rationale], at=f"/{rationale}")
        thought = _THINK.match(text)
        if thought:
            if thought[1].strip():
                builder.reflect(thought[1], "think_tag", at=f"/{answer}")
            text = thought[2]
            if not text.strip():
                raise RowError("nothing after </think>", "an answer", f"/{answer}")
        builder.say(text, final=True, at=f"/{answer}")
        named = next((row[c] for c in LANGUAGES if isinstance(row.get(c), str) and row[c]), None)
        known = first_of(row, IDS)
        yield builder.build(
            document,
            origin,
            self.name,
            source_id=None if known is None else str(row[known]),
            language=guess_language(text, named, asked),
        )


def _word(value: Any) -> str:
    """A value that is no text, as the answer to the question: yes, no, or the number."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, (int, float)) else ""


FORMAT = ReasoningSet()
