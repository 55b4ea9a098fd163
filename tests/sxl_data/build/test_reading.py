"""Sources of a build: what is wrong with each of them is said at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sxl_data.contract.errors import UserError
from sxl_data.pipeline import build
from tests.sxl_data.builds import INLINE, lines, rows

GOOD = {"name": "good", "path": "good.jsonl", "licence": "MIT"}


def recipe(folder: Path, *sources: dict[str, object]) -> str:
    (folder / "good.jsonl").write_text(lines(rows(3)), encoding="utf-8")
    (folder / "odd.jsonl").write_text('{"a": 1}\n', encoding="utf-8")
    (folder / "t.csv").write_text("Frage,Antwort\nWie?,So\n", encoding="utf-8")
    file = folder / "r.yaml"
    file.write_text(json.dumps({"name": "r", "sources": list(sources)}), encoding="utf-8")
    return str(file)


def test_every_source_that_cannot_be_read_is_named_in_one_run(tmp_path: Path) -> None:
    made = recipe(
        tmp_path,
        {"name": "odd", "path": "odd.jsonl"},
        GOOD,
        {"name": "gone", "path": "nowhere.jsonl"},
        {"name": "table", "path": "t.csv", "columns": {"prompt": "Question", "answer": "Antwort"}},
    )
    with pytest.raises(UserError) as caught:
        build(made, tmp_path / "out", INLINE)
    assert ["U202", "U201", "U102"] == [item.code for item in caught.value.findings]
    assert "'Frage', 'Antwort'" in caught.value.findings[2].found


def test_with_skip_unreadable_the_rest_is_built_and_what_is_missing_is_named(tmp_path: Path) -> None:
    sources = ({"name": "odd", "path": "odd.jsonl"}, GOOD, {"name": "gone", "path": "nowhere.jsonl"})
    made = recipe(tmp_path, *sources)
    manifest = build(made, tmp_path / "out", [*INLINE, "skip_unreadable=true"])
    assert [("odd", "U202"), ("gone", "U201")] == [(item.name, item.code) for item in manifest.missing]
    assert ["good"] == [source.name for source in manifest.sources]
    first = manifest.stages[0]
    assert (5, 3, 2) == (first.rows_in, first.rows_out, first.dropped["U215"])
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "Missing, as they could not be read" in card and "`odd`" in card and "`gone`" in card


def test_nothing_is_built_of_nothing_but_unreadable_sources(tmp_path: Path) -> None:
    made = recipe(tmp_path, {"name": "odd", "path": "odd.jsonl"})
    with pytest.raises(UserError):
        build(made, tmp_path / "out", [*INLINE, "skip_unreadable=true"])
