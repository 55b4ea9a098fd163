"""sxl_data.build.worth, sxl_data.build.licences and the keys of a recipe that make the mix"""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from sxl_data.build.licences import describe_licences
from sxl_data.build.tidy import clean
from sxl_data.contract.console import format_count
from sxl_data.contract.errors import UserError
from sxl_data.pipeline import build, foresee
from sxl_data.validate.validate import validate

INLINE = ("engine.kind=inline", "write.arrow=false", "decontaminate.against=[]")


def words(number: int, most: int = 40) -> str:
    """Words that no other number has, so that rows resemble no other."""
    return " ".join(f"{number}w{i}" for i in range(most))


def recipe(folder: Path, sources: str, more: str = "") -> Path:
    path = folder / "recipe.yaml"
    path.write_text(f"name: mix\nsources:\n{sources}{more}", encoding="utf-8")
    return path


def pairs(path: Path, first: int, count: int) -> None:
    rows = [
        {"instruction": f"Say {words(n)}", "output": f"It is {words(n + 10_000)}"} for n in range(first, first + count)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def rows_of(out: Path, *columns: str) -> list[dict[str, object]]:
    files = sorted((out / "data").glob("*.parquet"))
    return [row for file in files for row in pq.read_table(file, columns=list(columns)).to_pylist()]


@pytest.fixture
def two(tmp_path: Path) -> Path:
    pairs(tmp_path / "a.jsonl", 0, 200)
    pairs(tmp_path / "b.jsonl", 1000, 200)
    return tmp_path


def lines(one: str, two: str) -> str:
    base = "format: instruction_pair"
    return f"  - {{name: a, path: a.jsonl, {base}, {one}}}\n  - {{name: b, path: b.jsonl, {base}, {two}}}\n"


def test_weights_and_counts_say_how_much_of_a_source_is_taken(two: Path):
    path = recipe(two, lines("licence: MIT, weight: 4", "licence: MIT, rows: 30"))
    manifest = build(str(path), two / "out", INLINE)
    kept = {source.name: sum(source.kept.values()) for source in manifest.sources}
    assert (200, 30) == (kept["a"], kept["b"])


def test_a_source_of_which_no_row_is_left_is_named(two: Path, capsys: pytest.CaptureFixture[str]):
    path = recipe(two, lines("licence: MIT", "licence: MIT, weight: 1e-9"))
    build(str(path), two / "out", INLINE)
    assert "sources without a row in the dataset: b (200 read, weight 1e-09)" in capsys.readouterr().err
    path = recipe(two, lines("licence: MIT", "licence: MIT, weight: 0.25"))
    manifest = build(str(path), two / "out", INLINE)
    kept = {source.name: sum(source.kept.values()) for source in manifest.sources}
    assert 200 == kept["a"] and 30 < kept["b"] < 70
    assert manifest.stages[-2].dropped == {"D610": 200 - kept["b"]}


def test_rows_of_a_split_are_shuffled_over_sources(two: Path):
    path = recipe(two, lines("licence: MIT", "licence: MIT"))
    build(str(path), two / "out", INLINE)
    sources = [row["source"] for row in rows_of(two / "out", "source")]
    assert 50 < sum(one != other for one, other in itertools.pairwise(sources))
    build(str(path), two / "out", [*INLINE, "write.order=sources"])
    train = pq.read_table(two / "out/data/train-00000-of-00001.parquet", columns=["source"])["source"].to_pylist()
    assert train == sorted(train)


def test_licences_are_a_gate_by_the_rows_own_licence(two: Path, capsys: pytest.CaptureFixture[str]):
    path = recipe(two, lines("licence: MIT", "licence: GPL-3.0-only AND MIT"))
    build(str(path), two / "out", INLINE)
    assert "copyleft: b 200 (GPL-3.0-only AND MIT)" in capsys.readouterr().err
    manifest = build(str(path), two / "out", [*INLINE, "licences=permissive"])
    assert {"C705": 200} == manifest.stages[1].dropped and {"MIT": 200} == manifest.sources[0].licences
    assert "warning: licences" not in capsys.readouterr().err
    with pytest.raises(UserError, match="licences"):
        build(str(path), two / "out", [*INLINE, "licences=[free as in beer]"])


def test_what_a_build_for_publishing_made_passes_its_profile(two: Path):
    path = recipe(two, lines("licence: MIT", "licence: ''"), "profile: publish\n")
    manifest = build(str(path), two / "out", INLINE)
    assert {"a": 200, "b": 0} == {source.name: sum(source.kept.values()) for source in manifest.sources}
    for file in sorted((two / "out" / "data").glob("*.parquet")):
        assert 0 == validate(file, profile="publish").exit_code


def test_bad_examples_are_kept_flagged_or_dropped_as_the_recipe_says(tmp_path: Path):
    rows = [{"instruction": f"Say {words(n)}", "output": f"It is {words(n + 500)}"} for n in range(9)]
    rows += [{"instruction": "{'api': 'get', 'id': 7}", "output": "seven of them"}]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    path = recipe(tmp_path, "  - {name: a, path: a.jsonl, format: instruction_pair, licence: MIT}\n")
    for decision, left in (("keep", 10), ("flag", 10), ("drop", 9)):
        manifest = build(str(path), tmp_path / "out", [*INLINE, f"worth.object_prompts={decision}"])
        found = manifest.stages[1]
        assert (left, decision == "flag") == (found.rows_out, "Q801" in found.flagged)


def test_tools_that_nobody_declared_are_inferred(tmp_path: Path):
    call = {"id": "c", "type": "function", "function": {"name": "look", "arguments": '{"at": "moon"}'}}
    chat = [
        {"role": "user", "content": "Look at the moon"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "round"},
        {"role": "assistant", "content": "It is round."},
    ]
    (tmp_path / "a.jsonl").write_text(json.dumps({"messages": chat}) + "\n", encoding="utf-8")
    path = recipe(tmp_path, "  - {name: a, path: a.jsonl, format: openai_chat, licence: MIT}\n")
    manifest = build(str(path), tmp_path / "out", [*INLINE, "worth.undeclared_tools=infer"])
    (row,) = rows_of(tmp_path / "out", "trace_tools")
    (tool,) = row["trace_tools"]  # type: ignore[misc]
    assert ("look", "inferred", {"C780": 1}) == (tool["name"], tool["origin"], manifest.stages[1].edited)


def test_the_warning_names_the_worst_first():
    said = describe_licences({"a": {"MIT": 3}, "b": {"": 2}, "c": {"CC-BY-NC-4.0": 7, "MIT": 1}})
    assert "none stated: b 2; non-commercial: c 7 (CC-BY-NC-4.0)" == said
    assert "\n" not in describe_licences({"a": {"my own\nerror U999": 1}})


CODE = '''def average(numbers: list[float]) -> float:
    """Return the arithmetic mean of ``numbers``, or 0.0 if there are none."""
    if not numbers:
        return 0.0
    return sum(numbers) / len(numbers)
'''
GPL = "GNU GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007\n"


@pytest.mark.parametrize(("text", "expected"), [(GPL, "GPL-3.0-only"), ("Ask Ann before you use it.", "MIT")])
def test_a_licence_file_goes_before_the_recipe_only_where_it_is_known_and_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, expected: str
):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "a.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "code" / "LICENSE").write_text(text, encoding="utf-8")
    path = recipe(tmp_path, "  - {name: a, path: code, format: code_repository, licence: MIT}\n")
    manifest = build(str(path), tmp_path / "out", INLINE)
    assert {expected: 1} == manifest.sources[0].licences
    said = f"goes before the recipe's: a states MIT, rows have {expected} 1"
    assert (expected != "MIT") is (said in capsys.readouterr().err)


