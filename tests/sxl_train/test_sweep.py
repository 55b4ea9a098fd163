"""A sweep finishes its trials, goes on where it stopped, and leaves a table and a plot."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

pytest.importorskip("optuna")
from sxl_train.sweep import draw, sweep
from tests.sxl_train import toys


def test_sweep_goes_on_where_it_stopped_and_ranks_by_validation_loss(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    toys.write_dataset(tmp_path / "toy", 20, 4)
    keys = [
        *toys.TINY,
        f"dataset={tmp_path / 'toy'}",
        f"out={tmp_path / 'out'}",
        "method=lora",
        "tune.batch=2",
        "tune.max_steps=3",
        "tune.max_length=256",
        "tune.save_every=100",
    ]
    first = sweep("demo", keys, 2)
    assert len(first) == 2
    second = sweep("demo", keys, 3)
    assert len(second) == 3
    assert all(row in second for row in first)
    assert [row["loss"] for row in second] == sorted(row["loss"] for row in second)
    assert (tmp_path / "out" / "sweep" / "sweep.html").exists()


def test_plot_has_a_bar_for_each_trial_in_the_order_of_ranks_and_rates() -> None:
    trials = [(8, 1e-3, 1.0), (4, 1e-3, 2.0), (4, 1e-4, 3.0)]
    page = draw([{"rank": rank, "lr": rate, "loss": loss} for rank, rate, loss in trials])
    (body,) = re.findall("<tbody>(.*)</tbody>", page)
    shown = [
        (re.findall(r"rank \d|\d\.\d+", row), re.findall(r'width="(\d+)"', row)) for row in body.split("</tr>")[:-1]
    ]
    assert shown == [
        (["rank 4", "1.00", "3.0000"], ["1000"]),
        (["rank 4", "1.00", "2.0000"], ["500"]),
        (["rank 8", "1.00", "1.0000"], []),
    ]
    assert body.rindex("the best") > body.rindex("rank 8")
