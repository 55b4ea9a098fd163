from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest

from sxl_data.contract.errors import UserError
from sxl_data.engine.mapped import mappable, mapped, write_mappable
from sxl_data.engine.store import Store, locked, sweep_temporaries
from sxl_data.engine.task import WhyNot
from sxl_data.engine.work import execute


def committed(toy, tmp_path: Path):
    job = toy("double", n=1).job()
    return Store(tmp_path), job, execute(job, str(tmp_path))


def flip(path: Path, at: int = -10) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def test_a_description_holds_rows_size_and_digest(tmp_path: Path):
    info = Store(tmp_path).put_table("a/b.parquet", pa.table({"n": [1, 2, 3]}))
    data = (tmp_path / "a/b.parquet").read_bytes()
    assert (3, len(data), hashlib.sha256(data).hexdigest()) == (info.rows, info.bytes, info.sha256)


def test_what_is_made_when_it_is_committed_is_what_was_held(tmp_path: Path):
    store, table = Store(tmp_path), pa.table({"n": [1, 2, 3]})
    held = [store.put_table("held.parquet", table), store.put_bytes("held", mappable(table))]
    made = [store.put_table("made.parquet", lambda: table), store.put_bytes("made", write_mappable(table))]
    assert [(info.rows, info.sha256) for info in held] == [(info.rows, info.sha256) for info in made]
    assert table == mapped(tmp_path / "made")


def test_a_done_job_is_found(toy, tmp_path: Path):
    store, job, receipt = committed(toy, tmp_path)
    assert (receipt.key, True) == (store.find(job).key, store.find(job).reused)


@pytest.mark.parametrize("suffix", [".out.parquet", ".json"])
def test_a_flipped_bit_in_an_output_or_receipt_is_no_result(toy, tmp_path: Path, suffix: str):
    store, job, _ = committed(toy, tmp_path)
    flip(tmp_path / f"{job.stem}{suffix}")
    assert None is store.find(job)
    assert WhyNot(damaged=True) == store.why_not(job)
    assert not execute(job, str(tmp_path)).reused
    assert store.find(job) is not None


def test_a_flipped_bit_in_an_input_is_refused(toy, tmp_path: Path):
    store, _, receipt = committed(toy, tmp_path)
    flip(store.path(receipt.files["out"]))
    follower = toy("total", inputs={"parts": (receipt.files["out"],)}).job()
    with pytest.raises(UserError, match="U304"):
        execute(follower, str(tmp_path))


def test_a_bit_that_flips_after_a_first_look_is_refused_at_the_next(toy, tmp_path: Path):
    store, _, receipt = committed(toy, tmp_path)
    info = receipt.files["out"]
    assert store.path(info) == store.verified(info) == store.verified(info)
    flip(store.path(info))
    with pytest.raises(UserError, match="U304"):
        store.verified(info)


def test_a_lost_file_is_no_result(toy, tmp_path: Path):
    store, job, receipt = committed(toy, tmp_path)
    store.path(receipt.files["out"]).unlink()
    assert None is store.find(job)


def test_why_not_names_what_changed(toy, tmp_path: Path):
    store, _, receipt = committed(toy, tmp_path)
    assert WhyNot(parameters=("n",)) == store.why_not(toy("double", n=2).job())
    inputs = {"parts": (receipt.files["out"],)}
    both = WhyNot(parameters=("n",), inputs=("parts",))
    assert both == store.why_not(toy("double", inputs=inputs, n=2).job())


def test_a_part_that_never_ran_has_no_reason(toy, tmp_path: Path):
    store, _, _ = committed(toy, tmp_path)
    assert (WhyNot(), False) == ((found := store.why_not(toy("double", 7, n=1).job())), bool(found))


def test_other_code_is_refused_before_it_writes(toy, tmp_path: Path):
    import msgspec

    job = toy("double", n=1).job()
    other = msgspec.structs.replace(job, origin=job.origin | {"code": "another"})
    with pytest.raises(UserError, match="U308"):
        execute(other, str(tmp_path / "store"))
    assert not (tmp_path / "store").exists()


def test_sweeping_keeps_what_is_named_and_the_lock(toy, tmp_path: Path):
    root = tmp_path / "store"
    with locked(root):
        for name in ("keep", "stale", "deep/stale"):
            Store(root).put_bytes(name, b"x")
        assert 2 == Store(root).sweep({"keep"})
        assert ["keep", "lock"] == sorted(p.name for p in root.rglob("*") if p.is_file())


def test_temporaries_are_swept_and_nothing_else(tmp_path: Path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/.part-1234-x").write_bytes(b"half")
    (tmp_path / "a/x").write_bytes(b"whole")
    assert 1 == sweep_temporaries(tmp_path)
    assert [tmp_path / "a/x"] == [p for p in tmp_path.rglob("*") if p.is_file()]


def test_a_second_build_in_a_folder_is_refused_and_a_later_one_is_not(tmp_path: Path):
    with locked(tmp_path / "out/.work"), pytest.raises(UserError, match="U303"), locked(tmp_path / "out/.work"):
        pass
    with locked(tmp_path / "out/.work"):
        pass


def test_a_store_is_for_its_user_alone(tmp_path: Path):
    (tmp_path / "old" / ".work").mkdir(parents=True, mode=0o755)
    for place in (tmp_path / "new" / ".work", tmp_path / "old" / ".work"):
        with locked(place):
            assert 0o700 == place.stat().st_mode & 0o777


def test_a_run_that_committed_nothing_leaves_nothing(tmp_path: Path):
    (tmp_path / "there").mkdir()
    for out in (tmp_path / "new", tmp_path / "there"):
        with pytest.raises(RuntimeError), locked(out / ".work"):
            (out / ".work" / "read").mkdir()
            raise RuntimeError
    assert [tmp_path / "there"] == list(tmp_path.rglob("*"))
    with locked(tmp_path / "new" / ".work"):
        Store(tmp_path / "new" / ".work").put_bytes("read/x", b"1")
    assert (tmp_path / "new" / ".work" / "read" / "x").is_file()


def test_a_store_that_is_a_link_is_refused(tmp_path: Path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "precious").touch()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".work").symlink_to(tmp_path / "elsewhere")
    before = (tmp_path / "elsewhere").stat().st_mode
    with pytest.raises(UserError, match="U306"), locked(tmp_path / "out" / ".work"):
        pass
    assert before == (tmp_path / "elsewhere").stat().st_mode
    assert (tmp_path / "elsewhere" / "precious").is_file()


def test_a_receipt_whose_names_lead_elsewhere_is_no_result(toy, tmp_path: Path):
    store, job, receipt = committed(toy, tmp_path)
    (outside := tmp_path.parent / "outside.parquet").write_bytes(store.path(receipt.files["out"]).read_bytes())
    moved = msgspec.structs.replace(receipt.files["out"], path="../outside.parquet")
    store.put_receipt(msgspec.structs.replace(receipt, files={"out": moved}))
    assert outside.is_file() and store.find(job) is None
