"""Opens what is to be asked: a model by its folder, file or address, or answers that are there already."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from sxl_data.contract.errors import error
from sxl_train.evaluate.known import read_answers
from sxl_train.generate.types import Backend


def open_backend(model: str, samples: str | None = None) -> Backend:
    """The backend of ``model``, or of the answers in ``samples``. Raises `UserError` T305 where it cannot be had."""
    if samples is not None:
        return read_answers(Path(samples))
    try:
        opening = import_module("sxl_train.generate.opening")
    except ImportError as problem:
        raise error("T305", found=f"{model}: {problem}") from None
    backend: Backend = opening.open_backend(model)
    return backend
