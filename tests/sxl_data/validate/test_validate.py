"""Anyone's traces in the format they have: every fault once, at its place in their file."""

from __future__ import annotations

import copy
import json
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from sxl_data.formats import openai_chat
from sxl_data.trace.types import decode
from sxl_data.validate import parallel as spread
from sxl_data.validate import submission
from sxl_data.validate.reporters.report import Report
from sxl_data.validate.testing import assert_valid
from sxl_data.validate.validate import validate
from tests.sxl_data.validate.planted import CHAT, TRACE, ten_defects_atif, ten_defects_chat, ten_defects_trace

EXAMPLES = Path(__file__).parents[3] / "schemas" / "examples"


def placed(report: Any) -> list[tuple[str, int | None, str | None]]:
    return sorted((item.code, item.line, item.pointer) for item in report.findings)


@pytest.mark.parametrize("planted", [ten_defects_chat, ten_defects_atif, ten_defects_trace])
def test_ten_planted_defects_are_found_and_none_twice(tmp_path: Path, planted):
    document, expected = planted()
    assert len(expected) >= 10
    path = tmp_path / "submitted.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    report = validate(path, profile="publish" if planted is ten_defects_trace else "train")
    found = [(item.code, item.pointer) for item in report.findings]
    assert sorted(found) == sorted(expected)


def test_findings_stand_at_the_submitters_line(tmp_path: Path):
    good, bad = json.dumps(CHAT), json.dumps(ten_defects_chat()[0])
    path = tmp_path / "a.jsonl"
    path.write_text(f"{good}\n\n{bad}\n{{broken\n{good}\n", encoding="utf-8")
    report = validate(path)
    assert {item.line for item in report.findings if item.code != "S101"} == {3, 5}
    # The fifth line says what the first one says.
    assert [item.line for item in report.findings if item.code == "D101"] == [5]
    assert [item.line for item in report.findings if item.code == "S101"] == [4]
    assert report.checked == 3


def test_lines_of_a_document_over_many_lines_are_those_of_the_value(tmp_path: Path):
    path = tmp_path / "a.json"
    text = json.dumps(ten_defects_chat()[0], indent=2)
    path.write_text(text, encoding="utf-8")
    lines = text.split("\n")
    (finding,) = [item for item in validate(path).findings if item.code == "C402"]
    assert "<think>" in lines[finding.line - 1]


def test_elements_of_an_array_are_named_by_their_place_in_the_file(tmp_path: Path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps([CHAT, ten_defects_chat()[0]]), encoding="utf-8")
    assert {(item.pointer or "")[:2] for item in validate(path).findings} == {"/1"}


def test_profiles_differ_in_what_they_look_at():
    row = copy.deepcopy(TRACE)
    row["provenance"]["licence"] = ""
    row["steps"][3]["calls"][0]["name"] = "weather"
    found = {name: set(validate([row], profile=name).counts) for name in ("ingest", "train", "publish")}
    assert found == {"ingest": set(), "train": {"A301"}, "publish": {"A301", "L601"}}


def test_rows_may_be_dicts_or_traces_and_findings_become_rows():
    report = validate([ten_defects_chat()[0]])
    assert {row["code"] for row in report.rows()} == set(report.counts)
    assert validate([decode(json.dumps(TRACE))]).ok


def test_tables_of_other_libraries_are_rows():
    pa, pl, pd = (pytest.importorskip(name) for name in ("pyarrow", "polars", "pandas"))
    rows = [
        {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": said}]}
        for said in ("Hello there", "<think>Hm</think>", "")
    ]
    expected = [(item.code, item.line) for item in validate(rows).findings]
    assert {("C401", 3)} < set(expected)
    for table in (pa.Table.from_pylist(rows), pl.DataFrame(rows), pd.DataFrame(rows), (row for row in rows)):
        assert [(item.code, item.line) for item in validate(table).findings] == expected, type(table)


def test_several_processes_report_what_one_reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(spread, "SMALLEST", 1)
    rows = [TRACE | {"trace_id": f"x:{i % 90}", "task": f"Task {i % 90}"} for i in range(99)]
    rows += [TRACE | {"trace_id": "x:3", "task": "Another"}, TRACE | {"trace_id": "y", "task": 5}]
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + "{broken\n", encoding="utf-8")
    one, two = validate(path), validate(path, jobs=2)
    assert one.counts == two.counts == {"D101": 9, "D102": 1, "S201": 1, "S101": 1}
    assert placed(one) == placed(two)
    assert (one.checked, one.files) == (two.checked, two.files)


