"""A command that needs no pandas imports none, and what needs it afterwards has it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pandas")

COMMAND = """
import sys
from sxl_data.cli import run
run(["dedup", sys.argv[1], "--column", "text", "-o", sys.argv[2]])
assert "pandas" not in sys.modules, "imported by the command"
import pyarrow
print(pyarrow.table({"a": [1, 2]}).to_pandas().a.sum())
"""


def test_dedup_imports_no_pandas_and_keeps_nobody_from_it(tmp_path: Path):
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"text": "one row of words"}\n{"text": "another, quite different"}\n', encoding="utf-8")
    command = [sys.executable, "-c", COMMAND, str(rows), str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (0, "3") == (done.returncode, done.stdout.splitlines()[-1]), done.stderr
