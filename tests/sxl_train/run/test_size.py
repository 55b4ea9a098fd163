"""The size of a model is every byte that loading needs, in decimal megabytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from sxl_data.contract.errors import GateMissed, UserError
from sxl_train.run import size


def make_folder(folder: Path, **files: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, count in files.items():
        (folder / name.replace("__", ".")).write_bytes(b"x" * count)
    return folder


def test_everything_that_loading_needs_is_counted_and_nothing_else(tmp_path: Path) -> None:
    folder = make_folder(
        tmp_path / "m",
        model__safetensors=1000,
        config__json=20,
        tokenizer__json=300,
        chat_template__jinja=7,
        run__json=5000,
        README__md=900,
        model__gguf=600,
    )
    report = size.measure(folder)
    assert 1327 == report.total
    assert [("model.safetensors", 1000), ("tokenizer.json", 300)] == list(report.files[:2])
    assert {"run.json", "README.md", "model.gguf"} == {name for name, _ in report.left_out}


def test_shards_and_their_index_are_counted(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "m", config__json=1)
    for name in ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"):
        (folder / name).write_bytes(b"x" * 10)
    (folder / "model.safetensors.index.json").write_bytes(b"x" * 3)
    assert 24 == size.measure(folder).total


def test_a_gguf_file_is_measured_alone(tmp_path: Path) -> None:
    make_folder(tmp_path, a__gguf=42, config__json=9)
    assert 42 == size.measure(tmp_path / "a.gguf").total


def test_a_folder_without_weights_is_a_user_error(tmp_path: Path) -> None:
    with pytest.raises(UserError):
        size.measure(make_folder(tmp_path, config__json=9))
    with pytest.raises(UserError):
        size.measure(tmp_path / "absent")


def test_the_gate_passes_at_the_limit_and_names_every_file_above_it(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "m", model__safetensors=900, config__json=100)
    assert 1000 == size.require(folder, 1000).total
    with pytest.raises(GateMissed) as caught:
        size.require(folder, 999)
    assert caught.value.exit_code == 1
    found = caught.value.findings[0].found or ""
    assert "model.safetensors" in found and "config.json" in found and "1,000 bytes" in found
