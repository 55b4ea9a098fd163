"""What travels of a run, and the run that is made again of it: the same bytes, or a word about what is not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sxl_data.contract.errors import UserError
from sxl_train import recipe
from sxl_train.rebuild import rebuild
from sxl_train.release import chain, evidence
from tests.sxl_train.toys import write_dataset

KEYS = (
    "steps=[tune,merge]",
    "tune.max_steps=1",
    "tune.batch=1",
    "tune.max_length=256",
    "limit=4",
    "tune.template=short",
)


@pytest.fixture
def run(make_model: Callable[..., Path], tmp_path: Path) -> Path:
    base, data = make_model("base", num_hidden_layers=1), write_dataset(tmp_path / "data", 4, 2)
    recipe.run("lora", [f"base_model={base}", f"dataset={data}", f"out={tmp_path / 'run'}", *KEYS])
    return tmp_path / "run"


def code(problem: pytest.ExceptionInfo[UserError]) -> list[str]:
    return [item.code for item in problem.value.findings]


def test_an_adapter_in_parts_gives_the_run_back_to_the_byte_though_base_and_data_moved(
    run: Path, tmp_path: Path
) -> None:
    found = evidence.pack(run, tmp_path / "small", part=20_000)
    kept = {path.name for path in (tmp_path / "small").rglob("*.part*")}
    assert found.weights == "tune" and "adapter_model.safetensors.part01" in kept
    assert not list((tmp_path / "small").rglob("model.safetensors"))
    for name in ("base", "data"):
        shutil.move(tmp_path / name, tmp_path / f"moved-{name}")
    words = [f"base_model={tmp_path / 'moved-base'}", f"dataset={tmp_path / 'moved-data'}"]
    made = rebuild(tmp_path / "small", tmp_path / "again", words)
    assert {"merge/model.safetensors", "merge/tokenizer.json", "merge/config.json"} <= set(made.same)
    assert made.other == made.absent == () and not made.changed
    assert (tmp_path / "again/merge/model.safetensors").read_bytes() == (run / "merge/model.safetensors").read_bytes()


def test_another_base_another_dataset_and_a_damaged_folder_are_refused(
    run: Path, make_model: Callable[..., Path], tmp_path: Path
) -> None:
    small = tmp_path / "small"
    evidence.pack(run, small)
    other_base = make_model("other", num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=1)
    other_data = write_dataset(tmp_path / "other-data", 5, 2)
    for number, word in enumerate((f"base_model={other_base}", f"dataset={other_data}")):
        with pytest.raises(UserError) as problem:
            rebuild(small, tmp_path / f"refused-{number}", [word])
        assert code(problem) == ["T606"]
    (small / "tune" / "adapter_model.safetensors").write_bytes(b"no")
    with pytest.raises(UserError) as problem:
        rebuild(small, tmp_path / "damaged")
    assert code(problem) == ["T606"]


def test_a_package_that_travels_whole_needs_neither_base_nor_dataset(run: Path, tmp_path: Path) -> None:
    evidence.pack(run, tmp_path / "small", weights="merge", part=20_000)
    for name in ("base", "data"):
        shutil.rmtree(tmp_path / name)
    made = rebuild(tmp_path / "small", tmp_path / "again")
    assert made.same == made.other == () and "tune/adapter_model.safetensors" in made.absent
    assert (tmp_path / "again/merge/model.safetensors").read_bytes() == (run / "merge/model.safetensors").read_bytes()


def test_names_that_lead_out_of_the_run_and_keys_that_are_not_the_runs_are_refused(run: Path, tmp_path: Path) -> None:
    small = tmp_path / "small"
    evidence.pack(run, small)
    with pytest.raises(UserError) as problem:
        rebuild(small, tmp_path / "again", ["tune.rank=8"])
    assert code(problem) == ["U401"]
    text = (small / evidence.NAME).read_text(encoding="utf-8")
    (small / evidence.NAME).write_text(text.replace('"tune/log.jsonl"', '"tune/../../log.jsonl"'), encoding="utf-8")
    chain.seal(small)
    with pytest.raises(UserError) as problem:
        rebuild(small, tmp_path / "again")
    assert code(problem) == ["T606"] and not (tmp_path / "again").exists()
