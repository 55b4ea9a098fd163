"""A sample is blind, stratified and drawn again by its seed."""

from __future__ import annotations

from pathlib import Path

import pytest

import sxl_data
from sxl_data.contract.errors import UserError
from sxl_data.review.sampling import allocate, sample
from tests.sxl_data.review.toys import outputs, reread, traces


@pytest.mark.parametrize(
    ("rows", "n", "expected"),
    [
        ({"a": 90, "b": 9, "c": 1}, 10, {"a": 8, "b": 1, "c": 1}),
        ({"a": 3, "b": 2}, 50, {"a": 3, "b": 2}),
        ({"a": 5, "b": 5, "c": 5}, 2, {"a": 0, "b": 1, "c": 1}),
        ({}, 5, {}),
    ],
)
def test_each_stratum_gets_its_share_and_one_where_there_is_room(rows, n, expected):
    found = allocate(rows, n)
    assert sorted(expected.values()) == sorted(found.values())
    assert min(n, sum(rows.values())) == sum(found.values())
    assert all(found[name] <= rows[name] for name in rows)


def test_the_same_seed_draws_the_same_and_another_seed_another(tmp_path: Path):
    file = traces(tmp_path / "t.jsonl", [f"answer {n}" for n in range(40)])
    first, again = sample(file, tmp_path / "a", 8), sample(file, tmp_path / "b", 8)
    other = sxl_data.review(file, tmp_path / "c", 8, seed=1)
    assert first.hash == again.hash != other.hash
    assert first.hash == reread(tmp_path / "a").hash
    assert 8 == len({drawn.id for drawn in first.key.items.values()})


def test_a_rater_sees_neither_ids_nor_files_nor_the_order(tmp_path: Path):
    base = outputs(tmp_path / "base" / "s.parquet", {f"s/{n}": f"base says {n}" for n in range(40)})
    tuned = outputs(tmp_path / "tuned" / "s.parquet", {f"s/{n}": f"other says {n}" for n in range(40)})
    made = sample([base, tuned], tmp_path / "round", 30)
    text = (tmp_path / "round" / "sample.json").read_text()
    assert not any(word in text for word in ("tuned", "s.parquet", "s/1/0"))
    assert ("base/s.parquet", "tuned/s.parquet") == made.key.of
    firsts = [made.key.items[item.id].sides["A"] for item in made.sample.items]
    assert 5 < sum(firsts) < 25
    for item in made.sample.items:
        for side in item.sides:
            said = ("base", "other")[made.key.items[item.id].sides[side.label]]
            assert side.blocks[0].text.startswith(said)


def test_equal_answers_and_unlike_requests_are_no_pair(tmp_path: Path):
    first = outputs(tmp_path / "a" / "s.parquet", {"s/1": "same", "s/2": "one"})
    second = outputs(tmp_path / "b" / "s.parquet", {"s/1": "same", "s/2": "two", "s/3": "three"})
    made = sample([first, second], tmp_path / "round")
    assert ["s/s/2/0"] == [drawn.id for drawn in made.key.items.values()]


def test_nothing_to_review_and_a_second_round_in_a_folder_are_refused(tmp_path: Path):
    first = outputs(tmp_path / "a" / "s.parquet", {"s/1": "same"})
    with pytest.raises(UserError, match="H708"):
        sample([first, first], tmp_path / "round")
    sample(first, tmp_path / "round")
    with pytest.raises(UserError, match="U306"):
        sample(first, tmp_path / "round")


def test_a_key_of_another_round_is_noticed(tmp_path: Path):
    file = traces(tmp_path / "t.jsonl", ["a", "b", "c"])
    sample(file, tmp_path / "a", 2)
    sample(file, tmp_path / "b", 2, seed=5)
    (tmp_path / "a" / "key.json").write_bytes((tmp_path / "b" / "key.json").read_bytes())
    with pytest.raises(UserError, match="H701"):
        reread(tmp_path / "a")


@pytest.mark.parametrize(
    "text",
    [
        "title: x",
        "title: x\nquestions: []",
        "[1]",
        "title: x\nquestions: [{id: 'a b', phase: whole, of: [trace], scale: nominal, ask: q, answers: [{value: a, means: m}, {value: b, means: m}]}]",
        "title: x\nquestions: [{id: a, phase: whole, of: [trace], scale: ordinal, ask: q, answers: [{value: 2, means: m}, {value: 1, means: m}]}]",
        "title: x\nquestions: [{id: a, phase: whole, of: [trace], scale: nominal, ask: q, answers: [{value: a, means: m}, {value: cannot_judge, means: m}]}]",
    ],
)
def test_a_rubric_that_cannot_be_answered_is_refused(tmp_path: Path, text: str):
    (tmp_path / "r.yaml").write_text(text)
    with pytest.raises(UserError, match="H709"):
        sample(traces(tmp_path / "t.jsonl", ["a"]), tmp_path / "round", rubric=tmp_path / "r.yaml")
