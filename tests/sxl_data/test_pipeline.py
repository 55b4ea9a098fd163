from __future__ import annotations

import gzip
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from sxl_data.contract.errors import UserError
from sxl_data.pipeline import build
from tests.sxl_data.builds import INLINE, ids, lines, published, rows


def test_bytes_do_not_depend_on_runner_workers_or_chunks(recipe: Path, tmp_path: Path):
    small = "write.shard_bytes=1500"
    one = build(str(recipe), tmp_path / "a", [*INLINE, small])
    two = build(
        str(recipe),
        tmp_path / "b",
        ["write.arrow=false", small, "engine.kind=process", "engine.workers=2", "engine.chunk_bytes=700"],
    )
    assert len([name for name in published(tmp_path / "a") if name.startswith("data/train")]) > 2
    assert published(tmp_path / "a") == published(tmp_path / "b")
    assert one.content_hash == two.content_hash


def test_rows_in_are_kept_or_in_the_ledger(recipe: Path, tmp_path: Path):
    manifest = build(str(recipe), tmp_path / "out", INLINE)
    assert 40 + 3 * 17 == manifest.stages[0].rows_in
    for stage in manifest.stages:
        assert stage.rows_in == stage.rows_out + sum(stage.dropped.values())
    assert 85 >= len(ids(tmp_path / "out")) > 40
    assert 6 <= sum(manifest.stages[2].dropped.values())


def test_every_copy_of_a_row_but_one_leaves(tmp_path: Path):
    for n in range(4):
        (tmp_path / f"{n}.jsonl").write_text(lines(rows(3) + rows(3)), encoding="utf-8")
    recipe = tmp_path / "toy.yaml"
    recipe.write_text("name: toy\nsources:\n  - {name: a, path: '*.jsonl', format: instruction_pair}\n")
    manifest = build(str(recipe), tmp_path / "out", [*INLINE, "engine.chunk_bytes=100"])
    assert 24 == manifest.stages[0].rows_in
    assert 3 == len(set(ids(tmp_path / "out"))) == len(ids(tmp_path / "out"))


def test_a_second_run_reuses_everything_and_says_so(recipe: Path, tmp_path: Path, capsys):
    build(str(recipe), tmp_path / "out", INLINE)
    before, first = published(tmp_path / "out"), capsys.readouterr().err
    build(str(recipe), tmp_path / "out", INLINE)
    again = capsys.readouterr().err
    assert before == published(tmp_path / "out")
    assert "reused" not in first
    assert "2 of 2 reused" in again and "anew" not in again


def test_a_changed_parameter_runs_its_stage_and_what_that_changes(recipe: Path, tmp_path: Path, capsys):
    build(str(recipe), tmp_path / "out", INLINE)
    capsys.readouterr()
    build(str(recipe), tmp_path / "out", [*INLINE, "clean.code=keep"])
    said = {line.split()[0]: line for line in capsys.readouterr().err.splitlines() if line}
    assert said["read"].endswith("2 of 2 reused")
    assert said["clean"].endswith("0 of 2 reused (2 anew: config.code changed)")
    assert said["dedup"].endswith("2 of 2 reused")  # the same rows came to it


def test_another_threshold_is_named_as_the_reason(recipe: Path, tmp_path: Path, capsys):
    words = [*INLINE, "dedup.shingling.size=1"]
    build(str(recipe), tmp_path / "out", [*words, "dedup.threshold=0.9"])
    capsys.readouterr()
    build(str(recipe), tmp_path / "out", [*words, "dedup.threshold=0.6"])
    (said,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("dedup")]
    assert "anew: input drops changed, since threshold" in said


def test_a_damaged_part_is_named_as_the_reason(recipe: Path, tmp_path: Path, capsys):
    build(str(recipe), tmp_path / "out", INLINE)
    next((tmp_path / "out/.work/clean").glob("*.kept.parquet")).write_bytes(b"half")
    capsys.readouterr()
    build(str(recipe), tmp_path / "out", INLINE)
    (said,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("clean")]
    assert said.endswith("1 of 2 reused (1 anew: its files were damaged)")


def test_from_a_stage_runs_it_again_with_the_same_result(recipe: Path, tmp_path: Path):
    build(str(recipe), tmp_path / "out", INLINE)
    before = published(tmp_path / "out")
    times = {p: p.stat().st_mtime_ns for p in (tmp_path / "out/.work").rglob("*.json")}
    build(str(recipe), tmp_path / "out", INLINE, from_stage="decontaminate")
    changed = {p.parent.name for p in times if p.stat().st_mtime_ns != times[p]}
    assert {"decontaminate", "place", "task-exact", "task-candidates", "split", "write"} == changed
    assert before == published(tmp_path / "out")


def test_a_flipped_bit_in_a_work_file_of_any_stage_and_kind_is_made_anew(recipe: Path, tmp_path: Path):
    out = tmp_path / "out"
    build(str(recipe), out, INLINE)
    before = published(out)
    files = sorted(p for p in (out / ".work").rglob("*") if p.is_file() and p.name != "lock")
    one_of_each = {(p.parent.name, p.name.partition(".")[2]): p for p in files}
    assert len(one_of_each) > 20
    for path in one_of_each.values():
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 4
        path.write_bytes(data)
        build(str(recipe), out, INLINE)
        assert before == published(out), path


