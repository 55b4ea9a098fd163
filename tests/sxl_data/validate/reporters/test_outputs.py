"""One report in each form: text, JSON, SARIF, GitHub."""

from __future__ import annotations

import json
from pathlib import Path

from sxl_data.validate.validate import validate
from tests.sxl_data.validate.planted import ten_defects_chat


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
        "mended_json",
        "edits",
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
