from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sxl_data.dedup.tables import kept as module
from sxl_data.dedup.tables.kept import writers_of_kept

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


def write_kept(path: Path, kept: np.ndarray, folder: Path, name: str, texts: pa.ChunkedArray | None = None) -> None:
    for writer in writers_of_kept(path, kept, folder, name, "text", texts):
        writer.write()


@pytest.mark.parametrize("held", [True, False])
def test_kept_rows_keep_all_columns_in_order_whether_the_text_is_in_memory_or_read_again(
    tmp_path: Path, held: bool
) -> None:
    texts = TABLE["text"] if held else None
    write_kept(source(tmp_path), KEPT, tmp_path / "out", "in", texts)
    assert TABLE.filter(pa.array(KEPT)).equals(pq.read_table(tmp_path / "out" / "in.parquet"))


def test_large_inputs_become_numbered_files_that_can_be_written_in_any_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WHOLE", 300)
    monkeypatch.setattr(module, "PART", 300)
    path, one, two = source(tmp_path), tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    write_kept(path, KEPT, one, "in", TABLE["text"])
    with ThreadPoolExecutor(2) as pool:
        for writer in reversed(writers_of_kept(path, KEPT, two, "in", "text", TABLE["text"])):
            pool.submit(writer.write)
    names = sorted(file.name for file in one.iterdir())
    assert [f"in-{k:05}-of-{len(names):05}.parquet" for k in range(len(names))] == names
    assert len(names) > 1
    assert [(one / name).read_bytes() for name in names] == [(two / name).read_bytes() for name in names]
    assert TABLE.filter(pa.array(KEPT)).equals(pa.concat_tables(pq.read_table(one / name) for name in names))


@pytest.mark.parametrize(("given", "written"), [("snappy", "SNAPPY"), ("gzip", "ZSTD"), ("none", "UNCOMPRESSED")])
def test_a_fast_codec_is_kept_and_a_slow_one_becomes_zstd(tmp_path: Path, given: str, written: str) -> None:
    write_kept(source(tmp_path, given), KEPT, tmp_path / "out", "in")
    chunk = pq.read_metadata(tmp_path / "out" / "in.parquet").row_group(0).column(1)
    assert (chunk.path_in_schema, chunk.compression) == ("text", written)
    assert not chunk.has_dictionary_page


def test_a_file_without_rows_stays_a_file_with_its_columns(tmp_path: Path) -> None:
    pq.write_table(TABLE.slice(0, 0), tmp_path / "in.parquet")
    write_kept(tmp_path / "in.parquet", np.zeros(0, dtype=bool), tmp_path, "out")
    assert TABLE.column_names == pq.read_table(tmp_path / "out.parquet").column_names


def test_a_file_of_some_size_becomes_two_so_that_two_processors_write_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WHOLE", 1000)
    assert 2 == len(writers_of_kept(source(tmp_path), KEPT, tmp_path, "in", "text", None))
    monkeypatch.setattr(module, "WHOLE", 1_000_000)
    assert 1 == len(writers_of_kept(tmp_path / "in.parquet", KEPT, tmp_path, "in", "text", None))


def test_each_output_knows_about_how_large_it_will_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WHOLE", 300)
    path, few = source(tmp_path), np.arange(len(KEPT)) >= 8
    sizes, fewer = (
        [writer.bytes for writer in writers_of_kept(path, kept, tmp_path, "in", "text", None)]
        for kept in (np.ones(len(KEPT), dtype=bool), few)
    )
    assert len(sizes) == len(fewer) == 2
    assert min(sizes) > 300
    assert fewer[0] == 0 < fewer[1] < sizes[1]
