"""No task leaks: counted again from the published files alone, by other means than those that divided the rows."""

from __future__ import annotations

import itertools
import json
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from sxl_data.build.questions import read_ledger
from sxl_data.contract.errors import UserError
from sxl_data.pipeline import build
from sxl_data.write.manifest import Manifest

WORDS = (
    "copper lamp river market window yellow garden engine silver north table cloud bottle stone summer seven".split()
)


def sentence(draw: random.Random, count: int) -> str:
    return " ".join(draw.choice(WORDS) for _ in range(count))


def mix(seed: int = 0) -> dict[str, list[dict[str, Any]]]:
    """Two sources: tasks with several answers, in other spacing and case, with a word changed; runs of an instance
    whose prompts differ; sessions stated in an object; customers; and rows of their own."""
    draw = random.Random(seed)
    one, two = [], []
    for n in range(60):
        task = f"Task {n}: {sentence(draw, 18)}"
        words = task.split()
        words[9] = "changed"
        one += [{"instruction": task, "output": sentence(draw, 30)}]
        two += [{"instruction": f"  {task.upper()} \n", "output": sentence(draw, 30)}] if n % 2 else []
        two += [{"instruction": " ".join(words), "output": sentence(draw, 30)}] if n % 3 else []
    for n in range(30):
        for run in range(3):
            row = {"instruction": f"Run {run} of {n}: {sentence(draw, 14)}", "output": sentence(draw, 30)}
            ids: dict[str, Any] = {"metadata": {"session_id": f"s{n}"}} if n % 2 else {"instance_id": f"org__repo-{n}"}
            (one if run else two).append(row | ids)
            two.append({"instruction": sentence(draw, 15), "output": sentence(draw, 30), "customer": f"c{n}"})
    return {"one": one, "two": two}


def made(
    folder: Path, sources: dict[str, list[Any]], *keys: str, out: str = "out", head: str = "", **more: Any
) -> Manifest:
    folder.mkdir(exist_ok=True)
    lines = ["name: toy", head, "sources:"]
    for name, rows in sources.items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        lines.append(f"  - {{name: {name}, path: {name}.jsonl, licence: MIT}}")
    (folder / "recipe.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return build(str(folder / "recipe.yaml"), folder / out, ["engine.kind=inline", *keys], **more)


def rows_of(out: Path) -> list[tuple[str, dict[str, Any]]]:
    """Split and row of every row that is published."""
    return [
        (path.name.split("-")[0], row)
        for path in sorted((out / "data").glob("*.parquet"))
        for row in pq.read_table(path).to_pylist()
    ]


def shingles(text: str, size: int) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[i : i + size]) for i in range(max(1, len(words) - size + 1))} if words else set()


def jaccard(one: set[Any], other: set[Any]) -> float:
    return len(one & other) / len(one | other) if one | other else 0.0


def straddling(out: Path) -> Counter[str]:
    """Pairs of rows on two sides, by kind of what links them."""
    looked_at = [
        (
            split,
            " ".join(row["task"].lower().split()),
            shingles(row["task"], 3),
            {*(row["stated_ids"] or ()), *([row["group"]] if row["group"] else [])},
            shingles(" ".join(m["content"] for m in row["messages"]), 5),
        )
        for split, row in rows_of(out)
    ]
    found: Counter[str] = Counter()
    for (a, task, near, ids, text), (b, task2, near2, ids2, text2) in itertools.combinations(looked_at, 2):
        if a == b:
            continue
        found["task"] += task == task2
        found["near_task"] += task != task2 and jaccard(near, near2) >= 0.6
        found["stated_id"] += bool(ids & ids2)
        found["similar_text"] += jaccard(text, text2) >= 0.5
    return +found


@pytest.mark.parametrize("seed", range(3))
def test_no_kind_of_link_joins_two_splits(tmp_path: Path, seed: int):
    manifest = made(tmp_path, mix(seed), f"seed={seed}")
    assert {"train", "validation", "test"} == {split for split, _ in rows_of(tmp_path / "out")}
    assert {} == straddling(tmp_path / "out")
    leaks = {leak.edge: leak for leak in manifest.leaks}
    assert {"task", "near_task", "stated_id", "similar_text", "any"} == leaks.keys()
    assert {0.0} == {leak.ours for leak in leaks.values()}
    assert all(leaks[edge].random > 0.03 and leaks[edge].links for edge in ("task", "near_task", "stated_id", "any"))


