"""The automatic batch: what one and two sequences cost decides how many fit."""

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


class Device:
    """A device where the weights take 1,000 bytes and each token 10."""

    def __init__(self, model: Counted, total: int) -> None:
        self.model, self.bytes, self.resets = model, total, 0

    def reset(self) -> None:
        self.resets += 1

    def peak(self) -> int:
        return 1000 + 10 * self.model.seen

    def total(self) -> int:
        return self.bytes


def probe(total: int, wanted: int = 64, limit: int = 10**9) -> tuple[int, Counted]:
    model = Counted(limit)
    found = batch.probe(model, ROWS, Flatten(0, 64, 64), wanted, Device(model, total))
    return found, model


def test_probe_fills_nine_tenths_with_weights_optimiser_and_sequences() -> None:
    # 1,000 of weights + 12 × 100 of the optimiser + 7 × 640 of sequences = 6,680 ≤ 0.9 × 7,500 < … + 8 × 640
    assert probe(7_500)[0] == 7


def test_probe_never_exceeds_what_is_wanted_and_never_goes_below_one() -> None:
    assert probe(10**9, wanted=5)[0] == 5
    assert probe(3_000)[0] == 1


def test_probe_leaves_no_gradient_behind() -> None:
    assert probe(7_500)[1].weight.grad is None


def test_second_sequence_that_does_not_fit_means_one() -> None:
    found, model = probe(10**9, limit=100)
    assert found == 1
    assert model.weight.grad is None


def test_first_sequence_that_does_not_fit_is_an_error_before_training() -> None:
    with pytest.raises(UserError) as problem:
        probe(10**6, limit=10)
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
