"""Whatever a file holds, it ends as findings, and the other files are read."""

from __future__ import annotations

import copy
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from sxl_data.contract.errors import UserError
from sxl_data.formats.registry import formats
from sxl_data.validate.validate import validate

EXAMPLES = Path(__file__).parents[3] / "schemas" / "examples"
TRACE = json.loads((EXAMPLES / "valid" / "tool_use.json").read_text(encoding="utf-8"))


def placed(report: Any) -> list[tuple[str, int | None, str | None]]:
    return sorted((item.code, item.line, item.pointer) for item in report.findings)


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
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.jsonl").write_text('{"what": "is this"}\n', encoding="utf-8")
    inputs = [tmp_path / "empty", tmp_path / "none", tmp_path / "other", EXAMPLES / "valid" / "agent.json"]
    for jobs in (1, 2):
        report = validate(inputs, jobs=jobs)
        assert (report.checked, sorted(report.counts), report.exit_code) == (1, ["U201", "U202", "U208"], 2)
        assert [entry.file for entry in report.files] == [str(path) for path in inputs]


def test_an_unknown_format_is_a_finding_and_an_unknown_profile_an_error():
    path = EXAMPLES / "valid" / "agent.json"
    assert {"U202"} == set(validate(path, format="openai").counts)
    with pytest.raises(UserError, match="U401"):
        validate(path, profile="strict")