def test_the_card_has_the_leakage_of_each_kind_beside_a_random_split(tmp_path: Path):
    manifest = made(tmp_path, mix())
    card = (tmp_path / "out/README.md").read_text(encoding="utf-8")
    for leak in manifest.leaks:
        assert f"| 0.00% | {leak.random:.2%} |" in card
    assert "a similar task (verified Jaccard ≥ 0.6 of runs of three words)" in card


def test_a_key_of_the_rows_can_be_named_as_a_group(tmp_path: Path):
    rows = [
        {"instruction": f"{n} {sentence(random.Random(n), 9)}", "output": sentence(random.Random(-n), 20)}
        | {"customer": {"no": n % 25}}
        for n in range(100)
    ]
    for key, apart in (("split.group=customer.no", 0), ("seed=0", 1)):
        made(tmp_path / key[:5], {"one": rows}, key)
        sides: dict[int, set[str]] = {}
        for split, row in rows_of(tmp_path / key[:5] / "out"):
            sides.setdefault(int(row["task"].split()[0]) % 25, set()).add(split)
        assert apart == any(len(found) > 1 for found in sides.values())


def test_a_group_that_no_row_has_is_refused(tmp_path: Path):
    with pytest.raises(UserError) as raised:
        made(tmp_path, mix(), "split.group=costumer")
    assert ("U102", "/split/group") == (raised.value.findings[0].code, raised.value.findings[0].pointer)


def test_numbers_are_ids_within_their_source_only(tmp_path: Path):
    rows = [{"instruction": f"{sentence(random.Random(n), 12)} {n}", "output": f"{n}", "task_id": n} for n in range(3)]
    made(tmp_path, {"one": rows[:2], "two": [dict(rows[2], task_id=1)]})
    ids = [row["stated_ids"] for _, row in rows_of(tmp_path / "out")]
    assert 3 == len({tuple(found) for found in ids})


@pytest.mark.parametrize("rule", ["train", "drop"])
def test_a_task_that_fills_the_dataset_fills_no_split(tmp_path: Path, rule: str):
    draw = random.Random(1)
    rows = [{"instruction": "Say something.", "output": sentence(draw, 40)} for _ in range(60)]
    rows += [{"instruction": sentence(draw, 20), "output": sentence(draw, 40)} for _ in range(60)]
    manifest = made(tmp_path, {"one": rows}, f"split.oversized={rule}")
    sides = Counter(split for split, row in rows_of(tmp_path / "out") if row["task"] == "Say something.")
    lines = [line for line in read_ledger(tmp_path / "out").to_pylist() if line["stage"] == "split"]
    if rule == "train":
        assert {f"of a group of {len(lines)} rows, beyond split.largest; all of it is in train"} == {
            x["detail"] for x in lines
        }
        assert ({"train": 60}, {("D602", "flagged")}) == (sides, {(x["code"], x["action"]) for x in lines})
    else:
        assert (1, 12) == (len(sides), sides.total())
        assert [("D601", "dropped")] * 48 == [(x["code"], x["action"]) for x in lines]
    stage = next(stage for stage in manifest.stages if stage.stage == "split")
    assert (stage.rows_in - stage.rows_out, len(lines)) == (0 if rule == "train" else 48, 60 if rule == "train" else 48)
    assert {} == straddling(tmp_path / "out")


# A published dataset that grows --------------------------------------------------------------------


def sides_of(out: Path) -> dict[str, str]:
    """The split of each answer, which no two rows of the toys share."""
    return {row["messages"][-1]["content"]: split for split, row in rows_of(out)}


@pytest.mark.parametrize("seed", range(2))
def test_new_rows_move_no_old_one_and_leak_nowhere(tmp_path: Path, seed: int):
    old, new = mix(seed), mix(seed + 10)
    made(tmp_path / "a", old)
    before = sides_of(tmp_path / "a/out")
    draw = random.Random(5)
    # Answers to old tasks, and a row that states an instance of one side and has the task of another.
    more = [dict(row, output=sentence(draw, 30)) for row in old["one"][:40]]
    instance = next(row for row in old["one"] if "instance_id" in row)
    side = before[instance["output"]]
    other = next(row for row in old["one"] if before.get(row["output"], side) != side)
    bridge = {"instruction": other["instruction"], "output": "a bridge", "instance_id": instance["instance_id"]}
    sources = {"new": [*new["one"], *more, bridge], **old}  # before the old ones, and other rows first in a file
    sources["two"] = [*new["two"], *old["two"]]
    manifest = made(tmp_path / "b", sources, extend=tmp_path / "a/out")
    after = sides_of(tmp_path / "b/out")
    assert before.items() <= after.items()
    assert "a bridge" not in after and len(after) > len(before) + 150
    assert {} == straddling(tmp_path / "b/out")
    assert {"D603"} == {x["code"] for x in read_ledger(tmp_path / "b/out").to_pylist() if x["stage"] == "split"}
    assert manifest.extends is not None and (manifest.extends.rows, manifest.extends.kept) == (len(before), len(before))


