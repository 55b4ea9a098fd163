"""Opens what is to be asked: a model by its folder, file or address, or answers that are there already."""

from __future__ import annotations

from pathlib import Path

from sxl_train.evaluate.known import read_answers
from sxl_train.generate.opening import open_model
from sxl_train.generate.types import Backend


def open_backend(model: str, samples: str | None = None) -> Backend:
    """The backend of ``model``, or of the answers in ``samples``. Raises `UserError` where it cannot be had."""
    if samples is not None:
        return read_answers(Path(samples))
    return open_model(model)
