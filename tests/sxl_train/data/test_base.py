"""Where a base comes from: a folder, or a hub id that lies in the local cache."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sxl_data.contract.errors import UserError
from sxl_train.config import Base
from sxl_train.data import base
from sxl_train.data.base import fetch
from sxl_train.run.tokenizer import open_tokenizer
from tests.sxl_train import toys

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def put_into_cache(home: Path, kind: str, name: str, folder: Path, revision: str) -> Path:
    """Lay ``folder`` into a cache of the hub's client as it does itself; its snapshot folder."""
    place = home / "hub" / f"{kind}s--{name.replace('/', '--')}"
    (place / "refs").mkdir(parents=True)
    (place / "refs" / revision).write_text(COMMIT, encoding="utf-8")
    return Path(shutil.copytree(folder, place / "snapshots" / COMMIT))


def test_hub_ids_in_the_local_cache_train_offline_at_the_revision_named(
    make_model: Callable[..., Path], tmp_path: Path
) -> None:
    home, out = tmp_path / "home", tmp_path / "out"
    put_into_cache(home, "model", "maker/base", make_model(max_position_embeddings=512), "v1")
    put_into_cache(home, "dataset", "maker/rows", toys.write_dataset(tmp_path / "toy", 12, 3), "main")
    words = [
        "base_model=maker/base",
        "revision=v1",
        "dataset=maker/rows",
        f"out={out}",
        "steps=[tune,merge]",
        "tune.max_steps=1",
        "tune.batch=1",
        "tune.max_length=512",
    ]
    environment = dict(os.environ) | {
        "HF_HOME": str(home),
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(Path(__file__).parents[3]),
    }
    done = subprocess.run(
        [sys.executable, "-m", "sxl_train.recipe", "lora", *words],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert (out / "merge" / "model.safetensors").exists()


def test_folder_is_used_where_it_lies(tmp_path: Path) -> None:
    assert fetch(str(tmp_path), "main") == tmp_path


def test_hub_id_is_found_at_its_revision_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "model.safetensors").write_bytes(b"")
    snapshot = put_into_cache(tmp_path, "model", "maker/base", tmp_path / "base", "v1")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    assert fetch("maker/base", "v1") == snapshot
    for name, revision in (("maker/base", "v2"), ("maker/nothing", "v1")):
        with pytest.raises(UserError) as problem:
            fetch(name, revision)
        assert [item.code for item in problem.value.findings] == ["T101"]


@pytest.mark.parametrize("config", [None, "{}", "{", '{"model_type": "nothing"}', '{"model_type": "llama"}'])
def test_a_folder_that_holds_no_model_is_one_error(config: str | None, tmp_path: Path) -> None:
    from sxl_train.run import checkpoints

    if config is not None:
        (tmp_path / "config.json").write_text(config, encoding="utf-8")
    for opened in (checkpoints.load, open_tokenizer):
        with pytest.raises(UserError) as problem:
            opened(tmp_path)
        assert ["T101"] == [item.code for item in problem.value.findings]


@pytest.mark.parametrize("steps", [1, 3, 10, 11])
def test_a_toy_is_taught_in_any_number_of_steps(steps: int) -> None:
    shape = Base(hidden=16, layers=1, heads=2, groups=1, mlp=32, context=32, steps=steps, tokens=64)
    tokenizer = base.train_tokenizer(["a few words for the tokenizer"] * 4, 300, 32)
    model = base.make_model(shape, tokenizer, 0)
    loss = base._teach(model, tokenizer, [tokenizer("a few words").input_ids] * 20, shape, 0)
    assert loss is not None and 0 < loss < 10
