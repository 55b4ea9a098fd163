"""GSM8K: word problems whose solutions carry calculator annotations.

In: ``{"question", "answer"}``, where the answer holds ``<<48/2=24>>`` wherever its author used the
calculator, and ends in ``#### 72``. Out: the text up to an annotation is a Reflect, the annotation an Act
(calculator) and its Iterate, the text after the last one a Reflect, the number after ``####`` the final
Act. Nothing is added and nothing lost: the phases in order spell the answer
(Cobbe et al. 2021, https://github.com/openai/grade-school-math).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sxl_data.contract import patterns
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin, Reading, RowError, Unit
from sxl_data.trace.types import Result, Tool, parts

ANNOTATION = patterns.compile(r"<<([^<>]*)=([^<>=]*)>>")
FINAL = "\n#### "

CALCULATOR = Tool(
    name="calculator",
    description="Evaluates an arithmetic expression and returns its value.",
    parameters_json=json.dumps(
        {
            "type": "object",
            "properties": {"expression": {"type": "string", "description": "For example 48/2 or 0.2*50"}},
            "required": ["expression"],
            "additionalProperties": False,
        }
    ),
    origin="inferred",
)


class Gsm8k:
    """The main and the socratic configuration alike."""

    name = "gsm8k"
    title = "GSM8K problems with calculator annotations"
    unit: Unit = "row"

    def detect(self, sample: Any) -> str | None:
        if isinstance(sample, dict) and isinstance(sample.get("question"), str):
            answer = sample.get("answer")
            if isinstance(answer, str) and FINAL in answer:
                return "has `question` and an `answer` that ends in ####"
        return None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        row = document.value
        for name in ("question", "answer"):
            if not isinstance(row, dict) or not isinstance(row.get(name), str):
                raise RowError("no text", f"a text `{name}`", f"/{name}")
        solution, mark, final = row["answer"].rpartition(FINAL)
        if not mark or not final.strip():
            raise RowError(repr(row["answer"][-40:]), "a last line `#### NUMBER`", "/answer")
        builder = Builder("reasoning", row["question"])
        builder.observe(row["question"], at="/question")
        position = 0
        for number, match in enumerate(ANNOTATION.finditer(solution)):
            if number == 0:
                builder.tool(CALCULATOR)
            if (text := solution[position : match.start()]).strip():
                builder.reflect(text, "scratchpad", at="/answer")
            call_id = f"call_{number + 1}"
            arguments = json.dumps({"expression": match[1]}, ensure_ascii=False)
            builder.call("calculator", arguments, call_id, at="/answer")
            builder.result(Result(call_id=call_id, content=parts(match[2]), status="ok"), at="/answer")
            position = match.end()
        if (text := solution[position:]).strip():
            builder.reflect(text, "scratchpad", at="/answer")
        builder.say(final.strip(), final=True, at="/answer")
        yield builder.build(document, origin, self.name)


FORMAT = Gsm8k()
