"""Archives and folders whose files are of several formats, written here."""

from __future__ import annotations

import json
import tarfile
import zipfile
from pathlib import Path

import pytest

import sxl_data

CHAT = {"messages": [{"role": "user", "content": "What is two and two?"}, {"role": "assistant", "content": "Four."}]}
TALK = {"conversations": [{"from": "human", "value": "What is it called?"}, {"from": "gpt", "value": "A widget."}]}
CODE = '''def average(numbers: list[float]) -> float:
    """Return the arithmetic mean of ``numbers``, or 0.0 if there are none."""
    if not numbers:
        return 0.0
    return sum(numbers) / len(numbers)
'''
BOOK = {"nbformat": 4, "cells": [{"cell_type": "code", "source": "1 + 1", "outputs": [], "execution_count": 1}]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "mixed"
    made.mkdir()
    (made / "a.jsonl").write_text(json.dumps(CHAT) + "\n" + json.dumps(CHAT) + "\n", encoding="utf-8")
    (made / "b.jsonl").write_text(json.dumps(TALK) + "\n", encoding="utf-8")
    (made / "c.ipynb").write_text(json.dumps(BOOK), encoding="utf-8")
    return made


def packed(folder: Path, kind: str) -> Path:
    out = folder.parent / f"mixed.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(out, "w") as bundle:
            for path in sorted(folder.iterdir()):
                bundle.write(path, path.name)
        return out
    with tarfile.open(out, "w:gz" if kind.endswith("gz") else "w") as archive:
        for path in sorted(folder.iterdir()):
            archive.add(path, path.name)
    return out


EXPECTED = {"openai_chat": 2, "sharegpt_tools": 1, "notebook": 1}


@pytest.mark.parametrize("kind", ["tar", "tar.gz", "zip"])
def test_each_member_of_an_archive_is_read_as_what_it_is(folder: Path, kind: str) -> None:
    report = sxl_data.validate(packed(folder, kind))
    assert {file.format: file.traces for file in report.files} == EXPECTED


def test_a_folder_is_opened_by_the_functions_as_by_the_command(folder: Path) -> None:
    report = sxl_data.validate(str(folder))
    assert {file.format: file.traces for file in report.files} == EXPECTED
    assert {file.format for file in sxl_data.validate([folder, folder / "a.jsonl"]).files} == set(EXPECTED)
    sxl_data.convert(folder, "sxl_trace", folder.parent / "out.jsonl")
    assert len((folder.parent / "out.jsonl").read_text(encoding="utf-8").splitlines()) == 4


def test_an_archive_of_one_format_is_one_group(folder: Path) -> None:
    for name in ("b.jsonl", "c.ipynb"):
        (folder / name).unlink()
    (file,) = sxl_data.validate(packed(folder, "tar")).files
    assert (file.format, file.traces) == ("openai_chat", 2)


def beside(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("kind", ["", "tar", "zip"])
def test_code_and_prose_beside_records_are_passed_over_and_said(folder: Path, kind: str) -> None:
    (folder / "c.ipynb").unlink()
    beside(folder, load_py="def load():\n    return 1\n", NOTES_md="# Notes\n", a_rs="fn main() {}\n")
    report = sxl_data.validate(packed(folder, kind) if kind else folder)
    assert {"openai_chat": 2, "sharegpt_tools": 1} == {file.format: file.traces for file in report.files}
    (said,) = [item for item in report.findings if item.code == "U216"]
    assert str(said.found).startswith("3 files passed over: .") and ".py ×1" in str(said.found)
    assert report.complete


@pytest.mark.parametrize("kind", ["", "tar", "zip"])
def test_an_archive_that_begins_with_code_or_prose_hides_no_records(folder: Path, kind: str) -> None:
    for name in ("b.jsonl", "c.ipynb"):
        (folder / name).unlink()
    beside(folder, A_py="def load():\n    return 1\n", A_md="# Notes\n")
    (file,) = sxl_data.validate(packed(folder, kind) if kind else folder).files
    assert ("openai_chat", 2) == (file.format, file.traces)


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_code_beside_notebooks_is_read_as_in_a_folder(folder: Path, kind: str) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        (folder / name).unlink()
    beside(folder, own_py=CODE, notes_txt="x")
    files = {file.format: file.traces for file in sxl_data.validate(packed(folder, kind)).files}
    assert {"notebook": 1, "code_repository": 1} == files


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_what_lies_behind_the_members_that_are_looked_at_is_read_too(
    folder: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sxl_data.read.recognise._MEMBERS", 3)
    beside(folder, d_jsonl=json.dumps(CHAT) + "\n", e_jsonl=json.dumps(CHAT) + "\n")
    files = {file.format: file.traces for file in sxl_data.validate(packed(folder, kind)).files}
    assert EXPECTED | {"openai_chat": 4} == files


def test_other_files_of_a_repository_are_counted_by_their_endings(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    beside(repository, own_py=CODE, a_txt="a", b_txt="b", c_bin="c")
    (repository / "LICENSE").write_text("MIT License\n", encoding="utf-8")
    report = sxl_data.validate(repository)
    (said,) = [item for item in report.findings if item.code == "U216"]
    assert "3 files passed over: .txt ×2, .bin ×1; the first is a.txt" == said.found
    assert report.complete
