"""Memory by arithmetic: a run that cannot fit is refused, and one that fits is not."""

from __future__ import annotations

import pytest
from transformers import Qwen2Config

from sxl_train.run import forecast
from sxl_train.run.recipes import open_recipe

QWEN = Qwen2Config(
    hidden_size=896,
    intermediate_size=4864,
    num_hidden_layers=24,
    num_attention_heads=14,
    num_key_value_heads=2,
    vocab_size=151936,
    tie_word_embeddings=True,
)


def check(gigabytes: float, monkeypatch: pytest.MonkeyPatch, *keys: str) -> list[str]:
    monkeypatch.setattr(forecast, "find_memory", lambda: int(gigabytes * 1e9))
    recipe = open_recipe("demo", keys)[1].value
    return [item.code for item in forecast.check_memory(recipe, QWEN, 2048)]


def test_parameters_of_qwen_are_counted_from_its_shape() -> None:
    assert forecast.count_weights(QWEN) == pytest.approx(494e6, rel=0.002)


def test_run_beyond_the_memory_is_refused_and_a_small_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check(80, monkeypatch, "method=full", "tune.batch=8") == []
    assert check(2, monkeypatch, "method=full", "tune.batch=8") == ["T111"]
    assert check(2, monkeypatch, "method=full", "tune.batch=8", "steps=[quantise]") == []


def test_batch_and_method_decide_what_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check(16, monkeypatch, "method=qlora", "tune.batch=1") == []
    assert check(16, monkeypatch, "method=qlora", "tune.batch=200") == ["T111"]


def test_processes_share_weights_and_optimiser_when_they_are_shared_out(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = open_recipe("demo", ("method=full", "tune.shard=true"))[1].value
    alone = forecast.forecast_memory(recipe, QWEN, 2048)
    monkeypatch.setenv("WORLD_SIZE", "4")
    assert forecast.forecast_memory(recipe, QWEN, 2048) == (alone[0] // 4, alone[1])
