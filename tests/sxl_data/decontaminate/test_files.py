"""Benchmark text in table files: every row is looked at, or the command says which was not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sxl_data.contract.errors import UserError
from sxl_data.decontaminate.files import find, report

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


def test_a_file_of_somebody_elses_benchmark_is_looked_for_and_shown_beside_the_row(tmp_path: Path):
    bench = tmp_path / "mine.jsonl"
    question = (
        "How many marbles does Ada have left when she gives a third of her twelve marbles to each of two friends?"
    )
    bench.write_text(json.dumps({"id": "m1", "question": question}) + "\n", encoding="utf-8")
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"q": f"Solve this. {question} Think first."}) + "\n", encoding="utf-8")
    count, hits = find([rows], [str(bench)])
    assert (count, [hit.item for hit in hits]) == (1, [f"{bench}: m1 question"])
    shown = report(hits, 120).splitlines()
    assert "coverage 1.00" in shown[0]
    left, _, right = shown[1].partition(" | ")
    assert (left.startswith("Solve this. How many"), right.startswith("How many marbles")) == (True, True)


def test_a_shipped_fingerprint_shows_an_items_text_only_from_the_benchmarks_own_file(tmp_path: Path, shared):
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"text": CANONICAL}) + "\n", encoding="utf-8")
    (hit,) = find([path], ["humaneval"])[1]
    assert hit.item_text is None
    assert "--texts" in report([hit])
    (hit,) = find([path], ["humaneval"], texts=[shared / "data/humaneval/data/HumanEval.jsonl.gz"])[1]
    assert "distance = abs(elem - elem2)" in (hit.item_text or "")
