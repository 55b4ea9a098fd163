"""Finished samples are kept and never generated again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from sxl_train.generate.folder import FolderBackend
from sxl_train.generate.kept import Kept, generate_kept
from sxl_train.generate.types import Request, Sample


@pytest.fixture
def backend(make_model: Callable[..., Path]) -> Iterator[FolderBackend]:
    from sxl_train.run import checkpoints

    folder = make_model(num_hidden_layers=1)
    yield FolderBackend(str(folder), checkpoints.load(folder, "float32"))


def ask(samples: int = 3, tokens: int = 5) -> list[Request]:
    return [
        Request(id=name, prompt=name, samples=samples, temperature=1.0, max_tokens=tokens) for name in ("one", "two")
    ]


def test_what_is_there_is_not_generated_again_and_what_changed_is(backend: FolderBackend, tmp_path: Path) -> None:
    path = tmp_path / "samples.jsonl"
    first = generate_kept(backend, ask(), path)
    assert [(s.request, s.index) for s in first] == [(name, i) for name in ("one", "two") for i in range(3)]
    before = path.read_bytes()
    assert generate_kept(backend, ask(), path) == first and path.read_bytes() == before
    more = generate_kept(backend, ask(samples=4), path)
    assert more[:3] == first[:3] and path.read_bytes().startswith(before)
    assert len(path.read_bytes().splitlines()) == 8
    generate_kept(backend, ask(tokens=4), path)
    assert len(path.read_bytes().splitlines()) == 14


def test_an_interrupted_run_goes_on_where_it_stopped(backend: FolderBackend, tmp_path: Path) -> None:
    path, whole = tmp_path / "samples.jsonl", tmp_path / "whole.jsonl"
    expected = generate_kept(backend, ask(), whole)
    lines = whole.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:3]) + lines[3][:20])
    assert generate_kept(backend, ask(), path) == expected
    assert len(Kept(path).samples) == 6 and len(path.read_bytes().splitlines()) == 7


def test_failures_are_tried_again(backend: FolderBackend, tmp_path: Path) -> None:
    path = tmp_path / "samples.jsonl"
    generate_kept(backend, ask(samples=1), path)
    lines = [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]
    for line in lines:
        line["sample"] |= {"finish": "error", "text": "", "error": "no answer"}
    path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    made: list[Sample] = generate_kept(backend, ask(samples=1), path)
    assert {sample.finish for sample in made} <= {"stop", "length"}
