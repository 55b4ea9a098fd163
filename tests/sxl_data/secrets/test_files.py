"""sxl_data.secrets.files: the command `redact`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import sxl_data
from sxl_data.contract.errors import UserError
from sxl_data.secrets.second_scan import leftovers

TOKEN = "ghp_" + "Qx7" * 12


def run(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sxl_data", "redact", *map(str, words)], capture_output=True, text=True
    )


def test_a_text_goes_to_stdout_with_placeholders(tmp_path: Path):
    path = tmp_path / "log.txt"
    path.write_text(f"T={TOKEN}\nDB_PASSWORD=kX8mP2qL9\necho kX8mP2qL9\n", encoding="utf-8")
    done = run(path)
    assert (done.returncode, done.stdout) == (
        0,
        "T=SECRET_github_token\nDB_PASSWORD=SECRET_password\necho SECRET_password\n",
    )


def test_a_check_writes_nothing_and_exits_with_one(tmp_path: Path):
    path = tmp_path / "session.jsonl"
    path.write_text('{"a": 1}\n' + json.dumps({"m": {"t": f"x\n{TOKEN}"}}) + "\n", encoding="utf-8")
    done = run(path, "--check", "--output", "json", "-o", tmp_path / "out")
    (found,) = json.loads(done.stdout)["findings"]
    assert done.returncode == 1
    assert (found["code"], found["line"], found["pointer"]) == ("C411", 2, "/m/t")
    assert TOKEN not in done.stdout + done.stderr
    assert not (tmp_path / "out").exists()
    path.write_text('{"a": 1}\n', encoding="utf-8")
    assert run(path, "--check").returncode == 0


def test_a_table_keeps_its_schema_and_its_other_values(tmp_path: Path):
    table = pa.table(
        {
            "n": pa.array([1, 2], pa.int8()),
            "t": pa.array([f"a {TOKEN}", None]),
            "s": pa.array(
                [[{"x": TOKEN, "y": 1.5}], None], pa.list_(pa.struct([("x", pa.large_string()), ("y", pa.float32())]))
            ),
            "d": pa.array(["k", TOKEN]).dictionary_encode(),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    done = sxl_data.redact(tmp_path / "a.parquet", tmp_path / "b.parquet")
    after = pq.read_table(tmp_path / "b.parquet")
    assert done.secrets == 3
    assert after.schema.equals(pq.read_schema(tmp_path / "a.parquet"))
    assert after.to_pylist() == [
        {"n": 1, "t": "a SECRET_github_token", "s": [{"x": "SECRET_github_token", "y": 1.5}], "d": "k"},
        {"n": 2, "t": None, "s": None, "d": "SECRET_github_token"},
    ]


def test_several_files_go_to_a_folder_and_persons_may_stay(tmp_path: Path):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(f"/home/annlee {TOKEN}", encoding="utf-8")
    done = sxl_data.redact([tmp_path / "a.txt", tmp_path / "b.txt"], tmp_path / "out", people=False)
    assert len(done.written) == 2
    assert (tmp_path / "out" / "b.txt").read_text(encoding="utf-8") == "/home/annlee SECRET_github_token"


@pytest.mark.parametrize("data", [b"\x00\x01" * 100, b"\x1f\x8b\x08\x00\x00"])
def test_bytes_that_are_no_text_are_refused_rather_than_passed_on(tmp_path: Path, data: bytes):
    (tmp_path / "x.bin").write_bytes(data)
    with pytest.raises(UserError, match="U204"):
        sxl_data.redact(tmp_path / "x.bin", tmp_path / "y.bin")
    assert not (tmp_path / "y.bin").exists()


def test_the_file_that_is_read_is_never_the_one_that_is_written(tmp_path: Path):
    (tmp_path / "a.txt").write_text(TOKEN, encoding="utf-8")
    with pytest.raises(UserError, match="U401"):
        sxl_data.redact(tmp_path / "a.txt", tmp_path / "a.txt")
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == TOKEN


def test_a_second_look_at_what_is_only_checked_is_refused_and_not_left_out(tmp_path: Path):
    (tmp_path / "a.txt").write_text("nothing", encoding="utf-8")
    with pytest.raises(UserError, match="--check and --second"):
        sxl_data.redact(tmp_path / "a.txt", check=True, second=True)


def test_a_second_scan_finds_what_was_left_and_nothing_after_a_redaction(tmp_path: Path):
    pytest.importorskip("detect_secrets")
    (found,) = leftovers(f"x = '{TOKEN}'".encode(), [TOKEN.encode()], "a.txt")[:1]
    assert (found.code, found.line) == ("C411", 1)
    (tmp_path / "a.txt").write_text(f"x = '{TOKEN}'\npassword = 'kX8#mP2qL'\n", encoding="utf-8")
    assert sxl_data.redact(tmp_path / "a.txt", tmp_path / "b.txt", second=True).findings == []


def test_a_folder_is_redacted_file_by_file_under_the_same_names(tmp_path: Path):
    (tmp_path / "in/deep/node_modules").mkdir(parents=True)
    for name in ("in/a.txt", "in/deep/b.jsonl", "in/deep/node_modules/c.txt"):
        (tmp_path / name).write_text(json.dumps({"t": TOKEN}) + "\n", encoding="utf-8")
    (tmp_path / "in/link.txt").symlink_to(tmp_path / "in/a.txt")
    (tmp_path / "in/picture.png").write_bytes(b"\x89PNG\x00" * 9)
    done = run(tmp_path / "in", "-o", tmp_path / "out")
    assert 1 == done.returncode  # the picture was not passed on
    assert ["a.txt", "deep/b.jsonl"] == sorted(
        path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*") if path.is_file()
    )
    assert {"t": "SECRET_github_token"} == json.loads((tmp_path / "out/deep/b.jsonl").read_text(encoding="utf-8"))
    assert "link ×1, node_modules ×1" in done.stderr and "picture.png" in done.stderr
    assert "2 secrets" in done.stderr


def test_a_folder_has_a_place_of_its_own_and_replaces_nothing(tmp_path: Path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.txt").write_text(TOKEN, encoding="utf-8")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/a.txt").write_text("mine", encoding="utf-8")
    for out, code in ((None, "U401"), ("full", "U306"), ("in", "U302"), ("in/out", "U302"), (".", "U302")):
        with pytest.raises(UserError, match=code):
            sxl_data.redact(tmp_path / "in", tmp_path / out if out else None)
    assert "mine" == (tmp_path / "full/a.txt").read_text(encoding="utf-8")
    found = sxl_data.redact(tmp_path / "in", check=True)
    assert (1, [str(tmp_path / "in/a.txt")]) == (found.secrets, [item.file for item in found.findings])
    done = sxl_data.redact([tmp_path / "in", tmp_path / "full/a.txt"], tmp_path / "out")
    assert [str(tmp_path / "out/in/a.txt"), str(tmp_path / "out/a.txt")] == done.written
