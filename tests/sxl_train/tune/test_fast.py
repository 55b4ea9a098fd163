"""The fast path against the plain one: logits, loss and every gradient, on tiny models in float32."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch

from sxl_train.data.collate import Flatten
from sxl_train.tune import fast
from sxl_train.tune.optimiser import MasterAdamW

SHAPE = {
    "vocab_size": 160,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "tie_word_embeddings": True,
    "pad_token_id": 1,
}
ROWS = [
    {"input_ids": list(range(2, 42)), "seq_lengths": [25, 15]},
    {"input_ids": list(range(60, 120)), "seq_lengths": [10, 30, 20]},
]
for row in ROWS:
    starts = {sum(row["seq_lengths"][:i]) for i in range(len(row["seq_lengths"]))}
    row["weights"] = [0.0 if i in starts or i % 3 == 0 else 1.0 for i in range(len(row["input_ids"]))]
    row["labels"] = [t if w else -100 for t, w in zip(row["input_ids"], row["weights"])]


def make(kind: str, **keys: Any) -> Any:
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(0)
    extra: dict[str, Any] = {"head_dim": 16} if kind in ("qwen3", "gemma3_text") else {}
    if kind == "gemma3_text":
        layers = ["sliding_attention", "full_attention"]
        extra |= {"sliding_window": 8, "layer_types": layers, "query_pre_attn_scalar": 32}
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **(SHAPE | extra | keys)))
    model.config.use_cache = False
    return model.train()


def adapt(model: Any, **keys: Any) -> Any:
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(1)
    keys = {"trainable_token_indices": {"embed_tokens": [5, 7, 70]}, "target_modules": "all-linear"} | keys
    config = LoraConfig(r=4, lora_alpha=8, task_type="CAUSAL_LM", **keys)
    adapted = get_peft_model(model, config)
    for name, parameter in adapted.named_parameters():
        if "lora_B" in name:  # zero at the start would hide errors in A's gradient
            torch.nn.init.normal_(parameter, std=0.05)
    return adapted


def run_plain(model: Any) -> tuple[float, dict[str, Any]]:
    """Each document alone, through transformers' own attention and logits."""
    total = torch.zeros(())
    for row in ROWS:
        start = 0
        for length in row["seq_lengths"]:
            ids = torch.tensor([row["input_ids"][start : start + length]])
            labels = torch.tensor(row["labels"][start : start + length])
            logits = model(input_ids=ids).logits[0, :-1].float()
            total = total + torch.nn.functional.cross_entropy(logits, labels[1:], reduction="sum", ignore_index=-100)
            start += length
    total.backward()
    return total.item(), {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


def run_fast(model: Any, length: int = 0) -> tuple[float, dict[str, Any]]:
    fast.make_fast(model, compile_layers=False)
    outputs = model(**Flatten(1, 64, length)(ROWS))
    outputs["loss"].backward()
    return outputs["loss"].item(), {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


def compare(plain: tuple[float, dict[str, Any]], made: tuple[float, dict[str, Any]]) -> float:
    """The largest gradient error relative to the largest gradient of its tensor."""
    assert plain[1].keys() == made[1].keys()
    assert abs(plain[0] - made[0]) < 1e-5 * abs(plain[0])
    return max(((plain[1][n] - made[1][n]).abs().max() / plain[1][n].abs().max()).item() for n in plain[1])


@pytest.mark.parametrize("kind", ["llama", "qwen2", "qwen3", "gemma3_text"])
@pytest.mark.parametrize("length", [0, 64])
def test_packed_documents_give_the_loss_and_gradients_of_separate_ones(kind: str, length: int) -> None:
    model = make(kind)
    assert compare(run_plain(copy.deepcopy(model)), run_fast(model, length)) < 1e-4


def test_untied_head_gets_its_own_gradient() -> None:
    model = make("llama", tie_word_embeddings=False)
    assert compare(run_plain(copy.deepcopy(model)), run_fast(model)) < 1e-4


@pytest.mark.parametrize("tied", [True, False])
def test_adapters_and_trained_rows_give_the_gradients_of_peft(tied: bool) -> None:
    tables = ["embed_tokens"] if tied else ["embed_tokens", "lm_head"]
    model = adapt(make("llama", tie_word_embeddings=tied), trainable_token_indices={key: [5, 7, 70] for key in tables})
    plain, made = run_plain(copy.deepcopy(model)), run_fast(model)
    assert sum("trainable_tokens" in name for name in made[1]) == len(tables)
    assert compare(plain, made) < 1e-4


def test_dora_keeps_its_own_forward_and_the_same_gradients() -> None:
    model = adapt(make("llama"), use_dora=True)
    assert compare(run_plain(copy.deepcopy(model)), run_fast(model)) < 1e-4


def test_checkpointing_changes_nothing() -> None:
    model = make("llama")
    plain = run_plain(copy.deepcopy(model))
    model.gradient_checkpointing_enable({"use_reentrant": False})
    assert compare(plain, run_fast(model)) < 1e-4


def test_model_with_scaled_head_is_told_to_take_the_plain_path() -> None:
    model = make("llama")
    assert fast.can_be_fast(model.config) is None
    model.config.final_logit_softcapping = 30.0
    assert "final_logit_softcapping" in str(fast.can_be_fast(model.config))


def test_model_with_windows_is_fast_only_where_ours_is_known_to_be_its_attention() -> None:
    assert fast.can_be_fast(make("gemma3_text").config) is None
    assert "sliding_attention" in str(fast.can_be_fast(make("gemma3_text", use_bidirectional_attention=True).config))
    layers = ["sliding_attention", "full_attention"]
    assert "sliding_attention" in str(fast.can_be_fast(make("qwen2", layer_types=layers, sliding_window=8).config))


def test_narrow_adapters_give_nearly_the_same_gradients_and_exact_weights_in_the_optimiser() -> None:
    model = adapt(make("llama").bfloat16())
    wide = copy.deepcopy(model)
    fast.narrow(model)
    assert all(p.dtype == torch.bfloat16 for p in model.parameters())
    plain, made = run_fast(wide), run_fast(model)
    assert made[0] == pytest.approx(plain[0], rel=5e-3)
    for name, gradient in plain[1].items():
        error = (made[1][name].float() - gradient.float()).norm() / gradient.float().norm()
        assert error < 0.05, name
    optimiser = MasterAdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4)
    optimiser.step()
    assert all(state["master"].dtype == torch.float32 for state in optimiser.state.values())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("kind", ["llama", "qwen3", "gemma3_text"])
@pytest.mark.parametrize("adapted", [False, True])
def test_compiled_layers_on_a_gpu_give_the_gradients_of_float32_on_a_cpu(kind: str, adapted: bool) -> None:
    plain = make(kind, hidden_size=128, head_dim=32)
    plain = adapt(plain) if adapted else plain
    model = copy.deepcopy(plain).cuda()
    for parameter in model.parameters():  # and no buffer: positions stay in float32, as when a model is loaded
        parameter.data = parameter.data.bfloat16()
    wanted = run_plain(plain)
    fast.narrow(model)
    fast.make_fast(model, compile_layers=True, recompute=0.2)
    batch = {k: v.cuda() if hasattr(v, "cuda") else v for k, v in Flatten(1, 64, 64)(ROWS).items()}
    loss = model(**batch)["loss"]
    loss.backward()
    assert loss.item() == pytest.approx(wanted[0], rel=5e-3)
    made = {n: p.grad.float().cpu() for n, p in model.named_parameters() if p.grad is not None}
    assert made.keys() == wanted[1].keys()
    for name, gradient in wanted[1].items():
        assert (made[name] - gradient).norm() < 0.05 * gradient.norm(), name


def test_adapters_in_the_last_layers_alone_let_no_gradient_below_them_and_their_own_is_the_same() -> None:
    upper = adapt(make("llama"), target_modules=["q_proj", "down_proj"], layers_to_transform=[1])
    loss, gradients = run_fast(copy.deepcopy(upper))
    fast.make_fast(upper, compile_layers=False, upper=True)
    seen: list[bool] = []
    layers = fast.find_layers(upper.get_base_model())
    layers[1].register_forward_pre_hook(lambda module, given: seen.append(given[0].requires_grad))
    outputs = upper(**Flatten(1, 64, 0)(ROWS))
    outputs["loss"].backward()
    made = {n: p.grad for n, p in upper.named_parameters() if p.grad is not None}
    assert seen == [False]
    assert outputs["loss"].item() == pytest.approx(loss, rel=1e-6)
    assert made.keys() == gradients.keys()
    for name in made:
        same = torch.allclose(made[name], gradients[name], rtol=1e-4, atol=1e-6)
        assert same is ("trainable_tokens" not in name)  # its rows learn from the head alone


@pytest.mark.parametrize("has", [True, False])
@pytest.mark.parametrize("wanted", ["gpu", "fast"])
@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU computes in bf16 in any case")
def test_a_processor_computes_in_bf16_where_it_is_told_to_and_can(
    has: bool, wanted: str, make_model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sxl_train.config import Tune
    from sxl_train.tune.adapt import load

    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.setattr(torch.cpu, name, lambda: has, raising=False)
    model = load(str(make_model()), "lora", Tune(bf16=wanted))  # type: ignore[arg-type]
    assert model.dtype == (torch.bfloat16 if has and wanted == "fast" else torch.float32)


@pytest.mark.parametrize(("last", "layers"), [(0, {0, 1, 2}), (1, {2}), (5, {0, 1, 2})])
def test_a_recipe_chooses_how_many_of_the_last_layers_have_adapters(
    last: int, layers: set[int], make_model: Any
) -> None:
    from sxl_train.config import Tune
    from sxl_train.data.special_tokens import choose_template
    from sxl_train.run.tokenizer import open_tokenizer
    from sxl_train.tune.adapt import adapt as put
    from sxl_train.tune.adapt import load

    folder = str(make_model())
    tokenizer = open_tokenizer(folder)
    model = put(
        load(folder, "lora", Tune()), "lora", Tune(last_layers=last), tokenizer, choose_template("sxl", tokenizer), []
    )
    names = [name.split(".") for name, _ in model.named_parameters() if "lora_A" in name]
    assert {int(parts[parts.index("layers") + 1]) for parts in names} == layers
    assert len({parts[parts.index("lora_A") - 1] for parts in names}) == 7
