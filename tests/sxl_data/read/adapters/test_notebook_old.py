"""Notebooks of format 3, written here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sxl_data.read.adapters.notebook import FORMAT
from sxl_data.trace.format import Document, Origin
from sxl_data.trace.types import Act, Iterate, Observe, Reflect, Trace
from sxl_data.validate.validate import validate

BOOK = {
    "metadata": {"name": "stock"},
    "nbformat": 3,
    "worksheets": [
        {
            "cells": [
                {"cell_type": "heading", "level": 2, "source": ["Reading the stock"]},
                {"cell_type": "markdown", "source": ["We load it first."]},
                {
                    "cell_type": "code",
                    "input": ["x = 1\n", "x + 1"],
                    "language": "python",
                    "prompt_number": 1,
                    "outputs": [
                        {"output_type": "stream", "stream": "stdout", "text": ["hello\n"]},
                        {"output_type": "pyout", "prompt_number": 1, "text": ["2"]},
                    ],
                },
            ]
        },
        {
            "cells": [
                {
                    "cell_type": "code",
                    "input": "1/0",
                    "language": "ruby",
                    "prompt_number": 2,
                    "outputs": [
                        {"output_type": "display_data", "png": "iVBORw0KGgo="},
                        {"output_type": "pyerr", "ename": "ZeroDivisionError", "evalue": "by zero", "traceback": ["T"]},
                    ],
                }
            ]
        },
    ],
}


def read(book: dict[str, Any]) -> Trace:
    (reading,) = FORMAT.read(Document(file="a.ipynb", text=json.dumps(book)), Origin(source="n"))
    return reading.trace


def test_cells_of_all_worksheets_are_read_with_their_outputs() -> None:
    heading, thought, first, seen, second, failed = read(BOOK).steps
    assert isinstance(heading, Observe) and heading.content[0].text == "## Reading the stock"
    assert isinstance(thought, Reflect) and thought.text == "We load it first."
    assert isinstance(first, Act) and first.calls[0].arguments_json == "x = 1\nx + 1"
    assert isinstance(seen, Iterate) and [part.text for part in seen.results[0].content] == ["hello", "2"]
    assert isinstance(second, Act) and second.calls[0].language == "ruby"
    assert isinstance(failed, Iterate)
    (result,) = failed.results
    assert (result.status, result.error_type, result.error_message) == ("error", "ZeroDivisionError", "by zero")
    assert [part.type for part in result.content] == ["image", "text"]


def test_a_damaged_worksheet_costs_itself() -> None:
    broken = {**BOOK, "worksheets": [None, {"cells": 1}, {"cells": [None, 3]}, *BOOK["worksheets"]]}  # type: ignore[misc]
    assert read(broken).steps == read(BOOK).steps


def test_the_law_says_nothing_of_a_book_that_begins_with_a_heading(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps(BOOK), encoding="utf-8")
    assert not {"C415", "C416"} & set(validate(path).counts)
