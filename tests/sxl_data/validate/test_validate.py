"""Anyone's traces in the format they have: every fault once, at its place in their file."""

from __future__ import annotations

import copy
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from sxl_data.contract.errors import UserError
from sxl_data.formats import openai_chat
from sxl_data.formats.registry import formats
from sxl_data.trace.types import decode
from sxl_data.validate import parallel as spread
from sxl_data.validate import submission
from sxl_data.validate.testing import assert_valid
from sxl_data.validate.validate import validate

EXAMPLES = Path(__file__).parents[3] / "schemas" / "examples"
TRACE = json.loads((EXAMPLES / "valid" / "tool_use.json").read_text(encoding="utf-8"))
CHAT = json.loads((EXAMPLES / "valid" / "openai_chat.json").read_text(encoding="utf-8"))
ATIF = json.loads((EXAMPLES / "valid" / "atif.json").read_text(encoding="utf-8"))


def placed(report: Any) -> list[tuple[str, int | None, str | None]]:
    return sorted((item.code, item.line, item.pointer) for item in report.findings)


def call(identity: str, **arguments: Any) -> dict[str, Any]:
    return {"id": identity, "type": "function", "function": {"name": "get_weather", "arguments": json.dumps(arguments)}}


def ten_defects_chat() -> tuple[dict[str, Any], set[tuple[str, str]]]:
    row = copy.deepcopy(CHAT)
    dialect = {"type": "function", "function": {"name": "add up", "parameters": {"type": "dict", "properties": {}}}}
    broken = call("c6", city="Rome")
    broken["function"]["arguments"] = "{'city': 'Rome'}"
    undeclared = call("c7", city="Oslo")
    undeclared["function"]["name"] = "weather"
    row["tools"].append(dialect)
    row["messages"] = [
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": "", "tool_calls": [call("c1", city="Dhaka"), call("c2", city="Rome")]},
        {"role": "tool", "tool_call_id": "c2", "content": "18"},
        {"role": "tool", "tool_call_id": "c1", "content": "31"},
        {"role": "assistant", "content": "", "tool_calls": [call("c1", city="Oslo"), call("c3", days="one", city="A")]},
        {"role": "tool", "tool_call_id": "c1", "content": "5"},
        {"role": "assistant", "content": "Hm. <think> Wait.", "tool_calls": [broken, undeclared]},
        {"role": "tool", "tool_call_id": "c6", "content": "18"},
        {"role": "tool", "tool_call_id": "c7", "content": "5"},
        {"role": "tool", "tool_call_id": "c9", "content": "?"},
        {"role": "assistant", "content": "Done.<|im_end|>"},
    ]
    return row, {
        ("A304", "/tools/1/function/parameters/type"),
        ("A311", "/tools/1/function/name"),
        ("P109", "/messages/3"),
        ("P102", "/messages/4/tool_calls/0/id"),
        ("P103", "/messages/4/tool_calls/1"),
        ("A307", "/messages/4/tool_calls/1/function/arguments"),
        ("C402", "/messages/6/content"),
        ("A305", "/messages/6/tool_calls/0/function/arguments"),
        ("A301", "/messages/6/tool_calls/1/function/name"),
        ("P105", "/messages/9/tool_call_id"),
        ("C404", "/messages/10/content"),
    }


