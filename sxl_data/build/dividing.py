"""How the rows of a build are divided: which tasks find what belongs together, and which one decides.

In: the shards that are left, what `view` saw of them, the verified pairs of the comparison of texts. Out: the receipt
of `split`, with the side of every row, and what a division by chance would have leaked. Rows belong together by their
texts, by the ids that they state, and by their tasks, whose comparison is planned here: the same machinery as that of
the texts, with names of its own, over the prompts.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from sxl_data.build.guards import refuse_empty, refuse_no_train
from sxl_data.build.run import DIVIDING, OF_TASKS, Run
from sxl_data.build.stages import task_bytes
from sxl_data.contract.console import format_count
from sxl_data.dedup.config import DedupConfig
from sxl_data.dedup.parts.plan import Comparison
from sxl_data.dedup.shingles import Shingling
from sxl_data.engine.task import FileInfo, Receipt, Task
from sxl_data.read.sources import take_rates
from sxl_data.split.assign import SPLITS
from sxl_data.split.edges import ANY, KINDS
from sxl_data.write.manifest import Extended, Leak

SHINGLING = Shingling(kind="words", size=3)
"""What tasks are compared by. Prompts are short: of ten words with one changed, runs of five have none in common."""


class Divided(NamedTuple):
    """``split``: the receipt of the task. ``leaks``: for each kind of edge. ``extends``: the build whose rows stayed
    where they were, if there is one."""

    split: Receipt
    leaks: list[Leak]
    extends: Extended | None


def divide(run: Run, shards: Sequence[FileInfo], seen: Sequence[Receipt], pairs: FileInfo) -> Divided:
    """Plan and run the tasks, and say what came out."""
    recipe, sizes = run.recipe, [shard.rows for shard in shards]
    by = recipe.dedup
    asked = DedupConfig(threshold=recipe.split.task_threshold, shingling=SHINGLING, seed=by.seed, backend=by.backend)
    placed = run.run("place", _places(run, shards, seen, asked), sizes, "rows")
    related = Comparison(run.run, placed, sizes, asked, task_bytes(run), OF_TASKS).relate()
    task = Task(
        stage="split",
        part=0,
        function="sxl_data.build.tasks:split",
        inputs={
            "placed": tuple(r.files["placed"] for r in placed),
            "pairs": (pairs,),
            "equal": related.duplicates,
            "near": related.pairs,
            "cut": related.cut,
        },
        params={
            "config": msgspec.to_builtins(recipe.split),
            "seed": recipe.seed,
            "shard_bytes": recipe.write.shard_bytes,
            "order": recipe.write.order,
            "quotas": [source.rows for source in recipe.sources if source.rows is not None],
        },
        timed=False,
        costs={"memory": task_bytes(run)},
    )
    (split,) = run.run("split", [task])
    notes = run.run("note", _notes(shards, split), sizes, "rows") if split.counters["noted"] else []
    run.seconds["split"] += sum(run.seconds.pop(inner, 0) for inner in DIVIDING)
    leaks = _leaks(split)
    _say(run, split, notes, leaks[-1], sum(sizes), sum(r.counters["taken_down"] for r in placed))
    return Divided(split, leaks, _extends(run, sum(r.counters["old"] for r in placed)))


def _say(run: Run, split: Receipt, notes: list[Receipt], leak: Leak, rows: int, taken_down: int) -> None:
    counts = {name: split.counters[f"rows_{name}"] for name in SPLITS}
    if missing := len(run.gone) - taken_down:
        run.say(f"{'split':<14} {format_count(missing)} of {format_count(len(run.gone))} ids to exclude name no row")
    if notes:
        run.count("split", rows, sum(counts.values()), notes)
    refuse_empty(sum(counts.values()), run.funnel)
    refuse_no_train(counts, run.recipe.split)
    sizes = ", ".join(f"{name} {format_count(count)}" for name, count in counts.items())
    said = f"held-out rows with a twin in train {leak.ours:.2%} (random: {leak.random:.2%})"
    run.say(f"{'split':<14} {sizes}; {said}")
    empty = [name for name in SPLITS if not counts[name] and getattr(run.recipe.split, name)]
    if empty:
        why = "rows that belong together stay whole, and a group beyond `split.largest` goes to train"
        run.say(f"{'split':<14} no row for {' and '.join(empty)}: the rows are few or alike ({why})")


def _extends(run: Run, kept: int) -> Extended | None:
    before = run.extended
    if before is None:
        return None
    rows = sum(split["rows"] for split in before.splits.values())
    return Extended(name=before.name, content_hash=before.content_hash, rows=rows, kept=kept)


def _places(run: Run, shards: Sequence[FileInfo], seen: Sequence[Receipt], asked: DedupConfig) -> list[Task]:
    first = [0, *itertools.accumulate(receipt.counters["rows"] for receipt in seen)]
    params = {
        "uses": {
            name: [use.kind, msgspec.to_builtins(use.parts)] for name, use in run.uses.items() if use.kind != "train"
        },
        "trains": run.recipe.split.train > 0,
        "tests": run.recipe.split.test > 0,
        "tasks": msgspec.to_builtins(asked),
        "gone": run.gone,
        "rates": take_rates(run.recipe.sources),
        "quotas": {source.name: source.rows for source in run.recipe.sources if source.rows is not None},
        "stratify": list(run.recipe.split.stratify),
        "seed": run.recipe.seed,
    }
    return [
        Task(
            stage="place",
            part=i,
            function="sxl_data.build.tasks:place",
            params=params | {"first": first[i]},
            inputs={"traces": (shard,), "signatures": (seen[i].files["signatures"],), **run.old},
        )
        for i, shard in enumerate(shards)
    ]


def _notes(shards: Sequence[FileInfo], split: Receipt) -> list[Task]:
    return [
        Task(
            stage="note",
            part=i,
            function="sxl_data.build.tasks:note",
            params={},
            inputs={"traces": (shard,), "sides": (split.files[f"sides-{i:05d}"],)},
        )
        for i, shard in enumerate(shards)
    ]


def _leaks(split: Receipt) -> list[Leak]:
    counters = split.counters
    return [
        Leak(
            edge=kind,
            links=counters.get(f"links_{kind}", sum(counters[f"links_{k}"] for k in KINDS)),
            ours=counters[f"leak_ours_{kind}"] / 1e6,
            random=counters[f"leak_random_{kind}"] / 1e6,
        )
        for kind in (*KINDS, ANY)
    ]
