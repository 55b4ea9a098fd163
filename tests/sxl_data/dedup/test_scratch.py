from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sxl_data.contract.errors import UserError
from sxl_data.dedup import DedupConfig, deduplicate, in_memory, store
from sxl_data.dedup.scratch import Scratch
from sxl_data.dedup.tables import lines
from sxl_data.dedup.tables.command import rethreshold, run_files


@pytest.mark.skipif(os.name == "nt", reason="a file has a name there while it is open")
def test_what_exceeds_the_memory_is_in_a_file_without_a_name(tmp_path: Path) -> None:
    room = Scratch(100, tmp_path)
    small, large = room.empty((25,), np.uint32), room.empty((3, 5), np.uint16)
    assert 0 == room.free
    small[:], large[:] = 1, np.arange(15).reshape(3, 5)
    room.rest()
    assert list(range(15)) == large.ravel().tolist()
    assert [1] * 25 == small.tolist()
    assert [] == list(tmp_path.iterdir())


def test_a_table_comes_back_from_its_file(tmp_path: Path) -> None:
    parts = [pa.table({"text": ["a", None]}), pa.table({"text": ["é" * 1000]})]
    assert pa.concat_tables(parts) == Scratch(0, tmp_path).table(parts[0].schema, parts)


def test_a_folder_that_takes_no_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        Scratch(0, tmp_path / "absent").empty((8,), np.uint8)
    assert [("U302", str(tmp_path / "absent"))] == [(f.code, f.file) for f in caught.value.findings]


@pytest.mark.parametrize("memory", ["1B", "20KB"])
def test_memory_changes_no_result(memory: str, edited_texts: Callable[..., list[str]]) -> None:
    texts = pa.array(edited_texts(5))
    free, bound = (
        deduplicate(None, texts, None, DedupConfig(memory=m), also_pairs_at=0.5, compiled=True) for m in ("4GB", memory)
    )
    assert not free.kept.all()
    for name in ("kept", "twin", "exact", "shared", "union"):
        assert getattr(free, name).tolist() == getattr(bound, name).tolist()
    assert free.pairs.scores.tolist() == bound.pairs.scores.tolist()
    assert free.sketches.signatures.tolist() == bound.sketches.signatures.tolist()


def written(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "meta.json"
    }


def test_files_come_out_the_same_beyond_the_memory(
    tmp_path: Path, edited_texts: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = edited_texts(1), edited_texts(2)[:200] + edited_texts(1)[:50]
    for name, texts in (("old", old), ("new", new)):
        table = pa.table({"number": range(len(texts)), "text": texts})
        pq.write_table(table, tmp_path / f"{name}.parquet", row_group_size=100)
    for memory in ("4GB", "1B"):
        config = DedupConfig(memory=memory)
        out = tmp_path / memory
        run_files([tmp_path / "old.parquet"], "text", out / "old", config)
        done = run_files([tmp_path / "new.parquet"], "text", out / "new", config, against=[out / "old"])
        assert done.against >= 50
    assert written(tmp_path / "4GB") == written(tmp_path / "1B")
    monkeypatch.setattr(lines, "AT_ONCE", 7)  # the ledger's row groups are shorter then, its rows the same
    monkeypatch.setattr(in_memory, "AT_ONCE", 7)
    monkeypatch.setattr(store, "AT_ONCE", 7)
    run_files([tmp_path / "new.parquet"], "text", tmp_path / "few/new", against=[tmp_path / "4GB/old"])
    for name in ("ledger/ledger.parquet", "signatures/rows.parquet"):
        whole, parts = (pq.read_table(tmp_path / out / "new" / name) for out in ("4GB", "few"))
        assert repr(whole.to_pylist()) == repr(parts.to_pylist())  # NaN is not equal to NaN
    rethreshold(tmp_path / "1B/old", 0.9)
    rethreshold(tmp_path / "4GB/old", 0.9)
    assert written(tmp_path / "4GB") == written(tmp_path / "1B")
