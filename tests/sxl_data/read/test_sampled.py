"""A part of a chunk stands for all of it."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from sxl_data.engine.watch import Watch
from sxl_data.read.files import plan
from sxl_data.read.sampled import Evenly
from sxl_data.read.sources import Source
from sxl_data.read.stage import read_chunk


@given(st.integers(0, 400), st.integers(1, 40))
def test_what_is_kept_lies_at_equal_distances_from_the_first_on(count: int, most: int):
    chosen: Evenly[int] = Evenly(most)
    for item in range(count):
        chosen.add(item)
    assert count == chosen.seen
    assert list(range(0, count, chosen.step)) == chosen.kept
    assert min(count, (most + 1) // 2) <= len(chosen.kept) <= most


def test_a_sample_of_a_chunk_says_what_all_of_it_would_give(tmp_path: Path):
    rows = [{"instruction": f"Say {n}.", "input": "", "output": f"It is {n}."} for n in range(300)]
    (tmp_path / "x.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    source = Source(name="s", path="x.jsonl")
    (chunk,) = plan(source, tmp_path)
    found = read_chunk(source, chunk, "instruction_pair", sample=10)
    assert found.sampled is not None
    counters = found.sampled.counters()
    assert [f"Say {n}." for n in range(0, 300, 32)] == found.traces["task"].to_pylist()
    assert (300, 75, 225) == (counters["foreseen"], counters["opened"], counters["unopened"])
    whole = read_chunk(source, chunk, "instruction_pair")
    same = set(whole.traces["trace_id"].to_pylist())
    assert whole.sampled is None and set(found.traces["trace_id"].to_pylist()) < same


def test_what_kills_a_worker_is_set_aside_in_a_sample_too(tmp_path: Path):
    rows = [{"instruction": f"Say {n}.", "output": f"It is {n}."} for n in range(6)]
    (tmp_path / "x.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    source = Source(name="s", path="x.jsonl")
    (chunk,) = plan(source, tmp_path)
    found = read_chunk(source, chunk, "instruction_pair", Watch({7: "killed by signal 11"}), sample=10)
    assert ["Say 0.", "Say 1.", "Say 3.", "Say 4.", "Say 5."] == found.traces["task"].to_pylist()
    assert ["U211"] == found.quarantine["code"].to_pylist()


def test_of_rows_that_are_made_few_are_made(tmp_path: Path):
    source = Source(name="calculator", format="toolset", tasks=400)
    (chunk,) = plan(source, tmp_path)
    found = read_chunk(source, chunk, "toolset", sample=8)
    assert found.sampled is not None and len(found.traces) <= 4
    assert 400 == found.sampled.counters()["foreseen"]
