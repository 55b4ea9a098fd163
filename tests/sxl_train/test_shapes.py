"""Every architecture goes the whole way: planned, tuned, merged, cut, stored in four bits, reloaded, answering.

Gemma 3 comes from a GGUF file and goes back into one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sxl_data.contract.errors import UserError
from sxl_train import recipe as recipes
from sxl_train.run.step import read_record
from tests.sxl_train import toys

SMALL = (
    "tune.max_steps=1",
    "tune.batch=2",
    "tune.max_length=1024",
    "prune.mode=manual",
    "prune.vocabulary=380",
    "prune.mlp=96",
    "prune.layers=2",
    "prune.samples=2",
    "prune.order=planned",
    "evaluate.rows=2",
    "size_limit=10MB",
    "limit=8",
)


@pytest.mark.parametrize("kind", ["llama", "mistral", "qwen2", "qwen3", "gemma3_text"])
def test_each_architecture_goes_the_whole_way(kind: str, make_model: Callable[..., Path], tmp_path: Path) -> None:
    from sxl_train.generate.opening import open_model
    from sxl_train.generate.types import Request
    from sxl_train.storage import gguf

    base = make_model(kind, kind=kind, max_position_embeddings=1024)
    if kind == "gemma3_text":
        base = gguf.write(base, tmp_path / "base.gguf", "f16")
    dataset, out = toys.write_dataset(tmp_path / "toy", 12, 3), tmp_path / "out"
    words = [f"base_model={base}", f"dataset={dataset}", f"out={out}", "steps=[plan,tune,merge,prune,quantise]"]
    made = recipes.run("lora", [*words, *SMALL])
    config = json.loads((Path(made["prune"].model) / "config.json").read_bytes())
    assert (config["vocab_size"], config["intermediate_size"], config["num_hidden_layers"]) == (380, 96, 2)
    stored = Path(made["quantise"].model)
    backend = open_model(str(stored))
    (sample,) = backend.generate([Request(id="a", messages=({"role": "user", "content": "1 + 1"},), max_tokens=4)])
    assert sample.finish in ("stop", "length")
    if kind == "gemma3_text":
        record = read_record(out / "base")
        assert record is not None and record["measured"]["expanded"]["format"] == "F16"


def test_what_cannot_be_handled_is_refused_before_weights_load(make_model: Callable[..., Path], tmp_path: Path) -> None:
    base = make_model()
    config = json.loads((base / "config.json").read_bytes())
    (base / "config.json").write_text(json.dumps(config | {"model_type": "gpt_neox"}), encoding="utf-8")
    (base / "model.safetensors").write_bytes(b"no weights at all")
    dataset = toys.write_dataset(tmp_path / "toy", 12, 3)
    with pytest.raises(UserError) as problem:
        recipes.run("lora", [f"base_model={base}", f"dataset={dataset}", f"out={tmp_path / 'out'}", "tune.max_steps=1"])
    assert [item.code for item in problem.value.findings] == ["T503"] and not (tmp_path / "out").exists()


def test_layers_between_are_not_lost_on_the_way_into_a_gguf_file(
    make_model: Callable[..., Path], tmp_path: Path
) -> None:
    """llama.cpp has it built in which of Gemma's layers see the whole text; other orders are refused."""
    from sxl_train.storage import gguf

    folder = make_model(kind="gemma3_text", layer_types=["full_attention", "sliding_attention", "sliding_attention"])
    with pytest.raises(UserError) as problem:
        gguf.write(folder, tmp_path / "model.gguf", "f16")
    assert [item.pointer for item in problem.value.findings] == ["/layer_types"]
