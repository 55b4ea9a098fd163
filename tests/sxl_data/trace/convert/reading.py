"""Reads one toy document, as every reader's test does."""

from __future__ import annotations

from typing import Any

from sxl_data.trace.format import Document, Format, Origin, Reading
from sxl_data.trace.types import Trace


def read_all(format: Format, value: Any, *, lines: tuple[int, ...] | None = None, text: str | None = None) -> list[Reading]:
    """All readings of ``value``, with JSONL lines unless ``lines`` says otherwise."""
    if lines is None:
        lines = tuple(range(1, len(value) + 1)) if isinstance(value, list) else (1,)
    document = Document(file="toy.json", value=value, lines=lines, text=text)
    return list(format.read(document, Origin(source="toy")))


def read_one(format: Format, value: Any, **how: Any) -> Trace:
    """The one trace of ``value``."""
    (reading,) = read_all(format, value, **how)
    return reading.trace


def shape(trace: Trace) -> list[str]:
    """The phases of ``trace``, short: what kind of step follows what."""
    return [f"{type(s).__name__.lower()}:{getattr(s, 'origin', None) or getattr(s, 'kind', None) or ''}".rstrip(":")
            for s in trace.steps]  # fmt: skip
