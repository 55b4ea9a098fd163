"""Memory and workers are limits of the work and no part of the dataset."""

from __future__ import annotations

from pathlib import Path

import pytest

from sxl_data.build.guards import refuse_too_many
from sxl_data.contract.errors import UserError
from sxl_data.pipeline import build
from tests.sxl_data.builds import INLINE, NEAR, published


def test_more_rows_than_32_bits_number_are_refused():
    refuse_too_many(2**32 - 1)
    with pytest.raises(UserError) as problem:
        refuse_too_many(2**32)
    assert "U311" == problem.value.findings[0].code


def test_memory_and_workers_of_the_comparison_change_no_byte(recipe: Path, tmp_path: Path):
    one = build(str(recipe), tmp_path / "one", INLINE)
    keys = ["write.arrow=false", "engine.workers=2", "engine.chunk_bytes=900", "engine.worker_bytes=2000000000"]
    many = build(str(recipe), tmp_path / "many", [*keys, "engine.task_bytes=4000"])
    parts = {name: len(list((tmp_path / "many/.work" / name).glob("*.json"))) for name in ("exact", "candidates")}
    assert parts["exact"] > 1 and parts["candidates"] > 20
    assert published(tmp_path / "one") == published(tmp_path / "many")
    assert one.content_hash == many.content_hash


@pytest.mark.parametrize("memory", ["8GB", "50MB", "4kB"])
def test_memory_and_workers_of_deduplication_are_no_part_of_the_dataset(recipe: Path, tmp_path: Path, memory: str):
    one = build(str(recipe), tmp_path / "one", NEAR)
    other = build(str(recipe), tmp_path / "other", [*NEAR, f"dedup.memory={memory}", "dedup.workers=2"])
    assert published(tmp_path / "one") == published(tmp_path / "other")
    assert one.content_hash == other.content_hash
    assert {"memory": memory, "workers": 2} == other.timing["dedup"]
    assert one.content_hash != build(str(recipe), tmp_path / "one", [*NEAR, "dedup.threshold=0.9"]).content_hash


def test_a_stopped_build_goes_on_with_other_memory_and_workers(recipe: Path, tmp_path: Path, capsys):
    out, small = tmp_path / "out", ["dedup.memory=50MB", "dedup.workers=1"]
    whole = build(str(recipe), out, [*NEAR, *small])
    (out / "manifest.json").unlink()
    for stage in ("decontaminate", "place", "split", "write"):
        for receipt in (out / ".work" / stage).glob("*.json"):
            receipt.unlink()
    kept = {p: p.stat().st_mtime_ns for p in (out / ".work").rglob("*.json")}
    assert {"read", "clean", "view", "exact", "candidates", "verify", "survivors", "results", "dedup"} <= {
        p.parent.name for p in kept
    }
    capsys.readouterr()
    again = build(str(recipe), out, [*NEAR, "dedup.memory=8GB", "dedup.workers=2"])
    assert whole.content_hash == again.content_hash
    assert kept == {p: p.stat().st_mtime_ns for p in kept}
    (said,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("dedup")]
    assert said.endswith("2 of 2 reused")


def test_less_memory_than_a_part_needs_costs_the_comparison_alone(recipe: Path, tmp_path: Path):
    out = tmp_path / "out"
    build(str(recipe), out, NEAR)
    before = {p: p.stat().st_mtime_ns for p in (out / ".work").rglob("*.json")}
    build(str(recipe), out, [*NEAR, "dedup.memory=4kB"])
    stages = {p.parent.name for p, time in before.items() if not p.exists() or p.stat().st_mtime_ns != time}
    of_tasks = {"task-exact", "task-candidates", "task-verify"}
    all_steps = {"exact", "candidates", "verify", "survivors", "results"} | of_tasks
    assert all_steps >= stages >= {"exact", "candidates", "verify"}


def test_the_backend_of_deduplication_is_said_and_has_bytes_of_its_own(recipe: Path, tmp_path: Path):
    pytest.importorskip("datasketch")
    asked = [*NEAR, "dedup.backend=datasketch"]
    one = build(str(recipe), tmp_path / "one", asked)
    again = build(str(recipe), tmp_path / "again", [*asked, "engine.chunk_bytes=900", "engine.task_bytes=4000"])
    assert one.content_hash == again.content_hash and published(tmp_path / "one") == published(tmp_path / "again")
    assert "datasketch" in (tmp_path / "one/manifest.json").read_text(encoding="utf-8")
    kept = {p: p.stat().st_mtime_ns for p in (tmp_path / "one/.work/view").glob("*.json")}
    build(str(recipe), tmp_path / "one", NEAR)
    assert kept and all(not p.exists() or p.stat().st_mtime_ns != time for p, time in kept.items())
