"""Datasets of several shapes become the same conversations."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sxl_data.contract.errors import UserError
from sxl_train.data.dataset import find_dataset, read_rows, spread
from tests.sxl_train import toys


def write_lines(path: Path, rows: list[Any]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def test_built_folder_gives_object_arguments_and_no_nulls(tmp_path: Path) -> None:
    folder = toys.write_dataset(tmp_path / "toy", 3, 1)
    rows = read_rows(find_dataset(str(folder)), "train")
    assert rows[0].id == "toy:0000"
    assert rows[0].messages == toys.make_messages(0, 0, 1)
    assert rows[0].tools == [toys.ADD]


def test_datasets_own_parquet_and_arrow_read_the_same(tmp_path: Path) -> None:
    import datasets

    record = {"messages": toys.make_messages(1, 2), "tools": json.dumps([toys.ADD])}
    features = datasets.Features(
        {
            "messages": datasets.List(
                {
                    "role": datasets.Value("string"),
                    "content": datasets.Value("string"),
                    "reasoning_content": datasets.Value("string"),
                    "name": datasets.Value("string"),
                    "tool_call_id": datasets.Value("string"),
                    "tool_calls": datasets.List(
                        {
                            "id": datasets.Value("string"),
                            "type": datasets.Value("string"),
                            "function": {"name": datasets.Value("string"), "arguments": datasets.Json()},
                        }
                    ),
                }
            ),
            "tools": datasets.Value("string"),
        }
    )
    made = datasets.DatasetDict({"train": datasets.Dataset.from_list([record], features=features)})
    made.save_to_disk(tmp_path / "arrow")
    (tmp_path / "parquet").mkdir()
    made["train"].to_parquet(tmp_path / "parquet" / "train-0.parquet")
    for name in ("arrow", "parquet"):
        dataset = find_dataset(str(tmp_path / name))
        rows = read_rows(dataset, "train") or read_rows(dataset, "validation")
        assert rows[0].messages == toys.make_messages(1, 2)
        assert rows[0].tools == [toys.ADD]


def test_file_without_a_validation_split_is_carved_by_content_not_order(tmp_path: Path) -> None:
    rows = [{"messages": toys.make_messages(i, 1)} for i in range(200)]
    forward = find_dataset(write_lines(tmp_path / "a.jsonl", rows))
    backward = find_dataset(write_lines(tmp_path / "b.jsonl", rows[::-1]))
    held, kept = read_rows(forward, "validation"), read_rows(forward, "train")
    assert len(held) + len(kept) == 200 and 2 <= len(held) <= 25
    texts = [sorted(json.dumps(r.messages) for r in read_rows(d, "validation")) for d in (forward, backward)]
    assert texts[0] == texts[1]


def test_limit_takes_an_equal_share_of_each_kind_and_all_of_a_rare_one() -> None:
    kinds = ["code"] * 90 + ["tool"] * 4 + ["code"] * 6
    chosen = spread(kinds, 20)
    assert len(chosen) == 20
    assert [i for i in chosen if kinds[i] == "tool"] == [90, 91, 92, 93]
    assert chosen[-1] >= 88


def test_limit_beyond_the_rows_takes_all() -> None:
    assert spread(["a", "b", "a"], 10) == [0, 1, 2]


def test_manifest_decides_the_hash(tmp_path: Path) -> None:
    folder = toys.write_dataset(tmp_path / "toy", 2, 1)
    before = find_dataset(str(folder)).sha256
    (folder / "manifest.json").write_text('{"name": "x"}', encoding="utf-8")
    assert find_dataset(str(folder)).sha256 != before


def flip_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


DAMAGES: dict[str, tuple[str, str, Callable[[Path], object]]] = {
    "a flipped bit": ("data/train-00000-of-00001.parquet", "sha256 ", flip_a_bit),
    "a lost shard": ("data/validation-00000-of-00001.parquet", "no file", Path.unlink),
    "a lost train shard": ("data/train-00000-of-00001.parquet", "no file", Path.unlink),
    "a shard that is half there": ("data/train-00000-of-00001.parquet", "sha256 ", lambda path: os.truncate(path, 400)),
    "a shard of another build": (
        "data/train-00001-of-00002.parquet",
        "a file that",
        lambda path: shutil.copy(path.with_name("train-00000-of-00001.parquet"), path),
    ),
    "no shards": ("data/train-00000-of-00001.parquet", "no file", lambda path: shutil.rmtree(path.parent)),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_built_dataset_that_is_not_what_its_manifest_says_is_refused(damage: str, tmp_path: Path) -> None:
    folder = toys.write_dataset(tmp_path / "toy", 6, 2)
    find_dataset(str(folder))
    name, found, do = DAMAGES[damage]
    do(folder / name)
    with pytest.raises(UserError) as problem:
        find_dataset(str(folder))
    first = next(item for item in problem.value.findings if item.file == str(folder / name))
    assert ("U304", True) == (first.code, (first.found or "").startswith(found))
    assert "copy the dataset again" in first.fix
    assert (3 if damage == "no shards" else 1) == len(problem.value.findings)


def test_a_manifest_that_is_half_there_is_refused(tmp_path: Path) -> None:
    folder = toys.write_dataset(tmp_path / "toy", 2, 1)
    os.truncate(folder / "manifest.json", 100)
    with pytest.raises(UserError) as problem:
        find_dataset(str(folder))
    assert ["U305"] == [item.code for item in problem.value.findings]


def test_files_of_other_names_beside_the_shards_change_nothing(tmp_path: Path) -> None:
    folder = toys.write_dataset(tmp_path / "toy", 2, 1)
    before = find_dataset(str(folder))
    for name in ("notes.csv", "data/notes.csv", "data/.DS_Store", "ledger/ledger.parquet"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"mine")
    assert before == find_dataset(str(folder))


@pytest.mark.parametrize(
    "text", ["{}", "[]", "null", "3", '"x"', '{"content_hash": ""}', '{"sxl_version": "1", "files": {}}']
)
def test_a_manifest_that_says_nothing_does_not_switch_the_digests_off(text: str, tmp_path: Path) -> None:
    folder = toys.write_dataset(tmp_path / "toy", 2, 1)
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as problem:
        find_dataset(str(folder))
    assert ["U305"] == [item.code for item in problem.value.findings]


def test_a_manifest_whose_names_lead_elsewhere_is_refused(tmp_path: Path) -> None:
    folder = toys.write_dataset(tmp_path / "toy", 2, 1)
    path = folder / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b'"data/train-', b'"data/../../train-'))
    with pytest.raises(UserError) as problem:
        find_dataset(str(folder))
    assert ["U304"] == [item.code for item in problem.value.findings]


def test_the_manifest_of_another_program_vouches_for_nothing(tmp_path: Path) -> None:
    folder = toys.write_dataset(tmp_path / "toy", 2, 1)
    text = '{"manifest_version": 3, "name": "x", "files": {"data/train-00000-of-00001.parquet": "00"}}'
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    assert 2 == len(read_rows(find_dataset(str(folder)), "train"))


def test_what_the_builder_wrote_is_opened_in_both_forms(tmp_path: Path) -> None:
    from sxl_data.pipeline import build

    rows = [{"instruction": f"Say {n} in words.", "output": f"It is number {n}."} for n in range(60)]
    write_lines(tmp_path / "rows.jsonl", rows)
    (tmp_path / "toy.yaml").write_text(
        "name: toy\nsources:\n  - {name: rows, path: rows.jsonl, format: instruction_pair}\n", encoding="utf-8"
    )
    out = tmp_path / "out"
    manifest = build(str(tmp_path / "toy.yaml"), out, ["engine.kind=inline"])
    expected = [manifest.splits[split]["rows"] for split in ("train", "validation")]
    for gone in (None, "data"):
        if gone:
            shutil.rmtree(out / gone)
        dataset = find_dataset(str(out))
        assert expected == [len(read_rows(dataset, split)) for split in ("train", "validation")]
    shard = next((out / "arrow/train").glob("*.arrow"))
    flip_a_bit(shard)
    with pytest.raises(UserError) as problem:
        find_dataset(str(out))
    assert [("U304", str(shard))] == [(item.code, item.file) for item in problem.value.findings]


@pytest.mark.parametrize("text", ['{"messages": [', '{"text": "no conversation"}'])
def test_unreadable_or_foreign_file_is_one_clear_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(text + "\n", encoding="utf-8")
    with pytest.raises(UserError) as problem:
        dataset = find_dataset(str(path))
        read_rows(dataset, "train")
        read_rows(dataset, "validation")
    assert [item.code for item in problem.value.findings] == ["T102"]