def test_a_dry_run_foresees_rows_and_leaves_nothing(two: Path):
    path = recipe(two, lines("licence: MIT", "licence: MIT, rows: 50"))
    before = sorted(two.iterdir())
    found = foresee(str(path), INLINE)
    assert [("a", 200), ("b", 50)] == [(source.name, source.kept) for source in found.sources]
    assert found.rows == 250 and found.published > 0 and sum(found.seconds.values()) > 0
    assert before == sorted(two.iterdir())


def test_work_is_removed_from_a_finished_build_only(two: Path):
    path = recipe(two, lines("licence: MIT", "licence: MIT"))
    build(str(path), two / "out", INLINE)
    rows = rows_of(two / "out", "trace_id")
    assert clean(two / "out") > 0 and clean(two / "out") == 0
    assert not (two / "out" / ".work").exists() and rows == rows_of(two / "out", "trace_id")
    with pytest.raises(UserError, match="no manifest"):
        clean(two)


def test_what_a_harness_tells_all_tasks_makes_them_no_copies(tmp_path: Path):
    policy = words(7, 400)
    rows = []
    for n in range(30):
        said = [("system", policy), ("user", f"Do {words(100 + n, 12)}"), ("assistant", f"Done {words(200 + n, 12)}")]
        rows.append({"messages": [{"role": role, "content": text} for role, text in said]})
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    path = recipe(tmp_path, "  - {name: a, path: a.jsonl, format: openai_chat, licence: MIT}\n")
    manifest = build(str(path), tmp_path / "out", INLINE)
    assert 30 == sum(split["rows"] for split in manifest.splits.values())
    assert all(split["rows"] for split in manifest.splits.values())
    assert [0, 0] == [leak.links for leak in manifest.leaks if leak.edge in ("near_task", "similar_text")]


