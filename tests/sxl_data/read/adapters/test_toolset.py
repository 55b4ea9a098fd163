"""sxl_data.read.adapters.toolset: rows that a source makes."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from sxl_data.build.init import init
from sxl_data.build.recipe import describe, read
from sxl_data.contract.errors import UserError
from sxl_data.pipeline import build
from sxl_data.read.files import MADE, plan
from sxl_data.read.sources import Source
from sxl_data.validate.validate import validate


def recipe(folder: Path, *sources: str) -> str:
    lines = "".join(f"  - {{{source}}}\n" for source in sources)
    (folder / "recipe.yaml").write_text(
        f"name: toy\nsources:\n{lines}decontaminate: {{against: []}}\n", encoding="utf-8"
    )
    return str(folder / "recipe.yaml")


def run(folder: Path, out: str, *sources: str, **more: int):
    return build(recipe(folder, *sources), folder / out, ["engine.kind=inline"], **more)


def rows(folder: Path) -> list[dict]:
    return [row for path in sorted(folder.glob("data/*.parquet")) for row in pq.read_table(path).to_pylist()]


def test_a_source_makes_as_many_rows_as_it_says_each_of_them_executed_and_fit_to_be_published(tmp_path):
    manifest = run(tmp_path, "out", "name: files, format: toolset, tasks: 60, licence: MIT")
    (source,) = manifest.sources
    assert (source.documents, source.traces, source.files, source.quarantined) == (60, 60, 0, 0)
    made = rows(tmp_path / "out")
    assert (manifest.stages[0].edited, manifest.stages[0].dropped) == ({}, {})
    assert {row["provenance"]["executed"] for row in made} == {True}
    report = validate([str(path) for path in (tmp_path / "out/data").glob("*.parquet")], profile="publish")
    assert (report.checked, report.findings) == (len(made), [])


def test_the_same_recipe_gives_the_same_bytes_and_another_seed_others(tmp_path):
    source = "name: notes, format: toolset, tasks: 30, licence: MIT"
    same = {run(tmp_path, f"out{n}", source).content_hash for n in range(2)}
    assert len(same) == 1
    assert run(tmp_path, "other", source + ", options: {seed: 1}").content_hash not in same


def test_a_limit_makes_fewer_rows_and_the_pieces_are_cut_by_number(tmp_path):
    source = "name: files, format: toolset, tasks: 60, licence: MIT"
    assert run(tmp_path, "out", source, limit=7).sources[0].documents == 7
    cut = [chunk.made for chunk in plan(Source(name="files", format="toolset", tasks=2 * MADE + 1), tmp_path)]
    assert cut == [(0, MADE), (MADE, MADE), (2 * MADE, 1)]


def test_one_set_can_be_several_sources_by_side(tmp_path):
    sides = ("values", "patterns", "tools")
    sources = [f"name: {side}, format: toolset, tasks: 20, options: {{set: shop, side: {side}}}" for side in sides]
    with pytest.raises(UserError, match="U313"):
        run(tmp_path, "out", *sources)
    split = ["engine.kind=inline", "split.train=0", "split.validation=0", "split.test=1"]
    build(recipe(tmp_path, *sources), tmp_path / "out", split)
    assert {row["source"] for row in rows(tmp_path / "out")} == set(sides)


def test_a_set_of_ones_own_is_run_named_as_code_and_read_again_when_it_changes(tmp_path):
    init(tmp_path, "larder")
    file, overrides = str(tmp_path / "recipe.yaml"), ["engine.kind=inline", "sources.0.tasks=20"]
    before = build(file, tmp_path / "out", overrides).content_hash
    assert "larder.py, the set of the source larder" in describe(*read(file))
    code = (tmp_path / "larder.py").read_text(encoding="utf-8")
    (tmp_path / "larder.py").write_text(code.replace("a pantry", "a larder"), encoding="utf-8")
    assert build(file, tmp_path / "out", overrides).content_hash != before


@pytest.mark.parametrize(
    ("code", "source"),
    [
        ("U102", "name: files, format: toolset"),
        ("U102", "name: files, format: toolset, tasks: 0"),
        ("U102", "name: files, format: toolset, tasks: many"),
        ("U102", "name: files, format: toolset, tasks: 5, path: x"),
        ("U102", "name: files, format: toolset, tasks: 5, hub: a/b"),
        ("U102", "name: files, format: toolset, path: recipe.yaml"),
        ("U102", "name: files, format: gsm8k, tasks: 5"),
        ("U102", "name: files, tasks: 5"),
        ("U202", "name: fils, format: toolset, tasks: 5"),
        ("U201", "name: files, format: toolset, tasks: 5, options: {set: nowhere.py}"),
        ("U202", "name: files, format: toolset, tasks: 5, options: {set: ../files}"),
        ("U102", "name: files, format: toolset, tasks: 5, options: {side: test}"),
        ("U102", "name: files, format: toolset, tasks: 5, options: {set: 5}"),
        ("U101", "name: files, format: toolset, tasks: 5, options: {sets: files}"),
    ],
)
def test_what_no_rows_can_be_made_of_is_refused(tmp_path, code, source):
    with pytest.raises(UserError, match=code):
        run(tmp_path, "out", source)
    assert not (tmp_path / "out/manifest.json").exists()
