from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sxl_data.contract.errors import UserError
from sxl_data.dedup import DedupResult, deduplicate
from sxl_data.dedup.parts.plan import Comparison, count_parts
from sxl_data.dedup.stage import DedupStage, view_rows
from sxl_data.engine.local import InlineRunner
from sxl_data.engine.mapped import mapped
from sxl_data.engine.store import Store
from sxl_data.engine.task import Receipt, Task
from sxl_data.trace.table import to_table

from ...toys import pair

SPELLED = "alpha beta gamma ( ) = + - x y z 1 2 3 if else return ; ,"
WORDS = SPELLED.split()


def corpus(seed: int) -> pa.Table:
    """Rows of which many are copies, edited copies, or one of 60 that share most of their text with no two alike
    enough to be dropped: a bucket of them is cut, and the survivors must be compared again."""
    draw = random.Random(seed)
    texts = []
    for _ in range(40):
        base = draw.choices(WORDS, k=draw.choice([0, 1, 3, 6, 12, 40, 80]))
        for _ in range(draw.choice([1, 1, 2, 4, 20])):
            copy = list(base)
            for _ in range(draw.choice([0, 0, 1, 3])):
                if copy:
                    copy[draw.randrange(len(copy))] = draw.choice(WORDS)
            texts.append(" ".join(copy))
    body = " ".join(f"shared{k}" for k in range(70))
    texts += [f"{body} {' '.join(f'own{n}x{k}' for k in range(draw.choice([2, 14, 18, 40])))}" for n in range(60)]
    draw.shuffle(texts)
    return to_table([pair(n, f"Do {text[:3]}", text) for n, text in enumerate(texts)])


class Inline:
    """Runs tasks in this process and remembers how many there were of each stage."""

    def __init__(self, root: Path) -> None:
        self.runner, self.store = InlineRunner(root), Store(root)
        self.counts: dict[str, int] = {}

    def __call__(self, stage: str, tasks: list[Task]) -> list[Receipt]:
        self.counts[stage] = self.counts.get(stage, 0) + len(tasks)
        return list(self.runner.run(tasks))


def viewed(run: Inline, shards: list[pa.Table], config: DedupStage) -> list[Receipt]:
    by = {
        name: msgspec.to_builtins(getattr(config, name))
        for name in ("view", "backend", "shingling", "permutations", "seed")
    }
    tasks = []
    for part, shard in enumerate(shards):
        info = run.store.put_table(f"traces-{part}.parquet", shard)
        tasks.append(
            Task(
                stage="view",
                part=part,
                function="sxl_data.build.tasks:view",
                inputs={"traces": (info,)},
                params={"config": by},
            )
        )
    return run("view", tasks)


def expected(table: pa.Table, config: DedupStage) -> tuple[DedupResult, list[str]]:
    seen = view_rows(table, config)
    sources = table["source"].to_pylist() if config.prefer else None
    found = deduplicate(
        seen.signed["trace_id"],
        seen.texts["text"],
        seen.signed["rank"].to_numpy(),
        config,
        sources=sources,
        also_pairs_at=0.5,
    )
    return found, seen.signed["trace_id"].to_pylist()


