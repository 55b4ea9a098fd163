"""A sweep finishes its trials, goes on where it stopped, and leaves a table and a plot."""

from __future__ import annotations

import xml.etree.ElementTree
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
    assert (tmp_path / "out" / "sweep" / "sweep.svg").exists()


def test_plot_is_well_formed_and_has_a_point_for_each_trial() -> None:
    rows = [{"rank": 4, "lr": 1e-4, "loss": 2.0}, {"rank": 8, "lr": 1e-3, "loss": 1.0}]
    root = xml.etree.ElementTree.fromstring(draw(rows))
    circles = [c for c in root.iter() if c.tag.endswith("circle")]
    points = {float(c.get("cx", 0)): float(c.get("cy", 0)) for c in circles if c.get("fill") != "none"}
    (ring,) = (float(c.get("cx", 0)) for c in circles if c.get("fill") == "none")
    assert len(points) == 2
    assert points[max(points)] > points[min(points)]
    assert ring == max(points)
