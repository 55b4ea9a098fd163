"""What conversations share is read once: over turns, over starts, and where there is no room for all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sxl_train.data import mask
from sxl_train.generate import beginnings, prefixes
from sxl_train.generate.prompts import count_same
from sxl_train.generate.types import Begins, Request

pytest.importorskip("llama_cpp")
pytest.importorskip("gguf")
SYSTEM = "def add(first, second):\n    return first + second\n" * 8
Make = Callable[[], Any]


@pytest.fixture
def make(make_model: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """A backend over a small random model, one more at each call; `read` counts the tokens that were decoded."""
    from sxl_train.generate.gguf import GgufBackend
    from sxl_train.storage import gguf

    monkeypatch.setenv("SXL_CACHE", str(tmp_path / "cache"))
    file = gguf.write(make_model("llama", kind="llama", num_hidden_layers=2), tmp_path / "model.gguf", "f16")
    made: list[Any] = []

    def open_one() -> Any:
        backend: Any = GgufBackend(file, rows=16)
        backend.template = mask.Template(mask.OWN.read_text(encoding="utf-8"))
        backend.read, decode = 0, backend.llama.decode

        def counted(tokens: Sequence[tuple[int, int, int]], wanted: Sequence[int]) -> Any:
            backend.read += len(tokens)
            return decode(tokens, wanted)

        backend.llama.decode = counted
        made.append(backend)
        return backend

    yield open_one
    for backend in made:
        backend.close()


def talk(task: str, key: str = "a", tokens: int = 1) -> Request:
    messages = ({"role": "system", "content": SYSTEM}, {"role": "user", "content": task})
    return Request(id=key, messages=messages, max_tokens=tokens)


def ask(backend: Any, *requests: Request) -> list[tuple[str, str]]:
    return sorted((sample.request, sample.text) for sample in backend.generate(requests))


@pytest.mark.parametrize(
    ("one", "other", "same"), [("", "abc", 0), ("abc", "abc", 3), ("abcd", "abxd", 2), ("ab", "abc", 2), ("x", "y", 0)]
)
def test_what_two_begin_with_is_counted(one: str, other: str, same: int) -> None:
    assert count_same([*map(ord, one)], [*map(ord, other)]) == same


def test_a_later_turn_reads_only_what_came_in_between(make: Make) -> None:
    backend, fresh = make(), make()
    prompts = {name: backend.encode(Request(id=name, prompt=name + SYSTEM)) for name in "ab"}
    for name in prompts:  # two conversations in turn: what sequence 0 holds is always of the other one
        (sample,) = backend.generate([Request(id=name, prompt=name + SYSTEM, max_tokens=6)])
        assert sample.tokens == 6
    fresh._prefixes.open(2048, 1, 1)
    for ids in prompts.values():
        held = next(kept for kept in backend._prefixes._kept.values() if kept[: len(ids)] == ids)
        assert len(held) == len(ids) + 5
        backend.read = 0
        logits = backend._read([*held, 7, 8, 9], len(held) + 2)
        assert backend.read == 3
        assert np.allclose(logits, fresh._read([*held, 7, 8, 9], len(held) + 2), atol=0.05)


def test_the_oldest_is_given_up_where_no_cell_is_left(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    backend, roomy, texts = make(), make(), [chr(97 + at) + " = value\n" * 30 for at in range(9)]
    requests = [Request(id=text[0], prompt=text, max_tokens=4) for text in texts]
    assert sum(len(backend.encode(request)) for request in requests) > 512
    wanted = [ask(roomy, request) for request in requests]
    monkeypatch.setattr("sxl_train.generate.llama.LEAST_CELLS", 256)
    assert [ask(backend, request) for request in requests] == wanted
    assert backend.llama.cells <= 512 and len(backend._prefixes._kept) < len(roomy._prefixes._kept) == len(texts)


def test_more_room_keeps_what_was_read_and_said_last(make: Make) -> None:
    backend = make()
    prompts = [backend.encode(Request(id="a", prompt=f"{at} {SYSTEM}")) for at in range(prefixes.MOVED + 2)]
    for at in range(len(prompts)):
        list(backend.generate([Request(id="a", prompt=f"{at} {SYSTEM}", max_tokens=3)]))
    before = backend.llama.cells
    backend._prefixes.open(before + 1, 1, 1)
    assert backend.llama.cells == 2 * before and len(backend._prefixes._kept) == prefixes.MOVED
    again = [prompts[-1], *prompts[-prefixes.MOVED - 2 : -prefixes.MOVED + 1]]
    backend.read, read = 0, []
    for ids in again:
        backend._read([*ids, 5], len(ids))
        read.append(backend.read)
    assert read[0] == 1 and read[3] - read[2] == 1 and read[2] > len(prompts[0])


def test_rows_that_nobody_saw_the_end_of_leave_their_sequences(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefixes, "KEPT", 2)
    backend = make()
    for _ in range(6):
        next(iter(backend.generate([talk("short", tokens=1), talk("a longer one", "b", tokens=9)])))
    assert len(ask(backend, talk("short", tokens=2))) == 1


def test_another_start_finds_what_the_first_one_read(make: Make, tmp_path: Path) -> None:
    first, second, other = make(), make(), make()
    assert isinstance(first, Begins)
    first.begin(talk("one task"))
    (file,) = (tmp_path / "cache" / "beginnings").iterdir()
    assert first.read > beginnings.LEAST and file.stat().st_mode & 0o077 == 0
    wanted = ask(first, talk("what is add?", tokens=5))
    second.begin(talk("another task"))
    assert second.read == 0
    assert ask(second, talk("what is add?", tokens=5)) == wanted
    second.read = 0
    second.begin(talk("a third one"))
    assert second.read == 0
    file.write_bytes(file.read_bytes()[:-1])  # damaged: read anew, and kept again
    other.begin(talk("one task"))
    assert other.read > beginnings.LEAST and beginnings.find(file)


def test_only_the_last_ones_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SXL_CACHE", str(tmp_path))
    names = [beginnings.name("weights", "build", [at]) for at in range(beginnings.FILES + 3)]
    for file in names:
        beginnings.keep(file, b"state")
    assert len(list((tmp_path / "beginnings").iterdir())) == beginnings.FILES
    assert beginnings.find(names[-1]) == b"state" and not beginnings.find(tmp_path / "none")
    assert len({beginnings.name(*what, [1]) for what in (("a", "b"), ("a", "c"), ("c", "b"))}) == 3
