"""Findings carry what mends them, and edits that an editor can apply."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from sxl_data.contract.errors import Edit
from sxl_data.validate.validate import validate

INVALID = Path(__file__).parents[3] / "schemas" / "examples" / "invalid"
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "dict", "properties": {"é": {}}}}}


def calls(*ids: str) -> dict:
    made = [{"id": name, "type": "function", "function": {"name": "f", "arguments": "{}"}} for name in ids]
    return {"role": "assistant", "content": "ünd 𝄞", "tool_calls": made}


def result(name: str) -> dict:
    return {"role": "tool", "tool_call_id": name, "content": "ok"}


def applied(text: str, edits: tuple[Edit, ...]) -> str:
    lines = text.split("\n")
    for edit in sorted(edits, key=lambda one: (-one.line, -one.column)):
        units = "\n".join(lines[edit.line - 1 : edit.end_line]).encode("utf-16-le")
        last = "".join(line + "\n" for line in lines[edit.line - 1 : edit.end_line - 1])
        end = len(last.encode("utf-16-le")) + 2 * (edit.end_column - 1)
        made = units[: 2 * (edit.column - 1)].decode("utf-16-le") + edit.text + units[end:].decode("utf-16-le")
        lines[edit.line - 1 : edit.end_line] = made.split("\n")
    return "\n".join(lines)


def chat(*messages: dict) -> dict:
    return {"tools": [TOOL], "messages": [{"role": "user", "content": "go"}, *messages]}


ROWS = {
    "P107": chat(calls(""), result("")),
    "P102": chat(calls("a"), result("a"), calls("a"), result("a")),
    "A304": chat(calls("a"), result("a")),
}


@pytest.mark.parametrize("code", sorted(ROWS))
@pytest.mark.parametrize("form", ["line", "indented", "native"])
def test_the_edits_of_a_finding_mend_it(tmp_path: Path, code: str, form: str) -> None:
    file = tmp_path / ("rows.json" if form == "indented" else "rows.jsonl")
    sound = json.dumps(chat(calls("a"), result("a")), ensure_ascii=False)
    text = {
        "line": f"{sound}\n{json.dumps(ROWS[code], ensure_ascii=False)}\n",
        "indented": json.dumps(ROWS[code], ensure_ascii=False, indent=2),
        "native": next(INVALID.glob(f"{code}-*")).read_text(encoding="utf-8"),
    }[form]
    if form == "native":
        file = file.with_suffix(".json")
    file.write_text(text, encoding="utf-8")
    found = [item for item in validate(file, edits=True).findings if item.code == code]
    assert found and all(item.mended_json and item.edits for item in found)
    last = found[-1]
    file.write_text(applied(text, last.edits), encoding="utf-8")
    left = [item for item in validate(file).findings if (item.code, item.line) == (code, last.line)]
    assert left == []


def test_an_order_is_said_and_a_file_that_is_no_text_gets_no_edits(tmp_path: Path) -> None:
    (order,) = [f for f in validate(next(INVALID.glob("P109-*")), edits=True).findings if f.code == "P109"]
    assert ('["c1","c2"]', ()) == (order.mended_json, order.edits)
    file = tmp_path / "rows.jsonl.gz"
    file.write_bytes(gzip.compress(json.dumps(ROWS["P107"]).encode()))
    named = [f for f in validate(file, edits=True).findings if f.code == "P107"]
    assert [('"call_1"', ())] * len(named) == [(f.mended_json, f.edits) for f in named] and named


def test_every_report_says_it(tmp_path: Path) -> None:
    report = validate(next(INVALID.glob("P107-*")), edits=True)
    for output in ("text", "json", "sarif", "github"):
        assert "call_1" in report.render(output)
    (fix,) = [r["fixes"][0] for r in json.loads(report.render("sarif"))["runs"][0]["results"] if r["ruleId"] == "P107"]
    (change,) = fix["artifactChanges"]
    assert [r["insertedContent"]["text"] for r in change["replacements"]] == ['"call_1"']
