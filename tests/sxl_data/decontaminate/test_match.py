from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sxl_data.decontaminate.fingerprints import FOLDER, Fingerprint, load, make, names, unpack
from sxl_data.decontaminate.match import match, prepare
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
def fingerprint() -> Fingerprint:
    return unpack(make([{"id": i, "prompt": text} for i, text in enumerate([ITEM, *OTHERS])], ["prompt"], "id"))


def found(text: str, fingerprint: Fingerprint, threshold: float = 0.5) -> list[str]:
    return [item.part for item in match(pa.array([text]), prepare({"toy": fingerprint}), threshold)]


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
def test_an_item_is_found_behind_an_edit(edit: str, fingerprint: Fingerprint):
    assert found(edit, fingerprint) == ["toy: 0 prompt"]


@pytest.mark.parametrize(
    "text",
    ["Given a list of integers return their sum.", "Write a poem about the sea.", "", ITEM[:40]],
    ids=["shares an opening", "unrelated", "empty", "a fragment"],
)
def test_a_row_that_only_resembles_an_item_is_not_found(text: str, fingerprint: Fingerprint):
    assert found(text, fingerprint) == []


def test_windows_do_not_cross_from_one_row_into_the_next():
    both, rows = shingle(pa.array(["a b c d e f", "g h i j k"]))
    assert rows.tolist() == [0, 0, 1]
    assert set(both) == set(shingle(pa.array(["a b c d e f"]))[0]) | set(shingle(pa.array(["g h i j k"]))[0])


def test_the_weights_of_a_part_add_up_to_one(fingerprint: Fingerprint):
    np.testing.assert_allclose(np.bincount(fingerprint.part, weights=fingerprint.weight), 1, atol=1e-5)


def test_shipped_fingerprints_are_of_what_is_reported_and_hold_no_text(shared):
    wanted = "bfcl bigcodebench-hard gsm8k humaneval humaneval-x mbpp mmlu swebench-lite".split()
    assert set(wanted) <= set(names())
    for name in names():
        table = pq.read_table(FOLDER / f"{name}.parquet")
        assert table.column_names == ["hash", "part", "weight"]
        assert max(map(len, table["part"].combine_chunks().dictionary.to_pylist())) < 120
    items = [json.loads(line)["question"] for line in (shared / "data/gsm8k/test.jsonl").read_text().splitlines()]
    stored = (FOLDER / "gsm8k.parquet").read_bytes()
    assert not any(item[:40].encode() in stored for item in items)


def test_every_humaneval_item_is_found_in_itself(shared):
    from sxl_data.decontaminate.fingerprints import read_records

    records = read_records(shared / "data/humaneval/data/HumanEval.jsonl.gz")
    texts = pa.array([r["prompt"] + r["canonical_solution"] for r in records])
    assert len(records) == len(match(texts, prepare({"humaneval": load("humaneval")}), 0.5))


SOLUTION = """
def second_largest(values):
    distinct = sorted(set(values))
    best = None
    for value in distinct[:-1]:
        if best is None or value > best:
            best = value + 0
    return best if len(distinct) > 1 else None
"""
RENAMED = """
def f(xs):
    ys = sorted(set(xs))
    m = None
    for y in ys[:-1]:
        if m is None or y > m: m = y + 0
    return (m if len(ys) > 1 else None)
"""


def test_renamed_identifiers_hide_nothing_and_another_program_is_another():
    toy = unpack(make([{"id": "x", "code": SOLUTION}], ["code"], "id"))
    assert [part.removeprefix("toy: x code, ") for part in found(RENAMED, toy)] == ["renamed"]
    assert found("def f(xs):\n    total = 0\n    for x in xs:\n        total += x * 2\n    return total", toy) == []


def test_names_that_are_words_of_other_languages_or_methods_elsewhere_are_names():
    code = SOLUTION.replace("best", "end").replace("values", "string").replace("value", "char")
    toy = unpack(make([{"id": "x", "code": code}], ["code"], "id"))
    assert [part.removeprefix("toy: x code, ") for part in found(RENAMED, toy)] == ["renamed"]


def test_a_short_item_has_to_be_a_line_of_its_own():
    toy = unpack(make([{"id": "s", "question": "Name the largest planet there is."}], ["question"], "id"))
    assert found("Some words.\nname the  largest planet there is\nMore words.", toy) == ["toy: s question"]
    assert found("Please name the largest planet there is today, and its moons.", toy) == []


def test_a_short_part_has_to_be_there_more_fully_than_a_long_one():
    words = [f"word{n}" for n in range(120)]
    items = [{"id": "short", "t": " ".join(words[:14])}, {"id": "long", "t": " ".join(words[20:])}]
    toy = unpack(make(items, ["t"], "id"))
    assert found(" ".join(words[:10]), toy) == []
    assert found(" ".join(words[20:85]), toy) == ["toy: long t"]
