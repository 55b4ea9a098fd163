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
