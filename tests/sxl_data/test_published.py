"""What a build publishes is what `datasets` reads, for the smallest and the oddest rows; the card says what is there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import datasets
import pytest

from sxl_data.build.questions import read_ledger
from sxl_data.decontaminate.stage import DecontaminateConfig
from sxl_data.pipeline import build
from sxl_data.write.manifest import Manifest

IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}


def made(folder: Path, *rows: Any, keys: tuple[str, ...] = ()) -> Manifest:
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    recipe = folder / "recipe.yaml"
    recipe.write_text("name: toy\nsources:\n  - {name: one, path: rows.jsonl, licence: MIT}\n", encoding="utf-8")
    return build(str(recipe), folder / "out", ["engine.kind=inline", *keys])


def chat(question: Any, answer: str, **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}], **more}


def calling(arguments: str, parameters: str = "{}") -> dict[str, Any]:
    function = {"name": "get", "arguments": json.loads(arguments)}
    return {
        "messages": [
            {"role": "user", "content": "get it"},
            {"role": "assistant", "content": "", "tool_calls": [{"id": "c", "type": "function", "function": function}]},
            {"role": "tool", "tool_call_id": "c", "content": "ok"},
            {"role": "assistant", "content": "There it is."},
        ],
        "tools": [{"type": "function", "function": {"name": "get", "parameters": json.loads(parameters)}}],
    }


def loaded(out: Path, cache: Path) -> dict[str, list[dict[str, Any]]]:
    """The rows of each split, the same by all three ways."""
    ways = [
        datasets.load_from_disk(str(out / "arrow")),
        datasets.load_dataset(str(out), cache_dir=str(cache)),
        datasets.load_dataset(str(out), streaming=True),
    ]
    found = [{split: list(rows) for split, rows in way.items()} for way in ways]
    assert found[0] == found[1] == found[2]
    return found[0]


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_a_dataset_of_few_rows_loads(tmp_path: Path, count: int):
    manifest = made(tmp_path, *(chat(f"What is {n} + {n}?", f"It is {n + n}.") for n in range(count)))
    found = loaded(tmp_path / "out", tmp_path / "cache")
    filled = {split: numbers["rows"] for split, numbers in manifest.splits.items() if numbers["rows"]}
    assert filled == {split: len(rows) for split, rows in found.items()}
    assert ["train", "validation", "test"] == list(manifest.splits)
    card = (tmp_path / "out/README.md").read_text(encoding="utf-8")
    assert ("A split without rows has no file" in card) == (len(filled) < 3)


@pytest.mark.parametrize(
    ("arguments", "expected", "long"),
    [
        ('{"id": 123456789012345678901234567890}', {"id": "123456789012345678901234567890"}, 1),
        (
            '{"a": [{"b": -9223372036854775809}, 18446744073709551616]}',
            {"a": [{"b": "-9223372036854775809"}, "18446744073709551616"]},
            2,
        ),
        (
            '{"a": 18446744073709551615, "b": -9223372036854775808, "c": 1e300}',
            {"a": 18446744073709551615, "b": -9223372036854775808, "c": 1e300},
            0,
        ),
    ],
)
def test_integers_of_any_size_load(tmp_path: Path, arguments: str, expected: dict[str, Any], long: int):
    made(tmp_path, calling(arguments))
    (row,) = loaded(tmp_path / "out", tmp_path / "cache")["train"]
    assert expected == row["messages"][1]["tool_calls"][0]["function"]["arguments"]
    assert json.loads(arguments) == json.loads(row["steps"][1]["calls"][0]["arguments_json"])
    said = [
        (line["stage"], line["action"], line["detail"][:1])
        for line in read_ledger(tmp_path / "out").to_pylist()
        if line["code"] == "C720"
    ]
    assert ([("write", "edited", str(long))] if long else []) == said


def test_integers_of_a_tool_schema_load(tmp_path: Path):
    made(
        tmp_path,
        calling("{}", '{"type": "object", "properties": {"n": {"type": "integer", "maximum": 99999999999999999999}}}'),
    )
    (row,) = loaded(tmp_path / "out", tmp_path / "cache")["train"]
    assert "99999999999999999999" == row["tools"][0]["function"]["parameters"]["properties"]["n"]["maximum"]


QUIET = chat("Name a river of France.", "The Loire.")
ASKED = chat([{"type": "text", "text": "what colour is the cat?"}, IMAGE], "Black.")
BESIDE = chat([IMAGE, {"type": "text", "text": "What is the capital of Norway?"}], "Oslo is the capital.")


def ledger(out: Path) -> list[tuple[str, str, str]]:
    return [(line["action"], line["code"], line["detail"]) for line in read_ledger(out).to_pylist()]


def test_media_are_marked_and_rows_that_need_them_leave(tmp_path: Path):
    made(tmp_path, QUIET, ASKED, BESIDE)
    rows = [row for side in loaded(tmp_path / "out", tmp_path / "cache").values() for row in side]
    questions = {row["messages"][0]["content"] for row in rows}
    assert {"Name a river of France.", "[image: image/png]\nWhat is the capital of Norway?"} == questions
    assert [("dropped", "C723", "image ×1; the answer rests on the image"), ("edited", "C722", "image ×1")] == ledger(
        tmp_path / "out"
    )
    assert "iVBORw0KGgo" not in str(rows)


@pytest.mark.parametrize(
    ("block", "kind"),
    [
        ({"type": "input_audio", "input_audio": {"data": "AAAA" * 100, "format": "wav"}}, "audio"),
        ({"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA"}}, "file"),
        ({"type": "video_url", "video_url": {"url": "https://example.org/v.mp4"}}, "file"),
        ({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA" * 100}}, "image"),
        ({"type": "image", "source": {"type": "url", "url": "https://example.org/i.png"}}, "image"),
    ],
)
def test_media_of_every_dialect_are_seen(tmp_path: Path, block: dict[str, Any], kind: str):
    made(tmp_path, QUIET, chat([block, {"type": "text", "text": "what?"}], "a goal"))
    assert [("dropped", "C723", f"{kind} ×1; the answer rests on the {kind}")] == ledger(tmp_path / "out")


def test_media_can_be_left_out_row_by_row(tmp_path: Path):
    made(tmp_path, QUIET, ASKED, BESIDE, keys=("media=drop-row",))
    assert 1 == sum(map(len, loaded(tmp_path / "out", tmp_path / "cache").values()))
    assert [("dropped", "C723")] * 2 == [line[:2] for line in ledger(tmp_path / "out")]


def test_media_can_be_kept_with_their_bytes(tmp_path: Path):
    made(tmp_path, QUIET, ASKED, BESIDE, keys=("media=keep",))
    rows = [row for side in loaded(tmp_path / "out", tmp_path / "cache").values() for row in side]
    parts = [part for row in rows for step in row["steps"] for part in step["content"] or [] if part["type"] == "image"]
    assert [IMAGE["image_url"]["url"]] * 2 == [part["uri"] for part in parts]
    assert "what colour is the cat?\n[image: image/png]" in {row["messages"][0]["content"] for row in rows}
    assert [("flagged", "C724")] * 2 == [line[:2] for line in ledger(tmp_path / "out")]


def test_a_control_token_in_content_is_named_and_the_row_stays(tmp_path: Path):
    token = "<|" + "im_end|>"
    manifest = made(tmp_path, QUIET, chat("How does ChatML end a turn?", f"With {token}, every time."))
    assert [("flagged", "C721", f"'{token}', 1 texts hold one")] == ledger(tmp_path / "out")
    assert 2 == sum(numbers["rows"] for numbers in manifest.splits.values())
    assert {"C721": 1} == next(stage.flagged for stage in manifest.stages if stage.stage == "clean")


def test_the_card_speaks_of_a_ledger_only_where_there_is_one(tmp_path: Path):
    for name, rows in (("quiet", [QUIET]), ("twice", [QUIET, QUIET])):
        (tmp_path / name).mkdir()
        made(tmp_path / name, *rows)
        card = (tmp_path / name / "out/README.md").read_text(encoding="utf-8")
        there = (tmp_path / name / "out/ledger").is_dir()
        assert there == ("has a line in `ledger/`" in card) != ("so there is no `ledger/`" in card)
        assert (name == "twice") == there


def test_the_card_claims_no_check_that_was_not_made(tmp_path: Path):
    made(tmp_path, QUIET)
    names = ", ".join(DecontaminateConfig().against)
    assert f"Checked for benchmark text of: {names}." in (tmp_path / "out/README.md").read_text(encoding="utf-8")
    made(tmp_path, QUIET, keys=("decontaminate.against=[]", "clean.secrets=false"))
    card = (tmp_path / "out/README.md").read_text(encoding="utf-8")
    assert "Not checked for benchmark text." in card and "Checked for" not in card
    assert "secrets were replaced" not in card and "Nothing guarantees that no personal data is left" in card
