"""The automatic batch: the first half of what is wanted that fits."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from sxl_data.contract.errors import UserError
from sxl_train.config import Tune
from sxl_train.data.collate import Flatten
from sxl_train.tune import batch

ROWS = [{"input_ids": [1] * n, "labels": [1] * n, "weights": [1.0] * n, "seq_lengths": [n]} for n in (5, 64, 9)]


class Counted(torch.nn.Module):
    """A weight, and a record of how many tokens each pass saw; more than ``limit`` do not fit."""

    def __init__(self, limit: int = 10**9) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(100))
        self.limit, self.seen = limit, 0

    def forward(self, input_ids: Any, **_: Any) -> dict[str, Any]:
        self.seen = input_ids.numel()
        if self.seen > self.limit:
            raise torch.OutOfMemoryError
        return {"loss": self.weight.sum()}


def halve(wanted: int, limit: int) -> tuple[int, Counted]:
    model = Counted(limit)
    return batch.halve(model, ROWS, Flatten(0, 64, 64), wanted), model  # type: ignore[arg-type]


@pytest.mark.parametrize(("limit", "expected"), [(10**9, 12), (6 * 64, 6), (5 * 64, 3), (100, 1)])
def test_batch_is_halved_until_it_fits(limit: int, expected: int) -> None:
    found, model = halve(12, limit)
    assert found == expected
    assert model.weight.grad is None


def test_one_sequence_that_does_not_fit_is_an_error_before_training() -> None:
    with pytest.raises(UserError) as problem:
        halve(12, 10)
    assert [item.code for item in problem.value.findings] == ["T111"]


@pytest.mark.parametrize(
    ("rows", "capacity", "accumulate", "expected"),
    [
        (1000, 512, 1, 8),  # the processor's 4,096 tokens
        (100, 512, 1, 4),  # 100 × 2 epochs leave 50 steps
        (100, 512, 2, 2),
        (10, 512, 1, 1),
        (1000, 8192, 1, 1),
    ],
)
def test_processor_takes_a_few_thousand_tokens_and_leaves_fifty_steps(
    rows: int, capacity: int, accumulate: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    settings = Tune(epochs=2, accumulate=accumulate)
    assert batch.find_batch(Counted(), [{}] * rows, settings, capacity, None) == expected
