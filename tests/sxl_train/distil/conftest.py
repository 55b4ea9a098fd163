"""The student of these tests, tuned."""

from __future__ import annotations

import pytest
import torch

from sxl_train.recovery import loop as distil
from sxl_train.run import checkpoints
from tests.sxl_train.distil.students import ROWS, TRAIN


@pytest.fixture
def tuned(make_model) -> torch.nn.Module:
    model = checkpoints.load(make_model(), "float32")
    distil.train(model, ROWS, TRAIN)
    return model
