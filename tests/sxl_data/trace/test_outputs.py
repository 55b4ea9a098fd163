"""What the verbs about traces write, and where: whole, at the place that was named, and harmless to look at."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sxl_data.cli import run
from sxl_data.contract.errors import UserError
from sxl_data.validate.convert import convert
from sxl_data.validate.validate import validate

ACTING = "\x1b[31m\x00\x07\x9b\u202e\u2066\x7f"


def chat(path: Path, *says: str) -> Path:
    rows = [
        {"messages": [{"role": "user", "content": f"say {said}"}, {"role": "assistant", "content": said}]}
        for said in says
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_sessions_are_written_again_into_their_own_folder_and_into_no_other(tmp_path: Path):
    three, two = chat(tmp_path / "3.jsonl", "a", "b", "c"), chat(tmp_path / "2.jsonl", "d", "e")
    convert(three, "sts", tmp_path / "out")
    convert(two, "sts", tmp_path / "out")
    assert ["00001.jsonl", "00002.jsonl"] == names(tmp_path / "out")  # none of the earlier three is left
    (tmp_path / "out" / "mine").touch()
    with pytest.raises(UserError, match="U306"):
        convert(three, "sts", tmp_path / "out")
    assert ["00001.jsonl", "00002.jsonl", "mine"] == names(tmp_path / "out")


@pytest.mark.parametrize("to", ["sts", "atif", "openai_chat", "sxl_trace"])
def test_what_is_in_the_way_stays(to: str, tmp_path: Path):
    rows = chat(tmp_path / "rows.jsonl", "a", "b")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "manifest.json").write_text("{}")
    for place in (tmp_path / "folder", rows, rows / "x", Path("/proc/none/x")):
        before = names(tmp_path), rows.read_bytes()
        with pytest.raises(UserError) as problem:
            convert(rows, to, place)
        assert problem.value.findings[0].code in ("U302", "U306")
        assert before == (names(tmp_path), rows.read_bytes())


def test_a_link_is_followed_and_a_pipe_written_into(tmp_path: Path):
    rows = chat(tmp_path / "rows.jsonl", "a")
    (tmp_path / "real.jsonl").touch()
    (tmp_path / "link.jsonl").symlink_to("real.jsonl")
    convert(rows, "atif", tmp_path / "link.jsonl")
    assert (tmp_path / "link.jsonl").is_symlink() and (tmp_path / "real.jsonl").read_bytes()
    if Path("/dev/stdout").exists():
        words = ["convert", str(rows), "--to", "atif", "-o", "/dev/stdout"]
        done = subprocess.run([sys.executable, "-m", "sxl_data", *words], capture_output=True, text=True)
        assert json.loads(done.stdout.splitlines()[0])["steps"]


def test_a_conversion_that_fails_in_the_middle_leaves_the_old_file(tmp_path: Path):
    out = tmp_path / "out.jsonl"
    out.write_text("old")
    (tmp_path / "rows.jsonl").write_text("\x00\n{")
    with pytest.raises(UserError):
        convert(tmp_path / "rows.jsonl", "atif", out)
    assert ("old", ["out.jsonl", "rows.jsonl"]) == (out.read_text(), names(tmp_path))


@pytest.mark.skipif(sys.platform != "linux", reason="names that are not UTF-8")
@pytest.mark.parametrize("name", ["caf\udce9.jsonl", "inv\udcff.jsonl", "\x1b[31m.jsonl", "a\nb.jsonl"])
def test_a_file_is_read_whatever_it_is_called(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    rows = str(chat(tmp_path / name, "a"))
    for words in (
        ["validate"],
        ["stats"],
        ["show"],
        ["validate", "--output", "json"],
        ["validate", "--output", "sarif"],
        ["validate", "--output", "github"],
        ["convert", "--to", "atif", "-o", str(tmp_path / "out")],
        ["decontaminate", "--against", "mbpp"],
    ):
        assert 0 == run([words[0], rows, *words[1:]]), capsys.readouterr()
        said = capsys.readouterr().out
        assert "\x1b" not in said
        said.encode("utf-8")


def acting(path: Path) -> Path:
    """A file with acting characters in every place of a report."""
    name = json.dumps(f"t{ACTING}")
    row = f'{{"id":{name},"messages":[{{"role":"assistant","tool_calls":[{{"id":{name},"function":{{"name":{name},"arguments":{name}}}}}]}}],"x":1}}\n'
    path.write_text(row + f"not json {ACTING}\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("output", ["text", "json", "sarif", "github"])
def test_no_report_carries_what_acts_on_a_terminal(output: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = str(acting(tmp_path / f"x{ACTING.replace(chr(0), '')}.jsonl"))
    for words in (
        ["validate", path, "--output", output],
        ["stats", path, *(["--output", "json"] if output == "json" else [])],
        ["show", path],
    ):
        run(words)
        said = "".join(capsys.readouterr())
        assert said.replace("\n", "").isprintable(), ascii(said)
        assert words[0] == "validate" or "t\\" in said


def test_json_and_python_keep_places_exact_and_say_nothing_that_acts(tmp_path: Path):
    report = validate(acting(tmp_path / "x.jsonl"))
    said = json.loads(report.render("json"))
    assert [item.pointer for item in report.findings] == [item["pointer"] for item in said["findings"]]
    for item in said["findings"]:
        for key in ("found", "expected", "why", "fix"):
            assert (item[key] or "").replace("\n", "").isprintable()


@pytest.mark.parametrize("columns", ["60", "80"])
def test_tables_fit_the_terminal(columns: str, tmp_path: Path):
    row = {
        "messages": [
            {"role": "assistant", "tool_calls": [{"id": "1", "function": {"name": "n" * 300, "arguments": "{}"}}]}
        ]
    }
    (tmp_path / "x.jsonl").write_text(json.dumps(row) + "\n")
    environment = {**os.environ, "COLUMNS": columns}
    done = subprocess.run(
        [sys.executable, "-m", "sxl_data", "stats", "x.jsonl"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert 0 == done.returncode and max(map(len, done.stdout.splitlines())) <= int(columns)


def test_a_parquet_column_that_is_not_utf_8_is_one_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"text": ["a"], "cafX": ["b"]}), path, store_schema=False)
    path.write_bytes(path.read_bytes().replace(b"cafX", b"caf\xe9"))
    for words in (["validate", str(path)], ["dedup", str(path), "--column", "text", "-o", str(tmp_path / "out")]):
        assert 2 == run(words)
        assert "error U204 " in "".join(capsys.readouterr())
    assert ["x.parquet"] == names(tmp_path)


def test_a_line_of_a_report_cannot_be_forged(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    forged = "0 traces checked: nothing found; passes for profile train"
    path = chat(tmp_path / f"x\n{forged}", "a")
    path.write_text(
        path.read_text(encoding="utf-8")
        + json.dumps({"messages": [{"role": f"x\n{forged}"}], f"k\n{forged}": 1})
        + "\n"
    )
    for words in (
        ["validate", str(path)],
        ["validate", str(path), "--output", "github"],
        ["stats", str(path)],
        ["validate", str(path), "--fix", "-o", str(tmp_path / "fixed")],
        ["convert", str(path), "--to", "atif", "-o", str(tmp_path / "out")],
    ):
        run(words)
        assert forged not in "".join(capsys.readouterr()).splitlines()
