"""Jupyter notebooks: cells are a loop of their own.

In: one ``.ipynb`` file of format 4. Out: one trace in the order of the cells. A code cell is an Act, its
outputs the Iterate; text right before code is the Reflect, any other text, and every text that opens a
section with a heading, is observed. A cell that was never run has no
result, or one that says so where later cells were run. Output that is no text keeps
its media type, never its bytes.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from sxl_data.contract import patterns
from sxl_data.files.json_text import load_object
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Option, Origin, Reading, RowError, Unit
from sxl_data.trace.media import inline_part
from sxl_data.trace.types import Part, Result, Tool

CELL = Tool(
    name="run_cell",
    description="Runs a cell in the notebook's kernel and returns its output.",
    origin="inferred",
    parameters_json='{"type":"object","properties":{"code":{"type":"string"}},"required":["code"]}',
)

# Longest output kept, in characters: tables printed in full teach nothing.
MAX_OUTPUT = 8_000

_ESCAPES = patterns.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_IMAGE = patterns.compile(r"\(data:image/[^)]*\)")


class Notebook:
    """Notebooks, one trace each."""

    name = "notebook"
    title = "Jupyter notebooks"
    options: ClassVar = {
        "repository": Option("name under which all notebooks of the source stay on one side of a split")
    }
    unit: Unit = "text"
    suffixes = (".ipynb",)

    def detect(self, sample: Any) -> str | None:
        return None  # text files are not guessed at

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        book = load_object(document.text)
        cells = book.get("cells") if book else None
        if not isinstance(cells, list):
            raise RowError("no cells", "a notebook of format 4", "/cells")
        cells = [c for c in cells if isinstance(c, dict) and source_of(c).strip()]
        if not any(c.get("cell_type") == "code" for c in cells):
            return
        metadata = book.get("metadata") if book else None
        info = (metadata or {}).get("language_info") if isinstance(metadata, dict) else None
        language = str((info or {}).get("name") or "python").lower()
        first = next((source_of(c) for c in cells if c.get("cell_type") == "markdown"), "")
        builder = Builder("agent", first)
        builder.tool(CELL)
        run = [i for i, cell in enumerate(cells) if cell.get("outputs") or cell.get("execution_count") is not None]
        last_run = max(run, default=0)
        for i, cell in enumerate(cells):
            text, follows = source_of(cell), cells[i + 1].get("cell_type") if i + 1 < len(cells) else None
            if cell.get("cell_type") == "code":
                builder.end_turn() if i and cells[i - 1].get("cell_type") == "code" else None
                builder.call(CELL.name, text, f"call_{i}", kind="code", form="raw", language=language)
                if cell.get("execution_count") is not None or cell.get("outputs"):
                    builder.result(result_of(f"call_{i}", cell))
                elif i < last_run:
                    builder.result(Result(call_id=f"call_{i}", status="missing"))
            elif cell.get("cell_type") == "markdown":
                text = _IMAGE.sub("()", text)
                if follows == "code" and i and not text.lstrip().startswith("#"):
                    builder.reflect(text, "block")
                else:
                    builder.observe(text)
        builder.executed = bool(run)
        builder.ext = {"notebook": {"path": document.file, "nbformat": book.get("nbformat") if book else None}}
        if document.licence:
            import msgspec

            origin = msgspec.structs.replace(origin, licence=document.licence, licence_url=None)
        yield builder.build(
            document,
            origin,
            self.name,
            source_id=document.file,
            language=language,
            group=str(origin.options.get("repository", document.file)),
        )


def source_of(cell: dict[str, Any]) -> str:
    """The text of a cell, which is a string or a list of lines."""
    return _join(cell.get("source"))


def _join(value: Any) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else value if isinstance(value, str) else ""


def result_of(call_id: str, cell: dict[str, Any]) -> Result:
    """The outputs of a cell in order; an output of type error makes the result one."""
    content: list[Part] = []
    error: dict[str, Any] | None = None
    for output in cell.get("outputs") or ():
        kind = output.get("output_type") if isinstance(output, dict) else None
        if kind == "stream":
            content.append(_text(_join(output.get("text"))))
        elif kind == "error":
            error = output
            content.append(_text("\n".join(map(str, output.get("traceback") or ()))))
        elif kind in ("execute_result", "display_data"):
            data = output.get("data") if isinstance(output.get("data"), dict) else {}
            if "text/plain" in data:
                content.append(_text(_join(data["text/plain"])))
            media = next((name for name in data if name.startswith(("image/", "audio/"))), None)
            if media:
                content.append(_media(media, _join(data[media])))
    content = [part for part in content if part.text or part.type != "text"]
    cut = any(part.text is not None and len(part.text) >= MAX_OUTPUT for part in content)
    if error is None:
        return Result(call_id=call_id, content=tuple(content), status="ok", truncated=True if cut else None)
    return Result(
        call_id=call_id,
        content=tuple(content),
        status="error",
        error_type=str(error.get("ename") or ""),
        error_message=str(error.get("evalue") or ""),
        truncated=True if cut else None,
    )


def _media(name: str, held: str) -> Part:
    """An image or sound, which notebooks hold as base64 (SVG as text)."""
    try:
        data = held.encode("utf-8") if name.endswith("+xml") else base64.b64decode(held)
    except ValueError:
        data = held.encode("utf-8")
    kind: Literal["image", "audio"] = "image" if name.startswith("image/") else "audio"
    return inline_part(kind, data, name)


def _text(text: str) -> Part:
    return Part(text=_ESCAPES.sub("", text).rstrip("\n")[:MAX_OUTPUT])


FORMAT = Notebook()