def test_an_old_row_wins_over_a_better_new_one(tmp_path: Path):
    draw = random.Random(2)
    rows = [{"instruction": sentence(draw, 20), "output": sentence(draw, 60)} for _ in range(30)]
    longer = [dict(row, output=row["output"] + " and more") for row in rows]
    made(tmp_path / "a", {"one": rows})
    before = sides_of(tmp_path / "a/out")
    made(tmp_path / "b", {"two": longer, "one": rows}, "dedup.prefer=[two]", extend=tmp_path / "a/out")
    assert before == sides_of(tmp_path / "b/out")
    made(tmp_path / "c", {"two": longer, "one": rows}, "dedup.prefer=[two]")
    assert not before.keys() & sides_of(tmp_path / "c/out").keys()


def test_a_build_cannot_extend_itself_or_what_is_none(tmp_path: Path):
    made(tmp_path, mix())
    for folder, code in (("out", "U401"), (".", "U305")):
        with pytest.raises(UserError) as raised:
            made(tmp_path, mix(), extend=tmp_path / folder)
        assert code == raised.value.findings[0].code
    (tmp_path / "out/data/test-00000-of-00001.parquet").write_bytes(b"PAR1")
    with pytest.raises(UserError) as raised:
        made(tmp_path, mix(), out="other", extend=tmp_path / "out")
    assert "U304" == raised.value.findings[0].code


# Rows that are taken down --------------------------------------------------------------------------


def test_rows_are_taken_down_by_id_and_by_file(tmp_path: Path):
    first = made(tmp_path, mix(), out="a")
    ids = [row["trace_id"] for _, row in rows_of(tmp_path / "a")]
    (tmp_path / "gone.txt").write_text(f"# asked for in May\n{ids[1]}\n\n{ids[2]} \n", encoding="utf-8")
    second = made(tmp_path, mix(), out="b", head=f"exclude: ['{ids[0]}', gone.txt]")
    assert set(ids[3:]) == {row["trace_id"] for _, row in rows_of(tmp_path / "b")}
    lines = [x for x in read_ledger(tmp_path / "b").to_pylist() if x["code"] == "D605"]
    assert set(ids[:3]) == {line["trace_id"] for line in lines} and {"split"} == {line["stage"] for line in lines}
    assert first.content_hash != second.content_hash
    sides = sides_of(tmp_path / "a")
    assert all(sides[answer] == split for answer, split in sides_of(tmp_path / "b").items() if answer in sides)


def test_a_copy_of_a_row_that_is_taken_down_does_not_take_its_place(tmp_path: Path):
    draw = random.Random(3)
    rows = [{"instruction": sentence(draw, 20), "output": sentence(draw, 60)} for _ in range(20)]
    made(tmp_path, {"one": [*rows, rows[0]]}, out="a")
    (kept,) = [row for _, row in rows_of(tmp_path / "a") if row["messages"][-1]["content"] == rows[0]["output"]]
    made(tmp_path, {"one": [*rows, rows[0]]}, out="b", head=f"exclude: ['{kept['trace_id']}']")
    assert rows[0]["output"] not in sides_of(tmp_path / "b")


@pytest.mark.parametrize(("items", "code"), [("[nothing.txt]", "U201"), ("[wrong.txt]", "U102"), ("[Up:12]", "U201")])
def test_what_names_no_row_is_refused(tmp_path: Path, items: str, code: str):
    (tmp_path / "wrong.txt").write_text("one:0123456789abcdef\nrow 7\n", encoding="utf-8")
    with pytest.raises(UserError) as raised:
        made(tmp_path, mix(), head=f"exclude: {items}")
    assert code == raised.value.findings[0].code


def test_bytes_do_not_depend_on_runner_workers_or_chunks(tmp_path: Path):
    made(tmp_path / "a", mix())
    more = mix(4)
    ways: tuple[list[str], ...] = (
        ["engine.kind=process", "engine.workers=2", "engine.chunk_bytes=3000"],
        ["engine.task_bytes=20000"],
        [],
    )
    hashes = {
        made(tmp_path / "b", more | mix(), *way, out=f"out{k}", extend=tmp_path / "a/out").content_hash
        for k, way in enumerate(ways)
    }
    assert 1 == len(hashes)