def test_a_limit_takes_rows_of_each_file_whatever_the_chunks(recipe: Path, tmp_path: Path):
    manifest = build(str(recipe), tmp_path / "out", [*INLINE, "engine.chunk_bytes=200"], limit=5)
    assert 20 == manifest.stages[0].rows_in


def test_a_broken_line_costs_itself(recipe: Path, tmp_path: Path):
    text = lines(rows(3)) + '{"instruction": "half\n' + lines(rows(2, 3))
    (tmp_path / "one.jsonl").write_text(text, encoding="utf-8")
    manifest = build(str(recipe), tmp_path / "out", INLINE)
    bad = pq.read_table(tmp_path / "out/quarantine/quarantine.parquet").to_pylist()
    assert [("one", "one.jsonl", 4)] == [(row["source"], row["file"], row["line"]) for row in bad]
    assert (6, 5, 1) == (manifest.sources[0].documents, manifest.sources[0].traces, manifest.sources[0].quarantined)


@pytest.mark.parametrize(("content", "code"), [(None, "U201"), ("", "U208"), ("not json\n", "U208")])
def test_a_source_without_rows_is_an_error(recipe: Path, tmp_path: Path, content: str | None, code: str):
    (tmp_path / "one.jsonl").unlink()
    if content is not None:
        (tmp_path / "one.jsonl").write_text(content, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        build(str(recipe), tmp_path / "out", INLINE)
    assert code == caught.value.findings[0].code
    assert not (tmp_path / "out/manifest.json").exists()


def test_a_folder_of_others_is_refused_and_left_alone(recipe: Path, tmp_path: Path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/thesis.tex").write_text("years of work", encoding="utf-8")
    with pytest.raises(UserError, match="U306"):
        build(str(recipe), tmp_path / "out", INLINE)
    assert ["thesis.tex"] == [p.name for p in (tmp_path / "out").iterdir()]


def test_links_in_a_loop_and_pipes_are_not_followed(recipe: Path, tmp_path: Path):
    if os.name == "nt":
        pytest.skip("no pipes there")
    (tmp_path / "two/loop").symlink_to(tmp_path / "two")
    os.mkfifo(tmp_path / "two/pipe.jsonl")
    assert 40 + 3 * 17 == build(str(recipe), tmp_path / "out", INLINE).stages[0].rows_in


def test_compressed_and_plain_files_give_the_same_rows(recipe: Path, tmp_path: Path):
    build(str(recipe), tmp_path / "plain", INLINE)
    data = (tmp_path / "one.jsonl").read_bytes()
    (tmp_path / "one.jsonl").unlink()
    (tmp_path / "one.jsonl.gz").write_bytes(gzip.compress(data))
    recipe.write_text(recipe.read_text().replace("one.jsonl", "one.jsonl.gz"), encoding="utf-8")
    build(str(recipe), tmp_path / "gz", INLINE)
    assert ids(tmp_path / "plain", "task") == ids(tmp_path / "gz", "task")


HELD = """
import time
from pathlib import Path
from sxl_data.trace.build import Builder

class Held:
    name, title, unit = "held", "held", "row"
    def detect(self, sample): return None
    def read(self, document, origin):
        while Path(__file__).with_name("hold").exists():
            time.sleep(0.05)
        builder = Builder("instruction", document.value["q"])
        builder.observe(document.value["q"])
        builder.say(document.value["a"], final=True)
        yield builder.build(document, origin, self.name)

FORMAT = Held()
"""


def hold_last_source(recipe: Path) -> None:
    """Adds a source that is not read while a file called hold lies beside the recipe: the build cannot end first."""
    folder = recipe.parent
    (folder / "held.py").write_text(HELD, encoding="utf-8")
    (folder / "hold").touch()
    (folder / "held.jsonl").write_text('{"q": "why?", "a": "because"}\n', encoding="utf-8")
    with recipe.open("a", encoding="utf-8") as file:
        file.write("  - {name: held, path: held.jsonl, format: ./held.py, licence: MIT}\n")


@pytest.mark.skipif(os.name == "nt", reason="signals are different there")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_build_says_how_to_go_on_and_goes_on(recipe: Path, tmp_path: Path, number: int):
    hold_last_source(recipe)
    command = [
        sys.executable,
        "-m",
        "sxl_data",
        "build",
        str(recipe),
        "-o",
        str(tmp_path / "out"),
        "write.arrow=false",
        "engine.chunk_bytes=300",
        "engine.workers=2",
    ]
    # A shell starts what runs in its background with SIGINT ignored, and a child would inherit that.
    before = signal.signal(number, signal.default_int_handler)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        signal.signal(number, before)
        while not list((tmp_path / "out").glob(".work/read/*.json")) and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(number)
        said = process.stderr.read()
    assert (130, True) == (process.returncode, "run the same command again" in said)
    assert re.search(r"stopped: \d+ of \d+ parts are kept", said)
    assert not (tmp_path / "out/manifest.json").exists()
    assert [] == list((tmp_path / "out").rglob(".part-*"))
    (tmp_path / "hold").unlink()
    subprocess.run(command, check=True, capture_output=True)
    build(str(recipe), tmp_path / "whole", INLINE)
    assert published(tmp_path / "whole") == published(tmp_path / "out")
