"""What a source is for: the table, what a recipe says of it, and what comes of it in a build."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from sxl_data.build.questions import read_ledger
from sxl_data.build.uses import TABLE, use_of
from sxl_data.contract.errors import UserError
from sxl_data.pipeline import build
from sxl_data.read.known import known_formats
from sxl_data.read.sources import Source
from sxl_data.split.held_out import is_held


@pytest.mark.parametrize(
    ("keys", "format", "names", "kind"),
    [
        ({"path": "a"}, "instruction_pair", ["train.jsonl"], "train"),
        ({"path": "a"}, "gsm8k", ["test.jsonl"], "held-out"),
        ({"path": "a"}, "gsm8k", ["train.jsonl", "test.jsonl"], "train"),
        ({"path": "a"}, "instruction_pair", ["data/test-00000-of-00001.parquet"], "held-out"),
        ({"path": "a"}, "instruction_pair", ["test/rows.jsonl", "test/more.jsonl"], "held-out"),
        ({"path": "a"}, "instruction_pair", ["my_test_set.jsonl"], "held-out"),
        ({"path": "a"}, "instruction_pair", ["latest.jsonl"], "train"),
        ({"path": "a"}, "instruction_pair", ["testimony.jsonl"], "train"),
        ({"path": "a"}, "claude_code", ["tests/data/session.jsonl"], "train"),
        ({"path": "a"}, "code_repository", ["test/x.py"], "train"),
        ({"path": "a"}, "instruction_pair", ["HumanEval.jsonl"], "held-out"),
        ({"hub": "openai/gsm8k", "split": "test"}, "gsm8k", ["0.parquet"], "held-out"),
        ({"hub": "openai/gsm8k"}, "gsm8k", ["0.parquet"], "train"),
        ({"hub": "cais/mmlu", "split": "auxiliary_train"}, "instruction_pair", ["0.parquet"], "held-out"),
        ({"path": "a"}, "swebench_issue", ["x.csv"], "held-out"),
        ({"path": "a"}, "bfcl_folder", ["x.json"], "held-out"),
        ({"path": "a"}, "toolalpaca", ["eval_real.json", "eval_simulated.json"], "divide"),
        ({"path": "a"}, "toolalpaca", ["train_data.json"], "train"),
        ({"path": "a"}, "tau_bench", ["gpt-4o-airline.json"], "divide"),
        ({"path": "a", "use": "train"}, "gsm8k", ["test.jsonl"], "train"),
        ({"path": "a", "use": "held-out"}, "instruction_pair", ["x.jsonl"], "held-out"),
    ],
)
def test_the_table_says_what_a_source_is_for(keys: dict[str, Any], format: str, names: list[str], kind: str):
    assert kind == use_of(Source(name="s", **keys), format, names).kind


def test_the_table_names_formats_that_there_are():
    assert {name for line in TABLE for name in line.formats} <= known_formats().keys()


def pairs(count: int, start: int = 0) -> list[dict[str, str]]:
    return [
        {"instruction": f"Say the {n}th word of the old song.", "output": f"word {n} " * 9}
        for n in range(start, start + count)
    ]


def seal(count: int, start: int = 0) -> list[dict[str, Any]]:
    """Requests that call two of 40 tools each."""
    return [
        {"id": f"r{n}", "query": f"Request {n} of somebody about thing {n * 7}."}
        | {"calling": [{"api": f"tool{(n * k) % 40}", "parameters": {"x": f"{n}"}} for k in (1, 3)]}
        for n in range(start, start + count)
    ]


def made(folder: Path, sources: dict[str, tuple[list[Any], str]], *keys: str, out: str = "out") -> dict[str, set[str]]:
    """Builds, and answers the tools that each split calls, or its tasks where it calls none."""
    folder.mkdir(exist_ok=True)
    lines = ["name: toy", "sources:"]
    for name, (rows, more) in sources.items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        lines.append(f"  - {{name: {name}, path: {name}.jsonl, licence: MIT, {more}}}")
    (folder / "recipe.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    build(str(folder / "recipe.yaml"), folder / out, ["engine.kind=inline", *keys])
    found: dict[str, set[str]] = {}
    for path in sorted((folder / out / "data").glob("*.parquet")):
        for row in pq.read_table(path).to_pylist():
            calls = {call["name"] for step in row["steps"] for call in step["calls"] or ()}
            found.setdefault(path.name.split("-")[0], set()).update(calls or {row["task"]})
    return found


def test_training_on_a_test_is_refused_until_the_recipe_says_it(tmp_path: Path):
    rows = pairs(30)
    with pytest.raises(UserError) as raised:
        made(tmp_path, {"my-test": (rows, "format: instruction_pair")})
    assert ("U313", "/sources/0") == (raised.value.findings[0].code, raised.value.findings[0].pointer)
    assert "train" in made(tmp_path / "a", {"my-test": (rows, "format: instruction_pair, use: train")})
    held = made(tmp_path / "b", {"my-test": (rows, "use: held-out"), "mine": (pairs(60, 100), "use: train")})
    assert {row["instruction"] for row in rows} <= held["test"]
    only = ("split.train=0", "split.validation=0", "split.test=1")
    assert {"test"} == made(tmp_path / "c", {"my-test": (rows, "format: instruction_pair")}, *only).keys()


def test_a_source_is_divided_by_tool_and_both_builds_agree(tmp_path: Path):
    sources = {"seal": (seal(200), "format: seal_tools"), "mine": (pairs(60), "use: train")}
    both = made(tmp_path, sources, "split.threshold=0.9", "split.task_threshold=1")
    held = {f"tool{n}" for n in range(40) if is_held(f"tool{n}", 0.1)}
    assert held and held <= both["test"]
    assert not held & (both["train"] | both["validation"])
    assert 20 < len({name for name in both["train"] if name.startswith("tool")})
    only = made(tmp_path, {"seal": sources["seal"]}, "split.train=0", "split.validation=0", "split.test=1", out="only")
    assert {"test"} == only.keys() and held <= only["test"]
    lines = [line for line in read_ledger(tmp_path / "only").to_pylist() if line["stage"] == "split"]
    assert {("D604", "dropped")} == {(line["code"], line["action"]) for line in lines}
    # What is held out does not follow the seed, and where nothing is for tests it is in no split.
    none = made(tmp_path, sources, "split.test=0", "split.train=0.9", "split.threshold=0.9", "seed=5", out="none")
    assert "test" not in none and not held & set().union(*none.values())


def test_the_manifest_and_the_card_say_what_was_held_out_and_why(tmp_path: Path):
    made(tmp_path, {"seal": (seal(80), "format: seal_tools"), "mine": (pairs(60), "use: train")})
    manifest = json.loads((tmp_path / "out/manifest.json").read_text(encoding="utf-8"))
    assert [("divide", "Seal-Tools, whose requests are scored"), ("train", "`use: train` at the source")] == [
        (source["use"], source["use_why"]) for source in manifest["sources"]
    ]
    assert "| seal | divide | Seal-Tools, whose requests are scored |" in (tmp_path / "out/README.md").read_text(
        "utf-8"
    )


@pytest.mark.parametrize(
    ("path", "kind"), [("d/test/x.jsonl", "held-out"), ("d/test", "held-out"), ("test/d", "train")]
)
def test_the_folder_that_a_recipe_names_marks_a_test_as_well(path: str, kind: str):
    assert use_of(Source(name="a", path=path), "instruction_pair", ["x.jsonl"]).kind == kind
