"""Sizes are predicted from config.json and tokenizer alone, and the plan keeps under the limit."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from sxl_data.contract.errors import UserError
from sxl_train.config import Prune, Quantise, Recipe
from sxl_train.plan import step as plan
from sxl_train.run import checkpoints, size

SMOL_135 = plan.Shape(
    model_type="llama", vocabulary=49152, hidden=576, layers=30, mlp=1536, heads=9, groups=3, head_dim=64
)
QWEN_05 = plan.Shape(
    model_type="qwen2",
    vocabulary=151936,
    attention_bias=True,
    hidden=896,
    layers=24,
    mlp=4864,
    heads=14,
    groups=2,
    head_dim=64,
)
QWEN_15 = msgspec.structs.replace(QWEN_05, hidden=1536, layers=28, mlp=8960, heads=12, head_dim=128)
LIMIT = 300_000_000


@pytest.mark.parametrize(
    ("expected", "shape", "format"),
    [
        (269, SMOL_135, "bf16"),
        (112, SMOL_135, "nf4_dq"),
        (988, QWEN_05, "bf16"),
        (474, QWEN_05, "nf4"),
        (457, QWEN_05, "nf4_dq"),
        (278, QWEN_05, "q4_0"),
        (346, QWEN_05, "q4_0+q8_0"),
    ],
)
def test_weights_of_known_models_weigh_what_was_measured(expected: int, shape: plan.Shape, format: str) -> None:
    (forecast,) = plan.forecast_sizes(shape, 0, [format], LIMIT)
    assert expected == round(forecast.weights / 1e6)


@pytest.mark.parametrize("kind", ["llama", "qwen2", "qwen3"])
@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("format", plan.SAFETENSORS)
def test_the_forecast_is_the_real_file(make_model, tmp_path: Path, kind: str, tied: bool, format: str) -> None:
    folder = make_model(kind=kind, tie_word_embeddings=tied)
    shape = plan.read_shape(checkpoints.read_config(folder))
    if format != "bf16":
        quantise = pytest.importorskip("sxl_train.quantise.step")
        folder = quantise.quantise(folder, tmp_path / "out", format)
    (forecast,) = plan.forecast_sizes(shape, plan.read_vocabulary(folder), [format], LIMIT)
    real = size.measure(folder)
    assert dict(real.files)["model.safetensors"] == pytest.approx(forecast.weights, abs=600)
    assert real.total == pytest.approx(forecast.total, abs=2_000)


def test_a_model_that_fits_is_left_whole() -> None:
    chosen = plan.choose(SMOL_135, 4_000_000, LIMIT, ["bf16", "nf4_dq"])
    assert chosen is not None
    assert ("bf16", 1.0, 30) == (chosen.format, chosen.kept, chosen.layers)


def test_a_smaller_limit_never_gives_a_larger_or_better_plan() -> None:
    formats, limits = ["bf16", "nf4_dq"], (300, 120, 110, 95)
    plans = [plan.choose(SMOL_135, 4_000_000, mb * 10**6, formats, trim=False) for mb in limits]
    assert all(chosen is not None and chosen.fits for chosen in plans)
    totals, losses = [p.total for p in plans if p], [p.loss for p in plans if p]
    assert totals == sorted(totals, reverse=True) and losses == sorted(losses)


def test_a_large_embedding_is_trimmed_before_layers_are_cut(shared: Path) -> None:
    vocabulary = plan.read_vocabulary(shared / "data" / "tokenizers" / "qwen2")
    chosen = plan.choose(QWEN_05, vocabulary, LIMIT, ["bf16", "nf4_dq"])
    assert chosen is not None and chosen.fits and chosen.total <= LIMIT
    assert chosen.vocabulary < 151936 and chosen.layers == 24 and chosen.groups == 2


def test_a_model_of_one_and_a_half_billion_is_named_a_teacher() -> None:
    assert plan.choose(QWEN_15, 4_000_000, LIMIT, ["bf16", "nf4_dq"]) is None
    recipe = Recipe(base_model="big")
    with pytest.raises(UserError) as caught:
        plan.make_plan(recipe, QWEN_15, 4_000_000)
    found = caught.value.findings[0]
    assert "T502" == found.code and "teacher" in found.fix and "1544 M" in str(found.found)


def test_widths_that_a_plan_chooses_fit_the_blocks() -> None:
    for limit in (290, 250, 220, 200):
        chosen = plan.choose(QWEN_05, 4_000_000, limit * 10**6, ["nf4_dq"])
        assert chosen is not None
        assert 0 == chosen.mlp % 64 and 0.5 <= chosen.kept <= 1


def test_the_recipe_decides_what_may_be_done() -> None:
    tokenizer = plan.Vocabulary(tokens=tuple(f"t{i}" for i in range(49152)), merges=(), added=(), file_bytes=4_000_000)
    small = msgspec.structs.replace(Recipe(), size_limit="75MB", method="lora")
    assert plan.make_plan(small, SMOL_135, tokenizer).kept < 1 or plan.make_plan(small, SMOL_135, tokenizer).fits
    for changed in (
        {"prune": Prune(mode="off")},
        {"steps": ("tune", "merge", "quantise")},
        {"quantise": Quantise(scheme="none"), "prune": Prune(mode="off")},
    ):
        with pytest.raises(UserError):
            plan.make_plan(msgspec.structs.replace(small, **changed), SMOL_135, tokenizer)
    manual = msgspec.structs.replace(small, prune=Prune(mode="manual", mlp=1024, vocabulary=32768))
    assert (1024, 32768) == (plan.make_plan(manual, SMOL_135, tokenizer).mlp, 32768)
    for limit, expected in (("300MB", "nf4_dq"), ("100MB", "int4")):
        four = plan.make_plan(Recipe(method="qlora", size_limit=limit), SMOL_135, tokenizer)
        assert (expected, 1.0) == (four.format, four.kept)
    for scheme, expected in (("int4", "int4"), ("nf4", "nf4_dq")):
        forced = Recipe(method="qlora", quantise=Quantise(scheme=scheme))
        assert expected == plan.make_plan(forced, SMOL_135, tokenizer).format
    assert "bf16" == plan.make_plan(Recipe(method="lora"), SMOL_135, tokenizer).format
    file = msgspec.structs.replace(small, size_limit="100MB", quantise=Quantise(scheme="gguf"))
    found = plan.make_plan(file, SMOL_135, tokenizer)
    assert ("q4_0", 1.0) == (found.format, found.kept)
    assert 99_000_000 < found.total <= 100_000_000 and found.others


def test_a_vocabulary_without_bytes_is_left_whole(shared: Path) -> None:
    found = plan.read_vocabulary(shared / "data" / "tokenizers" / "tinyllama")
    assert found.byte_level  # it falls back on bytes
    vocabulary = msgspec.structs.replace(found, byte_level=False, byte_fallback=False)
    recipe = msgspec.structs.replace(Recipe(), size_limit="95MB")
    assert 49152 == plan.make_plan(recipe, SMOL_135, vocabulary).vocabulary


def test_another_architecture_is_refused() -> None:
    with pytest.raises(UserError) as caught:
        plan.read_shape({"model_type": "gpt2"})
    assert "T503" == caught.value.findings[0].code


def test_the_table_shows_every_format_and_the_choice() -> None:
    text = plan.rehearse(Recipe())
    assert all(format in text for format in (*plan.SAFETENSORS, *plan.GGUF))
    assert "expected loss" in text and "stored as" in text
