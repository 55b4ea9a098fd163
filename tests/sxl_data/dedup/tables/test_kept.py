from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sxl_data.dedup.tables import kept as module
from sxl_data.dedup.tables.kept import write_kept

TABLE = pa.table(
    {
        "id": pa.array(range(9), pa.int32()),
        "text": pa.array([None, "", *(f"text {k}" * 50 for k in range(7))], pa.large_string()),
        "meta": [{"tags": [f"t{k}"]} for k in range(9)],
    }
)
KEPT = np.array([True, False, True, True, False, True, True, False, True])


def source(tmp_path: Path, codec: str = "zstd") -> Path:
    pq.write_table(TABLE, tmp_path / "in.parquet", row_group_size=2, compression=codec)
    (tmp_path / "out").mkdir()
    return tmp_path / "in.parquet"


@pytest.mark.parametrize("held", [True, False])
def test_kept_rows_keep_all_columns_in_order_whether_the_text_is_in_memory_or_read_again(
    tmp_path: Path, held: bool
) -> None:
    texts = TABLE["text"] if held else None
    write_kept(source(tmp_path), KEPT, tmp_path / "out", "in", "text", texts)
    assert TABLE.filter(pa.array(KEPT)).equals(pq.read_table(tmp_path / "out" / "in.parquet"))


def test_large_inputs_become_numbered_files_that_no_number_of_workers_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PART", 300)
    path, one, two = source(tmp_path), tmp_path / "one", tmp_path / "two"
    for folder, workers in ((one, 1), (two, 2)):
        folder.mkdir()
        write_kept(path, KEPT, folder, "in", "text", TABLE["text"], workers)
    names = sorted(file.name for file in one.iterdir())
    assert [f"in-{k:05}-of-{len(names):05}.parquet" for k in range(len(names))] == names
    assert len(names) > 1
    assert [(one / name).read_bytes() for name in names] == [(two / name).read_bytes() for name in names]
    assert TABLE.filter(pa.array(KEPT)).equals(pa.concat_tables(pq.read_table(one / name) for name in names))


@pytest.mark.parametrize(("given", "written"), [("snappy", "SNAPPY"), ("gzip", "ZSTD"), ("none", "UNCOMPRESSED")])
def test_a_fast_codec_is_kept_and_a_slow_one_becomes_zstd(tmp_path: Path, given: str, written: str) -> None:
    write_kept(source(tmp_path, given), KEPT, tmp_path / "out", "in", "text", None)
    chunk = pq.read_metadata(tmp_path / "out" / "in.parquet").row_group(0).column(1)
    assert (chunk.path_in_schema, chunk.compression) == ("text", written)
    assert not chunk.has_dictionary_page


def test_a_file_without_rows_stays_a_file_with_its_columns(tmp_path: Path) -> None:
    pq.write_table(TABLE.slice(0, 0), tmp_path / "in.parquet")
    write_kept(tmp_path / "in.parquet", np.zeros(0, dtype=bool), tmp_path, "out", "text", None)
    assert TABLE.column_names == pq.read_table(tmp_path / "out.parquet").column_names
