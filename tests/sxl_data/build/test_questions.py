from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from sxl_data.build.comparing import diff
from sxl_data.build.questions import ledger, why
from sxl_data.contract.errors import UserError
from sxl_data.pipeline import build


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A finished build of 9 rows, one of them twice."""
    rows = [{"instruction": f"Say {n} in words.", "output": f"It is number {n}."} for n in (*range(9), 3)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (tmp_path / "r.yaml").write_text(
        "name: toy\nsources:\n  - {name: rows, path: rows.jsonl, format: instruction_pair}\n", encoding="utf-8"
    )
    build(str(tmp_path / "r.yaml"), tmp_path / "out", ["engine.kind=inline", "write.arrow=false"])
    return tmp_path / "out"


def flip_a_bit(folder: Path) -> str:
    path = max(folder.glob("*.parquet"), key=lambda p: p.stat().st_size)
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 8
    path.write_bytes(data)
    return str(path)


def test_a_flipped_bit_in_a_published_shard_is_refused(out: Path):
    said = [line.split() for line in diff(out, out).splitlines()]
    assert ["rows", "9", "9"] in said
    path = flip_a_bit(out / "data")
    with pytest.raises(UserError) as caught:
        diff(out, out)
    assert ("U304", path) == (caught.value.findings[0].code, caught.value.findings[0].file)


def test_an_empty_ledger_says_so(out: Path):
    (out / "ledger" / "ledger.parquet").unlink()
    (out / "manifest.json").unlink()
    (out / "signatures").mkdir()
    (out / "signatures" / "meta.json").touch()  # an output of `dedup`, whose ledger no manifest vouches for
    assert ledger(out, "code") == ledger(out) == "an empty ledger: no row was dropped, edited, flagged or quarantined"
    with pytest.raises(UserError, match="one of trace_id"):
        ledger(out, "nothing")


def test_a_flipped_bit_in_the_ledger_is_refused(out: Path):
    gone = pq.read_table(out / "ledger/ledger.parquet")["trace_id"][0].as_py()
    assert "D310" in why(gone, out) and "D310" in ledger(out, "code")
    with pytest.raises(UserError, match=f"{gone}\\?"):
        why("submitted:" + gone.rpartition(":")[2], out)  # the id as `validate` prints it
    flip_a_bit(out / "ledger")
    for ask in (lambda: why(gone, out), lambda: ledger(out)):
        with pytest.raises(UserError, match="U304"):
            ask()
