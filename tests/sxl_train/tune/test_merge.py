"""A merged model computes what base and adapter computed together, without peft."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("peft")
pytest.importorskip("bitsandbytes")
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM

from sxl_data.contract.errors import UserError
from sxl_train.quantise import step as quantise
from sxl_train.run import checkpoints
from sxl_train.tune import merge

TOKENS = torch.arange(5, 37)[None]


def make_adapter(base: Path, out: Path, **options: object) -> Path:
    torch.manual_seed(1)
    settings = LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", init_lora_weights=False, **options)
    get_peft_model(checkpoints.load(base, "float32"), settings).save_pretrained(out)
    return out


def run(model: torch.nn.Module) -> torch.Tensor:
    with torch.no_grad():
        return model(TOKENS).logits.float()


def test_the_merged_folder_equals_base_plus_adapter(make_model, tmp_path: Path) -> None:
    base = make_model()
    adapter = make_adapter(base, tmp_path / "adapter")
    expected = run(PeftModel.from_pretrained(checkpoints.load(base, "float32"), adapter).eval())
    out = merge.merge(adapter, tmp_path / "merged", base)
    got = run(AutoModelForCausalLM.from_pretrained(out, dtype=torch.float32))
    assert (got - expected).abs().mean() < 0.01 * expected.std()
    assert (run(checkpoints.load(base, "float32")) - expected).abs().mean() > 0.1 * expected.std()
    assert (base / "tokenizer.json").read_bytes() == (out / "tokenizer.json").read_bytes()


@pytest.mark.parametrize("tables", [["embed_tokens"], ["embed_tokens", "lm_head"]], ids=["tied", "untied"])
def test_trained_rows_of_the_special_tokens_are_merged(tables: list[str], make_model, tmp_path: Path) -> None:
    base = make_model(tie_word_embeddings=len(tables) == 1)
    settings = LoraConfig(r=2, target_modules=["q_proj"], trainable_token_indices={name: [1, 2] for name in tables})
    tuned = get_peft_model(checkpoints.load(base, "float32"), settings)
    with torch.no_grad():
        for name, parameter in tuned.named_parameters():
            if "trainable_tokens" in name:
                parameter += 0.25
    tuned.save_pretrained(tmp_path / "adapter", save_embedding_layers=False)
    expected = run(tuned.eval())
    out = merge.merge(tmp_path / "adapter", tmp_path / "merged", base)
    got = run(AutoModelForCausalLM.from_pretrained(out, dtype=torch.float32))
    before = run(checkpoints.load(base, "float32"))
    assert (got - expected)[..., [1, 2]].abs().mean() < 0.02 * expected.std()
    assert (before - expected)[..., [1, 2]].abs().mean() > expected.std()


def test_merging_onto_the_dequantised_base_equals_what_qlora_trained(make_model, tmp_path: Path) -> None:
    base = make_model()
    adapter = make_adapter(base, tmp_path / "adapter")
    quantised = checkpoints.load(quantise.quantise(base, tmp_path / "nf4"), "float32")
    expected = run(PeftModel.from_pretrained(quantised, adapter).eval())
    far = run(AutoModelForCausalLM.from_pretrained(merge.merge(adapter, tmp_path / "a", base)))
    near = run(AutoModelForCausalLM.from_pretrained(merge.merge(adapter, tmp_path / "b", base, "dequantised")))
    assert (near - expected).abs().mean() < 0.5 * (far - expected).abs().mean()


def test_a_folder_without_adapter_is_a_user_error(make_model, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        merge.merge(make_model(), tmp_path / "out", make_model("base"))
    assert "T506" == caught.value.findings[0].code


@pytest.mark.parametrize("double", [True, False])
def test_the_merge_rounds_the_base_that_the_tuning_held(make_model, double: bool) -> None:
    from sxl_train.config import Tune
    from sxl_train.tune import nf4
    from sxl_train.tune.adapt import load

    base = make_model()
    held = load(str(base), "qlora", Tune(double_quant=double, dequantise="once")).state_dict()
    rounded, other = (checkpoints.load(base, "float32") for _ in range(2))
    nf4.keep(rounded, double)
    nf4.keep(other, not double)
    assert all(torch.equal(held[name], weight) for name, weight in rounded.state_dict().items())
    assert any(not torch.equal(held[name], weight) for name, weight in other.state_dict().items())
