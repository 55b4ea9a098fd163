"""benchmarks/models: rows of a variant, and the judging of plays, without a model"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks" / "models"))

import plays
import rows

SETS = ("calendar", "files")


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    def row(name: str, number: int) -> dict[str, object]:
        slip = {"role": "assistant", "content": "", "train": False, "reasoning_content": None}
        right = {"role": "assistant", "content": "done", "train": None, "reasoning_content": "hm"}
        kind = rows.OFF_TOPIC if number % 4 == 0 else "single"
        shared = {"trace_id": f"{name}:{number}", "source": name, "kind": "tool_use", "tools": ["{}"]}
        return shared | {"messages": [slip, right], "task_kind": kind}

    path = tmp_path / "tools.parquet"
    pq.write_table(pa.Table.from_pylist([row(name, n) for name in SETS for n in range(80)]), path)
    return path


def chosen(packed: Path, **choice: object) -> list[dict[str, object]]:
    out = packed.with_name("out.jsonl")
    rows.choose(packed, None, None, rows.Choice(**choice), out)
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def test_fewer_runs_are_among_more_and_sets_have_equal_parts(packed: Path):
    few, more = ({row["trace_id"] for row in chosen(packed, runs=count)} for count in (20, 60))
    assert few < more and len(few) == 20
    assert {name: 10 for name in SETS} == {name: sum(one.startswith(name) for one in few) for name in SETS}


def test_the_share_off_topic_is_what_was_asked_for_or_refused(packed: Path):
    kinds = dict(zip(*(pq.read_table(packed)[name].to_pylist() for name in ("trace_id", "task_kind"))))
    for share in (0.0, 0.5):
        off = sum(kinds[row["trace_id"]] == rows.OFF_TOPIC for row in chosen(packed, runs=40, off_topic=share))
        assert off == 40 * share
    with pytest.raises(SystemExit):
        chosen(packed, runs=100, off_topic=0.9)


def test_reasoning_and_the_marks_of_failed_calls_are_kept_unless_taken_away(packed: Path):
    slip, right = chosen(packed, runs=2)[0]["messages"]
    assert slip["train"] is False and right["reasoning_content"] == "hm"
    slip, right = chosen(packed, runs=2, reasoning=False, failed=True)[0]["messages"]
    assert "train" not in slip and "reasoning_content" not in right


def test_the_planners_own_runs_are_judged_right():
    plays.rehearse()


def test_pairs_are_counted_on_the_tasks_that_both_had():
    names = [f"files/values/0/{number}" for number in range(6)]
    left = {"values": {plays.GOAL: dict(zip(names, (1.0, 1.0, 0.0, 0.0, 1.0, 1.0)))}}
    right = {"values": {plays.GOAL: dict(zip(names[:5], (1.0, 0.0, 1.0, 1.0, 1.0)))}}
    found = plays.compare(left, right, "values", plays.GOAL)
    assert (5, 2, 1) == (found["n"], found["won"], found["lost"]) and abs(found["difference"][0] - 0.2) < 1e-9
    assert [2, 3] == found["kept"]  # of the right ones among those that both had
