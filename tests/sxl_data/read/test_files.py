from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from sxl_data.contract.errors import UserError
from sxl_data.read.files import expand, plan
from sxl_data.read.sources import Source


def source(path: str, **fields) -> Source:
    return Source(name="s", path=path, **fields)


def test_pieces_of_a_cut_file_cover_it_at_line_ends(tmp_path: Path):
    text = "".join(f'{{"n": {n}}}\n' for n in range(100)) + '{"n": "no line end"}'
    (tmp_path / "x.jsonl").write_text(text, encoding="utf-8")
    pieces = [c.pieces[0] for c in plan(source("x.jsonl"), tmp_path, chunk_bytes=64)]
    assert len(pieces) > 5
    assert text == "".join(text[p.offset : p.offset + p.length] for p in pieces)
    assert [text[: p.offset].count("\n") + 1 for p in pieces] == [p.first_line for p in pieces]
    assert all(text[p.offset - 1] == "\n" for p in pieces[1:])


@pytest.mark.parametrize("chunk_bytes", [10, 100, 1000, 100_000])
def test_chunks_follow_the_order_of_the_files_whatever_their_size(tmp_path: Path, chunk_bytes: int):
    for name, lines in (("a.jsonl", 1), ("b.jsonl", 50), ("c.jsonl", 1), ("d.tar", 1), ("e.jsonl", 2)):
        (tmp_path / name).write_text('{"n": 1}\n' * lines, encoding="utf-8")
    order = [p.name for c in plan(source("."), tmp_path, chunk_bytes) for p in c.pieces]
    assert sorted(order) == order
    assert {"a.jsonl", "b.jsonl", "c.jsonl", "d.tar", "e.jsonl"} == set(order)


def test_a_limited_source_is_not_cut(tmp_path: Path):
    (tmp_path / "x.jsonl").write_text('{"n": 1}\n' * 100, encoding="utf-8")
    assert 1 == len(list(plan(source("x.jsonl", limit=5), tmp_path, chunk_bytes=10)))


def test_links_pipes_and_caches_are_passed_over_and_named(tmp_path: Path):
    if os.name == "nt":
        pytest.skip("no pipes there")
    (tmp_path / "data/.git").mkdir(parents=True)
    for name in ("a.py", ".git/config"):
        (tmp_path / "data" / name).write_text("x", encoding="utf-8")
    (tmp_path / "data/loop").symlink_to(tmp_path / "data")
    os.mkfifo(tmp_path / "data/pipe.py")
    found = expand(source("data"), tmp_path)
    assert ["a.py"] == [p.name for p in found.files]
    assert [(".git", ".git"), ("loop", "link"), ("pipe.py", "no plain file")] == found.left
    assert [] == expand(source("data", exclude=(".git/*", "loop", "pipe*")), tmp_path).left
    *_, last = plan(source("data"), tmp_path)
    assert ((), tuple(found.left)) == (last.pieces, last.left)


def test_folders_that_a_pattern_matches_are_named_unless_files_in_them_are_read(tmp_path: Path):
    for name in ("data/a.jsonl", "data/inner/b.jsonl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}", encoding="utf-8")
    assert [("inner", "folder that a pattern matches")] == expand(source("data/*"), tmp_path).left
    assert [] == expand(source("data/**/*"), tmp_path).left
    with pytest.raises(UserError, match="folders only"):
        expand(source("data/inn*"), tmp_path)


def test_include_and_exclude_are_about_names_below_the_root(tmp_path: Path):
    for name in ("a.py", "test/b.py", "c.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x", encoding="utf-8")
    found = expand(source(".", include=("*.py",), exclude=("test/*",)), tmp_path)[1]
    assert ["a.py"] == [p.name for p in found]


def test_nothing_there_is_an_error_that_names_the_path(tmp_path: Path):
    with pytest.raises(UserError) as caught:
        expand(source("gone/*.jsonl"), tmp_path)
    assert ("U201", "gone/*.jsonl") == (caught.value.findings[0].code, caught.value.findings[0].file)


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="no users of POSIX")
def test_a_folder_that_cannot_be_read_is_one_error_unless_it_is_left_out() -> None:
    with tempfile.TemporaryDirectory() as outer:
        Path(outer).chmod(0o755)
        (Path(outer) / "a.jsonl").write_text('{"ask": 1}\n', encoding="utf-8")
        closed = Path(outer) / "closed"
        closed.mkdir(mode=0)
        root = os.geteuid() == 0  # whom nothing is closed to
        try:
            if root:
                os.seteuid(65534)
            with pytest.raises(UserError) as caught:
                expand(source(outer), Path())
            assert [("U204", str(closed))] == [(item.code, item.file) for item in caught.value.findings]
            assert "`exclude: [closed/*]`" in caught.value.findings[0].fix
            found = expand(source(outer, exclude=("closed/*",)), Path())[1]
            assert ["a.jsonl"] == [path.name for path in found]
        finally:
            if root:
                os.seteuid(0)
            closed.chmod(0o700)
