"""What a little Parquet may stand for is bounded, and what is not a bomb is read as it is."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sxl_data.contract.errors import UserError
from sxl_data.dedup.tables.read import read_table
from sxl_data.files import parquet_room
from sxl_data.files.parquet_room import AT_ONCE, Room, TooLarge
from sxl_data.files.records import open_records


def bomb(path: Path, rows: int = 256, size: int = 25_000_000) -> Path:
    """One dictionary page whose single entry every row names."""
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), ["y" * size])
    pq.write_table(pa.table({"instruction": texts}), path, compression="zstd")
    return path


def test_a_dictionary_bomb_is_left_with_a_word_after_what_is_allowed(tmp_path: Path):
    path = bomb(tmp_path / "bomb.parquet")
    assert path.stat().st_size < 3_000
    records = list(open_records(path))
    assert "S109" == records[-1].findings[0].code
    assert sum(len(r.value["instruction"]) for r in records[:-1]) <= parquet_room.MAX_RECORD + AT_ONCE


def test_no_batch_is_larger_than_what_is_held_at_once(tmp_path: Path):
    room = Room(bomb(tmp_path / "bomb.parquet"))
    sizes = []
    with pytest.raises(TooLarge):
        for batch in room.batches(0):
            sizes.append(sum(len(text) for text in batch.column(0).to_pylist()))
    assert sizes and max(sizes) <= AT_ONCE


def test_one_row_that_names_an_entry_a_thousand_times_is_refused_before_it_is_decoded(tmp_path: Path):
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 2_000, pa.int32()), ["y" * 1_000_000])
    nested = pa.ListArray.from_arrays(pa.array([0, 1, 2_000], pa.int32()), texts)
    pq.write_table(pa.table({"l": nested}), tmp_path / "nested.parquet")
    records = list(open_records(tmp_path / "nested.parquet"))
    assert "S109" == records[-1].findings[0].code
    assert "1999000000 bytes" in records[-1].findings[0].found


@pytest.mark.parametrize(("numbers", "read"), [(2_000_000, 0), (400_000, 156_160)], ids=["by count", "by cells"])
def test_numbers_without_end_are_refused(numbers: int, read: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """By their count before any is read, or when what they cost as values of Python has grown too much."""
    monkeypatch.setattr(parquet_room, "MAX_RECORD", 10_000_000)
    monkeypatch.setattr(parquet_room, "RATIO", 1_000)
    table = pa.table({"i": pa.array([7] * numbers, pa.int64())})
    pq.write_table(table, tmp_path / "n.parquet", row_group_size=numbers)
    assert parquet_room.RATIO * (tmp_path / "n.parquet").stat().st_size < 10_000_000
    *records, last = open_records(tmp_path / "n.parquet")
    assert (read, ["S109"]) == (len(records), [f.code for f in last.findings])


def test_the_table_command_refuses_it_too(tmp_path: Path):
    with pytest.raises(UserError) as caught:
        read_table(bomb(tmp_path / "bomb.parquet"))
    assert "U204" == caught.value.findings[0].code


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "a": st.sampled_from(["", "é", "x" * 90, None]),
            "l": st.lists(st.sampled_from(["p", "q" * 70]), max_size=5),
            "s": st.fixed_dictionaries({"t": st.sampled_from(["m", "n" * 60]), "n": st.integers(0, 9)}),
        }
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=30)
@given(rows=ROWS)
def test_measured_rows_are_the_rows(rows: list[dict[str, object]], tmp_path_factory: pytest.TempPathFactory):
    path = tmp_path_factory.mktemp("room") / "t.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    plain = [row for batch in Room(path).batches(0) for row in batch.to_pylist()]
    whole, parquet_room.AT_ONCE = parquet_room.AT_ONCE, 200
    try:
        measured = [row for batch in Room(path).batches(0) for row in batch.to_pylist()]
    finally:
        parquet_room.AT_ONCE = whole
    assert rows == plain == measured
