from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from sxl_data.contract.errors import UserError
from sxl_data.engine.commit import commit, commit_bytes, place


def test_a_commit_returns_size_and_digest(tmp_path: Path):
    data = os.urandom(3_000_000)
    assert (len(data), hashlib.sha256(data).hexdigest()) == commit(tmp_path / "x", lambda f: f.write(data))
    assert data == (tmp_path / "x").read_bytes()


def test_a_commit_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path):
    commit_bytes(tmp_path / "x", b"old")

    def broken(file) -> None:
        file.write(b"new")
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        commit(tmp_path / "x", broken)
    assert [(tmp_path / "x", b"old")] == [(p, p.read_bytes()) for p in tmp_path.iterdir()]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_the_users_error():
    from sxl_data.engine.commit import writing

    with pytest.raises(UserError, match="U301"), writing(Path("/dev/full")), Path("/dev/full").open("wb") as file:
        file.write(b"x")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_the_users_error(tmp_path: Path):
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match="U302"):
        commit_bytes(tmp_path / "x", b"data")


def test_placing_replaces_what_was_there(tmp_path: Path):
    commit_bytes(tmp_path / "work/x", b"new")
    commit_bytes(tmp_path / "data/x", b"old")
    place(tmp_path / "work/x", tmp_path / "data/x")
    assert b"new" == (tmp_path / "data/x").read_bytes()


def test_placing_copies_where_links_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> None:
        raise OSError("no links here")

    commit_bytes(tmp_path / "work/x", b"new")
    monkeypatch.setattr(os, "link", refuse)
    place(tmp_path / "work/x", tmp_path / "data/x")
    assert b"new" == (tmp_path / "data/x").read_bytes()
    assert ["x"] == [p.name for p in (tmp_path / "data").iterdir()]
