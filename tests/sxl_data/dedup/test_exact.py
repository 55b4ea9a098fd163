from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from sxl_data.dedup.exact import group_rows, hash_texts, normalise
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


def test_indentation_stays_and_line_ends_do_not() -> None:
    assert normalise(b"\xef\xbb\xbfif x:  \r\n  y\t\r\n\r\n") == b"if x:\n  y"


def test_groups_hold_every_row_with_a_shared_key_and_no_empty_row() -> None:
    keys = np.array([[1, 1], [0, 0], [2, 2], [1, 1], [0, 0], [1, 2]], dtype=np.uint64)
    members, groups = group_rows(keys)
    assert {0, 3} == set(members.tolist())
    assert len(set(groups.tolist())) == 1
