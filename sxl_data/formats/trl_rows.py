"""Rows of TRL whose prompt and answer are lists of messages: prompt and completion, and preferences.

In: ``{"prompt": [messages], "completion": [messages]}``, or ``chosen`` and ``rejected`` with or without a ``prompt``
of their own, perhaps with ``tools``. Out: one trace of the prompt and the completion, or the chosen answer; what was
rejected is kept beside it and is never a turn, and an answer labelled false (unpaired preference) is no trace.
Source: https://huggingface.co/docs/trl/dataset_formats.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.formats.beside import as_format, in_its_form
from sxl_data.formats.openai_chat import is_chat, read_row
from sxl_data.trace.format import Document, Origin, Reading, RowError

NAME = "trl_rows"
_ANSWERS = ("completion", "chosen")


class TrlRows:
    """Format of conversational rows for TRL's trainers."""

    name = NAME
    title = "TRL prompt and completion, and preference rows"
    unit = "row"

    def detect(self, sample: Any) -> str | None:
        """A `completion` or `chosen` that is a list of messages."""
        if not isinstance(sample, dict) or "messages" in sample:
            return None
        key = next((key for key in _ANSWERS if is_chat(sample.get(key))), None)
        prompted = is_chat(sample.get("prompt")) or (key == "chosen" and "prompt" not in sample)
        return f"has messages in `{key}`" if key is not None and (prompted or "rejected" in sample) else None

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        row = document.value if isinstance(document.value, dict) else {}
        key = next((key for key in _ANSWERS if is_chat(row.get(key))), None)
        if key is None:
            raise RowError("no answer", "messages in `completion` or `chosen`", "/completion")
        if row.get("label") is False:
            raise RowError("an answer labelled false", "an answer that may be learnt", "/label")
        asked = row.get("prompt") or []
        prompt = [{"role": "user", "content": asked}] if isinstance(asked, str) else asked
        if not isinstance(prompt, list):
            raise RowError(type(prompt).__name__, "text or messages", "/prompt")
        flat = {name: value for name, value in row.items() if name not in ("prompt", key)}
        flat = {"messages": [*prompt, *row[key]], **flat}
        places = {f"/messages/{i}": "/prompt" if isinstance(asked, str) else f"/prompt/{i}" for i in range(len(prompt))}
        places |= {f"/messages/{len(prompt) + i}": f"/{key}/{i}" for i in range(len(row[key]))}
        yield as_format(read_row(flat, in_its_form(document, row), origin, NAME), NAME, places)


FORMAT = TrlRows()
