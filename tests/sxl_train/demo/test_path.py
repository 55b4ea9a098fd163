"""The demonstration from its dataset to its closing table, on a file of random weights in place of the package's."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import sxl_data
from sxl_train.demo.__main__ import main
from sxl_train.storage import gguf

pytestmark = pytest.mark.slow
QUICK = ["limit=6", "tune.max_length=2048", "tune.long=cut", "tune.max_steps=1", "tune.batch=1", "quantise.samples=1"]


def test_the_demonstration_ends_with_its_table_and_with_all_that_it_says_is_there(
    make_model: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("gguf")
    base = gguf.write(make_model(max_position_embeddings=4096, num_hidden_layers=1), tmp_path / "base.gguf", "f16")
    out = tmp_path / "out"
    words = [f"base_model={base}", *QUICK, "tune.last_layers=1"]
    assert main([*words, "-o", str(out), "--rows=12", "--calls=2", "--tasks=2"]) == 0
    said = capsys.readouterr().out
    for text in ("turns with valid calls", "tasks that the agent finished", "0 of 2", "agent.html"):
        assert text in said
    record = json.loads((out / "demo.json").read_text(encoding="utf-8"))
    assert list(record["suites"]) == ["base", "release"] and len(record["tasks"]) == 2
    assert record["bytes"]["release"] < record["bytes"]["base"]
    for place in ("agent.html", "model/release/README.md", "dataset/README.md"):
        assert (out / place).is_file()
    assert [finding.code for finding in sxl_data.validate(out / "agent.jsonl").findings] == []
