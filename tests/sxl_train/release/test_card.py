"""The model card says what was stored, and nothing of the machine that it was made on."""

from __future__ import annotations

from pathlib import Path

from sxl_train.config import Recipe
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


def test_matrices_in_a_wider_format_are_counted():
    assert "| format | nf4_dq, 2 matrices in bf16 |" in card("d", format="nf4_dq", others={"a": "bf16", "b": "bf16"})
    assert "| format | nf4_dq |" in card("d", format="nf4_dq")


def test_what_reading_takes_is_said_with_the_way_to_read_it():
    assert "compressed-tensors" in card("d", format="int4").partition("## Use")[2]
    assert "bitsandbytes" in card("d", format="nf4").partition("## Use")[2]
    assert "Reading it takes" not in card("d", format="bf16")
