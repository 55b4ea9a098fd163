"""What is reused of a run, and what is made again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import sxl_train
from sxl_data.engine.sources import find_sources
from sxl_train.config import Recipe
from sxl_train.run.recipes import open_recipe
from sxl_train.run.step import Context, Made, perform, read_record, sweep_stale
from sxl_train.run.uses import MODULES, USES


def make_context(tmp_path: Path, *keys: str) -> Context:
    _, loaded = open_recipe("demo", keys)
    return Context(loaded.value, dict(loaded.origins), "tune", "m", tmp_path / "tune.part", tmp_path, "demo")


def test_finished_step_is_reused_until_a_key_it_uses_changes(tmp_path: Path) -> None:
    runs = []

    def run(context: Context) -> Path:
        runs.append(context.recipe.tune.rank)
        (context.folder / "weights").write_text("w", encoding="utf-8")
        return context.folder

    for keys in ((), (), ("size_limit=200MB",), ("tune.rank=8",)):
        made = perform(make_context(tmp_path, *keys), run, "key", "data")
        assert made.model == str(tmp_path / "tune")
    assert runs == [16, 8]


def test_damaged_step_is_made_again(tmp_path: Path) -> None:
    def run(context: Context) -> Path:
        (context.folder / "weights").write_text("weights", encoding="utf-8")
        return context.folder

    perform(make_context(tmp_path), run, "key", "data")
    (tmp_path / "tune" / "weights").write_text("cut", encoding="utf-8")
    assert perform(make_context(tmp_path), run, "key", "data").reused is False
    assert (tmp_path / "tune" / "weights").read_text(encoding="utf-8") == "weights"


def test_step_that_fails_leaves_no_finished_folder(tmp_path: Path) -> None:
    def run(context: Context) -> Path:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        perform(make_context(tmp_path), run, "key", "data")
    assert read_record(tmp_path / "tune") is None


def make_step(name: str, folder: Path, before: str = "") -> Made:
    """A finished folder of the step ``name`` that reads a model made under the key ``before``."""

    def run(context: Context) -> Path:
        (context.folder / "weights").write_text("w", encoding="utf-8")
        return context.folder

    recipe = open_recipe("demo")[1].value
    return perform(Context(recipe, {}, name, before, folder / f"{name}.part", folder, "demo"), run, before, "data")


def test_folders_of_an_earlier_run_are_removed_once_their_model_is_made_anew(tmp_path: Path) -> None:
    tune = make_step("tune", tmp_path, "base")
    merge = make_step("merge", tmp_path, tune.key)
    make_step("release", tmp_path, make_step("quantise", tmp_path, merge.key).key)
    (tmp_path / "release.part").mkdir()
    assert sweep_stale(tmp_path, "tune", {"tune": tune}) == []
    assert make_step("tune", tmp_path, "base").reused
    new = make_step("tune", tmp_path, "another base")
    assert sweep_stale(tmp_path, "tune", {"tune": new}) == ["merge", "quantise", "release"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tune"]


def test_steps_before_the_one_made_anew_stay(tmp_path: Path) -> None:
    tune = make_step("tune", tmp_path, "base")
    make_step("merge", tmp_path, tune.key)
    make_step("release", tmp_path, make_step("quantise", tmp_path, tune.key).key)
    other = make_step("quantise", tmp_path, "")
    assert sweep_stale(tmp_path, "quantise", {"quantise": other}) == ["release"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["merge", "quantise", "tune"]


@pytest.mark.parametrize("step", MODULES)
def test_every_key_that_a_step_reads_decides_whether_it_is_done_again(step: str) -> None:
    root = Path(sxl_train.__file__).parents[1]
    read = set()
    for path in find_sources(f"sxl_train.{MODULES[step]}", root):
        # Other steps read the base's template; its own keys decide what it makes.
        if path.is_relative_to(root / "sxl_train") and (step == "base" or path.name != "base.py"):
            read |= set(re.findall(r"\brecipe\.([a-z_]+(?:\.[a-z_]+)?)", path.read_text(encoding="utf-8")))
    keys = {key for key in read if key.split(".")[0] in Recipe.__struct_fields__}
    assert keys
    free = {"dataset", "out"}  # the manifest's hash stands for the rows
    free |= {"steps"} if step in ("evaluate", "release") else set()  # they ask for what was run before them
    missing = [
        key for key in sorted(keys - free) if not any(key == use or key.startswith(use + ".") for use in USES[step])
    ]
    assert missing == []


def test_a_changed_size_limit_leaves_base_and_tuning_in_use(tmp_path: Path) -> None:
    from sxl_train.run.step import make_key

    keys = []
    for limit in ("2MB", "3MB"):
        recipe = open_recipe("demo", (f"size_limit={limit}",))[1].value
        keys.append(
            {step: make_key(Context(recipe, {}, step, "demo", tmp_path, tmp_path), "before", "data") for step in USES}
        )
    same = {step for step in USES if keys[0][step] == keys[1][step]}
    assert same == {"base", "tune", "merge", "distil", "evaluate"}  # what was pruned is the key before distillation
