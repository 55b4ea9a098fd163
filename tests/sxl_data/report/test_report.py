"""The report of a build."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import polars as pl
import pyarrow.parquet as pq
import pytest

from sxl_data.contract.codes import CODES
from sxl_data.contract.errors import UserError
from sxl_data.contract.structs import field_docs
from sxl_data.pipeline import build
from sxl_data.report.causes import KEYS, find_cases, key_of
from sxl_data.report.report import report
from sxl_data.report.rows import count_rows
from sxl_data.trace.table import to_table
from sxl_data.trace.types import Act, Call, Iterate, Observe, Part, Provenance, Result, Step, Trace
from tests.sxl_data.view.hostile import ALL, ATTACKS
from tests.sxl_data.view.test_page import OURS, Seen

KEYS_OF_BUILD = ["engine.kind=inline", "write.arrow=false", "clean.code=keep"]


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    """A finished build of 9 rows, one of them twice, and one whose text attacks the page."""
    folder = tmp_path_factory.mktemp("report")
    rows = [{"instruction": f"Say {n} in words.", "output": f"It is number {n}."} for n in (*range(9), 3)]
    rows.append({"instruction": ATTACKS[1] + " Quote the others.", "output": ALL.replace("\ud800", "")})
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "r.yaml").write_text(
        "name: toy\nsources:\n  - {name: rows, path: rows.jsonl, format: instruction_pair, licence: MIT}\n",
        encoding="utf-8",
    )
    build(str(folder / "r.yaml"), folder / "out", KEYS_OF_BUILD)
    return folder / "out"


def agent(name: str, *steps: Step) -> Trace:
    return Trace(
        schema_version="1.0", trace_id=name, kind="agent", steps=steps, provenance=Provenance(source=name.split(":")[0])
    )


def call(number: int, tool: str = "run", arguments: str = "{}") -> Act:
    return Act(index=0, turn=1, kind="tool", calls=(Call(call_id=str(number), name=tool, arguments_json=arguments),))


def came(number: int, status: str) -> Iterate:
    return Iterate(index=0, turn=1, results=(Result(call_id=str(number), status=status, content=(Part(text="x"),)),))  # type: ignore[arg-type]


ASKED = Observe(index=0, origin="user", content=(Part(text="do"),))
DONE = Act(index=9, turn=9, kind="message", final=True, content=(Part(text="done"),))
TRACES = (
    agent("a:recovers", ASKED, call(1), came(1, "error"), call(2, "read"), came(2, "ok"), DONE),
    agent("a:gives-up", ASKED, call(1), came(1, "ok"), call(2), came(2, "timeout")),
    agent("b:circles", ASKED, call(1), came(1, "ok"), call(2), came(2, "ok"), call(3), came(3, "ok"), DONE),
    agent("b:golden", ASKED, call(1, "read"), DONE),
    agent("c:talks", ASKED, DONE),
)


@pytest.fixture
def counted(tmp_path: Path):
    pq.write_table(to_table(TRACES[:2]), tmp_path / "0.parquet", row_group_size=1)
    pq.write_table(to_table(TRACES[2:]), tmp_path / "1.parquet")
    return count_rows([("train", tmp_path / "0.parquet"), ("test", tmp_path / "1.parquet")])


def test_calls_results_loops_and_recoveries_are_counted_by_row(counted):
    rows = {row["trace_id"].partition(":")[2]: row for row in counted.rows.iter_rows(named=True)}
    assert {"recovers": 1, "gives-up": 2, "circles": 3, "golden": 1, "talks": 0} == {
        name: row["repeats"] for name, row in rows.items()
    }
    assert {"recovers": (1, False, True), "gives-up": (1, True, False)} == {
        name: (rows[name]["n_bad"], rows[name]["last_bad"], rows[name]["final"]) for name in ("recovers", "gives-up")
    }
    assert [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)] == counted.rows.select("shard", "row").rows()
    assert {("run", 6, 2), ("read", 2, 0)} == set(counted.tools.select("name", "calls", "failed").rows())
    assert {"ok": 5, "error": 1, "timeout": 1} == dict(counted.statuses.rows())


def test_bad_cases_stand_in_tiers_with_a_key_and_an_example(counted):
    ledger = pl.DataFrame({"code": ["D311", "D311", "C703"], "action": ["dropped", "dropped", "edited"]})
    cases = {case.name: case for case in find_cases(counted.rows, ledger, cut=10_000)}
    assert (1, 1, "sources.include", ((0, 1),)) == _told(cases["ends on a failed call, with no answer"])
    assert (2, 1, "exclude", ((1, 0),)) == _told(cases["the same call 3 times or more, one after the other"])
    assert (2, 1, "ground.tools", ((1, 1),)) == _told(cases["calls without any result"])
    (dropped,) = (case for case in cases.values() if case.tier == 3)
    assert (3, 2, "dedup.threshold", ()) == _told(dropped)


def _told(case):
    return case.tier, case.count, case.key, case.rows


def test_every_code_of_a_stage_has_a_key_that_exists():
    from sxl_data.build.recipe import Recipe
    from sxl_data.read.sources import Source

    of_recipe = {field.name: field.type for field in msgspec.structs.fields(Recipe)}
    for code in (code for code, entry in CODES.items() if entry.stage and KEYS.get(code) != ""):
        first, _, rest = key_of(code).partition(".")
        kind = Source if first == "sources" else of_recipe[first]
        assert not rest or rest in field_docs(kind), code


def test_a_build_writes_its_report_and_the_command_writes_the_same(out: Path, tmp_path: Path):
    made = (out / "report.html").read_bytes()
    assert made == report(out, tmp_path / "again.html").read_bytes()
    seen = Seen(made.decode("utf-8"))
    assert [attrs["id"] for tag, attrs in seen.tags if tag == "section"] == (
        "funnel sources lengths duplicates contamination leakage tools bad traces making".split()
    )
    assert "D310 exact-duplicate" in seen.text and "10" in seen.text
    assert "It is number 7." in seen.text


def test_every_chart_is_in_the_table_with_its_numbers(out: Path):
    text = (out / "report.html").read_text(encoding="utf-8")
    assert text.count("<svg") == text.count('<td class="bar"><svg') > 10


def test_texts_of_rows_do_nothing_in_a_report(out: Path):
    seen = Seen((out / "report.html").read_text(encoding="utf-8"))
    more = set("section h2 h3 nav ul li table caption thead tbody tr th td svg rect code".split())
    assert {tag for tag, _ in seen.tags} <= OURS | more
    assert not [name for _, attrs in seen.tags for name in attrs if name.startswith("on") or name == "srcdoc"]
    assert all((attrs.get("href") or "#").startswith("#") for _, attrs in seen.tags)
    assert "<script>window.hit = 1</script>" in seen.text and "\u202e" not in seen.text


def test_a_build_without_a_report_has_none_and_the_same_rows(out: Path, tmp_path: Path):
    keys = [*KEYS_OF_BUILD, "report.write=false"]
    manifest = build(str(out.parent / "r.yaml"), tmp_path / "out", keys)
    assert not (tmp_path / "out/report.html").exists()
    assert manifest.content_hash == json.loads((out / "manifest.json").read_bytes())["content_hash"]


def test_a_wrong_tokenizer_costs_no_build(out: Path, tmp_path: Path, capsys):
    keys = [*KEYS_OF_BUILD, "report.tokenizer=nowhere"]
    build(str(out.parent / "r.yaml"), tmp_path / "out", keys)
    assert (tmp_path / "out/manifest.json").is_file() and not (tmp_path / "out/report.html").exists()
    assert "nowhere" in capsys.readouterr().err


def test_a_damaged_build_gets_no_report(out: Path, tmp_path: Path):
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(out, copy, ignore=shutil.ignore_patterns(".work"))
    path = next((copy / "data").glob("train-*"))
    path.write_bytes(path.read_bytes()[:-9] + b"damaged!!")
    with pytest.raises(UserError, match="U304"):
        report(copy)
    with pytest.raises(UserError, match="U305"):
        report(tmp_path / "nothing")


def test_lengths_are_tokens_where_a_tokenizer_is_named(out: Path, tmp_path: Path):
    tokenizers = pytest.importorskip("tokenizers")
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel({"?": 0}, unk_token="?"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.save(str(tmp_path / "tokenizer.json"))
    path = report(out, tmp_path / "page.html", tokenizer=tmp_path / "tokenizer.json", max_length=20)
    text = Seen(path.read_text(encoding="utf-8")).text
    assert "In tokens of tokenizer.json, of 10 rows;" in text
    # "Say 3 in words." and "It is number 3." are five tokens each; the row of attacks is the one beyond 20.
    assert "20 tokens: 1 rows (10.0%) are longer. Tokens of a row: median 10," in text
