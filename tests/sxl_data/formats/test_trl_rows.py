"""Rows for TRL's trainers."""

from __future__ import annotations

import pytest

from sxl_data.trace.format import RowError


def said(role, text):
    return {"role": role, "content": text}


ASKED, GOOD, BAD = said("user", "2+2?"), said("assistant", "It is 4."), said("assistant", "perhaps it is five")


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": [ASKED], "completion": [GOOD]},
        {"prompt": [ASKED], "chosen": [GOOD], "rejected": [BAD]},
        {"prompt": "2+2?", "chosen": [GOOD], "rejected": [BAD]},
        {"chosen": [ASKED, GOOD], "rejected": [ASKED, BAD]},
        {"prompt": [ASKED], "completion": [GOOD], "label": True},
    ],
)
def test_the_prompt_and_the_preferred_answer_are_the_trace(reader, shape, row) -> None:
    trace = reader(row)
    assert ["trl_rows"] == reader.detects(row)
    assert "user act." == shape(trace)
    assert ("2+2?", "It is 4.") == (trace.task, trace.steps[1].content[0].text)


def test_what_was_rejected_is_kept_beside(reader) -> None:
    assert "perhaps it is five" in reader({"prompt": [ASKED], "chosen": [GOOD], "rejected": [BAD]}).ext_json


def test_findings_point_into_the_row(reader) -> None:
    (reading,) = reader.readings({"prompt": [ASKED], "completion": [GOOD]})
    assert ("/prompt/0", "/completion/0") == (reading.place("/steps/0"), reading.place("/steps/1"))


@pytest.mark.parametrize("row", [{"prompt": [ASKED], "completion": [GOOD], "label": False}, {"prompt": [ASKED]}])
def test_what_nobody_should_learn_is_no_trace(reader, row) -> None:
    with pytest.raises(RowError):
        reader(row)
