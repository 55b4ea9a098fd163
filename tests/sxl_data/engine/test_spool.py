from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sxl_data.engine.spool import Column, Room, Spool, count_distinct

PAIR = np.dtype([("row", "<u4"), ("far", "<u8")])


@pytest.mark.parametrize("limit", [1, 100, 1 << 20], ids=["in files", "in both", "in memory"])
@pytest.mark.parametrize("parts", [1, 7, 70_000])
def test_each_part_gets_its_records_in_the_order_in_which_they_came(limit: int, parts: int, tmp_path: Path):
    draw, spool = np.random.default_rng(1), Spool(parts, PAIR, limit, tmp_path)
    expected: dict[int, list[tuple[int, int]]] = {}
    for turn in range(12):
        own = draw.integers(0, min(parts, 9), 20)
        records = np.array([(turn, k) for k in draw.integers(0, 1 << 60, 20)], PAIR)
        spool.add(own, records)
        for part, record in zip(own.tolist(), records.tolist()):
            expected.setdefault(part, []).append(record)
        if turn % 5 == 0:  # what is read in between changes nothing
            assert expected[int(own[0])] == spool.read(int(own[0])).tolist()
    assert 240 == spool.total
    assert expected == {part: spool.read(part).tolist() for part in expected}
    assert [] == list(spool.chunks(parts - 1)) or parts < 10
    assert [] == list(tmp_path.iterdir())  # a file without a name


def test_all_records_may_go_to_one_part():
    spool = Room(1 << 10).spool(3, np.uint64)
    spool.add(2, np.arange(50, dtype=np.uint64))
    spool.add(0, np.arange(0, dtype=np.uint64))
    assert [[], [], list(range(50))] == [spool.read(part).tolist() for part in range(3)]


@pytest.mark.parametrize("limit", [0, 1 << 20], ids=["in a file", "in memory"])
def test_a_column_keeps_what_is_written_to_ranges_of_it(limit: int, tmp_path: Path):
    column = Column(100, PAIR, limit, tmp_path)
    values = np.array([(k, 2 * k) for k in range(100)], PAIR)
    column.write(40, values[40:])
    column.write(0, values[:40][::1])
    assert values.tolist() == column.read(0, 100).tolist() and values[7:9].tolist() == column.read(7, 9).tolist()
    assert [] == column.read(5, 5).tolist() and 0 == len(Column(0, np.uint32, limit, tmp_path).read(0, 0))


def test_numbers_that_come_again_are_counted_once():
    rows = np.random.default_rng(1).integers(0, 900, 700, dtype=np.uint32)
    for memory in (100, 1 << 20):
        assert len(np.unique(rows)) == count_distinct([rows[:300], rows[300:]], 900, Room(memory))
    assert 0 == count_distinct([], 0, Room(100))
