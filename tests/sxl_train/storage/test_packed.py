"""Four-bit folders hold every matrix, the embedding too, and plain transformers reads what was rounded."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("compressed_tensors")
import torch
from transformers import AutoModelForCausalLM

from sxl_train.data.samples import Sample
from sxl_train.plan import step as plan
from sxl_train.quantise import step as quantise
from sxl_train.run import checkpoints, size
from sxl_train.storage import gguf, precision

ROWS = [Sample([4 + (start + 3 * i) % 60 for i in range(24)], [0] * 4 + [1] * 20, 20) for start in range(6)]
STEP = 2**-8 + 2**-11
"""bf16 keeps eight bits, and the reader multiplies code and scale in float16."""


@pytest.mark.parametrize("kind", ["llama", "qwen2", "qwen3"])
@pytest.mark.parametrize("tied", [True, False])
def test_every_matrix_loads_as_its_rounded_value(make_model, tmp_path: Path, kind: str, tied: bool) -> None:
    folder = make_model(kind=kind, tie_word_embeddings=tied)
    eight, whole = "model.layers.0.mlp.up_proj.weight", "model.layers.1.mlp.down_proj.weight"
    others: dict[str, plan.Format] = {eight: "f8", whole: "bf16"}
    before = checkpoints.load(folder, "float32")
    columns = precision.measure_columns(before, ROWS)
    out = quantise.quantise(folder, tmp_path / "out", "int4", others, columns)
    after = AutoModelForCausalLM.from_pretrained(out)
    assert torch.bfloat16 == after.dtype
    for name, weight in before.named_parameters():
        expected = weight.data
        if weight.dim() == 2:
            expected = precision.round_to(weight.data, name, others.get(name, "int4"), columns)
            assert torch.equal(weight.data, expected) == (name == whole)
        assert torch.allclose(expected, after.get_parameter(name).float(), rtol=STEP, atol=0), name
    assert tied == (after.lm_head.weight is after.model.embed_tokens.weight)


def test_the_folder_holds_the_numbers_of_a_gguf_file(make_model, tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    folder = make_model()
    out = quantise.quantise(folder, tmp_path / "out", "int4")
    (tmp_path / "file").mkdir()
    gguf.write(folder, tmp_path / "file" / "model.gguf", "q4_0")
    one, two = checkpoints.load(out, "float32"), checkpoints.load(tmp_path / "file", "float32")
    for name, weight in two.named_parameters():
        assert torch.allclose(weight.data, one.get_parameter(name).data, rtol=2**-10, atol=0), name


def test_a_four_bit_folder_goes_out_as_gguf_too(make_model, tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    out = quantise.quantise(make_model(), tmp_path / "out", "int4")
    (tmp_path / "file").mkdir()
    gguf.write(out, tmp_path / "file" / "model.gguf", "f16")
    one, two = checkpoints.load(out), checkpoints.load(tmp_path / "file")
    assert all(torch.equal(weight, two.get_parameter(name)) for name, weight in one.named_parameters())


def test_rows_that_do_not_fill_a_block_stay_plain(make_model, tmp_path: Path) -> None:
    folder, name = make_model(intermediate_size=144), "model.layers.0.mlp.down_proj.weight"
    out = quantise.quantise(folder, tmp_path / "out", "int4")
    before, after = checkpoints.load(folder), AutoModelForCausalLM.from_pretrained(out)
    assert torch.equal(before.get_parameter(name), after.get_parameter(name))
    assert "model.layers.0.mlp.down_proj" in checkpoints.read_config(out)["quantization_config"]["ignore"]


def test_four_bits_with_the_embedding_are_smaller_than_nf4(make_model, tmp_path: Path) -> None:
    pytest.importorskip("bitsandbytes")
    folder = make_model()
    found = [size.measure(quantise.quantise(folder, tmp_path / f, f)).total for f in ("int4", "nf4_dq")]
    assert found[0] < found[1] < size.measure(folder).total