def ten_defects_atif() -> tuple[dict[str, Any], set[tuple[str, str]]]:
    document = copy.deepcopy(ATIF)
    document["agent"]["tool_definitions"].append(
        {"type": "function", "function": {"name": "x", "parameters": {"type": "object", "properties": ["city"]}}}
    )

    def act(number: int, calls: list[tuple[str, Any]], results: list[tuple[str, str]], message: str = "") -> Any:
        return {
            "step_id": number,
            "source": "agent",
            "message": message,
            "tool_calls": [{"tool_call_id": i, "function_name": "get_weather", "arguments": a} for i, a in calls],
            "observation": {"results": [{"source_call_id": i, "content": text} for i, text in results]},
        }

    document["steps"] = [
        {"step_id": 1, "source": "user", "message": "Weather?"},
        act(2, [("c1", {"city": "Dhaka"}), ("c2", {"town": "Rome"})], [("c2", "18"), ("c1", "31")]),
        act(3, [("c1", {"city": "Oslo"}), ("c3", {"city": "Bonn", "colour": 1})], [("c1", "5"), ("c9", "?")]),
        act(4, [("c4", {"city": "Rome"}), ("c4", {"city": "Pisa"})], [("c4", "18"), ("c4", "19")]),
        act(5, [("c5", ["Rome"])], [("c5", "18\n[output truncated, 900 lines]")], "I look at /home/jdoe/notes/ now"),
        {"step_id": 6, "source": "agent", "message": "Done.", "metrics": {"prompt_tokens": 9, "completion_tokens": 9}},
    ]
    document["final_metrics"] = {"total_steps": 7}
    return document, {
        ("A303", "/agent/tool_definitions/1/function/parameters/properties"),
        ("P109", "/steps/1/observation/results/1"),
        ("A307", "/steps/1/tool_calls/1/arguments"),
        ("P102", "/steps/2/tool_calls/0/tool_call_id"),
        ("A309", "/steps/2/tool_calls/1/arguments/colour"),
        ("P103", "/steps/2/tool_calls/1"),
        ("P105", "/steps/2/observation/results/1/source_call_id"),
        ("P101", "/steps/3/tool_calls/1/tool_call_id"),
        ("A306", "/steps/4/tool_calls/0/arguments"),
        ("C408", "/steps/4/observation/results/0/content"),
        ("C412", "/steps/4/message"),
        ("M501", "/final_metrics/total_steps"),
    }


def ten_defects_trace() -> tuple[dict[str, Any], set[tuple[str, str]]]:
    row = copy.deepcopy(TRACE)
    row["tools"].append({"name": "get_weather"})
    row["provenance"]["licence"] = "Apache 2"
    row["provenance"]["source_sha256"] = ""
    row["ext_json"] = "{"
    row["metrics"] = {"prompt_tokens": -1}
    steps = row["steps"]
    steps[1]["timestamp"] = "2026-01-31T09:00:05Z"
    steps[2]["timestamp"] = "2026-01-31T09:00:01Z"
    steps[3]["calls"].append({"call_id": "c2", "name": "get_weather", "arguments_json": '"{\\"city\\": \\"Rome\\"}"'})
    steps[4]["results"][0] |= {"exit_code": 2}
    steps[4]["index"] = 9
    steps[5]["content"] = [{"type": "image"}]
    return row, {
        ("A310", "/tools/1/name"),
        ("L602", "/provenance/licence"),
        ("L604", "/provenance/source_sha256"),
        ("S206", "/ext_json"),
        ("M502", "/metrics/prompt_tokens"),
        ("S304", "/steps/2/timestamp"),
        ("A308", "/steps/3/calls/1/arguments_json"),
        ("P103", "/steps/3/calls/1"),
        ("M503", "/steps/4/results/0/exit_code"),
        ("S301", "/steps/4/index"),
        ("C407", "/steps/5/content/0"),
    }


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


def test_all_faults_of_fields_are_said_and_steps_are_known_by_their_phase(tmp_path: Path):
    row = copy.deepcopy(TRACE)
    row["steps"][0]["origin"] = "god"
    row["steps"][1]["contents"] = []
    row["steps"][2]["phase"] = "think"
    del row["steps"][3]["kind"]
    row["kindd"] = "agent"
    report = validate([row], format="sxl_trace", profile="ingest")
    assert placed(report) == [
        ("S201", 1, "/steps/0/origin"),
        ("S201", 1, "/steps/2/phase"),
        ("S202", 1, "/kindd"),
        ("S202", 1, "/steps/1/contents"),
        ("S203", 1, "/steps/3"),
    ]
    assert {item.expected for item in report.findings if item.code == "S202"} == {"kind?", "content?"}


