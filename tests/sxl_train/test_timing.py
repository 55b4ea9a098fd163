"""The forecast counts the steps that will be taken, and names each stage that takes time."""

from __future__ import annotations

from pathlib import Path

import pytest

from sxl_train import timing
from sxl_train.data import dataset as data
from sxl_train.recipe import open_recipe
from tests.sxl_train import toys

SPEED = timing.Speed(read=1.0, adapt=2.0, train=3.0, write=4.0)
ALL = "steps=[plan,tune,merge,prune,distil,quantise,evaluate,release]"


def stages(*keys: str, sequences: int = 100, pruned: bool = True) -> dict[str, timing.Stage]:
    recipe = open_recipe("demo", (ALL, "tune.max_steps=-1", *keys))[1].value
    return {stage.name: stage for stage in timing.list_stages(recipe, SPEED, sequences, 10, pruned)}


def test_distillation_is_counted_where_the_plan_prunes_or_a_teacher_is_named() -> None:
    assert stages()["distil"] == timing.Stage("distil", 300, 8192 * 4.0)
    assert stages("distil.steps=7")["distil"].steps == 7
    assert "distil" not in stages(pruned=False)
    assert "distil" in stages("distil.teacher=elsewhere", pruned=False)
    assert "distil" not in stages("steps=[plan,tune]")


def test_tuning_is_counted_as_the_trainer_counts_it() -> None:
    found = stages("tune.epochs=2", "tune.batch=4", "tune.accumulate=5")["tune"]
    assert (found.steps, found.each) == (10, 4 * 5 * 10 * 2.0)
    assert stages("tune.batch=4", "method=full")["tune"].each == 4 * 10 * 3.0
    assert stages("tune.max_steps=6")["tune"].steps == 6


def test_the_probe_measures_the_shape_of_the_base_and_more_layers_take_longer() -> None:
    recipe = open_recipe("demo", toys.TINY)[1].value
    shape = timing.find_config(recipe)
    assert (shape.hidden_size, shape.num_hidden_layers, shape.vocab_size) == (64, 2, 512)
    speed = timing.measure_speed(shape)
    assert min(speed.read, speed.adapt, speed.train, speed.write) > 0


@pytest.mark.parametrize("kind", ["llama", "qwen2", "qwen3"])
def test_every_kind_of_base_can_be_probed(make_model, kind: str) -> None:
    recipe = open_recipe("demo", (f"base_model={make_model(kind=kind)}",))[1].value
    shape = timing.find_config(recipe)
    assert shape.model_type == kind and timing.measure_speed(shape).train > 0


def test_rows_are_counted_without_reading_them_all(tmp_path: Path) -> None:
    dataset = data.find_dataset(str(toys.write_dataset(tmp_path / "toy", 40, 8)))
    assert [data.count_rows(dataset, split) for split in ("train", "validation")] == [40, 8]
    lines = tmp_path / "rows.jsonl"
    lines.write_text('{"messages": [{"role": "user", "content": "a"}]}\n' * 40, encoding="utf-8")
    carved = data.find_dataset(str(lines))
    assert [data.count_rows(carved, split) for split in ("train", "validation")] == [38, 2]


def test_sequences_follow_from_the_length_of_some_rows(tmp_path: Path) -> None:
    dataset = toys.write_dataset(tmp_path / "toy", 40, 8)
    recipe = open_recipe("demo", (f"dataset={dataset}", "limit=0"))[1].value
    assert timing.estimate_sequences(recipe, 100.0, 1000) == 4
    few = open_recipe("demo", (f"dataset={dataset}", "limit=10", "tune.packing=false"))[1].value
    assert timing.estimate_sequences(few, 100.0, 1000) == 10


def test_the_table_sums_what_it_lists() -> None:
    text = timing.show([timing.Stage("tune", 10, 2.0), timing.Stage("distil", 300, 0.1)])
    assert "50.0 s" in text and "300" in text
