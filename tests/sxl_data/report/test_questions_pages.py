"""The pages of why, diff and stats: what they say, and that foreign text stays text."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from sxl_data.cli import run
from sxl_data.pipeline import build
from tests.sxl_data.view.hostile import ALL, ATTACKS
from tests.sxl_data.view.test_page import Seen

KEYS = ["engine.kind=inline", "write.arrow=false", "clean.code=keep"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two builds of the same hostile rows: one drops near copies, the other keeps them."""
    place = tmp_path_factory.mktemp("pages")
    words = " ".join(f"word{n}" for n in range(60)) + ALL.replace("\ud800", "")
    rows = [{"instruction": f"{ATTACKS[n]} Say {n}.", "output": f"{n}"} for n in range(4)]
    rows += [{"instruction": "Count.", "output": words}, {"instruction": "Count.", "output": words + " and more"}]
    (place / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    source = "{name: rows, path: rows.jsonl, format: instruction_pair, licence: MIT}"
    (place / "r.yaml").write_text(f"name: toy\nsources:\n  - {source}\n", encoding="utf-8")
    build(str(place / "r.yaml"), place / "one", KEYS)
    build(str(place / "r.yaml"), place / "two", [*KEYS, "dedup.threshold=1.0"])
    return place


def seen(capsys: pytest.CaptureFixture[str], out: Path, *words: object) -> tuple[Seen, str]:
    assert 0 == run([*map(str, words), "--html", str(out)])
    told = capsys.readouterr()
    assert f"written to {out}" in told.out
    page = Seen(out.read_text(encoding="utf-8"))
    assert not {"script", "iframe", "img", "form", "link", "object"} & {tag for tag, _ in page.tags}
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    return page, told.err


def test_why_shows_a_row_that_left_beside_the_one_that_stayed(folder: Path, capsys: pytest.CaptureFixture[str]):
    left = pl.read_parquet(folder / "one/ledger/ledger.parquet").filter(pl.col("code") == "D311").row(0, named=True)
    page, err = seen(capsys, folder / "why.html", "why", left["trace_id"], folder / "one")
    for words in ("as it was read", "which stayed", "dedup.threshold", "It is not in the dataset."):
        assert words in page.text, words
    assert f"sxl-data why {left['twin_id']}" in err
    kept, err = seen(capsys, folder / "kept.html", "why", left["twin_id"], folder / "one")
    assert "It is in data/" in kept.text and f"sxl-data show {folder / 'one'} --row {left['twin_id']}" in err


def test_diff_names_what_came_and_which_key_did_it(folder: Path, capsys: pytest.CaptureFixture[str]):
    page, err = seen(capsys, folder / "diff.html", "diff", folder / "one", folder / "two")
    assert {"sizes", "recipe", "codes", "left", "examples"} == {a["id"] for tag, a in page.tags if tag == "section"}
    assert "dedup.threshold" in page.text and "only now ·" in page.text and "--against" in err


def test_stats_draws_its_counts(folder: Path, capsys: pytest.CaptureFixture[str]):
    page, _ = seen(capsys, folder / "stats.html", "stats", folder / "one")
    assert "turns per trace" in page.text and any(tag == "rect" for tag, _ in page.tags)
