"""sxl_data.read.adapters.notebook"""

from __future__ import annotations

import json

from sxl_data.read.adapters.notebook import FORMAT
from tests.sxl_data.read.readings import outline, read_path, read_text, said


def book(*cells: dict) -> str:
    return json.dumps({"nbformat": 4, "metadata": {"language_info": {"name": "python"}}, "cells": list(cells)})


def text(source: str) -> dict:
    return {"cell_type": "markdown", "source": source}


def code(source: str, *outputs: dict, count: int | None = 1) -> dict:
    return {"cell_type": "code", "source": [source], "execution_count": count, "outputs": list(outputs)}


def test_cells_become_phases_in_their_order():
    stream = {"output_type": "stream", "name": "stdout", "text": ["2\n"]}
    notebook = book(
        text("# Sums"),
        text("Adding is easy."),
        code("print(1 + 1)", stream),
        text("## Next"),
        code("x = 1", count=None),
    )
    (reading,) = read_text(FORMAT, notebook, "a.ipynb")
    assert outline(reading.trace) == "ORCIOC"
    assert said(reading.trace)[:4] == ["# Sums", "Adding is easy.", "", "2"]


def test_an_error_stays_an_error():
    failed = {
        "output_type": "error",
        "ename": "ValueError",
        "evalue": "no",
        "traceback": ["\x1b[0;31mValueError\x1b[0m: no"],
    }
    (reading,) = read_text(FORMAT, book(code("raise ValueError('no')", failed)), "a.ipynb")
    (result,) = reading.trace.steps[1].results
    assert (result.status, result.error_type, result.content[0].text) == ("error", "ValueError", "ValueError: no")


def test_an_image_keeps_its_type_and_its_bytes():
    image = {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo=", "text/plain": "<Figure>"}}
    (reading,) = read_text(FORMAT, book(code("plot()", image)), "a.ipynb")
    content = reading.trace.steps[1].results[0].content
    assert [("text", None), ("image", "data:image/png;base64,iVBORw0KGgo=")] == [
        (part.type, part.uri) for part in content
    ]


def test_a_notebook_without_code_gives_nothing():
    assert read_text(FORMAT, book(text("# Sums")), "a.ipynb") == []


def test_real_notebooks_keep_order_and_licence(shared):
    readings, refused = read_path(FORMAT, shared / "data/curated_repos/handson-ml3_small_notebooks.tar.gz")
    assert (len(readings), refused) == (19, [])
    assert {r.trace.provenance.licence for r in readings} == {"Apache-2.0"}
    assert all(len(r.trace.steps) == len(outline(r.trace)) > 10 for r in readings)
