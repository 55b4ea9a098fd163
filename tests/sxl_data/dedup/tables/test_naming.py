from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq

from sxl_data.build.questions import ledger
from sxl_data.dedup.tables.command import compare, run_files
from sxl_data.dedup.tables.naming import name_files


def test_files_are_called_by_as_much_of_their_path_as_tells_them_apart():
    assert ["a.jsonl", "b.jsonl"] == name_files(["/x/a.jsonl", "/y/b.jsonl"])
    assert ["x/a.jsonl", "y/a.jsonl", "b.csv"] == name_files(["/s/x/a.jsonl", "/s/y/a.jsonl", "/s/b.csv"])
    assert ["/s/a.csv", "/s/a.csv#2"] == name_files(["/s/a.csv", "/s/a.csv"])


def test_every_dropped_row_of_files_with_one_name_can_be_found_again(tmp_path: Path):
    files = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        files.append(tmp_path / folder / "rows.jsonl")
        rows = [f"{folder} alone has this row", "both have this row"]
        files[-1].write_text("".join(json.dumps({"text": row}) + "\n" for row in rows), encoding="utf-8")
    run_files(files, "text", tmp_path / "out")
    (line,) = pq.read_table(tmp_path / "out/ledger/ledger.parquet").to_pylist()
    assert ("two/rows.jsonl:2", "one/rows.jsonl:2", "two/rows.jsonl") == (
        line["trace_id"],
        line["twin_id"],
        line["source"],
    )
    assert "one/rows.jsonl:2" in compare(tmp_path / "out", "two/rows.jsonl:2")
    assert "two/rows.jsonl:2" in ledger(tmp_path / "out")
