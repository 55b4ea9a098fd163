"""Datasets in object stores: a local S3 server (moto), and fsspec's memory with faults injected into it."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import msgspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

import sxl_data
from sxl_data.build import comparing
from sxl_data.build import questions as builds
from sxl_data.contract.errors import UserError
from sxl_data.engine.objects import Objects
from sxl_data.pipeline import build
from tests.sxl_data.review.toys import votes

INLINE = ["engine.kind=inline", "write.arrow=false"]


class Full(MemoryFileSystem):
    """A store in memory that refuses after ``left`` changes."""

    protocol = "full"
    left: float = float("inf")

    def _change(self) -> None:
        if Full.left <= 0:
            raise OSError("no more requests")
        Full.left -= 1

    def put_file(self, *args: Any, **options: Any) -> None:
        self._change()
        super().put_file(*args, **options)

    def pipe_file(self, *args: Any, **options: Any) -> None:
        self._change()
        super().pipe_file(*args, **options)

    def rm_file(self, *args: Any, **options: Any) -> None:
        self._change()
        super().rm_file(*args, **options)


fsspec.register_implementation("full", Full, clobber=True)


@pytest.fixture
def url() -> Iterator[str]:
    Full.left = float("inf")
    yield f"full://{uuid.uuid4().hex}/set"
    Full.left = float("inf")


def dataset(folder: Path, **texts: str) -> dict[str, dict[str, Any]]:
    """A published folder, and what its manifest says of the files."""
    files = {}
    for name, text in texts.items():
        path = folder / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        digest = hashlib.sha256(text.encode()).hexdigest()
        files[f"data/{name}"] = {"bytes": path.stat().st_size, "sha256": digest}
    (folder / "README.md").write_text("card", encoding="utf-8")
    (folder / "manifest.json").write_bytes(msgspec.json.encode({"files": files}))
    return files


def content(place: str) -> dict[str, bytes]:
    fs, root = fsspec.core.url_to_fs(place)
    return {name.removeprefix(root + "/"): fs.cat_file(name) for name in fs.find(root)}


def test_an_upload_that_stops_anywhere_leaves_no_half_dataset_and_goes_on(tmp_path: Path, url: str):
    first = dataset(tmp_path / "1", a="1", b="2", old="3")
    second = dataset(tmp_path / "2", a="1", b="22", c="4")
    wanted = {f"data/{name}": text.encode() for name, text in {"a": "1", "b": "22", "c": "4"}.items()}
    wanted |= {name: (tmp_path / "2" / name).read_bytes() for name in ("README.md", "manifest.json")}
    stops = 0
    for allowed in range(20):
        Full.left = float("inf")
        Objects(url).publish(tmp_path / "1", first)
        Full.left = allowed
        try:
            Objects(url).publish(tmp_path / "2", second)
        except UserError as problem:
            stops += 1
            assert "U302" == problem.findings[0].code
            there = content(url)
            # Either still the old dataset, untouched, or none.
            assert "manifest.json" not in there or there["data/old"] == b"3"
            Full.left = float("inf")
            Objects(url).publish(tmp_path / "2", second)
        assert wanted == content(url)
    assert 6 == stops  # the manifest goes, two puts, one sweep, card and manifest


def test_files_that_are_there_are_not_sent_again(tmp_path: Path, url: str):
    files = dataset(tmp_path, a="1", b="2")
    Objects(url).publish(tmp_path, files)
    fs, root = fsspec.core.url_to_fs(url)
    fs.rm_file(f"{root}/manifest.json")
    fs.pipe_file(f"{root}/data/b", b"x")  # the same size, and damaged
    Full.left = 3  # one file, the card and the manifest
    Objects(url).publish(tmp_path, files)
    assert (b"2", 0) == (fs.cat_file(f"{root}/data/b"), Full.left)


def test_a_lock_names_its_holder_and_is_taken_over_by_its_own_folder(tmp_path: Path, url: str):
    with Objects(url).locked(tmp_path / "one"):
        with pytest.raises(UserError) as problem, Objects(url).locked(tmp_path / "two"):
            pass
        assert "U303" == problem.value.findings[0].code
        with Objects(url).locked(tmp_path / "one"):  # what a killed run of this folder left
            assert ["sxl.lock"] == list(content(url))
    assert {} == content(url)


def publish_foreign(url: str, files: dict[str, tuple[str, str]], **more: Any) -> None:
    """What a stranger may have put there: name → (content, the content whose digest is stated)."""
    fs, root = fsspec.core.url_to_fs(url)
    stated = {}
    for name, (text, vouched) in files.items():
        fs.pipe_file(f"{root}/{name}", text.encode())
        stated[name] = {"bytes": len(vouched), "sha256": hashlib.sha256(vouched.encode()).hexdigest()}
    manifest = more.get("manifest", msgspec.json.encode({"files": stated, "content_hash": "0"}))
    fs.pipe_file(f"{root}/manifest.json", manifest)


@pytest.mark.parametrize(
    "name",
    [
        "{out}",
        "../../x",
        "data/../../x",
        "data/..\\..\\x",
        "manifest.json",
        "x",
        "other/x",
        "data/C:x",
        "data/x\n",
        "arrow/../../x",
    ],
)
def test_a_name_of_a_remote_manifest_is_never_a_path(name: str, tmp_path: Path, url: str):
    name = name.replace("{out}", str(tmp_path / "x"))
    publish_foreign(url, {"data/sound": ("1", "1"), name: ("evil", "evil")})
    with pytest.raises(UserError) as problem:
        Objects(url).fetch(tmp_path / "cache" / "fetched")
    assert ("U304", repr(name)) == (
        problem.value.findings[0].code,
        problem.value.findings[0].found.split(" called ")[1],
    )
    assert [] == [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize(("text", "vouched"), [("evil", "good"), ("longer", "x"), ("", "x")])
def test_a_file_gets_its_name_only_with_the_bytes_that_are_stated(text: str, vouched: str, tmp_path: Path, url: str):
    publish_foreign(url, {"ledger/ledger.parquet": (text, vouched)})
    with pytest.raises(UserError) as problem:
        Objects(url).fetch(tmp_path / "fetched")
    assert "U304" == problem.value.findings[0].code
    assert [] == [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "manifest",
    [
        b"{}",
        b"[]",
        b"null",
        b"",
        b"\xff",
        b'{"files": {}, "content_hash": ""}',
        b'{"files": {"data/x": "00"}, "content_hash": ""}',
        b'{"files": {"data/x": {"bytes": 1}}, "content_hash": ""}',
    ],
)
def test_a_remote_manifest_that_says_nothing_is_refused(manifest: bytes, tmp_path: Path, url: str):
    publish_foreign(url, {"data/x": ("1", "1")}, manifest=manifest)
    with pytest.raises(UserError) as problem:
        Objects(url).fetch(tmp_path / "fetched")
    assert "U305" == problem.value.findings[0].code
    assert [] == list(tmp_path.rglob("*"))


def test_a_link_in_the_cache_leads_nowhere(tmp_path: Path, url: str):
    publish_foreign(url, {"data/x": ("1", "1")})
    (tmp_path / "outside").mkdir()
    (tmp_path / "fetched").mkdir()
    (tmp_path / "fetched" / "data").symlink_to(tmp_path / "outside")
    with pytest.raises(UserError) as problem:
        Objects(url).fetch(tmp_path / "fetched")
    assert "U304" == problem.value.findings[0].code
    assert [] == list((tmp_path / "outside").iterdir())


def test_what_is_fetched_is_whole_private_and_fetched_once(tmp_path: Path, url: str):
    publish_foreign(url, {"data/x": ("1", "1"), "arrow/y": ("2", "2")})
    folder = Objects(url).fetch(tmp_path / "fetched")
    assert ["data/x", "manifest.json"] == sorted(
        p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()
    )
    assert 0o700 == folder.stat().st_mode & 0o777
    before = (folder / "data/x").stat().st_ino
    Objects(url).fetch(folder)
    assert before == (folder / "data/x").stat().st_ino


def test_an_address_that_nothing_opens_is_a_clear_error():
    with pytest.raises(UserError) as problem:
        Objects("nowhere://bucket/set")
    assert "U310" == problem.value.findings[0].code


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    s3fs = pytest.importorskip("s3fs")
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "toy")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "toy")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    s3fs.S3FileSystem.clear_instance_cache()
    name = f"toys-{uuid.uuid4().hex}"
    s3fs.S3FileSystem().mkdir(name)
    yield f"s3://{name}"
    s3fs.S3FileSystem.clear_instance_cache()
    server.stop()


def test_a_build_into_s3_is_the_local_one(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    place = f"{bucket}/sets/demo"
    local = build("demo", tmp_path / "local", INLINE, limit=5)
    remote = build("demo", place, INLINE, limit=5)
    assert local.content_hash == remote.content_hash
    there = content(place)
    assert {*local.files, "README.md", "report.html", "manifest.json"} == there.keys()
    for name in (*local.files, "report.html"):
        assert (tmp_path / "local" / name).read_bytes() == there[name]
    assert builds.ledger(tmp_path / "local", "code") == builds.ledger(place, "code")
    alike, apart = (
        [line.split() for line in comparing.diff(tmp_path / "local", other).splitlines()[2:]]
        for other in (tmp_path / "local", place)
    )
    assert alike == apart
    rounds = [sxl_data.review(where, tmp_path / f"round-{n}", 3) for n, where in enumerate((tmp_path / "local", place))]
    assert rounds[0].sample.items == rounds[1].sample.items
    given = votes(rounds[1], tmp_path / "votes.json", "Ada", [1, 2, 3])
    assert 3 == sxl_data.review.import_votes(rounds[1].folder, [given], [place]).items
    sent = [sxl_data.publish(where, "me/toy", accept=["L601"]) for where in (tmp_path / "local", place)]
    assert sent[0] == sent[1]


def test_a_bucket_that_is_not_there_is_said_before_anything_is_built(bucket: str, tmp_path: Path):
    with pytest.raises(UserError) as problem:
        build("demo", "s3://absent/set", INLINE, work=tmp_path / "work")
    assert "U302" == problem.value.findings[0].code
    assert not (tmp_path / "work/data").exists()
