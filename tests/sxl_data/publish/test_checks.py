"""What is looked at before anything is sent, and what never leaves the machine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import fsspec
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import sxl_data
from sxl_data.contract.errors import GateMissed, UserError
from sxl_data.engine.commit import sha256
from sxl_data.publish import checks, croissant
from sxl_data.publish.card import read_front
from sxl_data.publish.folder import assemble
from sxl_data.write.manifest import decode, encode, seal
from sxl_data.write.parquet import encode_parquet
from tests.sxl_data.publish.fake_hub import FakeHub
from tests.sxl_data.review.toys import votes

REPO = "me/toy"


def change(build: Path, act: Callable[[pa.Table], pa.Table]) -> None:
    """A build whose train shard is another table; the manifest knows."""
    path = next((build / "data").glob("train-*"))
    path.write_bytes(encode_parquet(act(pq.read_table(path))).to_pybytes())
    at = build / "manifest.json"
    manifest = decode(at.read_bytes(), "manifest.json")
    name = path.relative_to(build).as_posix()
    info = {"bytes": path.stat().st_size, "sha256": sha256(path), "rows": pq.read_metadata(path).num_rows}
    at.write_bytes(encode(seal(msgspec.structs.replace(manifest, files={**manifest.files, name: info}))))


def under(licence: str) -> Callable[[pa.Table], pa.Table]:
    def act(rows: pa.Table) -> pa.Table:
        at = rows.column_names.index("licence")
        return rows.set_column(at, rows.schema.field("licence"), pa.array([licence] * len(rows), pa.string()))

    return act


@pytest.mark.parametrize(
    ("licence", "code"),
    [("", "L601"), ("free for all", "L602"), ("CC-BY-NC-4.0", "L603"), ("CC-BY-4.0", "L605"), ("LicenseRef-x", "L607")],
)
def test_licences_are_a_gate(fake: FakeHub, made: Path, licence: str, code: str):
    change(made, under(licence))
    with pytest.raises(GateMissed, match=code):
        sxl_data.publish(made, REPO, yes=True)
    assert REPO not in fake.repos
    assert sxl_data.publish(made, REPO, accept=[code]).files


def test_a_damaged_missing_or_stray_file_stops_it(fake: FakeHub, made: Path):
    (made / "data" / "more.parquet").write_bytes(b"x")
    next((made / "data").glob("test-*")).unlink()
    next((made / "ledger").iterdir()).write_bytes(b"x")
    with pytest.raises(UserError) as caught:
        sxl_data.publish(made, REPO, yes=True)
    assert [item.code for item in caught.value.findings] == ["U304"] * 3
    assert fake.repos == {}


def test_no_build_is_no_dataset(tmp_path: Path):
    with pytest.raises(UserError, match="U305"):
        sxl_data.publish(tmp_path, REPO)


@pytest.mark.parametrize("repo", ["", "a/b/c", "../x", "me/.git", "me/toy.git", "me/to y"])
def test_an_id_that_is_none_is_said(finished: Path, repo: str):
    with pytest.raises(UserError, match="U401"):
        sxl_data.publish(finished, repo)


def test_rows_that_disagree_with_the_card_stop_it(made: Path):
    change(made, lambda rows: rows.slice(1))
    with pytest.raises(GateMissed, match="U502"):
        sxl_data.publish(made, REPO)


def test_columns_that_disagree_with_the_card_stop_it(made: Path):
    change(made, lambda rows: rows.drop_columns(["group"]))
    with pytest.raises(GateMissed, match="U502"):
        sxl_data.publish(made, REPO)


def test_a_row_beyond_the_viewer_is_named(made: Path):
    def swell(rows: pa.Table) -> pa.Table:
        tasks = rows["task"].to_pylist()
        tasks[3] = "x" * 2_000_000
        at = rows.column_names.index("task")
        return rows.set_column(at, rows.schema.field("task"), pa.array(tasks, pa.string()))

    change(made, swell)
    with pytest.raises(GateMissed) as caught:
        sxl_data.publish(made, REPO)
    (found,) = caught.value.findings
    wanted = pq.read_table(next((made / "data").glob("train-*")))["trace_id"][3].as_py()
    assert (found.code, found.trace_id) == ("U501", wanted)
    assert sxl_data.publish(made, REPO, exclude=[wanted]).taken_down == 1


def test_a_row_group_beyond_the_viewer_is_named(finished: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(checks, "MOST_GROUP", 10_000)
    with pytest.raises(GateMissed, match="row group 0"):
        sxl_data.publish(finished, REPO)


def test_nothing_of_the_machine_is_in_it(finished: Path, tmp_path: Path):
    folder = assemble(finished, REPO, tmp_path, frozenset(), frozenset())
    machine = str(finished.parent).encode()
    assert machine in (finished / "manifest.json").read_bytes()
    assert all(machine not in path.read_bytes() for path in folder.files.values())
    lines = pq.read_table(folder.files["ledger/ledger.parquet"])
    assert lines["detail"].null_count == len(lines)


def test_equal_builds_have_one_content_hash(finished: Path, made: Path):
    assert sxl_data.publish(finished, REPO) == sxl_data.publish(made, REPO)


def test_what_was_published_is_a_build_that_says_the_same(finished: Path, tmp_path: Path):
    folder = assemble(finished, REPO, tmp_path / "a", frozenset(), frozenset())
    for name, path in folder.files.items():
        (tmp_path / "there" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "there" / name).write_bytes(path.read_bytes())
    again = sxl_data.publish(tmp_path / "there", REPO)
    assert again.tag == folder.tag
    assert "D310" in sxl_data.ledger(tmp_path / "there", "code")


def test_a_build_in_an_object_store(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    store = fsspec.filesystem("memory")
    for path in finished.rglob("*"):
        if path.is_file() and ".work" not in path.parts:
            store.pipe_file(f"/publish/{path.relative_to(finished).as_posix()}", path.read_bytes())
    assert sxl_data.publish("memory://publish", REPO) == sxl_data.publish(finished, REPO)


def test_only_known_findings_are_accepted(finished: Path):
    with pytest.raises(UserError, match="U401"):
        sxl_data.publish(finished, REPO, accept=["U502"])


def test_the_front_matter_names_both_configs(finished: Path):
    front = read_front(sxl_data.publish(finished, REPO).card.encode())
    assert [config["config_name"] for config in front["configs"]] == ["default", "ledger"]
    assert [info["config_name"] for info in front["dataset_info"]] == ["default", "ledger"]


def test_croissant_is_valid(finished: Path, tmp_path: Path):
    mlcroissant = pytest.importorskip("mlcroissant")
    folder = assemble(finished, REPO, tmp_path, frozenset(), frozenset())
    path = folder.files["croissant.json"]
    assert croissant.validate(path) == []
    known = mlcroissant.Dataset(jsonld=str(path)).metadata
    assert known.ctx.conforms_to.value == "http://mlcommons.org/croissant/1.1"
    rows = sum(numbers["rows"] for numbers in folder.manifest.splits.values())
    assert known.data_biases == [f"{rows} of {rows} rows are from one."]
    path.write_bytes(
        path.read_bytes().replace(b'"sc:Dataset"', b'"sc:Nothing"').replace(b"cr:FileObject", b"cr:Nothing")
    )
    assert [item.code for item in croissant.validate(path)] == ["U508"]


def test_the_command_shows_and_sends_nothing(finished: Path):
    words = [sys.executable, "-m", "sxl_data", "publish", str(finished), "--repo", REPO]
    done = subprocess.run(words, capture_output=True, text=True, env={"HF_ENDPOINT": "http://127.0.0.1:9"})
    assert done.returncode == 0, done.stderr
    assert "manifest.json" in done.stdout and "configs:" in done.stdout and "--yes" in done.stderr


def test_ratings_are_on_the_card_of_the_build_they_are_of(finished: Path, tmp_path: Path):
    made = sxl_data.review(finished, tmp_path / "round", 3)
    for number in range(2):
        path = votes(made, tmp_path / f"{number}.json", f"m{number}", [number + 1, 2, 3], "model")
        sxl_data.review.import_votes(made.folder, [path], [finished])
    sxl_data.review.agree(made.folder)
    card = sxl_data.publish(finished, REPO, ratings=made.folder).card
    assert "No person rated" in card and "Rated by 2 models: m0; m1" in card
    ratings = made.folder / "ratings.json"
    ratings.write_text(ratings.read_text().replace('"one:', '"two:'))
    with pytest.raises(UserError, match="H704"):
        sxl_data.publish(finished, REPO, ratings=made.folder)
