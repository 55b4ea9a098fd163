"""sxl_data.build.init"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from sxl_data.build.init import ADAPTER, FILES, init
from sxl_data.contract.errors import UserError
from sxl_data.formats.registry import detect, formats
from sxl_data.read.files import plan
from sxl_data.read.known import format_of
from sxl_data.read.sources import Source
from sxl_data.read.stage import find_formats, read_chunk


def test_the_starter_files_are_written_and_the_test_passes(tmp_path):
    assert [path.name for path in init(tmp_path / "new")] == list(FILES)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."],
        cwd=tmp_path / "new",
        capture_output=True,
        text=True,
    )
    assert (done.returncode, "2 passed" in done.stdout) == (0, True), done.stdout


def test_the_starter_adapter_reads_the_starter_rows(tmp_path):
    init(tmp_path)
    source = Source(name="notes", path=str(tmp_path / "notes.jsonl"), format=str(tmp_path / "notes.py"))
    (chunk,) = plan(source, tmp_path)
    name = find_formats(source, [chunk])[0].format
    traces = read_chunk(source, chunk, name).traces
    assert traces["has_reasoning"].to_pylist() == [True, False, True, False]


def test_an_adapter_takes_less_than_thirty_lines():
    assert len([line for line in ADAPTER.splitlines() if line.strip()]) < 30


def test_what_is_there_is_never_replaced(tmp_path):
    (tmp_path / "notes.py").write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match="U306"):
        init(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.py"]


@pytest.mark.parametrize(("text", "found"), [("x = 1\n", "no FORMAT"), ("1/0\n", "ZeroDivisionError")])
def test_a_file_without_a_format_is_refused(tmp_path, text, found):
    (tmp_path / "bad.py").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=f"U202[\\s\\S]*{found}"):
        format_of(str(tmp_path / "bad.py"))


ODD_ROWS = [
    {
        "turns": [{"speaker": "human", "words": "hi there"}, {"speaker": "bot", "words": "hello"}],
        "note": "what the rater said about this talk, at length, and which nobody has read yet",
    },
    {"Frage": "Wie viel?", 'Ant"wort{n}\n': "vier"},
    {"a": 1},
]


@pytest.mark.parametrize(("number", "said"), [(0, "no trace has /note"), (1, "2 passed"), (2, "not written yet")])
def test_a_draft_for_an_unknown_file_imports_and_its_test_says_what_is_open(tmp_path, number, said):
    (tmp_path / "odd.jsonl").write_text(json.dumps(ODD_ROWS[number]) + "\n", encoding="utf-8")
    init(tmp_path / "new", source=str(tmp_path / "odd.jsonl"))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rx", "-p", "no:cacheprovider", "."],
        cwd=tmp_path / "new",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and said in done.stdout, done.stdout


def test_an_unknown_file_is_told_by_what_is_nearest():
    with pytest.raises(UserError) as raised:
        detect([{"trajectory_format": "x", "info": {}}], formats().values())
    (found,) = raised.value.findings
    assert "mini_swe_agent" in str(found.expected) and "--from FILE" in found.fix
    with pytest.raises(UserError) as raised:
        detect([{"Frage": "x", "id": 1}], formats().values())
    assert raised.value.findings[0].expected == "a format that sxl reads"
