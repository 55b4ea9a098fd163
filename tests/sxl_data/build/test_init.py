"""sxl_data.build.init"""

from __future__ import annotations

import subprocess
import sys

import pytest

from sxl_data.build.init import ADAPTER, FILES, init
from sxl_data.contract.errors import UserError
from sxl_data.read.files import plan
from sxl_data.read.sources import Source
from sxl_data.read.stage import find_formats, format_of, read_chunk


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
