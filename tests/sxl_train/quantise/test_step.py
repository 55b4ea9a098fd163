"""Quantised folders load with plain transformers and compute what their levels say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("bitsandbytes")
import torch
from bitsandbytes.functional import dequantize_4bit
from transformers import AutoModelForCausalLM

from sxl_data.contract.errors import UserError
from sxl_train.quantise import step as quantise
from sxl_train.run import checkpoints, size
from sxl_train.storage import packed as packing
from sxl_train.storage.nf4 import round_to_nf4

TOKENS = torch.arange(5, 37)[None]


def logits(folder: Path) -> torch.Tensor:
    model = AutoModelForCausalLM.from_pretrained(folder)
    with torch.no_grad():
        return model(TOKENS).logits.float()


@pytest.mark.parametrize("kind", ["llama", "qwen2", "qwen3"])
def test_nf4_is_smaller_and_equals_the_rounded_weights(make_model, tmp_path: Path, kind: str) -> None:
    folder = make_model(kind=kind)
    out = quantise.quantise(folder, tmp_path / "nf4", "nf4_dq")
    assert size.measure(out).total < size.measure(folder).total
    rounded, packed = checkpoints.load(folder), checkpoints.load(out)
    for name, module in rounded.named_modules():
        if isinstance(module, torch.nn.Linear) and name != "lm_head":
            module.weight.data = round_to_nf4(module.weight.data)
            stored = packed.get_submodule(name).weight
            assert torch.equal(dequantize_4bit(stored.data, stored.quant_state), module.weight.data)
    with torch.no_grad():
        expected = rounded(TOKENS).logits.float()
    assert (logits(out) - expected).abs().mean() < 0.02 * expected.std()  # bf16 sums in another order
    assert (logits(out) - logits(folder)).abs().max() > 0


def test_a_folder_quantised_twice_from_the_same_weights_is_the_same(make_model, tmp_path: Path) -> None:
    folder = make_model()
    one = quantise.quantise(folder, tmp_path / "one")
    two = quantise.quantise(folder, tmp_path / "two")
    assert (one / "model.safetensors").read_bytes() == (two / "model.safetensors").read_bytes()


def test_tokenizer_and_template_travel_byte_for_byte(make_model, tmp_path: Path) -> None:
    folder = make_model()
    out = quantise.quantise(folder, tmp_path / "nf4")
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        assert (folder / name).read_bytes() == (out / name).read_bytes()


def test_modules_that_are_kept_stay_as_they_were(make_model, tmp_path: Path) -> None:
    folder, kept = make_model(), "model.layers.1.mlp.down_proj"
    out = quantise.quantise(folder, tmp_path / "nf4", others={kept + ".weight": "bf16"})
    before, after = checkpoints.load(folder), checkpoints.load(out)
    assert torch.equal(before.get_submodule(kept).weight, after.get_submodule(kept).weight)
    assert "Linear4bit" == type(after.get_submodule("model.layers.0.mlp.down_proj")).__name__


def test_saving_after_a_forward_pass_writes_the_same_levels(make_model, tmp_path: Path) -> None:
    # bitsandbytes 0.50 damages such a checkpoint on CPUs with AVX512-BF16 unless its kernel is off.
    folder = make_model()
    out = quantise.quantise(folder, tmp_path / "nf4", "nf4")
    model = quantise.load_quantised(folder, "nf4").eval()
    with torch.no_grad():
        model(TOKENS)
    again = checkpoints.save(model, tmp_path / "again", folder)
    assert (out / "model.safetensors").read_bytes() == (again / "model.safetensors").read_bytes()


def test_widths_that_do_not_fill_a_block_are_refused(make_model, tmp_path: Path) -> None:
    folder = make_model(intermediate_size=144)
    with pytest.raises(UserError) as caught:
        quantise.quantise(folder, tmp_path / "nf4")
    assert {"T109"} == {finding.code for finding in caught.value.findings}
    assert not (tmp_path / "nf4").exists()


@pytest.mark.parametrize("kind", ["llama", "qwen3"])
@pytest.mark.parametrize("tied", [True, False])
def test_float8_matrices_load_with_plain_transformers_as_their_rounded_values(
    make_model, tmp_path: Path, kind: str, tied: bool
) -> None:
    folder, wide = make_model(kind=kind, tie_word_embeddings=tied), "model.layers.0.mlp.up_proj"
    out = quantise.quantise(folder, tmp_path / "mixed", "f8", {wide + ".weight": "bf16"})
    before, after = checkpoints.load(folder), AutoModelForCausalLM.from_pretrained(out)
    for name in ("model.layers.1.mlp.up_proj", "model.embed_tokens", "lm_head"):
        found = after.get_submodule(name).weight
        assert torch.bfloat16 == found.dtype
        assert torch.equal(packing.to_float8(before.get_submodule(name).weight.data).bfloat16(), found.data)
    assert torch.equal(before.get_submodule(wide).weight, after.get_submodule(wide).weight)
    assert tied == (after.lm_head.weight.data_ptr() == after.model.embed_tokens.weight.data_ptr())
    assert bool(torch.isfinite(logits(out)).all())


def test_float8_alone_needs_no_quantiser_and_stays_closer_than_nf4(make_model, tmp_path: Path) -> None:
    folder = make_model()
    eight, four = (quantise.quantise(folder, tmp_path / name, name) for name in ("f8", "nf4_dq"))
    assert "quantization_config" not in checkpoints.read_config(eight)
    assert (logits(eight) - logits(folder)).abs().mean() < 0.5 * (logits(four) - logits(folder)).abs().mean()


def test_a_weight_that_float8_cannot_hold_is_refused(make_model, tmp_path: Path) -> None:
    model = checkpoints.load(make_model())
    model.model.embed_tokens.weight.data[0, 0] = 500.0
    folder = checkpoints.save(model, tmp_path / "large", None)
    with pytest.raises(UserError) as caught:
        packing.store(folder, {"model.embed_tokens.weight": "F8_E4M3"})
    assert {"T109"} == {finding.code for finding in caught.value.findings}


@pytest.mark.parametrize("kind", ["llama", "qwen2", "qwen3"])
@pytest.mark.parametrize("format", ["nf4_dq", "nf4", "int4", "f8"])
def test_a_folder_with_some_wider_matrices_computes_in_either_precision(
    make_model, tmp_path: Path, kind: str, format: Any
) -> None:
    wider = {"model.layers.1.self_attn.q_proj.weight": "bf16", "model.layers.0.mlp.down_proj.weight": "bf16"}
    out = quantise.quantise(make_model(kind=kind), tmp_path / "out", format, wider)
    ids = torch.arange(5, 25)[None]
    with torch.no_grad():
        exact, short = (checkpoints.load(out, dtype)(ids).logits.float() for dtype in ("float32", "bfloat16"))
    assert (exact - short).abs().mean() < 0.05 * exact.std()
