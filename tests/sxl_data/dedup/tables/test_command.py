from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sxl_data.contract.errors import UserError
from sxl_data.dedup import DedupConfig
from sxl_data.dedup.tables.command import compare, rethreshold, run_files

BODY = "def total ( rows ) : return sum ( row . price * row . count for row in rows if row . open )"
ROWS = [
    {"name": "a", "text": BODY, "size": 1},
    {"name": "b", "text": BODY + "  \r\n", "size": 2},
    {"name": "c", "text": BODY.replace("open", "closed"), "size": 3},
    {"name": "d", "text": "something else entirely", "size": 4},
    {"name": "e", "text": None, "size": 5},
]


def write_lines(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8", newline="\n")
    return path


def names(folder: Path) -> list[str]:
    return [name for path in sorted((folder / "data").iterdir()) for name in pq.read_table(path)["name"].to_pylist()]


def ledger(folder: Path) -> list[tuple[str, str, str]]:
    lines = pq.read_table(folder / "ledger" / "ledger.parquet").to_pylist()
    return [(line["trace_id"], line["code"], line["twin_id"]) for line in lines]


def test_kept_rows_and_the_ledger_add_up(tmp_path: Path) -> None:
    done = run_files([write_lines(tmp_path / "in.jsonl", ROWS)], "text", tmp_path / "out", id_column="name")
    assert (done.rows, done.kept, done.exact, done.near) == (5, 3, 1, 1)
    assert names(tmp_path / "out") == ["a", "d", "e"]
    assert ledger(tmp_path / "out") == [("b", "D310", "a"), ("c", "D311", "a")]
    assert pq.read_schema(tmp_path / "out" / "data" / "in.parquet").names == ["name", "text", "size"]
    detail = pq.read_table(tmp_path / "out" / "ledger" / "ledger.parquet")["detail"].to_pylist()
    assert detail == ["the same text", "19 of 23 shingles shared"]


@pytest.mark.parametrize("odd", [7, 2**70, 1.5, True, ["a", 1], {"k": "v"}])
def test_texts_beside_a_value_that_is_none_stay_as_they_are(tmp_path: Path, odd: object) -> None:
    texts = ['row "one"\n\twith tab', "row two\\", "zażółć", None]
    rows = [{"name": "x", "text": text, "other": text} for text in texts]
    rows.insert(2, {"name": 5, "text": odd, "other": odd})
    said: list[str] = []
    run_files([write_lines(tmp_path / "in.jsonl", rows)], "text", tmp_path / "out", id_column="name", say=said.append)
    found = pq.read_table(tmp_path / "out" / "data" / "in.parquet")
    expected = [*texts[:2], json.dumps(odd, separators=(",", ":")), *texts[2:]]
    assert expected == found["text"].to_pylist() == found["other"].to_pylist()
    assert ["x", "x", "5", "x", "x"] == found["name"].to_pylist()
    assert "        in.jsonl, column 'text': 1 of 5 values are no text and became JSON text" in said


def test_ranks_written_as_text_are_numbers_and_others_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text(f'name,text,rank\na,"{BODY}",10\nb,"{BODY}",9\n', encoding="utf-8")
    run_files([path], "text", tmp_path / "out", rank_column="rank")
    assert ["b"] == names(tmp_path / "out")
    path.write_text(f'name,text,rank\na,"{BODY}",10\nb,"{BODY}",best\n', encoding="utf-8")
    with pytest.raises(UserError, match="U105"):
        run_files([path], "text", tmp_path / "out", rank_column="rank")


def test_a_person_is_told_what_each_step_found(tmp_path: Path) -> None:
    said: list[str] = []
    done = run_files([write_lines(tmp_path / "in.jsonl", ROWS)], "text", tmp_path / "out", say=said.append)
    assert ["read", "compare"] == [line.split()[0] for line in said]
    assert "5 rows of 1 files" in said[0]
    assert "2 rows have a kept twin" in said[1]
    assert done.closest is None


def test_the_summary_names_the_pair_closest_to_the_threshold(tmp_path: Path) -> None:
    rows = write_lines(tmp_path / "in.jsonl", ROWS)
    done = run_files([rows], "text", tmp_path / "out", DedupConfig(threshold=19 / 23), id_column="name")
    assert done.closest == ("a", "c", pytest.approx(19 / 23))
    assert "the closest, a and c: 0.826" in str(done)


@pytest.mark.parametrize("form", ["parquet", "csv", "json"])
def test_every_format_gives_the_same_rows(form: str, tmp_path: Path) -> None:
    path, table = tmp_path / f"in.{form}", pa.Table.from_pylist(ROWS)
    if form == "parquet":
        pq.write_table(table, path, row_group_size=2)
    elif form == "csv":
        from pyarrow import csv

        csv.write_csv(table, path)
    else:
        path.write_text(json.dumps(ROWS), encoding="utf-8")
    run_files([path], "text", tmp_path / "out")
    assert names(tmp_path / "out") == ["a", "d", "e"]
    assert [(f"in.{form}:2", "D310", f"in.{form}:1"), (f"in.{form}:3", "D311", f"in.{form}:1")] == ledger(
        tmp_path / "out"
    )


def test_rank_and_preferred_files_decide_who_stays(tmp_path: Path) -> None:
    web, gsm8k = (write_lines(tmp_path / f"{name}.jsonl", ROWS[:1]) for name in ("web", "gsm8k"))
    run_files([web, gsm8k], "text", tmp_path / "one", DedupConfig(prefer=("gsm8k",)))
    assert ledger(tmp_path / "one") == [("web.jsonl:1", "D310", "gsm8k.jsonl:1")]
    worse = [dict(row, size=-row["size"]) for row in ROWS]  # type: ignore[operator]
    run_files([write_lines(tmp_path / "in.jsonl", worse)], "text", tmp_path / "two", rank_column="size")
    assert names(tmp_path / "two") == ["c", "d", "e"]


def test_another_threshold_gives_what_a_fresh_run_would(tmp_path: Path) -> None:
    source = write_lines(tmp_path / "in.jsonl", ROWS)
    run_files([source], "text", tmp_path / "out", id_column="name")
    assert rethreshold(tmp_path / "out", 0.9).kept == 4
    assert names(tmp_path / "out") == ["a", "c", "d", "e"]
    assert rethreshold(tmp_path / "out", 0.7).kept == 3
    assert ledger(tmp_path / "out") == [("b", "D310", "a"), ("c", "D311", "a")]


def test_a_changed_input_stops_another_threshold(tmp_path: Path) -> None:
    source = write_lines(tmp_path / "in.jsonl", ROWS)
    run_files([source], "text", tmp_path / "out")
    write_lines(source, ROWS[:2])
    with pytest.raises(UserError, match="U304"):
        rethreshold(tmp_path / "out", 0.9)


@pytest.mark.parametrize("stored", [False, True])
def test_a_later_corpus_is_checked_against_a_store_without_its_texts(stored: bool, tmp_path: Path) -> None:
    early = write_lines(tmp_path / "early.jsonl", ROWS)
    run_files([early], "text", tmp_path / "base", id_column="name", store_shingles=stored)
    early.unlink()
    late = [
        {"name": "x", "text": BODY},
        {"name": "y", "text": BODY.replace("def", "fun")},
        {"name": "z", "text": "new"},
    ]
    done = run_files(
        [write_lines(tmp_path / "late.jsonl", late)], "text", tmp_path / "out", against=[tmp_path / "base"]
    )
    assert (done.kept, done.against) == (1, 2)
    assert ledger(tmp_path / "out") == [("late.jsonl:1", "D310", "base/a"), ("late.jsonl:2", "D311", "base/a")]
    detail = pq.read_table(tmp_path / "out" / "ledger" / "ledger.parquet")["detail"].to_pylist()[1]
    assert ("shingles shared" if stored else "estimated from signatures") in detail


def test_a_store_with_other_shingles_is_refused(tmp_path: Path) -> None:
    source = write_lines(tmp_path / "in.jsonl", ROWS)
    run_files([source], "text", tmp_path / "base")
    with pytest.raises(UserError, match="U102"):
        run_files([source], "text", tmp_path / "out", DedupConfig(seed=2), against=[tmp_path / "base"])


def test_a_pair_is_shown_side_by_side(tmp_path: Path) -> None:
    run_files([write_lines(tmp_path / "in.jsonl", ROWS)], "text", tmp_path / "out", id_column="name")
    shown = compare(tmp_path / "out", "c", width=220)
    assert shown.startswith("a ")
    assert "row . open ) " in shown
    assert "|" in shown
    assert "closed" in compare(tmp_path / "out", "d", "c", width=220)
    with pytest.raises(UserError, match="was kept"):
        compare(tmp_path / "out", "a")


def test_mistakes_are_findings(tmp_path: Path) -> None:
    source = write_lines(tmp_path / "in.jsonl", ROWS)
    with pytest.raises(UserError, match="U105"):
        run_files([source], "nothing", tmp_path / "out")
    with pytest.raises(UserError, match="U201"):
        run_files([tmp_path / "gone.jsonl"], "text", tmp_path / "out")
    with pytest.raises(UserError, match="U306"):
        run_files([source], "text", tmp_path)
    source.write_text('{"text": "a"}\n{"text": \n{}\n[1]\n', encoding="utf-8")
    with pytest.raises(UserError, match="U203") as caught:
        run_files([source], "text", tmp_path / "out")
    assert [found.line for found in caught.value.findings] == [2, 4]
