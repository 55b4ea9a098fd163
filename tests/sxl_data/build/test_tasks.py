from __future__ import annotations

import gzip
import json
from pathlib import Path

import msgspec

from sxl_data.build.tasks import KEPT, SHARD_BYTES, read
from sxl_data.read.files import plan
from sxl_data.read.sources import Source


def test_a_file_that_unpacks_to_more_than_a_shard_becomes_several(tmp_path: Path):
    answer = "y" * (SHARD_BYTES // 2)
    with gzip.open(tmp_path / "x.jsonl.gz", "wt", encoding="utf-8") as file:
        for n in range(3):
            file.write(json.dumps({"instruction": f"Say it {n} times.", "output": answer}) + "\n")
    source = Source(name="s", path="x.jsonl.gz")
    (chunk,) = plan(source, tmp_path)
    params = {"source": source, "chunk": chunk, "format": "instruction_pair", "group": []}
    done = read(msgspec.to_builtins(params), {})
    tasks = [table["task"].to_pylist() for name, table in sorted(done.tables.items()) if name.startswith(KEPT)]
    assert [["Say it 0 times."], ["Say it 1 times.", "Say it 2 times."]] == tasks
