"""SQL over a build."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sxl_data.build.asking import as_text, questions, tables
from sxl_data.cli import run
from sxl_data.contract.errors import UserError
from sxl_data.pipeline import build


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    """A finished build of 9 rows, one of them twice."""
    folder = tmp_path_factory.mktemp("asking")
    rows = [{"instruction": f"Say {n} in words.", "output": f"It is number {n}."} for n in (*range(9), 3)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "r.yaml").write_text(
        "name: toy\nsources:\n  - {name: rows, path: rows.jsonl, format: instruction_pair}\n", encoding="utf-8"
    )
    build(str(folder / "r.yaml"), folder / "out", ["engine.kind=inline", "write.arrow=false", "report.write=false"])
    return folder / "out"


@pytest.mark.parametrize(
    ("sql", "answer"),
    [
        ("select count(*) as n from rows", [(9,)]),
        ("select code, count(*) as n from ledger group by code", [("D310", 1)]),
        ("select rows_in, rows_out, dropped from funnel where stage = 'dedup'", [(10, 9, 1)]),
        ("select traces, kept, train + validation + test as n from sources", [(10, 9, 9)]),
        ("select sum(kept) as n from sources join rows on sources.source = rows.source where split = 'none'", [(0,)]),
        ("select r.task from rows r join ledger l on r.trace_id = l.twin_id", [("Say 3 in words.",)]),
    ],
)
def test_rows_ledger_funnel_and_sources_are_tables(out: Path, sql: str, answer: list[tuple]):
    assert answer == [tuple(value or 0 for value in row) for row in questions(out, sql).rows()]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("select sorce from rows", "source?"),
        ("select * from rws", "rows?"),
        ("selec 1", "SQL over rows, ledger, funnel, sources"),
        ("select twin from ledger", "ledger: trace_id, source, stage, action, code"),
        ("select task from rows where", "rows: schema_version, trace_id"),
    ],
)
def test_what_is_not_understood_is_answered_with_the_columns(out: Path, sql: str, said: str):
    with pytest.raises(UserError, match="U401") as caught:
        questions(out, sql)
    assert said in str(caught.value)


def test_without_a_question_the_tables_and_their_columns_are_listed(out: Path, capsys: pytest.CaptureFixture[str]):
    assert ["rows", "ledger", "funnel", "sources"] == tables(out)["table"].to_list()
    assert 0 == run(["questions", str(out)])
    assert "funnel   stage, rows_in, rows_out, dropped" in capsys.readouterr().out.splitlines()


def test_a_long_answer_is_cut_and_says_so(out: Path):
    text = as_text(questions(out, "select a.task from rows a cross join rows b cross join rows c"))
    assert text.endswith("… 529 more rows") and len(text.splitlines()) == 203


def test_no_build_is_u305_and_a_changed_file_u304(out: Path, tmp_path: Path):
    import shutil

    with pytest.raises(UserError, match="U305"):
        questions(tmp_path, "select 1")
    copy = tmp_path / "copy"
    shutil.copytree(out, copy, ignore=shutil.ignore_patterns(".work"))
    path = copy / "ledger/ledger.parquet"
    path.write_bytes(path.read_bytes()[:-9] + b"damaged!!")
    with pytest.raises(UserError, match="U304"):
        questions(copy, "select count(*) from ledger")
