"""Reads toy documents, as every reader's test does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sxl_data.formats.registry import formats
from sxl_data.trace.format import Document, Format, Origin, Reading, RowError
from sxl_data.trace.types import Trace


class Reader:
    """One format, with short ways to read and to look."""

    def __init__(self, name: str) -> None:
        self.format: Format = formats()[name]

    def readings(self, value: Any, lines: tuple[int, ...] | None = None) -> list[Reading]:
        """All readings of ``value``; a list is JSONL unless ``lines`` says otherwise."""
        if lines is None:
            lines = tuple(range(1, len(value) + 1)) if isinstance(value, list) else (1,)
        document = Document(file="toy.json", value=value, lines=lines)
        found = list(self.format.read(document, Origin(source="toy")))
        assert not any(isinstance(item, RowError) for item in found)
        return [item for item in found if isinstance(item, Reading)]

    def __call__(self, value: Any, lines: tuple[int, ...] | None = None) -> Trace:
        """The one trace of ``value``."""
        (reading,) = self.readings(value, lines)
        return reading.trace

    def detects(self, value: Any) -> list[str]:
        """Names of all formats that recognise ``value``."""
        records = value if isinstance(value, list) else [value]
        return [f.name for f in formats().values() if f.detect(records if f.unit == "file" else records[0])]


@pytest.fixture
def reader(request: pytest.FixtureRequest) -> Reader:
    """The reader of the format that the test file is named after."""
    return Reader(request.path.stem.removeprefix("test_"))


@pytest.fixture
def shape() -> Callable[[Trace], str]:
    """The phases of a trace in a word each: ``user act+2 ok,error reflect act.`` (a dot marks the final)."""

    def show(trace: Trace) -> str:
        words = []
        for step in trace.steps:
            match type(step).__name__:
                case "Observe":
                    words.append(step.origin)  # type: ignore[union-attr]
                case "Reflect":
                    words.append("reflect")
                case "Act":
                    calls = f"+{len(step.calls)}" if step.calls else ""  # type: ignore[union-attr]
                    words.append(f"act{calls}{'.' if step.final else ''}")  # type: ignore[union-attr]
                case _:
                    words.append(",".join(r.status for r in step.results) or "-")  # type: ignore[union-attr]
        return " ".join(words)

    return show
