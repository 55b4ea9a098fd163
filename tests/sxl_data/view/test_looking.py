"""Explain, show and stats: what people read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sxl_data.cli import run
from sxl_data.contract.codes import CODES
from sxl_data.contract.errors import UserError
from sxl_data.formats.registry import formats
from sxl_data.read.known import known_formats
from sxl_data.view.explain import explain, list_formats
from sxl_data.view.show import escape, show
from sxl_data.view.stats import stats

EXAMPLES = Path(__file__).parents[3] / "schemas" / "examples"
AGENT = EXAMPLES / "valid" / "agent.json"


def test_a_code_is_explained_with_its_example():
    text = explain("p105")
    entry = CODES["P105"]
    assert text.startswith("P105 result-without-call")
    assert all(part in text for part in (entry.title, entry.why, entry.fix, "P105-result-without-call.json"))
    assert explain("result-without-call") == text
    assert '  -     "call_id": "c7",' in text.splitlines()  # what is wrong, with nothing to put in its place
    right = '  +     "text": "It is sunny."'
    assert right in explain("C402").splitlines()
    assert "the template R701-" in explain("R701")


def test_a_letter_lists_its_family():
    assert [line.split()[0] for line in explain("M").splitlines()] == ["M501", "M502", "M503", "M504"]


def test_formats_are_listed_with_what_is_written():
    lines = {line.split()[0]: line for line in list_formats(formats()).splitlines()}
    assert sorted(lines) == sorted(formats())
    assert "read, written" in lines["atif"] and "written" not in lines["claude_code"]


def test_a_key_of_a_recipe_is_explained_as_the_site_explains_it():
    text = explain("dedup.threshold")
    assert text.startswith("dedup.threshold\n")
    assert all(part in text for part in ("default   0.7", "Jaccard similarity", "recipe    data"))
    assert "sources.0.licence=VALUE" in explain("sources.licence") == explain("sources[].licence")
    assert {"data", "train"} == {line.split()[0] for line in explain("keys").splitlines()}
    assert all(line.split()[1].startswith("tune.") for line in explain("tune").splitlines())
    with pytest.raises(UserError) as raised:
        explain("dedup.treshold")
    assert raised.value.findings[0].expected == "dedup.threshold?"


def test_an_unknown_code_is_refused_with_the_nearest():
    with pytest.raises(UserError) as raised:
        explain("P1O5")
    assert raised.value.findings[0].expected == "P105?"


def test_a_trace_is_shown_as_its_four_phases():
    text = show(AGENT)
    heads = [line.split()[2] for line in text.splitlines() if line.startswith("── ")]
    assert heads == ["OBSERVE", "REFLECT", "ACT", "ITERATE", "ACT", "ITERATE", "ACT"]
    assert "→ bash  [c1]" in text
    assert "← [c1]  error, exit 1, 812.5 ms" in text
    assert "outcome success, reward 1, by pytest" in text


def test_control_characters_cannot_reach_the_terminal(tmp_path: Path):
    row = json.loads(AGENT.read_text(encoding="utf-8"))
    row["steps"][0]["content"][0]["text"] = "a\x1b[31mred\rb\u202ec\td"
    row["agent"]["name"] = "x\x1b]0;title\x07"
    path = tmp_path / "a.json"
    path.write_text(json.dumps(row), encoding="utf-8")
    text = show(path)
    assert all(c.isprintable() or c == "\n" for c in text)
    assert "a\\x1b[31mred\\rb\\u202ec    d" in text
    assert escape("plain é 漢") == "plain é 漢"


def test_a_row_is_found_by_number_or_id_and_a_missing_one_is_refused(tmp_path: Path):
    row = json.loads(AGENT.read_text(encoding="utf-8"))
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({**row, "trace_id": f"t:{i}"}) + "\n" for i in range(3)), encoding="utf-8")
    assert [show(path, wanted).split("  ")[0] for wanted in (None, 1, "2", "t:2")] == [
        "trace t:0",
        "trace t:1",
        "trace t:2",
        "trace t:2",
    ]
    with pytest.raises(UserError):
        show(path, 3)


def test_long_texts_are_cut_and_the_cut_is_said(tmp_path: Path):
    row = json.loads(AGENT.read_text(encoding="utf-8"))
    row["steps"][0]["content"][0]["text"] = "\n".join(f"line {i}" for i in range(100))
    path = tmp_path / "a.json"
    path.write_text(json.dumps(row), encoding="utf-8")
    assert "… 60 more lines" in show(path)
    assert "line 99" in show(path, max_lines=0)


def test_statistics_count_what_is_there():
    s = stats(AGENT)
    assert (s.traces, s.turns, s.acts, s.calls, s.results, s.errors, s.parallel_acts) == (1, 3, 3, 3, 3, 1, 1)
    rates = s.rates()
    assert rates["turns per trace"] == 3
    assert rates["acts with reasoning"] == pytest.approx(1 / 3)
    assert rates["results that failed"] == pytest.approx(1 / 3)
    assert rates["parallel acts"] == 0.5
    assert rates["declared tools that are used"] == 1
    assert rates["calls with valid arguments"] == 1
    assert s.share["reflect"] == len("First look at what fails.")
    assert (s.licences["MIT"], s.outcomes["success"], s.tools["bash"]) == (1, 1, 3)


def test_statistics_of_faulty_traces_count_the_faults():
    paths = [
        EXAMPLES / "invalid" / f"{name}.json"
        for name in ("P103-call-without-result", "A307-violates-schema", "S101-broken-json")
    ]
    s = stats(paths)
    assert (s.files, s.traces, s.unread, s.unanswered, s.bad_arguments) == (3, 2, 1, 1, 1)
    assert dict(s.codes) == {"P103": 1, "A307": 1, "S101": 1}
    assert "call-without-result" in s.text()
    assert json.loads(s.json())["rates"]["calls unanswered"] == pytest.approx(1 / 3)


def test_every_format_says_how_it_is_recognised(capsys):
    assert run(["validate", "--format", "list"]) == 0
    said = capsys.readouterr().out
    assert set(known_formats()) == {line.split()[0] for line in said.splitlines()}
    assert "swe_agent" in said and "told by: `trajectory` beside" in said
