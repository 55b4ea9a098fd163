"""Jupyter notebooks: cells are a loop of their own.

In: one ``.ipynb`` file of format 4, or of 2 or 3 (see `notebook_old`); what Python's JSON writes and JSON does not know
(NaN, half surrogates) is repaired and said. Out: one trace in the order of the cells. A code cell is an Act, its
outputs the Iterate; text right before code is the Reflect, any other text, and every text that opens a section with a
heading, is observed. A cell that was never run has no result, or one that says so where later cells were run. Images
are parts of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import msgspec

from sxl_data.contract import patterns
from sxl_data.contract.errors import Finding
from sxl_data.files.decode import decode
from sxl_data.read.adapters.notebook_old import upgraded
from sxl_data.read.adapters.notebook_outputs import joined, media_part, result_of
from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, LeftOut, Option, Origin, Reading, RowError, Unit
from sxl_data.trace.types import Part, Result, Tool

CELL = Tool(
    name="run_cell",
    description="Runs a cell in the notebook's kernel and returns its output.",
    origin="inferred",
    parameters_json='{"type":"object","properties":{"code":{"type":"string"}},"required":["code"]}',
)

_IMAGE = patterns.compile(r"\(data:(image/[\w.+-]{1,40});base64,([^)]*)\)")

# Names of kernels, version left out, whose notebooks may not say their language otherwise.
_KERNELS = {
    "ir": "r",
    "xr": "r",
    "ijavascript": "javascript",
    "deno": "typescript",
    "iruby": "ruby",
    "gophernotes": "go",
}
_KERNELS |= {name: name for name in ("julia", "bash", "scala", "octave", "matlab", "rust", "ruby", "perl", "kotlin")}

# Cells that IPython gives to another interpreter, by the word after ``%%``.
_MAGICS = {"bash": "bash", "sh": "bash", "script": "bash", "R": "r", "javascript": "javascript", "js": "javascript"}
_MAGICS |= {"html": "html", "perl": "perl", "ruby": "ruby", "sql": "sql", "latex": "latex", "svg": "svg"}


class Notebook:
    """Notebooks, one trace each."""

    name = "notebook"
    title = "Jupyter notebooks"
    options: ClassVar = {
        "repository": Option("name under which all notebooks of the source stay on one side of a split")
    }
    unit: Unit = "text"
    leaves_out = (LeftOut("*", "cells are taken out of a file of JSON; of an output in several forms one is kept"),)
    composes = (
        ("arguments", "the words of a cell"),
        ("observe", "a heading of the formats 2 and 3 with its marks"),
        ("task", "the same, where it is the first text"),
        ("result", "an output without escapes, cut where it is long"),
    )
    suffixes = (".ipynb",)

    def detect(self, sample: Any) -> str | None:
        return None  # text files are not guessed at

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        book, repaired = _book(document)
        cells = book.get("cells") if isinstance(book.get("cells"), list) else upgraded(book)
        if not isinstance(cells, list):
            raise RowError("no cells", "a notebook with cells, or with worksheets of cells", "/cells")
        cells = [c for c in cells if isinstance(c, dict) and source_of(c).strip()]
        if not any(c.get("cell_type") == "code" for c in cells):
            return
        language = language_of(book.get("metadata"))
        first = next((source_of(c) for c in cells if c.get("cell_type") == "markdown"), "")
        builder = Builder("agent", first)
        builder.findings += repaired
        builder.tool(CELL)
        run = [i for i, cell in enumerate(cells) if _was_run(cell)]
        last_run = max(run, default=0)
        for i, cell in enumerate(cells):
            kind, follows = cell.get("cell_type"), cells[i + 1].get("cell_type") if i + 1 < len(cells) else None
            if kind == "code":
                builder.end_turn() if i and cells[i - 1].get("cell_type") == "code" else None
                text, spoken = source_of(cell), _language_in(cell, language)
                builder.call(CELL.name, text, f"call_{i}", kind="code", form="raw", language=spoken)
                if _was_run(cell):
                    builder.result(result_of(f"call_{i}", cell))
                elif i < last_run:
                    builder.result(Result(call_id=f"call_{i}", status="missing"))
            elif kind == "markdown":
                parts = _parts(cell)
                text = parts[0].text or ""
                if follows == "code" and i and len(parts) == 1 and not text.lstrip().startswith("#"):
                    builder.reflect(text, "block")
                else:
                    builder.observe(parts)
            elif kind == "raw":
                builder.observe(source_of(cell), "environment")
        builder.executed = bool(run)
        builder.ext = {"notebook": {"path": document.file, "nbformat": book.get("nbformat")}}
        if document.licence:
            origin = msgspec.structs.replace(origin, licence=document.licence, licence_url=None)
        yield builder.build(
            document,
            origin,
            self.name,
            source_id=document.file,
            language=language,
            group=str(origin.options.get("repository", document.file)),
        )


def source_of(cell: Mapping[str, Any]) -> str:
    """The text of a cell."""
    return joined(cell.get("source"))


def language_of(metadata: Any) -> str:
    """The language of a notebook's kernel, wherever it is stated; Python where nothing is."""
    held = metadata if isinstance(metadata, dict) else {}
    info, kernel = (held[key] if isinstance(held.get(key), dict) else {} for key in ("language_info", "kernelspec"))
    for stated in (info.get("name"), kernel.get("language"), held.get("language")):
        if isinstance(stated, str) and stated.strip():
            return stated.strip().lower()
    name = kernel.get("name")
    name = name.lower().rstrip("0123456789.-") if isinstance(name, str) else ""
    return _KERNELS.get(name, "python")


def _language_in(cell: Mapping[str, Any], language: str) -> str:
    """The language of one cell, which may be handed to another interpreter than the kernel's."""
    metadata = cell.get("metadata")
    editor = metadata.get("vscode") if isinstance(metadata, dict) else None
    stated = editor.get("languageId") if isinstance(editor, dict) else cell.get("language")
    if isinstance(stated, str) and stated.strip():
        return stated.strip().lower()
    text = source_of(cell).lstrip()
    magic = text[2:40].split(None, 1)[:1] if text.startswith("%%") else []
    return _MAGICS.get(magic[0], language) if magic else language


def _book(document: Document) -> tuple[dict[str, Any], list[Finding]]:
    """The notebook, and what had to be repaired to read it."""
    decoded = decode((document.text or "").encode("utf-8", "surrogatepass"))
    value = decoded.value if decoded.value is not None else decoded.salvaged
    if not isinstance(value, dict):
        problem = decoded.findings[-1] if decoded.findings else None
        found = problem.found if problem is not None else type(value).__name__
        raise RowError(found or "no JSON", "a notebook of format 4", (problem.pointer or "") if problem else "")
    return value, [msgspec.structs.replace(item, file=document.file) for item in decoded.findings]


def _was_run(cell: Mapping[str, Any]) -> bool:
    return bool(cell.get("outputs")) or cell.get("execution_count") is not None


def _parts(cell: Mapping[str, Any]) -> list[Part]:
    """The text of a cell without the bytes of its images, and the images."""
    text = source_of(cell)
    media = [media_part(found[1], found[2]) for found in _IMAGE.finditer(text)]
    attached = cell.get("attachments")
    for forms in attached.values() if isinstance(attached, dict) else ():
        media += [media_part(name, joined(held)) for name, held in forms.items()] if isinstance(forms, dict) else []
    return [Part(text=_IMAGE.sub("()", text)), *media]


FORMAT = Notebook()
