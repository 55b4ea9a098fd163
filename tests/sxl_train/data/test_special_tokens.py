"""Special tokens that a base lacks: added, started from their words' rows, trained and saved beside the adapters."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from sxl_train.config import Tune
from sxl_train.data import mask
from sxl_train.data.special_tokens import add_special_tokens, choose_template, find_trainable, resize
from sxl_train.run.tokenizer import open_tokenizer

MakeModel = Callable[..., Path]
ADDED = ["<think>", "</think>", "<tool_call>", "</tool_call>"]


@pytest.fixture(params=["tied", "untied"])
def extended(make_model: MakeModel, request: pytest.FixtureRequest) -> tuple[Any, Any, list[str], Any]:
    """Tokenizer and model of a base without thinking or calls, the tokens added, and its old embedding."""
    from transformers import AutoModelForCausalLM

    folder = make_model(tie_word_embeddings=request.param == "tied")
    tokenizer = open_tokenizer(str(folder))
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    before = model.get_input_embeddings().weight.detach().clone()
    added = add_special_tokens(tokenizer, choose_template("auto", tokenizer))
    resize(model, tokenizer, added)
    return tokenizer, model, added, before


def test_base_without_thinking_or_calls_gets_each_special_token_as_one_token(extended: Any) -> None:
    tokenizer, model, added, before = extended
    assert added == ADDED
    assert all(len(tokenizer(name, add_special_tokens=False)["input_ids"]) == 1 for name in mask.SPECIAL_TOKENS)
    assert model.get_input_embeddings().weight.shape[0] == before.shape[0] + 4
    assert tokenizer.eos_token == "<|im_end|>" and tokenizer.pad_token != tokenizer.eos_token
    assert model.config.eos_token_id == model.generation_config.eos_token_id == tokenizer.eos_token_id


def test_new_row_starts_as_the_mean_of_its_words_and_old_rows_stay(extended: Any) -> None:
    tokenizer, model, _, before = extended
    table = model.get_input_embeddings().weight
    assert torch.equal(table[: before.shape[0]], before)
    words = tokenizer("tool call", add_special_tokens=False)["input_ids"]
    expected = before[words].mean(0)
    assert torch.allclose(table[tokenizer.convert_tokens_to_ids("<tool_call>")], expected, atol=1e-6)
    head = model.get_output_embeddings().weight
    assert not torch.equal(head[-1], torch.zeros_like(head[-1]))


def test_adapter_file_holds_the_special_tokens_rows_and_gives_them_back(extended: Any, tmp_path: Path) -> None:
    import copy

    from peft import PeftModel

    from sxl_train.tune.adapt import adapt

    tokenizer, model, added, _ = extended
    plain = copy.deepcopy(model)
    template = mask.make_template(tokenizer.chat_template, tokenizer)
    model = adapt(model, "lora", Tune(rank=2), tokenizer, template, added)
    rows = find_trainable(tokenizer, template, "all", added)
    assert rows == sorted(tokenizer.convert_tokens_to_ids(name) for name in mask.SPECIAL_TOKENS)
    ids = torch.tensor([rows])
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "trainable_tokens" in name:
                parameter += 0.5
    trained = model(input_ids=ids).logits
    model.save_pretrained(tmp_path, save_embedding_layers=False)
    assert (tmp_path / "adapter_model.safetensors").stat().st_size < 200_000  # rows, not the table
    again = PeftModel.from_pretrained(plain, tmp_path)
    assert torch.allclose(again(input_ids=ids).logits, trained, atol=1e-5)


@pytest.mark.parametrize(("which", "expected"), [("none", []), ("new", ADDED), ("all", [*mask.SPECIAL_TOKENS])])
def test_recipe_chooses_whose_rows_train(which: str, expected: list[str], extended: Any) -> None:
    tokenizer, _, added, _ = extended
    rows = find_trainable(tokenizer, mask.make_template(tokenizer.chat_template, tokenizer), which, added)
    assert sorted(tokenizer.convert_tokens_to_ids(name) for name in expected) == rows


def test_the_short_template_writes_a_line_for_each_tool_and_loses_nothing_else(make_model: MakeModel) -> None:
    tokenizer = open_tokenizer(str(make_model()))
    short, own = choose_template("short", tokenizer), choose_template("sxl", tokenizer)
    kinds = {
        "place": {"type": "string"},
        "count": {"type": "integer", "default": 1},
        "names": {"type": "array", "items": {"type": "string"}},
        "side": {"enum": ["left", "right"]},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "more": {},
    }
    parameters = {"type": "object", "properties": kinds, "required": ["place", "side"]}
    tool = {"type": "function", "function": {"name": "go", "description": "Go there.", "parameters": parameters}}
    bare = {"type": "function", "function": {"name": "stop"}}
    messages = [{"role": "system", "content": "Today is Monday."}, {"role": "user", "content": "hello"}]
    text = mask.render(short, messages, [tool, bare], prompt=True)
    line = "go(place: string, count?: integer, names?: string[], side: left|right, note?: string|null, more?: any)"
    assert f"\n{line} Go there.\nstop() \n<|im_end|>" in text
    assert text.startswith("<|im_start|>system\nToday is Monday.\n\nCall tools as <tool_call>")
    assert mask.render(short, messages, None) == mask.render(own, messages, None)
    assert mask.find_stop(tokenizer, short) == "<|im_end|>"
