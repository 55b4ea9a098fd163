from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sxl_data.dedup.exact import find_duplicates_by_ranges, find_exact_duplicates, group_rows, hash_texts, normalise
from sxl_data.dedup.rows import locate


@pytest.mark.parametrize("compiled", [False, True])
def test_keys_are_equal_where_normalised_texts_are(compiled: bool, noise: Callable[..., list[str]]) -> None:
    texts = [*noise(seed=4), "a \r\nb\t\n\n", "a\nb", "\ufeffa\rb", " a\nb", "ab", "ab\0"]
    keys = hash_texts(locate(pa.array(texts)), compiled=compiled)
    groups: dict[bytes, set[tuple[int, ...]]] = {}
    for text, key in zip(texts, keys.tolist()):
        groups.setdefault(normalise(text.encode()), set()).add(tuple(key))
    assert all(len(found) == 1 for found in groups.values())
    assert len(groups) == len(set(map(tuple, keys.tolist())))


def test_the_compiled_path_gives_the_same_bits_as_python(noise: Callable[..., list[str]]) -> None:
    rows = locate(pa.array(noise(seed=5)))
    assert np.array_equal(hash_texts(rows, compiled=False), hash_texts(rows, compiled=True))


def mixed(value: int, first: int, second: int) -> int:
    value = (value ^ value >> 32) * first % 2**64
    value = (value ^ value >> 29) * second % 2**64
    return value ^ value >> 32


def key(text: bytes) -> list[int]:
    """The key of a normalised text, word by word, in whole numbers."""
    words = [int.from_bytes(text[k : k + 8], "little") for k in range(0, len(text), 8)]
    lanes = (
        (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB),
        (0xD1B54A32D192ED03, 0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53),
    )
    return [
        (
            len(text) * second
            + sum(mixed((word + (k + 1) * step) % 2**64, first, second) for k, word in enumerate(words))
        )
        % 2**64
        for step, first, second in lanes
    ]


@pytest.mark.parametrize("compiled", [False, True])
def test_a_key_is_the_same_in_every_release(compiled: bool) -> None:
    texts = ["", "a", "12345678", "123456789", "12345678\0", "\0" * 9, "é" * 40, "x = 1\n\ty = 2"]
    keys = hash_texts(locate(pa.array(texts)), compiled=compiled)
    assert [key(text.encode()) for text in texts] == keys.tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"a\tb \t\nc", b"a\tb\nc"),
        (b"a\t\nb", b"a\nb"),
        (b"a \nb", b"a\nb"),
        (b"a\r\n\rb", b"a\n\nb"),
        (b"a\r", b"a"),
        (b" \ta\t \n\n", b" \ta"),
        (b"a\v\n b\f", b"a\v\n b\f"),
        (b"\xef\xbb\xbf\xef\xbb\xbfa", b"\xef\xbb\xbfa"),
        (b"a\xef\xbb\xbf", b"a\xef\xbb\xbf"),
        (b" \r\n\t", b""),
    ],
)
def test_what_is_not_seen_at_the_ends_of_lines_and_files_goes(text: bytes, expected: bytes) -> None:
    assert expected == normalise(text)


def test_indentation_stays_and_line_ends_do_not() -> None:
    assert normalise(b"\xef\xbb\xbfif x:  \r\n  y\t\r\n\r\n") == b"if x:\n  y"


def test_groups_hold_every_row_with_a_shared_key_and_no_empty_row() -> None:
    keys = np.array([[1, 1], [0, 0], [2, 2], [1, 1], [0, 0], [1, 2]], dtype=np.uint64)
    members, groups = group_rows(keys)
    assert {0, 3} == set(members.tolist())
    assert len(set(groups.tolist())) == 1


few_keys = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=30)


def by_key(keys: list[tuple[int, int]]) -> list[list[int]]:
    """The rows of each key that more than one has; (0, 0) is none."""
    rows = [[k for k, other in enumerate(keys) if other == one] for one in sorted({*keys} - {(0, 0)})]
    return sorted(group for group in rows if len(group) > 1)


@given(few_keys)
def test_groups_are_the_rows_of_each_key_that_more_than_one_has(keys: list[tuple[int, int]]) -> None:
    members, groups = group_rows(np.array(keys, dtype=np.uint64).reshape(-1, 2))
    found: dict[int, list[int]] = {}
    for row, group in zip(members.tolist(), groups.tolist()):
        found.setdefault(group, []).append(row)
    assert by_key(keys) == sorted(map(sorted, found.values()))


@given(few_keys, st.randoms())
def test_each_copy_names_the_preferred_row_of_its_key(keys: list[tuple[int, int]], draw: object) -> None:
    places = list(range(len(keys)))
    draw.shuffle(places)  # type: ignore[attr-defined]
    copies, best = find_exact_duplicates(
        np.array(keys, dtype=np.uint64).reshape(-1, 2), lambda rows: np.array(places, dtype=np.int64)[rows]
    )
    expected = {}
    for group in by_key(keys):
        first = min(group, key=places.__getitem__)
        expected |= {row: first for row in group if row != first}
    assert expected == dict(zip(copies.tolist(), best.tolist(), strict=True))
    assert len(expected) == len(copies)


@pytest.mark.parametrize(("workers", "memory"), [(1, 1 << 30), (1, 5_000), (3, 20_000)])
@pytest.mark.parametrize("ordered", [True, False])
def test_ranges_of_keys_find_what_all_of_them_find(workers: int, memory: int, ordered: bool) -> None:
    draw = np.random.default_rng(3)
    keys = draw.integers(0, 1 << 64, (300, 2), dtype=np.uint64)[draw.integers(0, 300, 900)]
    keys[:20] = 0
    places = np.arange(900) if ordered else draw.permutation(900)
    expected = dict(zip(*(rows.tolist() for rows in find_exact_duplicates(keys, lambda rows: places[rows]))))
    found = find_duplicates_by_ranges(keys, None if ordered else places, workers, memory)
    assert expected == dict(zip(*(rows.tolist() for rows in found)))
    assert len(expected) > 500
