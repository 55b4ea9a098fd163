"""sxl_data.read.adapters.notebook"""

from __future__ import annotations

import json

import pytest

from sxl_data.read.adapters.notebook import FORMAT
from sxl_data.trace.format import RowError
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


def test_what_pythons_json_writes_and_json_does_not_know_is_repaired_and_said():
    notebook = book(code("1 / 0.5", {"output_type": "stream", "text": "2.0 HALF\n"}))
    notebook = notebook.replace('"nbformat": 4', '"nbformat": 4, "score": NaN').replace("HALF", "\\ud83d")
    (reading,) = read_text(FORMAT, notebook, "a.ipynb")
    assert [("S105", "a.ipynb"), ("S106", "a.ipynb")] == sorted((f.code, f.file) for f in reading.findings)
    assert "2.0 \ufffd" == reading.trace.steps[1].results[0].content[0].text


def test_what_is_no_json_says_where_it_ends():
    with pytest.raises(RowError, match="in the middle of a value"):
        read_text(FORMAT, book(code("1"))[:-20], "a.ipynb")


@pytest.mark.parametrize(
    ("metadata", "language"),
    [
        ({"language_info": {"name": "R"}}, "r"),
        ({"kernelspec": {"name": "ir", "language": "R"}}, "r"),
        ({"kernelspec": {"name": "ir"}}, "r"),
        ({"kernelspec": {"name": "julia-1.9"}}, "julia"),
        ({"kernelspec": {"name": "python3"}}, "python"),
        ({"kernelspec": {"name": "conda-env-x"}}, "python"),
        ({"language_info": {}, "kernelspec": {"language": "scala"}}, "scala"),
        ({"language_info": None}, "python"),
        (None, "python"),
    ],
)
def test_the_language_is_the_kernels_wherever_it_is_stated(metadata, language):
    notebook = json.dumps({"nbformat": 4, "metadata": metadata, "cells": [code("x")]})
    (reading,) = read_text(FORMAT, notebook, "a.ipynb")
    assert (language, language) == (reading.language, reading.trace.steps[0].calls[0].language)


def test_a_cell_for_another_interpreter_is_in_its_language():
    cells = [code("%%bash\nls"), code("%%time\nx"), {**code("x <- 1"), "metadata": {"vscode": {"languageId": "R"}}}]
    (reading,) = read_text(FORMAT, book(*cells), "a.ipynb")
    assert ["bash", "python", "r"] == [s.calls[0].language for s in reading.trace.steps if hasattr(s, "calls")]


def test_line_ends_are_those_of_unix():
    stream = {"output_type": "stream", "text": ["hi\r\n", "10%\r 50%\r100%\n"]}
    (reading,) = read_text(FORMAT, book(text("a\r\nb"), code("ls\r\n", stream)), "a.ipynb")
    assert "\r" not in str(said(reading.trace)) + reading.trace.steps[1].calls[0].arguments_json
    assert "hi\n100%" == said(reading.trace)[-1]


def test_raw_cells_are_observed():
    (reading,) = read_text(FORMAT, book({"cell_type": "raw", "source": "title: x"}, code("1")), "a.ipynb")
    assert ("environment", "title: x") == (reading.trace.steps[0].origin, said(reading.trace)[0])


def test_images_of_a_text_are_parts_of_what_is_observed():
    cell = {**text("Look: ![a](data:image/png;base64,aGVsbG8=)"), "attachments": {"b.png": {"image/png": "aGVsbG8="}}}
    (reading,) = read_text(FORMAT, book(code("1"), cell, code("2")), "a.ipynb")
    content = reading.trace.steps[2].content
    assert [("text", None), ("image", "image/png"), ("image", "image/png")] == [(p.type, p.media_type) for p in content]
    assert "Look: ![a]()" == content[0].text


def test_real_notebooks_keep_order_and_licence(shared):
    readings, refused = read_path(FORMAT, shared / "data/curated_repos/handson-ml3_small_notebooks.tar.gz")
    assert (len(readings), refused) == (19, [])
    assert {r.trace.provenance.licence for r in readings} == {"Apache-2.0"}
    assert all(len(r.trace.steps) == len(outline(r.trace)) > 10 for r in readings)
