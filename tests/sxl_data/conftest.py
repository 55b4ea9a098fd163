"""What the tests of the pipeline share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sxl_data.builds import lines, rows


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """Two sources of 40 rows, one of them twice."""
    (tmp_path / "one.jsonl").write_text(lines(rows(40)), encoding="utf-8")
    (tmp_path / "two").mkdir()
    for n in range(3):
        (tmp_path / f"two/{n}.jsonl").write_text(lines(rows(15, 40 + 15 * n) + rows(2)), encoding="utf-8")
    path = tmp_path / "toy.yaml"
    path.write_text(
        "name: toy\nsources:\n  - {name: one, path: one.jsonl, format: instruction_pair, licence: MIT}\n"
        "  - {name: two, path: two, format: instruction_pair, licence: MIT}\n",
        encoding="utf-8",
    )
    return path
