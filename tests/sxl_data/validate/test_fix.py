"""Repairs change no meaning, say what they did, and leave a file that no longer has the fault."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sxl_data.contract.errors import UserError
from sxl_data.rules.repair import repair
from sxl_data.trace.types import decode
from sxl_data.validate.fix import fix
from sxl_data.validate.validate import validate

EXAMPLES = Path(__file__).parents[3] / "schemas" / "examples"
FIXABLE = ("P102-id-repeated", "P109-out-of-order", "A304-dialect")


@pytest.mark.parametrize("name", FIXABLE)
def test_a_fixable_finding_is_gone_after_the_repair(tmp_path: Path, name: str):
    out = tmp_path / "out.json"
    done = fix(EXAMPLES / "invalid" / f"{name}.json", out)
    assert [change.code for _, change in done.changes] == [name[:4]]
    assert validate(out, profile="publish").findings == []


def test_a_clean_trace_is_left_as_it_is():
    trace = decode((EXAMPLES / "valid" / "agent.json").read_bytes())
    assert repair(trace) == (trace, [])
    assert repair(trace)[0] is trace


def test_renamed_calls_keep_their_results():
    trace = decode((EXAMPLES / "invalid" / "P102-id-repeated.json").read_bytes())
    fixed, _ = repair(trace)
    assert [(c.call_id, c.arguments_json) for s in fixed.steps for c in getattr(s, "calls", ())] == [
        ("c1", '{"city": "Dhaka"}'),
        ("c1-2", '{"city": "Rome"}'),
    ]
    assert [r.call_id for s in fixed.steps for r in getattr(s, "results", ())] == ["c1", "c1-2"]


def test_a_repair_is_done_once():
    for name in FIXABLE:
        fixed, changes = repair(decode((EXAMPLES / "invalid" / f"{name}.json").read_bytes()))
        assert changes
        assert repair(fixed) == (fixed, [])


def test_chat_rows_stay_chat_rows_and_what_is_sound_stays_as_it_was(tmp_path: Path):
    good = json.loads((EXAMPLES / "valid" / "openai_chat.json").read_text(encoding="utf-8"))
    bad = json.loads(json.dumps(good))
    bad["messages"][1]["tool_calls"].append({**bad["messages"][1]["tool_calls"][0], "id": "c0"})
    bad["messages"].insert(2, {"role": "tool", "tool_call_id": "c0", "content": "18 degrees"})
    path, out = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    path.write_text(json.dumps(good) + "\n{broken\n" + json.dumps(bad) + "\n", encoding="utf-8")
    done = fix(path, out)
    first, broken, second = out.read_text(encoding="utf-8").splitlines()
    assert (done.format, done.records, done.unread, done.left) == ("openai_chat", 2, 1, 0)
    assert [(line, change.code) for line, change in done.changes] == [(3, "P109")]
    assert (json.loads(first), broken) == (good, "{broken")
    fixed = json.loads(second)
    assert [m.get("tool_call_id") for m in fixed["messages"]] == [None, None, "c1", "c0", None]
    assert sorted(map(str, fixed["messages"])) == sorted(map(str, bad["messages"]))
    assert "P109" in done.text()


def test_the_input_is_never_overwritten(tmp_path: Path):
    path = tmp_path / "a.json"
    path.write_bytes((EXAMPLES / "valid" / "agent.json").read_bytes())
    with pytest.raises(UserError) as raised:
        fix(path, path)
    assert raised.value.findings[0].code == "U302"
    assert path.read_bytes() == (EXAMPLES / "valid" / "agent.json").read_bytes()


def test_a_file_is_repaired_as_a_stream(tmp_path: Path):
    import tracemalloc

    value = json.loads((EXAMPLES / "invalid" / "P102-id-repeated.json").read_text(encoding="utf-8"))
    row = json.dumps({**value, "task": "many words " * 1000})
    source = tmp_path / "in.jsonl"
    with source.open("w", encoding="utf-8") as file:
        for _ in range(1200):
            file.write(row + "\n")
    fix(source, tmp_path / "warm.jsonl")
    told: list[str] = []
    tracemalloc.start()
    done = fix(source, tmp_path / "out.jsonl", tell=lambda line, change: told.append(change.code))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (1200, {"P102": 1200}, 1000, 1200) == (done.records, done.counts, len(done.changes), len(told))
    assert peak < source.stat().st_size
