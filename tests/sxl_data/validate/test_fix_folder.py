"""A folder is mended file by file, and what is not mended is said."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sxl_data.cli import run
from sxl_data.contract.errors import UserError
from sxl_data.validate.fix_folder import fix_folder

CALL = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
ROW = {
    "messages": [
        {"role": "user", "content": "go"},
        {"role": "assistant", "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "a", "content": "1"},
        {"role": "assistant", "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "a", "content": "2"},
        {"role": "assistant", "content": "done"},
    ],
    "tools": [{"type": "function", "function": {"name": "f", "description": "", "parameters": {"type": "object"}}}],
}


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Two files of calls whose ids are repeated, and what lies beside them."""
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    for name in ("a.jsonl", "deep/b.json"):
        (folder / name).write_text(json.dumps(ROW) + "\n", encoding="utf-8")
    (folder / "README.md").write_text("# About\n", encoding="utf-8")
    (folder / "odd.json").write_text('{"what": "is this"}\n', encoding="utf-8")
    (folder / "link.jsonl").symlink_to(folder / "a.jsonl")
    return folder


def ids(path: Path) -> list[str]:
    messages = json.loads(path.read_text(encoding="utf-8"))["messages"]
    return [call["id"] for message in messages for call in message.get("tool_calls") or ()]


def test_every_file_of_records_is_mended_under_its_name(mixed: Path, capsys: pytest.CaptureFixture[str]):
    out = mixed.parent / "out"
    before = {path: path.read_bytes() for path in mixed.rglob("*") if path.is_file()}
    assert 1 == run(["validate", str(mixed), "--fix", "-o", str(out)])  # the odd one is no trace
    files = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    assert ["a.jsonl", "deep/b.json", "odd.json"] == files
    assert all(len(set(ids(out / name))) == 2 for name in files[:2])
    assert {"what": "is this"} == json.loads((out / "odd.json").read_text(encoding="utf-8"))
    said = capsys.readouterr()
    assert "deep/b.json line 1  P102" in said.out
    assert "U216" in said.err and "README.md" in said.err and "U217" in said.err and "link.jsonl" in said.err
    assert before == {path: path.read_bytes() for path in mixed.rglob("*") if path.is_file()}


def test_nothing_is_replaced(mixed: Path):
    with pytest.raises(UserError, match="U302"):
        fix_folder(mixed, mixed / "out")
    (mixed.parent / "full").mkdir()
    (mixed.parent / "full/a.jsonl").write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match="U306"):
        fix_folder(mixed, mixed.parent / "full")
    assert "mine" == (mixed.parent / "full/a.jsonl").read_text(encoding="utf-8")


def test_a_table_becomes_lines_unless_a_file_of_that_name_is_there(mixed: Path):
    table = pa.table({"messages": [json.dumps(ROW["messages"])], "tools": [json.dumps(ROW["tools"])]})
    pq.write_table(table, mixed / "c.parquet")
    done = fix_folder(mixed, mixed.parent / "out")
    assert {"a.jsonl", "b.json", "odd.json", "c.jsonl"} == {Path(item.out).name for item in done.files}
    pq.write_table(table, mixed / "a.parquet")
    with pytest.raises(UserError, match=r"a\.jsonl and a\.parquet, both of which would be a\.jsonl"):
        fix_folder(mixed, mixed.parent / "again")
    assert not (mixed.parent / "again").exists()


def test_a_damaged_file_is_said_and_the_others_are_mended(mixed: Path):
    (mixed / "cut.parquet").write_bytes(b"PAR1 and no more")
    done = fix_folder(mixed, mixed.parent / "out", "openai_chat")
    assert 2 == done.exit_code and ["cut.parquet"] == [Path(item.file or "").name for item in done.problems]
    assert len(done.files) == 3