def test_a_session_is_one_document_however_many_processes_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(spread, "SMALLEST", 1)
    row = {
        "type": "user",
        "uuid": "u0",
        "parentUuid": None,
        "sessionId": "s",
        "message": {"role": "user", "content": "Hi"},
    }
    answer = {"role": "assistant", "id": "m", "content": [{"type": "text", "text": "Hello there"}]}
    rows = [row, {**row, "type": "assistant", "uuid": "u1", "parentUuid": "u0", "message": answer}]
    path = tmp_path / "session.jsonl"
    path.write_text("".join(json.dumps(item) + "\n" for item in rows), encoding="utf-8")
    one, two = validate(path), validate(path, jobs=2)
    assert (1, "claude_code", one.counts) == (two.checked, two.files[0].format, two.counts)


@pytest.mark.parametrize("planted", [ten_defects_chat, ten_defects_atif, ten_defects_trace])
def test_large_files_are_scanned_and_report_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, planted):
    rows = [
        json.dumps(planted()[0], ensure_ascii=n > 0).replace("Rome", said)
        for n, said in enumerate(
            ["<think>Rome", "\\u0000", "\\ud800", "/home/jo/x", "sk-" + "a1" * 20, "é" * 300, "A" * 1200]
        )
    ]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join([*rows, rows[0].replace('"', '"a":1,"a":2,"', 1), "{"]), encoding="utf-8")
    walked = validate(path, profile="publish")
    monkeypatch.setattr(submission, "_LARGE", 0)
    scanned = validate(path, profile="publish")
    assert placed(scanned) == placed(walked)
    assert {"S101", "S104", "S105"} <= set(walked.counts)


def test_the_reader_is_named_with_its_reason():
    report = validate(EXAMPLES / "valid" / "openai_chat.json")
    assert report.files[0].format == openai_chat.NAME
    assert "messages" in report.text().splitlines()[0]


def test_the_helper_for_tests_fails_with_the_report():
    assert assert_valid([TRACE]).ok
    with pytest.raises(AssertionError, match="A305"):
        assert_valid([ten_defects_chat()[0]])
    ignored = {"A305", "A301", "A307", "P103", "P105"}
    assert assert_valid([ten_defects_chat()[0]], ignore=ignored).counts.keys().isdisjoint(ignored)
    with pytest.raises(ValueError, match="X999"):
        assert_valid([TRACE], ignore=["X999"])


def test_every_real_trace_ends_as_a_report(shared: Path):
    names = [line.split("\t")[1] for line in (shared / "traces" / "INDEX.tsv").read_text("utf-8").splitlines()[1:]]
    small = [shared / "traces" / name for name in names if (shared / "traces" / name).stat().st_size < 300_000]
    assert small
    report = validate(small)
    assert len(report.files) == len(small)
    assert report.checked > len(small)


def test_every_range_is_given_out_once_and_a_lost_process_is_told():
    ranges = [(n, 1, n) for n in range(200)]
    with ThreadPoolExecutor(2) as pool:
        shares = spread._Shares(ranges, lambda part: pool.submit(lambda: (Report(profile=str(part[0])), [])))
        shares.hand_out()
        shares.hand_out()
        mine = {share[0] for share in iter(shares.take, None)}
        theirs = {n: found for n in range(200) if n not in mine and (found := shares.result(n, wait=True))}
    assert len(mine) + len(theirs) == 200
    assert all(found[0].profile == str(n) for n, found in theirs.items())

    def lost(part: spread.Range) -> Future[spread.Part]:
        gone: Future[spread.Part] = Future()
        gone.set_exception(RuntimeError("gone"))
        return gone

    shares = spread._Shares(ranges, lost)
    shares.hand_out()
    with pytest.raises(RuntimeError, match="gone"):
        shares.result(0, wait=True)