@pytest.mark.parametrize(
    ("seed", "cuts", "memory", "threshold", "backend"),
    [
        (1, [], 10**9, 0.7, "native"),
        (1, [0, 7, 100, 101], 10**9, 0.7, "native"),
        (1, [50, 90], 60_000, 0.7, "native"),
        (2, [3], 9_000, 0.7, "native"),
        (3, [20, 40, 60, 80, 100], 20_000, 0.85, "native"),
        (4, [60], 60_000, 0.5, "native"),
        (1, [0, 7, 100, 101], 10**9, 0.7, "datasketch"),
        (2, [3], 9_000, 0.7, "datasketch"),
    ],
)
def test_parts_decide_what_one_process_decides(
    tmp_path: Path, seed: int, cuts: list[int], memory: int, threshold: float, backend: Literal["native", "datasketch"]
):
    table, run = corpus(seed), Inline(tmp_path)
    config = DedupStage(threshold=threshold, prefer=("toy",) if seed == 2 else (), backend=backend)
    shards = [table.slice(a, b - a) for a, b in itertools.pairwise([0, *cuts, len(table)])]
    found, ids = expected(table, config)
    rounds = Comparison(run, viewed(run, shards, config), [len(shard) for shard in shards], config, memory)
    compared = rounds.compare(0.5)
    drops = [pq.read_table(run.store.path(info)) for info in compared.drops]
    lines = [
        (
            ids[row],
            "D310" if found.exact[row] else "D311",
            ids[found.twin[row]],
            found.score[row],
            "the same text" if found.exact[row] else f"{found.shared[row]} of {found.union[row]} shingles shared",
        )
        for row in np.flatnonzero(~found.kept)
    ]
    names = ("trace_id", "code", "twin_id", "score", "detail")
    assert lines == [tuple(row[name] for name in names) for table in drops for row in table.to_pylist()]
    assert [int((~found.kept)[a:b].sum()) for a, b in itertools.pairwise([0, *cuts, len(table)])] == [*map(len, drops)]
    pairs = pq.read_table(run.store.path(compared.pairs)).to_pydict()
    known = sorted(zip(found.pairs.left.tolist(), found.pairs.right.tolist(), found.pairs.scores.tolist()))
    assert known == list(zip(pairs["left"], pairs["right"], pairs["score"]))
    close = found.borderline(lambda rows: pa.array([ids[row] for row in rows.tolist()], pa.string()))
    assert close.to_pylist() == pq.read_table(run.store.path(compared.borderline)).to_pylist()
    assert len(lines) > 50 and len(known) > 100
    if backend == "datasketch":
        assert 2 == run.counts["candidates"] == run.counts["survivors"] + 1  # no bucket is cut: one round, and pairs
    elif memory < 10**6:
        assert run.counts["candidates"] > run.counts["survivors"] + 1 and run.counts["partition"] >= len(shards)
    else:
        assert 1 == run.counts["exact"]


def test_a_bucket_that_was_cut_costs_another_round(tmp_path: Path):
    table, run, config = corpus(3), Inline(tmp_path), DedupStage()
    Comparison(run, viewed(run, [table], config), [len(table)], config, 10**9).compare(0.5)
    assert run.counts["survivors"] > 1
    sizes = [len(mapped(path)) for path in sorted((tmp_path / "survivors").glob("*.again"))]
    assert sizes[0] > sizes[-1] == 0


def test_nothing_to_compare_is_no_error(tmp_path: Path):
    table, run, config = corpus(1).slice(0, 0), Inline(tmp_path), DedupStage()
    compared = Comparison(run, viewed(run, [table], config), [0], config, 10**9).compare(0.5)
    assert [0] == [info.rows for info in compared.drops]
    assert (0, "verify" in run.counts) == (compared.pairs.rows, True) and not run.counts["verify"]


def test_a_text_that_changed_after_it_was_read_is_an_error(tmp_path: Path):
    table, run, config = corpus(1), Inline(tmp_path), DedupStage()
    seen = viewed(run, [table], config)
    path = run.store.path(seen[0].files["text"])
    path.write_bytes(path.read_bytes().replace(b"shared17", b"shared71"))
    with pytest.raises(UserError, match="U304"):
        Comparison(run, seen, [len(table)], config, 10**9).compare(0.5)


def test_parts_follow_memory_and_then_work():
    assert 1 == count_parts(1000, 24, 10**9, 1 << 23)
    assert 4 == count_parts(1 << 25, 24, 10**9, 1 << 23)
    assert 32 == count_parts(1 << 30, 1, 10**12, 1 << 23)
    assert 240 == count_parts(10**10, 24, 10**9, 1 << 23)
