"""TurkingBench pages."""

from __future__ import annotations

import pytest

from sxl_data.files.json_text import load
from sxl_data.trace.format import RowError

ROW = {"Title": "Choose", "Template": "<p>A or B?</p>", "_id": "choose__0", "Answer": {"q1": "A"}}


def test_the_page_is_seen_and_the_form_is_the_answer(reader, shape) -> None:
    trace = reader(ROW)
    assert "user act." == shape(trace)
    assert ("Choose", "<p>A or B?</p>") == (trace.task, trace.steps[0].content[0].text)
    assert {"q1": "A"} == load(trace.steps[1].content[0].text)


def test_another_row_is_refused(reader) -> None:
    with pytest.raises(RowError):
        reader({"Template": "<p>", "Answer": "A"})


def test_only_this_format_recognises_it(reader) -> None:
    assert ["turking_bench"] == reader.detects(ROW)
