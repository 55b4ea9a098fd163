"""A small finished build, and a Hub on this machine to publish it on."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub
import pytest

from sxl_data.pipeline import build
from sxl_data.publish import repository
from tests.sxl_data.builds import INLINE, lines, rows
from tests.sxl_data.publish.fake_hub import TOKEN, FakeHub


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    (folder / "one.jsonl").write_text(lines(rows(60) + rows(3)), encoding="utf-8")
    source = f"{{name: one, path: {folder}/one.jsonl, format: instruction_pair, licence: MIT}}"
    (folder / "toy.yaml").write_text(f"name: toy\nsources:\n  - {source}\n", encoding="utf-8")
    build(str(folder / "toy.yaml"), folder / "out", [*INLINE, "dedup.threshold=0.95"])
    return folder / "out"


@pytest.fixture
def made(finished: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil, on a machine that did not build it."""
    return Path(shutil.copytree(finished, tmp_path / "build", ignore=shutil.ignore_patterns(".work")))


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """The real client speaks to it; only the waits between its attempts are left out."""
    with FakeHub() as here:
        monkeypatch.setenv("HF_ENDPOINT", here.url)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(time, "sleep", lambda seconds: None)
        monkeypatch.setattr(repository, "PATIENCE_S", 0.5)
        yield here
