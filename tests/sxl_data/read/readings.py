"""Reading toy rows and real files in tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sxl_data.read.documents import Read, documents
from sxl_data.read.files import gather, plan
from sxl_data.read.passed import Passed
from sxl_data.read.sources import Source
from sxl_data.trace.format import Document, Format, Origin, Reading, RowError
from sxl_data.trace.types import Act, Iterate, Observe, Reflect, Trace


def read_row(format: Format, row: Any, file: str = "toy.jsonl", **options: Any) -> Reading:
    """The one reading of a row."""
    (found,) = format.read(Document(file=file, value=row), Origin(source="toy", licence="MIT", options=options))
    assert isinstance(found, Reading)
    return found


def read_text(format: Format, text: str, file: str, licence: str = "", **options: Any) -> list[Reading]:
    """All readings of a text file."""
    document = Document(file=file, text=text, licence=licence)
    return [
        r for r in format.read(document, Origin(source="toy", licence="MIT", options=options)) if isinstance(r, Reading)
    ]


def read_path(format: Format, path: Path, **options: Any) -> tuple[list[Reading], list[str]]:
    """All readings of a real file, folder or archive, and what was refused."""
    source = Source(name="real", path=str(path), format=format.name)
    chunks = list(plan(source, path.parent))
    readings: list[Reading] = []
    refused: list[str] = []
    for chunk in gather(chunks) if format.unit == "folder" else chunks:
        for item in documents(chunk, format.unit, source, getattr(format, "suffixes", ())):
            if isinstance(item, Passed):
                continue
            if not isinstance(item, Read):
                refused.append(str(item.finding.found))
                continue
            try:
                for found in format.read(item.document, Origin(source="real", options=options)):
                    refused.append(str(found)) if isinstance(found, RowError) else readings.append(found)
            except RowError as problem:
                refused.append(str(problem))
    return readings, refused


def outline(trace: Trace) -> str:
    """Phases by their first letters: O observe, R reflect, C act with calls, A act, F final act, I iterate."""
    letters = []
    for step in trace.steps:
        if isinstance(step, Act):
            letters.append("C" if step.calls else "F" if step.final else "A")
        else:
            letters.append({Observe: "O", Reflect: "R", Iterate: "I"}[type(step)])
    return "".join(letters)


def said(trace: Trace) -> list[str]:
    """Text of each step's content, reasoning or results, in order."""
    texts = []
    for step in trace.steps:
        if isinstance(step, Reflect):
            texts.append(step.text)
        elif isinstance(step, Iterate):
            texts.append("".join(part.text or "" for result in step.results for part in result.content))
        else:
            texts.append("\n".join(part.text or "" for part in step.content))
    return texts
