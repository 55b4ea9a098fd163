"""Notebooks of the formats 2 and 3, as ones of format 4.

In: a notebook whose cells lie in worksheets. Out: the same with a list of cells. Code stands under ``input``, a
heading is a cell of its own with a level, each form of an output has a short name beside the output's others.
Source: https://nbformat.readthedocs.io/en/latest/format_description.html (changelog), ``nbformat.v4.convert``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sxl_data.read.adapters.notebook_outputs import joined

_TYPES = {"pyout": "execute_result", "pyerr": "error"}
_FORMS = {
    "text": "text/plain",
    "html": "text/html",
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "latex": "text/latex",
    "json": "application/json",
    "javascript": "application/javascript",
    "pdf": "application/pdf",
}


def upgraded(book: Mapping[str, Any]) -> list[Any] | None:
    """The cells of ``book`` in the shape of format 4, over all its worksheets; None where it has none."""
    sheets = book.get("worksheets")
    if not isinstance(sheets, list):
        return None
    found: list[Any] = []
    for sheet in sheets:
        cells = sheet.get("cells") if isinstance(sheet, dict) else None
        found += [_cell(cell) for cell in cells if isinstance(cell, dict)] if isinstance(cells, list) else []
    return found


def _cell(cell: dict[str, Any]) -> dict[str, Any]:
    kind = cell.get("cell_type")
    if kind == "code":
        outputs = cell.get("outputs")
        new = {**cell, "source": cell.get("input"), "execution_count": cell.get("prompt_number")}
        new["outputs"] = (
            [_output(item) for item in outputs if isinstance(item, dict)] if isinstance(outputs, list) else []
        )
        return new
    if kind == "heading":
        level = cell.get("level")
        marks = "#" * (min(max(level, 1), 6) if type(level) is int else 1)
        return {**cell, "cell_type": "markdown", "source": f"{marks} {joined(cell.get('source'))}"}
    return {**cell, "cell_type": "markdown"} if kind == "html" else cell


def _output(output: dict[str, Any]) -> dict[str, Any]:
    kind = output.get("output_type")
    if kind == "stream":
        return {**output, "name": output.get("stream", "stdout")}
    kind = _TYPES.get(kind, kind) if isinstance(kind, str) else kind
    new = {key: value for key, value in output.items() if key not in _FORMS}
    if kind != "error":
        new["data"] = {_FORMS[key]: value for key, value in output.items() if key in _FORMS}
    return {**new, "output_type": kind}
