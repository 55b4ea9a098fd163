"""sxl_data.read.adapters.nl2bash"""

from __future__ import annotations

import json

import pytest

from sxl_data.read.adapters.nl2bash import FORMATS
from sxl_data.read.files import gather, plan
from sxl_data.read.sources import Source
from sxl_data.read.stage import read_chunk
from sxl_data.trace.format import Document, Origin, RowError
from tests.sxl_data.read.readings import outline, read_path, read_row, said

ROWS, FILES = FORMATS


def test_a_row_gives_the_command_as_answer_or_as_a_call():
    row = {"nl": "list files", "bash": "ls"}
    answer, call = read_row(ROWS, row).trace, read_row(ROWS, row, call=True).trace
    assert (outline(answer), said(answer)) == ("OF", ["list files", "ls"])
    assert (outline(call), json.loads(call.steps[1].calls[0].arguments_json)) == ("OC", {"command": "ls"})


def test_files_of_unequal_length_are_refused():
    with pytest.raises(RowError):
        list(FILES.read(Document(file="f", value={"a.nl": "x\ny\n", "a.cm": "ls\n"}), Origin(source="toy")))


def test_line_n_belongs_to_line_n(shared):
    readings, refused = read_path(FILES, shared / "data/nl2bash")
    commands = (shared / "data/nl2bash/all.cm").read_text(encoding="utf-8").rstrip("\n").split("\n")
    assert refused == []
    assert [said(r.trace)[1] for r in readings] == commands


def test_a_limit_counts_the_rows_of_the_folder(tmp_path):
    (tmp_path / "a.nl").write_text("".join(f"list {n}\n" for n in range(9)), encoding="utf-8")
    (tmp_path / "a.cm").write_text("".join(f"ls {n}\n" for n in range(9)), encoding="utf-8")
    for limit, expected in ((None, 9), (4, 4), (20, 9)):
        source = Source(name="toy", path=str(tmp_path), format=FILES.name, limit=limit)
        (chunk,) = gather(list(plan(source, tmp_path)))
        assert expected == len(read_chunk(source, chunk, FILES.name).traces)
