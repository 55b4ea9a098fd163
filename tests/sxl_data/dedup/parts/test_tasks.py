from __future__ import annotations

import sys
from pathlib import Path

import pyarrow as pa
import pytest

from sxl_data.engine.mapped import mappable, mapped


def test_a_mapped_table_is_the_table_that_was_written(tmp_path: Path):
    table = pa.table({"row": pa.array([1, 2, 3], pa.uint32()), "text": ["a", "", "c"]})
    for name, part in (("whole", table), ("empty", table.slice(0, 0)), ("part", table.slice(1, 1))):
        (tmp_path / name).write_bytes(mappable(part))
        assert part.to_pylist() == mapped(tmp_path / name).to_pylist()


@pytest.mark.skipif(sys.platform != "linux", reason="counts open files where Linux lists them")
def test_a_mapped_table_holds_no_file_open(tmp_path: Path):
    paths = [tmp_path / str(k) for k in range(40)]
    for k, path in enumerate(paths):
        path.write_bytes(mappable(pa.table({"row": [k] * 1000})))
    before = len(list(Path("/proc/self/fd").iterdir()))
    tables = [mapped(path) for path in paths]
    assert before == len(list(Path("/proc/self/fd").iterdir()))
    assert list(range(40)) == [table["row"][999].as_py() for table in tables]
