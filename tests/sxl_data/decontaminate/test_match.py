from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from sxl_data.decontaminate.fingerprints import load, make, names
from sxl_data.decontaminate.match import match
from sxl_data.decontaminate.shingles import shingle

ITEM = (
    "Given a list of integers return the second largest distinct value, or None if the list has "
    "fewer than two distinct values. The list may contain negative numbers."
)
OTHERS = [
    "Given a list of words return the longest one that is a palindrome, or the empty string.",
    "Given a matrix of numbers return the sum of its two diagonals, counting the centre once.",
]


@pytest.fixture(scope="module")
def fingerprint() -> pa.Table:
    return make([{"id": i, "prompt": text} for i, text in enumerate([ITEM, *OTHERS])], ["prompt"], "id")


def found(text: str, fingerprint: pa.Table, threshold: float = 0.6) -> list[str]:
    return [item.part for item in match(pa.array([text]), {"toy": fingerprint}, threshold)]


@pytest.mark.parametrize(
    "edit",
    [
        ITEM,
        ITEM.upper(),
        ITEM.replace(" ", "  \n"),
        ITEM.replace(",", " ;").replace(".", ""),
        "Here is an exercise I found.\n" * 20 + ITEM + "\nGood luck!" * 20,
        ITEM.replace("may contain", "can contain"),
        "def f(xs):\n    '''" + ITEM + "'''\n    return sorted(set(xs))[-2]",
    ],
    ids=["verbatim", "case", "spaces", "punctuation", "surrounded", "one word changed", "as docstring"],
)
def test_an_item_is_found_behind_an_edit(edit: str, fingerprint: pa.Table):
    assert found(edit, fingerprint) == ["toy: 0 prompt"]


@pytest.mark.parametrize(
    "text",
    ["Given a list of integers return their sum.", "Write a poem about the sea.", "", ITEM[:40]],
    ids=["shares an opening", "unrelated", "empty", "a fragment"],
)
def test_a_row_that_only_resembles_an_item_is_not_found(text: str, fingerprint: pa.Table):
    assert found(text, fingerprint) == []


def test_windows_do_not_cross_from_one_row_into_the_next():
    both, rows = shingle(pa.array(["a b c d e f", "g h i j k"]))
    assert rows.tolist() == [0, 0, 1]
    assert set(both) == set(shingle(pa.array(["a b c d e f"]))[0]) | set(shingle(pa.array(["g h i j k"]))[0])


def test_the_weights_of_a_part_add_up_to_one(fingerprint: pa.Table):
    parts = fingerprint["part"].combine_chunks().indices.to_numpy()
    np.testing.assert_allclose(np.bincount(parts, weights=fingerprint["weight"].to_numpy()), 1, atol=1e-5)


def test_shipped_fingerprints_hold_no_text():
    assert names() == ["humaneval", "mbpp"]
    for name in names():
        assert load(name).column_names == ["hash", "part", "weight"]


def test_every_humaneval_item_is_found_in_itself(shared):
    from sxl_data.decontaminate.fingerprints import read_records

    records = read_records(shared / "data/humaneval/data/HumanEval.jsonl.gz")
    texts = pa.array([r["prompt"] + r["canonical_solution"] for r in records])
    assert len(records) == len(match(texts, {"humaneval": load("humaneval")}, 0.6))