@pytest.mark.parametrize(
    ("data", "codes", "exit_code"),
    [
        (gzip.compress(json.dumps(TRACE).encode() * 50, mtime=0)[:-40], {"S101", "S110"}, 1),
        (json.dumps(TRACE).encode().replace(b"sunny", b"sunn\xff"), {"S102"}, 1),
        (b"\xef\xbb\xbf" + json.dumps(TRACE).encode(), {"S108"}, 0),
        (json.dumps(TRACE).encode().replace(b"sunny", b"\\ud800"), {"S105"}, 0),
        (json.dumps(TRACE).encode().replace(b"sunny", b"x\\u0000y"), {"S105"}, 0),
        (b"[" * 100_000 + b"]" * 100_000, {"S103"}, 1),
        (b'{"messages":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", {"S103"}, 1),
        (json.dumps(TRACE).replace('"turn": 1', '"turn": 123456789012345678901234567890', 1).encode(), {"S201"}, 1),
        (b"", {"U204"}, 2),
        (b"\x89PNG\r\n\x1a\n", {"U204"}, 2),
        (b'{"what": "is this"}', {"U202"}, 2),
        (b'{"messages": 5, "steps": {"a": 1}}', {"U202"}, 2),
        (b'[1, "two", null]', {"U202", "S211"}, 2),
    ],
)
def test_bad_input_ends_as_findings(tmp_path: Path, data: bytes, codes: set[str], exit_code: int):
    path = tmp_path / "a.jsonl"
    path.write_bytes(data)
    report = validate(path)
    assert (set(report.counts) <= codes, report.exit_code) == (True, exit_code), report.text()
    assert report.counts


@pytest.mark.parametrize("name", sorted(formats()))
@pytest.mark.parametrize("value", [{}, [], [[]], {"messages": [None]}, {"steps": [{}]}, "text", 7, {"a": {"b": [1]}}])
def test_no_format_ends_in_a_traceback_over_a_value_that_it_does_not_expect(tmp_path: Path, name: str, value: Any):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    report = validate(path, format=name)
    assert report.exit_code in (0, 1, 2)
    assert report.findings or report.checked


def test_a_folder_and_a_missing_file_do_not_hide_the_others(tmp_path: Path):
    report = validate([tmp_path, tmp_path / "none", EXAMPLES / "valid" / "agent.json"])
    assert (report.checked, sorted(report.counts), report.exit_code) == (1, ["U201", "U204"], 2)


def test_an_unknown_format_is_a_finding_and_an_unknown_profile_an_error():
    path = EXAMPLES / "valid" / "agent.json"
    assert {"U202"} == set(validate(path, format="openai").counts)
    with pytest.raises(UserError, match="U401"):
        validate(path, profile="strict")


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


def test_findings_beyond_the_limit_are_counted_and_said():
    report = validate([ten_defects_chat()[0]] * 20, limit=10, profile="train")
    assert (len(report.findings), report.unlisted > 100, report.exit_code) == (10, True, 1)
    assert "not listed" in report.text().splitlines()[-1]
    assert json.loads(report.json())["complete"] is False


def test_text_shows_three_of_each_code_and_all_on_demand():
    report = validate([ten_defects_chat()[0]] * 5)
    assert report.text().count("error A305") == 3
    assert "… 2 more A305" in report.text()
    assert report.text(show_all=True).count("error A305") == 5


def test_json_has_the_agreed_keys():
    value = json.loads(validate([ten_defects_chat()[0]]).render("json"))
    assert {"checked", "complete", "findings"} <= set(value)
    assert set(value["findings"][0]) == {
        "code",
        "rule",
        "level",
        "file",
        "line",
        "trace_id",
        "pointer",
        "found",
        "expected",
        "why",
        "fix",
        "related",
    }


def test_sarif_names_each_rule_once_and_points_to_lines():
    report = validate([ten_defects_chat()[0]])
    log = json.loads(report.render("sarif"))
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert (log["version"], rules) == ("2.1.0", sorted(report.counts))
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        assert result["locations"][0]["physicalLocation"]["region"]["startLine"] >= 1


def test_github_lines_escape_what_would_end_them(tmp_path: Path):
    path = tmp_path / "a,b:c.json"
    path.write_text(json.dumps(ten_defects_chat()[0]), encoding="utf-8")
    lines = validate(path).render("github").splitlines()
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in lines[:-1])
    assert "a%2Cb%3Ac.json" in lines[0]


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
