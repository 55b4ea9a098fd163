"""The main job, as a user does it: a recipe becomes a dataset, a dataset becomes a packaged model."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from sxl_data.build.comparing import diff
from sxl_data.build.questions import open_build, read_ledger, why
from sxl_data.contract.errors import UserError
from sxl_data.pipeline import build

pytestmark = pytest.mark.slow

LIMIT = 30


def files(folder: Path) -> dict[str, bytes]:
    """Every published file; of the manifest what is no timing."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not name.startswith((".work", ".lock")):
            data = path.read_bytes()
            if name == "manifest.json":
                data = json.dumps(json.loads(data) | {"timing": None}).encode()
            found[name] = data
    return found


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "dataset"
    build("demo", folder, limit=LIMIT)
    return folder


def test_a_build_in_another_folder_with_another_engine_has_the_same_bytes(dataset: Path, tmp_path: Path):
    build("demo", tmp_path / "again", ["engine.kind=inline"], limit=LIMIT)
    assert files(dataset) == files(tmp_path / "again")


def test_building_again_changes_nothing(dataset: Path):
    before = files(dataset)
    build("demo", dataset, limit=LIMIT)
    assert before == files(dataset)


def test_every_document_is_kept_or_in_the_ledger(dataset: Path):
    manifest = open_build(dataset)
    lines = read_ledger(dataset)
    gone = {"dropped", "quarantined"}
    read, *later = manifest.stages
    assert sum(source.traces for source in manifest.sources) == read.rows_out
    for before, stage in zip(manifest.stages, later):
        assert before.rows_out == stage.rows_in
        assert stage.rows_in == stage.rows_out + sum(stage.dropped.values())
    assert manifest.stages[-1].rows_out == sum(numbers["rows"] for numbers in manifest.splits.values())
    in_ledger = sum(line["action"] in gone for line in lines.to_pylist())
    assert in_ledger == sum(n for stage in manifest.stages for n in stage.dropped.values())


def test_datasets_opens_both_forms_with_three_splits(dataset: Path, tmp_path: Path):
    import datasets

    opened = datasets.load_from_disk(str(dataset / "arrow"))
    loaded = datasets.load_dataset(str(dataset), cache_dir=str(tmp_path))
    assert ["test", "train", "validation"] == sorted(opened) == sorted(loaded)
    for split in opened:
        assert opened[split].features == loaded[split].features
        assert opened[split]["trace_id"][:] == loaded[split]["trace_id"][:]
    calls = [m["tool_calls"] for row in loaded["train"] for m in row["messages"] if m["tool_calls"]]
    assert all(isinstance(call["function"]["arguments"], dict) for some in calls for call in some)
    assert calls


def test_no_pair_of_published_rows_at_the_threshold_straddles_two_splits(dataset: Path):
    """Recomputed from `data/` alone, each row with each, by plain sets of shingles."""
    rows = [
        (path.name.partition("-")[0], words(row))
        for path in sorted((dataset / "data").glob("*.parquet"))
        for row in pq.read_table(path, columns=["steps"])["steps"].to_pylist()
    ]
    alike = [
        (one[0], other[0])
        for one, other in itertools.combinations(rows, 2)
        if len(one[1] & other[1]) >= 0.5 * len(one[1] | other[1])
    ]
    assert alike, "the demo has similar rows, so that this test can fail"
    assert [] == [pair for pair in alike if len(set(pair)) > 1]


def words(steps: list[dict]) -> set[tuple[str, ...]]:
    """What `dedup` compares of a row, in the same order and written down anew: what is said, thought and called as
    runs of five tokens."""
    texts = []
    for step in steps:
        texts += [call["arguments_json"] for call in step["calls"] or []]
        texts += [part["text"] for part in step["content"] or [] if part["text"] is not None]
        texts += [step["text"]] if step["text"] is not None else []
    found = re.findall(r"\w+|[^\w\s]", "\n".join(texts))
    return {tuple(found[i : i + 5]) for i in range(max(1, len(found) - 4))}


def test_our_own_rows_pass_our_own_validator(dataset: Path):
    from sxl_data.validate.validate import validate

    report = validate([str(path) for path in sorted((dataset / "data").glob("*.parquet"))], profile="train")
    assert report.checked == sum(n["rows"] for n in open_build(dataset).splits.values())
    assert report.exit_code == 0, report.render("text")[-3000:]


def test_why_answers_for_a_row_that_stayed_and_for_one_that_never_was(dataset: Path):
    kept = pq.read_table(next((dataset / "data").glob("train*.parquet")), columns=["trace_id"])["trace_id"][0].as_py()
    assert "in data/train" in why(kept, dataset)
    with pytest.raises(UserError) as problem:
        why("nobody:0", dataset)
    assert "U201" == problem.value.findings[0].code


def test_a_build_does_not_differ_from_itself(dataset: Path):
    rows = [line.split() for line in diff(dataset, dataset).splitlines()[2:]]
    assert {"0"} == {word for row in rows[1:] for word in row if word.isdigit()}


def test_a_dataset_becomes_a_packaged_model_under_the_limit(dataset: Path, tmp_path: Path):
    pytest.importorskip("trl")
    run = [
        sys.executable,
        "-m",
        "sxl_train.recipe",
        "demo",
        f"dataset={dataset}",
        f"out={tmp_path / 'model'}",
        "tune.max_steps=2",
        "base.steps=2",
        "evaluate.rows=4",
        "evaluate.generate=1",
        "evaluate.new_tokens=8",
        "limit=40",
    ]
    done = subprocess.run(run, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    package = tmp_path / "model" / "release"
    assert sum(p.stat().st_size for p in package.rglob("*") if p.is_file()) < 300e6
    code = """
import sys
from transformers import AutoModelForCausalLM, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
model = AutoModelForCausalLM.from_pretrained(sys.argv[1])
inputs = tokenizer.apply_chat_template([{"role": "user", "content": "hello"}], add_generation_prompt=True,
                                       return_tensors="pt", return_dict=True)
assert model.generate(**inputs, max_new_tokens=4).shape[1] > inputs["input_ids"].shape[1]
"""
    loaded = subprocess.run([sys.executable, "-c", code, str(package)], capture_output=True, text=True)
    assert loaded.returncode == 0, loaded.stderr[-3000:]
