"""What formats share whose files are events that an agent printed, one a line.

In: one event. Out: what each step that is made of it has in common, and the texts of an answer that came in pieces.
"""

from __future__ import annotations

from typing import Any

from sxl_data.trace.build import Builder


def common_of(record: dict[str, Any], at: str, line: int) -> dict[str, Any]:
    """Place and line of ``record`` as `Builder` takes them, and its time where it has one as text."""
    time = record.get("timestamp")
    return {"at": at, "line": line, **({"timestamp": time} if isinstance(time, str) else {})}


class Pieces:
    """One text of an answer that comes in pieces: collected until something else follows, then told as a whole.

    Some programs print the whole text once more after its pieces; that repetition is no piece.
    """

    def __init__(self, builder: Builder, reasoning: bool = False, form: str = "field") -> None:
        self._builder, self._reasoning, self._form = builder, reasoning, form
        self._texts: list[str] = []
        self._common: dict[str, Any] = {}

    def add(self, text: str, common: dict[str, Any], whole: bool = False) -> None:
        """One more piece; ``whole`` where it may be all that was said so far, again."""
        if whole and self._texts and text == "".join(self._texts):
            return
        self._common = self._common or common
        self._texts.append(text)

    def tell(self) -> None:
        """Tell what was collected, if anything was."""
        text, self._texts = "".join(self._texts), []
        common, self._common = self._common, {}
        if text and self._reasoning:
            self._builder.reflect(text, self._form, **common)
        elif text:
            self._builder.say(text, **common)
