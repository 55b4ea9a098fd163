"""A row that is taken down is nowhere: not in the files, the card, an older commit, or the next publication."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import sxl_data
from sxl_data.contract.errors import UserError
from sxl_data.publish.folder import assemble
from sxl_data.write.manifest import decode, seal
from tests.sxl_data.builds import ids
from tests.sxl_data.publish.fake_hub import FakeHub, Fault

REPO = "me/toy"


def bytes_of(fake: FakeHub) -> bytes:
    """All that anybody can still fetch: every commit, and every large file that is kept."""
    small = [data for _, tree in fake.repos[REPO].commits for data in tree.values() if isinstance(data, bytes)]
    large = [pq.read_table(pa.BufferReader(fake.store[oid])) for oid in sorted(fake.store)]
    return b"\n".join(small) + repr([table.to_pylist() for table in large]).encode()


def words_of(build: Path, trace_id: str) -> str:
    tables = [pq.read_table(path) for path in sorted((build / "data").iterdir())]
    return next(row["task"] for table in tables for row in table.to_pylist() if row["trace_id"] == trace_id)


def test_a_row_is_gone_and_stays_gone(fake: FakeHub, finished: Path, tmp_path: Path):
    before = sxl_data.publish(finished, REPO, yes=True)
    gone = ids(finished)[5]
    words = words_of(finished, gone).encode()
    assert words in bytes_of(fake)
    done = sxl_data.publish(finished, REPO, yes=True, exclude=[gone])
    repo = fake.repos[REPO]
    assert sum(done.rows.values()) == sum(before.rows.values()) - 1
    assert words not in bytes_of(fake)
    assert len(repo.commits) == 1 and repo.tags == {done.tag: repo.head} and done.tag != before.tag
    folder = fake.write(REPO, tmp_path / "there")
    assert gone not in ids(folder)
    lines = pq.read_table(folder / "ledger/ledger.parquet").to_pylist()
    assert [line["code"] for line in lines if line["trace_id"] == gone] == ["D605"]
    again = sxl_data.publish(finished, REPO, yes=True)
    assert again.tag == done.tag and words not in bytes_of(fake)


@pytest.mark.parametrize("part", ["/super-squash/", "/lfs-files", "/commits/", "/tag/", "/refs"])
def test_a_takedown_that_was_stopped_is_finished_by_the_next_run(fake: FakeHub, finished: Path, part: str):
    sxl_data.publish(finished, REPO, yes=True)
    gone = ids(finished)[0]
    fake.faults = [Fault(method, part, 500, 99) for method in ("GET", "POST", "DELETE")]
    with pytest.raises(UserError, match="U504"):
        sxl_data.publish(finished, REPO, yes=True, exclude=[gone])
    fake.faults = []
    done = sxl_data.publish(finished, REPO, yes=True)
    repo = fake.repos[REPO]
    assert words_of(finished, gone).encode() not in bytes_of(fake)
    assert len(repo.commits) == 1 and repo.tags == {done.tag: repo.head}


def test_the_manifest_counts_what_is_left(finished: Path, tmp_path: Path):
    whole = assemble(finished, REPO, tmp_path / "a", frozenset(), frozenset()).manifest
    gone = frozenset(ids(finished)[:7])
    left = assemble(finished, REPO, tmp_path / "b", gone, frozenset())
    rows = {s: n["rows"] for s, n in left.manifest.splits.items()}
    assert sum(rows.values()) == sum(n["rows"] for n in whole.splits.values()) - 7
    assert sum(left.manifest.sources[0].kept.values()) == sum(rows.values())
    assert sum(sum(c.values()) for c in left.manifest.counts["kind"].values()) == sum(rows.values())
    assert left.manifest.stages[-1].dropped == {"D605": 7}
    assert seal(left.manifest).content_hash == left.manifest.content_hash
    assert decode(left.files["manifest.json"].read_bytes(), "m") == left.manifest


def test_a_whole_split_may_go(finished: Path, tmp_path: Path):
    test = pq.read_table(next((finished / "data").glob("test-*")))["trace_id"].to_pylist()
    done = sxl_data.publish(finished, REPO, exclude=test)
    assert done.rows["test"] == 0 and not [name for name in done.files if "test-" in name]
    assert not [i for i in test if i in done.card]


def test_ids_come_from_a_file_too_and_unknown_ones_are_said(finished: Path, tmp_path: Path):
    listed = tmp_path / "gone.txt"
    listed.write_text(f"# asked for by mail\n\n{ids(finished)[3]}\n", encoding="utf-8")
    assert sxl_data.publish(finished, REPO, exclude=[str(listed)]).taken_down == 1
    for code, item in (("U507", "one:0123456789abcdef"), ("U201", "nothing-of-that-name")):
        with pytest.raises(UserError, match=code):
            sxl_data.publish(finished, REPO, exclude=[item])
    listed.write_text("no id\n", encoding="utf-8")
    with pytest.raises(UserError, match="U102"):
        sxl_data.publish(finished, REPO, exclude=[str(listed)])
