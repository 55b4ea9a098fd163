from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from sxl_data.build.extending import keys_of, look_up, sides_of, sort_range
from sxl_data.engine.mapped import mappable
from sxl_data.split.part import FREE

Published = list[tuple[list[str], np.ndarray, int]]
"""Of each published file ids, keys of texts and side."""


def written(folder: Path, files: Published, parts: int) -> dict[str, list[Path]]:
    """The files that the tasks of a build leave: each table by ranges of its keys."""
    given: dict[str, list[Path]] = {"ids": [], "texts": []}
    for number, (ids, texts, side) in enumerate(files):
        for name, table in keys_of(pa.array(ids, pa.string()), texts, side).items():
            given[name].append(folder / f"{name}-{number}")
            given[name][-1].write_bytes(mappable(table))
    found: dict[str, list[Path]] = {}
    for name, paths in given.items():
        found[name] = [folder / f"{name}-{part}-of-{parts}" for part in range(parts)]
        for part, path in enumerate(found[name]):
            path.write_bytes(mappable(sort_range(paths, part, parts)))
    return found


def publish(draw: np.random.Generator) -> Published:
    texts = draw.integers(0, 1 << 64, (90, 2), dtype=np.uint64)
    texts[5] = 0  # a row without text
    texts[70] = texts[3]  # the first file that has a text says its side
    return [([f"one:{k}" for k in range(i, i + 30)], texts[i : i + 30], side) for side, i in enumerate((0, 30, 60))]


@pytest.mark.parametrize("parts", [1, 5])
def test_rows_are_known_by_their_ids_and_else_by_their_texts(tmp_path: Path, parts: int) -> None:
    draw = np.random.default_rng(parts)
    files = publish(draw)
    by_id = {name: side for ids, _, side in files for name in ids}
    by_text: dict[tuple[int, int], int] = {}
    for _, texts, side in files:
        for high, low in texts.tolist():
            by_text.setdefault((high, low), side)
    del by_text[0, 0]
    ids = [f"one:{k}" if k % 3 else f"new:{k}" for k in range(200)]
    old = np.concatenate([texts for _, texts, _ in files])
    texts = np.concatenate([old[draw.permutation(90)], draw.integers(0, 1 << 64, (110, 2), dtype=np.uint64)])
    expected = [by_id.get(name, by_text.get((a, b), FREE)) for name, (a, b) in zip(ids, texts.tolist(), strict=True)]
    assert expected == sides_of(pa.array(ids), texts, written(tmp_path, files, parts)).tolist()
    assert {FREE, 0, 1, 2} == set(expected)


def test_keys_are_told_apart_by_their_second_half(tmp_path: Path) -> None:
    keys = np.array([[7, low] for low in (9, 1, 5, 3)], dtype=np.uint64)
    old = written(tmp_path, [([f"a:{k}" for k in range(4)], keys, 1)], 2)
    asked = np.array([[7, 1], [7, 9], [7, 4], [7, 10], [8, 1], [6, 1]], dtype=np.uint64)
    assert [1, 1, FREE, FREE, FREE, FREE] == look_up(asked, old["texts"]).tolist()


def test_a_build_of_no_rows_knows_none(tmp_path: Path) -> None:
    nothing = written(tmp_path, [], 1)
    assert [FREE] == sides_of(pa.array(["a:1"]), np.array([[1, 2]], dtype=np.uint64), nothing).tolist()
