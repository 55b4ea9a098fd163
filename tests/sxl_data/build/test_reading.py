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
