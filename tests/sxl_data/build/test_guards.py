"""A build replaces nothing that it was not told to, and publishes no dataset that nobody meant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sxl_data.contract.errors import UserError
from sxl_data.pipeline import build

INLINE = ["engine.kind=inline", "write.arrow=false"]


def write_recipe(folder: Path, name: str = "toy", source: str = "one", count: int = 12) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{"instruction": f"What is {n} times {n}?", "output": f"The answer is {n * n}."} for n in range(count)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    path = folder / "recipe.yaml"
    path.write_text(
        f"name: {name}\nsources:\n  - {{name: {source}, path: rows.jsonl, format: instruction_pair, licence: MIT}}\n",
        encoding="utf-8",
    )
    return path


def code_of(recipe: Path, out: Path, *overrides: str, **more: bool) -> str:
    with pytest.raises(UserError) as caught:
        build(str(recipe), out, [*INLINE, *overrides], **more)
    return caught.value.findings[0].code


@pytest.mark.parametrize("changed", [{"name": "other"}, {"source": "two"}])
def test_another_recipes_finished_build_is_replaced_only_with_force(tmp_path: Path, changed: dict[str, str]):
    first, other = write_recipe(tmp_path / "a"), write_recipe(tmp_path / "b", **changed)
    before = build(str(first), tmp_path / "out", INLINE)
    manifest = (tmp_path / "out/manifest.json").read_bytes()
    assert "U312" == code_of(other, tmp_path / "out")
    assert manifest == (tmp_path / "out/manifest.json").read_bytes()
    after = build(str(other), tmp_path / "out", INLINE, force=True)
    assert before.content_hash != after.content_hash
    assert "U312" == code_of(first, tmp_path / "out")


def test_the_same_recipe_goes_on_in_its_folder_after_an_edit_a_move_and_with_other_keys(tmp_path: Path):
    recipe = write_recipe(tmp_path / "a")
    build(str(recipe), tmp_path / "out", INLINE)
    build(str(recipe), tmp_path / "out", [*INLINE, "dedup.threshold=0.9"])
    moved = write_recipe(tmp_path / "elsewhere")
    build(str(moved), tmp_path / "out", INLINE)
    edited = write_recipe(tmp_path / "elsewhere", source="another")
    assert "another" == build(str(edited), tmp_path / "out", INLINE).sources[0].name


def test_a_build_without_its_work_folder_is_known_by_name_and_sources(tmp_path: Path):
    recipe = write_recipe(tmp_path / "a")
    build(str(recipe), tmp_path / "out", INLINE)
    import shutil

    shutil.rmtree(tmp_path / "out/.work")
    assert "U312" == code_of(write_recipe(tmp_path / "b", source="two"), tmp_path / "out")
    build(str(recipe), tmp_path / "out", INLINE)


def test_a_manifest_of_another_program_is_no_build_of_ours(tmp_path: Path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/manifest.json").write_text('{"manifest_version": 3, "name": "an extension"}', encoding="utf-8")
    (tmp_path / "out/data").mkdir()
    assert "U306" == code_of(write_recipe(tmp_path / "a"), tmp_path / "out", force=True)
    assert (tmp_path / "out/data").is_dir()


def test_an_object_store_is_asked_too(tmp_path: Path):
    pytest.importorskip("fsspec")
    url = f"memory://{tmp_path.name}/store"
    build(str(write_recipe(tmp_path / "a")), url, INLINE, work=tmp_path / "w1")
    other = write_recipe(tmp_path / "b", name="other")
    with pytest.raises(UserError, match="U312"):
        build(str(other), url, INLINE, work=tmp_path / "w2")
    assert "other" == build(str(other), url, INLINE, work=tmp_path / "w2", force=True).name


def test_a_build_of_which_nothing_is_left_says_what_took_it_and_leaves_the_old_one(tmp_path: Path):
    recipe = write_recipe(tmp_path / "a")
    build(str(recipe), tmp_path / "out", INLINE)
    manifest = (tmp_path / "out/manifest.json").read_bytes()
    with pytest.raises(UserError) as caught:
        build(str(recipe), tmp_path / "out", [*INLINE, "clean.licences=[Apache-2.0]"])
    (finding,) = caught.value.findings
    assert ("U213", "0 of 12 documents left: clean C705 licence-not-allowed ×12") == (finding.code, finding.found)
    assert manifest == (tmp_path / "out/manifest.json").read_bytes()


def test_train_without_rows_is_refused_where_it_has_a_share(tmp_path: Path):
    recipe = write_recipe(tmp_path / "a")
    shares = ["split.train=0.000001", "split.validation=0", "split.test=0.999999"]
    assert "U214" == code_of(recipe, tmp_path / "out", *shares)
    assert not (tmp_path / "out/manifest.json").exists()
    held_out = build(str(recipe), tmp_path / "out", [*INLINE, "split.train=0", "split.validation=0", "split.test=1"])
    assert 0 == held_out.splits["train"]["rows"] < held_out.splits["test"]["rows"]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_smallest_builds_have_rows_to_train_on(tmp_path: Path, count: int):
    assert build(str(write_recipe(tmp_path / "a", count=count)), tmp_path / "out", INLINE).splits["train"]["rows"]
