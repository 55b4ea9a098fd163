from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from sxl_data.files import archives
from sxl_data.files.archives import DAMAGED, Oversized, members, unpacked


def tar(path: Path, mode: str = "w") -> Path:
    """A tar with one file, a link out of it, a pipe, and a path that climbs."""
    with tarfile.open(path, mode) as archive:
        for name, kind in (
            ("./a.txt", tarfile.REGTYPE),
            ("soft", tarfile.SYMTYPE),
            ("hard", tarfile.LNKTYPE),
            ("pipe", tarfile.FIFOTYPE),
            ("../../b.txt", tarfile.REGTYPE),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            info.size = 5 if kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(b"hello"))
    return path


@pytest.mark.parametrize(("name", "mode"), [("x.tar", "w"), ("x.tar.gz", "w:gz"), ("x.tar.xz", "w:xz")])
def test_only_regular_files_of_a_tar_are_read(tmp_path: Path, name: str, mode: str):
    found = [(n, m.read()) for n, m in members(tar(tmp_path / name, mode))]
    assert [("a.txt", b"hello"), ("../../b.txt", b"hello")] == found


def test_files_of_a_zip_are_read_and_its_folders_are_not(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.mkdir("folder")
        archive.writestr("folder/a.txt", "hello")
    assert [("folder/a.txt", b"hello")] == [(n, m.read()) for n, m in members(tmp_path / "x.zip")]


def test_a_member_is_unpacked_into_a_folder_that_goes_away(tmp_path: Path):
    with unpacked("../../evil/\x00name.jsonl", io.BytesIO(b"rows")) as (path, _, size):
        assert (b"rows", 4, ".jsonl") == (path.read_bytes(), size, path.suffix)
        assert "evil" not in path.parts
    assert not path.parent.exists()


def test_a_member_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(archives, "MAX_MEMBER_BYTES", 1000)
    with pytest.raises(Oversized), unpacked("x", io.BytesIO(bytes(1001))):
        pass


@pytest.mark.parametrize("name", ["x.tar", "x.tar.gz", "x.tar.zst", "x.zip"])
def test_damage_is_one_of_the_known_errors(tmp_path: Path, name: str):
    (tmp_path / name).write_bytes(b"nothing like an archive" * 100)
    with pytest.raises(DAMAGED):
        list(members(tmp_path / name))


def test_a_tar_cut_off_gives_what_is_whole_and_then_an_error(tmp_path: Path):
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w") as archive:
        for name in ("one", "two"):
            info = tarfile.TarInfo(name)
            info.size = 5000
            archive.addfile(info, io.BytesIO(bytes(5000)))
    path.write_bytes(path.read_bytes()[:8000])
    seen = []
    with pytest.raises(DAMAGED):
        for name, member in members(path):
            seen.append((name, len(member.read())))
    assert ("one", 5000) == seen[0]


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_name_of_megabytes_is_refused_before_it_is_read(tmp_path: Path, kind: bytes):
    head = tarfile.TarInfo("x")
    head.type, head.size = kind, 3_000_000
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(head.tobuf(tarfile.USTAR_FORMAT) + b" " * 3_000_064))
    with pytest.raises(tarfile.ReadError, match="3000000"):
        list(members(path))
