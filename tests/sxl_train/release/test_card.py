"""The model card says what was stored, and nothing of the machine that it was made on."""

from __future__ import annotations

from pathlib import Path

from sxl_train.config import Recipe, Release
from sxl_train.release.card import make_card
from sxl_train.run.size import SizeReport
from sxl_train.run.step import Context

REPORT = SizeReport((("model.safetensors", 2_000_000),), 2_000_000)


def card(dataset: str, **quantised: object) -> str:
    context = Context(Recipe(dataset=dataset), {}, "release", "", Path(), Path(), "toy")
    hardware = {"gpus": [], "cores": 2}
    record = {
        "measured": quantised,
        "dataset_sha256": "",
        "seconds": 1.0,
        "finished": "",
        "versions": {},
        "hardware": hardware,
    }
    return make_card(context, REPORT, {"quantise": record})


def test_a_local_dataset_is_named_without_its_folder(tmp_path: Path):
    (tmp_path / "mix").mkdir()
    text = card(str(tmp_path / "mix"))
    assert "| dataset | mix |" in text and str(tmp_path) not in text
    assert "| dataset | someone/mix |" in card("someone/mix")


def test_a_local_base_is_named_without_its_folder_and_is_no_hub_id(tmp_path: Path):
    (tmp_path / "base").mkdir()
    context = Context(Recipe(base_model=str(tmp_path / "base")), {}, "release", "", Path(), Path(), "toy")
    text = make_card(context, REPORT, {})
    assert "| base | base |" in text and str(tmp_path) not in text and "base_model:" not in text
    named = make_card(Context(Recipe(base_model="a/b"), {}, "release", "", Path(), Path(), "toy"), REPORT, {})
    assert "base_model: a/b" in named and "| base | a/b |" in named


def test_matrices_in_a_wider_format_are_counted():
    assert "| format | nf4_dq, 2 matrices in bf16 |" in card("d", format="nf4_dq", others={"a": "bf16", "b": "bf16"})
    assert "| format | nf4_dq |" in card("d", format="nf4_dq")


def test_what_reading_takes_is_said_with_the_way_to_read_it():
    assert "compressed-tensors" in card("d", format="int4").partition("## Use")[2]
    assert "bitsandbytes" in card("d", format="nf4").partition("## Use")[2]
    assert "Reading it takes" not in card("d", format="bf16")


def tally(**counts: int) -> dict[str, int]:
    names = ("turns", "exact", "stopped", "wanted", "made", "parse", "declared", "valid")
    return {name: counts.get(name, 0) for name in names}


def measured(device: str, precision: str, markup: str | None = "hermes") -> dict[str, object]:
    made = tally(turns=64, exact=20, stopped=62, wanted=70, made=105, parse=100, declared=90, valid=84)
    return {
        "loss": 1.0,
        "loss_per_byte": 0.2,
        "rows": 64,
        "tokens": 1000,
        "forced": tally(turns=64, wanted=70),
        "generated": made,
        "markup": markup,
        "device": device,
        "precision": precision,
    }


def evaluation(models: dict[str, object], tmp_path: Path) -> str:
    context = Context(Recipe(), {}, "release", "", tmp_path, tmp_path, "toy")
    record = {
        "measured": {"models": models},
        "dataset_sha256": "",
        "seconds": 1.0,
        "finished": "",
        "versions": {},
        "hardware": {"gpus": ["NVIDIA H200", "NVIDIA H200"], "cores": 2},
    }
    return make_card(context, REPORT, {"evaluate": record})


def test_the_machine_and_precision_are_those_that_measured(tmp_path: Path):
    text = evaluation({"base": measured("NVIDIA H200", "bfloat16")}, tmp_path)
    assert "measured on NVIDIA H200 in bfloat16." in text and "CPU" not in text
    assert "| evaluate | 1.0 | 2 × NVIDIA H200 |" in text
    mixed = {"base": measured("2 CPU cores (x)", "float32"), "quantise": measured("2 CPU cores (x)", "bfloat16")}
    assert "float32 (base), on 2 CPU cores (x) in bfloat16 (quantise)" in evaluation(mixed, tmp_path)


def test_calls_are_out_of_calls_and_turns_out_of_turns(tmp_path: Path):
    text = evaluation({"base": measured("x", "y")}, tmp_path)
    assert "| 100, 90, 84 of 105 | 20 of 64 | 62 of 64 |" in text
    assert "| none of 70 | 0 of 64 |" in text
    assert "not judged" in evaluation({"base": measured("x", "y", None)}, tmp_path)


def test_the_licence_is_the_recipes_or_the_bases(tmp_path: Path):
    base = tmp_path / "base"
    base.mkdir()
    (base / "README.md").write_text("---\ntags: [a]\nlicense: apache-2.0\n---\nlicense: no\n", encoding="utf-8")

    def licence(base_model: str, own: str = "") -> str:
        recipe = Recipe(base_model=base_model, release=Release(licence=own))
        return make_card(Context(recipe, {}, "release", "", tmp_path, tmp_path, "toy"), REPORT, {}).split("\n")[1]

    assert licence(str(base)) == "license: apache-2.0"
    assert licence(str(base), "MIT") == "license: MIT"
    assert licence(str(tmp_path / "nowhere")) == "license: other"
