"""A release carries the finest GGUF file that fits its limit, written from the unquantised weights."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("gguf")

from sxl_data.contract.errors import GateMissed
from sxl_train.config import Recipe
from sxl_train.plan import step as plan
from sxl_train.quantise import step as quantise
from sxl_train.release.gguf_beside import add_gguf, find_source
from sxl_train.run import checkpoints
from sxl_train.run.step import Context


def make_context(folder: Path, packed: Path, out: Path, limit: str) -> Context:
    out.mkdir(parents=True, exist_ok=True)
    chain = (("merge", str(folder)), ("quantise", str(packed)))
    return Context(Recipe(size_limit=limit), {}, "release", str(packed), out, out.parent, "t", chain)


def test_the_finest_format_under_the_limit_is_written_from_bf16(make_model, tmp_path: Path) -> None:
    folder = make_model()
    packed = quantise.quantise(folder, tmp_path / "nf4")
    shape, vocabulary = plan.read_shape(checkpoints.read_config(folder)), plan.read_vocabulary(folder)
    for forecast in plan.forecast_sizes(shape, vocabulary, ("f16", "q8_0", "q4_0"), 1):
        limit = f"{forecast.total * 1.01 / 1e6:.6f}MB"
        context = make_context(folder, packed, tmp_path / forecast.format / "release", limit)
        assert folder == find_source(context)
        out = add_gguf(context)
        assert forecast.format == context.measured["gguf"]["format"]
        assert out.stat().st_size == context.measured["gguf"]["bytes"]


def test_a_file_that_cannot_fit_misses_the_gate(make_model, tmp_path: Path) -> None:
    folder = make_model()
    with pytest.raises(GateMissed):
        add_gguf(make_context(folder, folder, tmp_path / "run" / "release", "0.01MB"))
