"""What the trainer is told about the length of the run and the work in it."""

from __future__ import annotations

import pytest

from sxl_train.config import Tune
from sxl_train.tune.trainer import count_flops, count_steps


@pytest.mark.parametrize(
    ("expected", "processes", "keys"),
    [(25, 1, {}), (13, 2, {}), (13, 1, {"accumulate": 2}), (50, 1, {"epochs": 4.0}), (7, 8, {"max_steps": 7})],
)
def test_steps_are_those_of_all_processes_together(
    expected: int, processes: int, keys: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", str(processes))
    assert expected == count_steps(100, 8, Tune(**keys))  # type: ignore[arg-type]


def test_token_costs_six_operations_for_each_trained_weight_and_none_for_a_table_that_is_only_read() -> None:
    from transformers import AutoModelForCausalLM, LlamaConfig

    shape = {
        "vocab_size": 50,
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
    }
    layer = 16 * 16 * 2 + 16 * 8 * 2 + 3 * 16 * 32 + 2 * 16
    for tied in (True, False):
        model = AutoModelForCausalLM.from_config(LlamaConfig(**shape, tie_word_embeddings=tied))
        assert count_flops(model, full=True) == 6 * (50 * 16 + layer + 16)
        assert count_flops(model, full=False) == 4 * (50 * 16 + layer + 16)
