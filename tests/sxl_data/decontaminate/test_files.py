"""Benchmark text in table files: every row is looked at, or the command says which was not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sxl_data.contract.errors import UserError
from sxl_data.decontaminate.files import find

CANONICAL = (
    "def has_close_elements(numbers, threshold):\n    for idx, elem in enumerate(numbers):\n"
    "        for idx2, elem2 in enumerate(numbers):\n            if idx != idx2:\n"
    "                distance = abs(elem - elem2)\n                if distance < threshold:\n"
    "                    return True\n\n    return False\n"
)


def test_a_row_with_an_item_is_named(tmp_path: Path):
    path = tmp_path / "rows.jsonl"
    rows = [{"text": "nothing of the kind"}, {"text": CANONICAL}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    count, hits = find([path], ["humaneval"])
    assert (2, [f"{path}:2"]) == (count, [hit.row for hit in hits])


@pytest.mark.parametrize("line", ["{broken", "null"])
def test_a_row_that_cannot_be_read_is_no_clean_row(tmp_path: Path, line: str):
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"text": "fine"}) + f"\n{line}\n", encoding="utf-8")
    with pytest.raises(UserError) as caught:
        find([path], ["humaneval"])
    assert 2 == caught.value.findings[0].line
