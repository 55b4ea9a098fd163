"""Several processes give the samples that one gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sxl_data.contract.errors import UserError
from sxl_train.generate.folder import FolderBackend
from sxl_train.generate.kept import generate_kept
from sxl_train.generate.spread import SpreadBackend, cut
from sxl_train.generate.types import Request

pytestmark = pytest.mark.slow

PROMPTS = ("def add(first", "The calculator", "a", "value = json", "for index, name in enumerate(names):\n    print(")


@pytest.fixture
def folder(make_model: Callable[..., Path]) -> str:
    return str(make_model("spread", kind="llama", num_hidden_layers=2))


def test_two_processes_give_what_one_gives_and_then_tell_that_one_of_them_died(folder: str, tmp_path: Path):
    two = SpreadBackend(folder, 2)
    try:
        compare(FolderBackend(folder), two, tmp_path)
        tell_of_a_death(two)
    finally:
        two.close()


def compare(one: FolderBackend, two: SpreadBackend, tmp_path: Path) -> None:
    requests = [
        Request(id=f"{prompt}/{heat}", prompt=prompt, samples=3, max_tokens=12, temperature=heat)
        for prompt in PROMPTS
        for heat in (0.0, 0.8)
    ]
    counts: list[tuple[int, int]] = []
    made = {(s.request, s.index): s for s in two.generate(requests, lambda *count: counts.append(count))}
    expected = {(s.request, s.index): s for s in one.generate(requests)}
    assert made == expected and len(made) == 30
    assert counts == [(n, 30) for n in range(1, 31)]
    file = tmp_path / "kept.jsonl"
    assert generate_kept(one, requests[:4], file) == generate_kept(two, requests[:4], file)
    skipped = frozenset((r.id, 1) for r in requests)
    assert {(s.request, s.index) for s in two.generate(requests, skip=skipped)} == set(expected) - skipped
    pairs = [("def add(", "first, second)"), ("a", " b"), ("The", " calculator")]
    for spread, whole in zip(two.score(pairs), one.score(pairs), strict=True):
        assert spread.logprob == pytest.approx(whole.logprob, abs=1e-3) and spread.tokens == whole.tokens
    assert two.score([]) == []


def tell_of_a_death(two: SpreadBackend) -> None:
    with pytest.raises(UserError, match="U102"):
        list(two.generate([Request(id="a", prompt="x"), Request(id="a", prompt="y")]))
    two._processes[1].kill()
    two._processes[1].join()
    with pytest.raises(UserError, match="T121"):
        list(two.generate([Request(id=str(n), prompt="x", max_tokens=4) for n in range(4)]))


def test_a_folder_that_cannot_be_opened_is_told(tmp_path: Path, folder: str):
    (Path(folder) / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UserError, match="T121"):
        SpreadBackend(folder, 2)


def test_work_is_cut_into_even_pieces_the_largest_first():
    requests = [Request(id=str(n), prompt="x" * n, samples=1 + n % 3) for n in range(31)]
    pieces = cut(requests, 8)
    assert sorted(r.id for piece in pieces for r in piece) == sorted(r.id for r in requests)
    loads = [sum(r.samples for r in piece) for piece in pieces]
    assert 7 <= len(pieces) <= 8 and max(loads[:-1]) - min(loads[:-1]) <= 3
    assert pieces[0][0].samples == 3 and cut([], 2) == []