def test_rows_that_were_taken_down_do_not_come_back_when_the_build_is_extended(two: Path):
    every = lines("licence: MIT", "licence: MIT")
    build(str(recipe(two, every)), two / "all", INLINE)
    gone = str(rows_of(two / "all", "trace_id")[0]["trace_id"])
    (two / "ids.txt").write_text(f"# asked for\n{gone}\n", encoding="utf-8")
    for folder, before, more in (("a", None, "exclude: [ids.txt]\n"), ("b", "a", ""), ("c", "b", "")):
        build(str(recipe(two, every, more)), two / folder, INLINE, extend=two / before if before else None)
        assert gone not in [row["trace_id"] for row in rows_of(two / folder, "trace_id")], folder


def test_a_list_of_ids_that_is_no_text_is_refused(two: Path):
    (two / "ids.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="U103"):
        build(str(recipe(two, lines("licence: MIT", "licence: MIT"), "exclude: [ids.txt]\n")), two / "out", INLINE)


def test_a_forecast_looks_at_a_part_and_says_how_much(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    rows = [{"instruction": f"Say {words(n, 9)}", "output": words(5000 + n, 12)} for n in range(3000)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (tmp_path / "b.json").write_text(json.dumps(rows[:700]), encoding="utf-8")
    told = "".join(
        f"  - {{name: {name}, path: {name}{end}, format: instruction_pair, licence: MIT}}\n"
        for name, end in (("a", ".jsonl"), ("b", ".json"))
    )
    found = foresee(str(recipe(tmp_path, told)), [*INLINE, "dedup.threshold=1"])
    a, b = found.sources
    assert abs(a.rows - 3000) < 60 and 700 == b.rows
    assert a.seen <= 1000 and b.seen <= 1000 and a.kept == pytest.approx(a.rows, rel=0.1)
    assert f"from {format_count(a.seen + b.seen)} of {format_count(a.rows + b.rows)} rows" in found.text()
    assert [] == [line for line in capsys.readouterr().err.splitlines() if not line.startswith("sample ")]
