"""Results of the Berkeley Function-Calling Leaderboard: what a model answered to a question of it.

In: a line of a result file, ``{"id", "result", …}``. One turn is a list of ``{name: arguments}``, arguments as JSON,
or a text that lists Python calls; several turns are lists of steps of the same. Out: one trace of the calls without
the question, which another file has (`bfcl`), and without results. A text that is no list of calls is
what the model said.
Source: https://github.com/ShishirPatil/gorilla/tree/main/berkeley-function-call-leaderboard.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from sxl_data.files.json_text import counts, dump, given
from sxl_data.formats.beside import Beside
from sxl_data.formats.bfcl import called
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.types import Metrics

NAME = "bfcl_result"
_MARKS = ("input_token_count", "output_token_count", "latency", "inference_log")
_LONGEST = 100_000


class BfclResult:
    """Format of the result files."""

    name = NAME
    title = "Berkeley Function-Calling Leaderboard results"
    unit = "row"
    composes = (("arguments", "Python calls are written as JSON"),)

    def detect(self, sample: Any) -> str | None:
        """Rows with `id`, `result` and counts of tokens or a latency."""
        if not isinstance(sample, dict) or "id" not in sample or not isinstance(sample.get("result"), (list, str)):
            return None
        return "has `id`, `result` and what it cost" if any(key in sample for key in _MARKS) else None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        row = document.value if isinstance(document.value, dict) else {}
        result = row.get("result")
        if not isinstance(result, (list, str)) or not result:
            raise RowError(type(result).__name__, "calls or text", "/result")
        builder, kept = Builder("tool_use"), Beside(NAME, origin)
        thoughts = row.get("reasoning_content")
        if isinstance(thoughts, str) and thoughts:
            builder.reflect(thoughts, at="/reasoning_content")
        _tell(builder, result, "/result", 0)
        spent = {"prompt_tokens": row.get("input_token_count"), "completion_tokens": row.get("output_token_count")}
        builder.metrics = Metrics(**counts(spent)) if counts(spent) else None
        kept.keep("", row, "id", "result", *(("reasoning_content",) if isinstance(thoughts, str) else ()))
        kept.tell(builder)
        yield builder.build(document, origin, NAME, source_id=str(row.get("id")))


FORMAT = BfclResult()


def _tell(builder: Builder, answer: Any, at: str, number: int) -> int:
    """One answer, or the answers of several turns and their steps; the number of the next call."""
    if isinstance(answer, list) and all(isinstance(item, (list, str)) for item in answer):
        for i, item in enumerate(answer):
            number = _tell(builder, item, f"{at}/{i}", number)
        return number
    builder.end_turn()
    calls = _calls(answer)
    if calls is None:
        builder.say(answer if isinstance(answer, str) else dump(answer), at=at)
        return number
    for name, arguments in calls:
        builder.call(name, call_id=f"call_{number}", at=at, **given(arguments))
        number += 1
    return number


def _calls(answer: Any) -> list[tuple[str, Any]] | None:
    """The calls of ``answer``; None where it is text."""
    if isinstance(answer, list):
        items = [item for item in answer if isinstance(item, dict)]
        return [pair for item in items for pair in item.items()] if len(items) == len(answer) else None
    text = answer.strip() if isinstance(answer, str) else ""
    if not (text.startswith("[") and text.endswith("]")) or len(text) > _LONGEST:
        return None
    try:
        node = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    found = [called(ast.unparse(item), {}) for item in node.elts] if isinstance(node, ast.List) else []
    calls = [call for call in found if call is not None]
    return calls if calls and len(calls) == len(found) else None
