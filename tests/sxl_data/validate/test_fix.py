"""Repairs change no meaning, say what they did, and leave a file that no longer has the fault."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sxl_data.cli import run
from sxl_data.contract.errors import UserError
from sxl_data.read.known import known_formats
from sxl_data.rules import Change
from sxl_data.rules.families import faults, repair
from sxl_data.trace.types import Act, Call, Iterate, Observe, Part, Provenance, Result, Trace, decode
from sxl_data.validate.fix import fix
from sxl_data.validate.validate import validate

EXAMPLES = Path(__file__).parents[3] / "schemas" / "examples"
FIXABLE = ("P102-id-repeated", "P107-empty-id", "P109-out-of-order", "A304-dialect")


@pytest.mark.parametrize("name", FIXABLE)
def test_a_fixable_finding_is_gone_after_the_repair(tmp_path: Path, name: str):
    out = tmp_path / "out.json"
    done = fix(EXAMPLES / "invalid" / f"{name}.json", out)
    assert {name[:4]} == {change.code for _, change in done.changes}
    # The call that had no id has no result either, which is seen only once it has a name.
    left = {"P103"} if name == "P107-empty-id" else set()
    assert {found.code for found in validate(out, profile="publish").findings} == left


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
    value = json.loads((EXAMPLES / "invalid" / "P102-id-repeated.json").read_text(encoding="utf-8"))
    row = json.dumps({**value, "task": "many words " * 1000})
    source = tmp_path / "in.jsonl"
    source.write_text("".join(f"{row}\n" for _ in range(1200)), encoding="utf-8", newline="\n")
    written: list[int] = []

    def tell(line: int, change: Change) -> None:
        written.append(sum(part.stat().st_size for part in tmp_path.glob(".part-*-out.jsonl")))

    done = fix(source, tmp_path / "out.jsonl", tell=tell)
    assert (1200, {"P102": 1200}, 1000, 1200) == (done.records, done.counts, len(done.changes), len(written))
    half = (tmp_path / "out.jsonl").stat().st_size // 2
    assert written[100] < half < written[-1]  # what was repaired is on disk before the last is read


def calls(*pairs: tuple[list[str], list[str]]) -> Trace:
    """A trace of acts with calls of these ids, each followed by results of those."""
    steps: list[Any] = [Observe(index=0, origin="user", content=(Part(text="go"),))]
    for n, (called, answered) in enumerate(pairs):
        made = tuple(Call(call_id=name, name=f"f{k}", arguments_json="{}") for k, name in enumerate(called))
        results = tuple(Result(call_id=name, content=(Part(text=f"r{k}"),)) for k, name in enumerate(answered))
        steps += [
            Act(index=len(steps), turn=n + 1, kind="tool", calls=made),
            Iterate(index=len(steps) + 1, results=results),
        ]
    return Trace(
        schema_version="1.0", trace_id="t:1", kind="agent", steps=tuple(steps), provenance=Provenance(source="t")
    )


def ids(trace: Trace) -> list[tuple[list[str], list[str]]]:
    acts = [[c.call_id for c in s.calls] for s in trace.steps if isinstance(s, Act)]
    return list(zip(acts, [[r.call_id for r in s.results] for s in trace.steps if isinstance(s, Iterate)]))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ([([""], [""])], [(["call_1"], ["call_1"])]),
        ([(["", ""], ["", ""])], [(["call_1", "call_2"], ["call_1", "call_2"])]),
        ([([""], [""]), ([""], [""])], [(["call_1"], ["call_1"]), (["call_2"], ["call_2"])]),
        ([(["call_1"], ["call_1"]), ([""], [""])], [(["call_1"], ["call_1"]), (["call_2"], ["call_2"])]),
        ([(["a", ""], ["", "a"])], [(["a", "call_1"], ["a", "call_1"])]),  # and in the order of the calls
        ([(["a"], [""])], [(["a"], ["a"])]),
        ([([""], ["x"])], [(["x"], ["x"])]),
        ([(["", ""], [])], [(["call_1", "call_2"], [])]),
    ],
)
def test_an_empty_id_is_named_where_one_pairing_is_possible(written: Any, expected: Any):
    fixed, changes = repair(calls(*written))
    assert expected == ids(fixed)
    assert "P107" in {change.code for change in changes}
    assert not [fault for fault in faults(fixed, "P") if fault.code in ("P105", "P107", "P109")]


@pytest.mark.parametrize("pair", [(["", ""], [""]), ([""], ["", ""]), (["a", ""], ["", "", ""])])
def test_an_empty_id_stays_where_the_result_may_be_of_another_call(pair: tuple[list[str], list[str]]):
    trace = calls(pair)
    assert repair(trace) == (trace, [])


CHAT = {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]}


@pytest.mark.parametrize(
    "line",
    [
        b"{broken",
        b"[1]",
        b'"text"',
        b"null",
        b'{"foo": 1}',
        b'{"messages": []}',
        b'{"messages": "\xff"}',
        b'{"messages": [], "messages": []}',
        b"[" * 3000,
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_no_line_is_lost_whatever_it_is(tmp_path: Path, line: bytes, place: int):
    rows = [json.dumps({**CHAT, "number": n}, indent=None).encode() for n in range(2)]
    rows.insert(place, line)
    (tmp_path / "in.jsonl").write_bytes(b"\n".join(rows) + b"\n")
    done = fix(tmp_path / "in.jsonl", tmp_path / "out.jsonl", "openai_chat")
    assert rows == (tmp_path / "out.jsonl").read_bytes().splitlines()
    assert (2, 1, []) == (done.records, done.unread, done.lost)


def test_elements_of_an_array_that_are_no_trace_are_kept(tmp_path: Path):
    values = [CHAT, {"foo": 1}, 7, CHAT]
    (tmp_path / "in.json").write_text(json.dumps(values, indent=1), encoding="utf-8")
    fix(tmp_path / "in.json", tmp_path / "out.json")
    assert values == json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))


def test_what_needs_no_repair_keeps_its_number_literals(tmp_path: Path):
    line = '{"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "x"}], "score": 1.50e1}\n'
    (tmp_path / "in.jsonl").write_text(line, encoding="utf-8", newline="\n")
    fix(tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    assert line == (tmp_path / "out.jsonl").read_text(encoding="utf-8")


@pytest.mark.parametrize("format", ["openai_chat", "anthropic_messages"])
def test_a_repair_keeps_the_bytes_of_an_image(tmp_path: Path, format: str):
    data = "iVBORw0KGgo" * 40
    if format == "openai_chat":
        image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
        call = {"id": "", "type": "function", "function": {"name": "f", "arguments": "{}"}}
        row = {
            "messages": [
                {"role": "user", "content": [image]},
                {"role": "assistant", "content": "", "tool_calls": [call]},
                {"role": "tool", "tool_call_id": "", "content": "ok"},
                {"role": "assistant", "content": "A."},
            ]
        }
    else:
        image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}
        used = {"type": "tool_use", "id": "", "name": "f", "input": {}}
        row = {
            "messages": [
                {"role": "user", "content": [image]},
                {"role": "assistant", "content": [used]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "", "content": "ok"}]},
            ]
        }
    (tmp_path / "in.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    done = fix(tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    assert (1, 2) == (done.records, done.counts["P107"])
    assert data in (tmp_path / "out.jsonl").read_text(encoding="utf-8")
    again = json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8"))
    assert format != "openai_chat" or again["messages"][0] == row["messages"][0]


def test_rows_of_a_table_that_cannot_be_read_are_named(tmp_path: Path):
    (tmp_path / "in.csv").write_text("instruction,output\nq,a\nq,a,more\nq2,a2\n", encoding="utf-8")
    done = fix(tmp_path / "in.csv", tmp_path / "out.jsonl", known=known_formats())
    assert (2, 0, [3]) == (done.records, done.unread, done.lost)
    assert "1 records could not be read and are not in the output: line 3" in done.text()
    assert 2 == len((tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines())


def test_a_record_of_which_only_a_part_could_be_read_is_not_rewritten(tmp_path: Path):
    row = json.loads((EXAMPLES / "invalid" / "P107-empty-id.json").read_text(encoding="utf-8"))
    damaged = json.dumps(row)[:-1] + ', "metrics": {"cost_usd": NaN}}'
    (tmp_path / "in.jsonl").write_text(damaged + "\n", encoding="utf-8")
    done = fix(tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    assert (1, {}) == (done.left, done.counts)
    assert damaged == (tmp_path / "out.jsonl").read_text(encoding="utf-8").strip()


def test_errors_that_stay_are_counted_and_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"messages": [{"role": "assistant", "content": "an answer to nothing"}]}\n', encoding="utf-8")
    assert 1 == run(["validate", str(path), "--fix", "-o", str(tmp_path / "out.jsonl")])
    assert f"1 traces have errors that nobody but you can mend: sxl-data validate {tmp_path / 'out.jsonl'}" in (
        capsys.readouterr().out
    )
    assert 1 == run(["validate", str(tmp_path / "out.jsonl")])
