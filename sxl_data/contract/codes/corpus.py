"""D: rows beside other rows: duplicates, contamination, splits."""

from __future__ import annotations

from sxl_data.contract.codes import Code

CODES: tuple[Code, ...] = (
    Code(
        code="D101",
        rule="same-trace-twice",
        level="warning",
        title="The same trace stands in the input twice",
        why="repeated traces are learnt by heart and leak across splits",
        fix="keep one of them",
    ),
    Code(
        code="D102",
        rule="id-reused",
        level="error",
        title="Two different traces have the same id",
        why="the ledger, the splits and every report refer to traces by id",
        fix="give each trace an id of its own",
    ),
    Code(
        code="D310",
        rule="exact-duplicate",
        level="note",
        stage="dedup",
        title="The row says the same as a row that was kept",
        why="repeated rows are learnt by heart and leak across splits",
        fix="nothing to do",
    ),
    Code(
        code="D311",
        rule="near-duplicate",
        level="note",
        stage="dedup",
        title="The row is at least as similar to a kept row as the threshold allows",
        why="near copies waste training and leak across splits",
        fix="nothing to do; raise `dedup.threshold` to keep more",
    ),
    Code(
        code="D401",
        rule="contaminated",
        level="note",
        stage="decontaminate",
        title="The row shares text with a benchmark",
        why="a model trained on it would be measured on what it has seen",
        fix="nothing to do; `decontaminate.against` lists the benchmarks",
    ),
    Code(
        code="D501",
        rule="executed",
        level="note",
        stage="ground",
        title="Calls of the row were really run and their results recorded",
        why="a result that was produced can be trusted, one that was written cannot",
        fix="nothing to do",
    ),
    Code(
        code="D502",
        rule="result-differs",
        level="warning",
        stage="ground",
        title="A call gave another result than the source says",
        why="the source, the tool or the tool's state is not what it was; the result that was produced is kept",
        fix="look at the row; `ground.results: fill` leaves the source's results alone",
    ),
    Code(
        code="D503",
        rule="execution-failed",
        level="note",
        stage="ground",
        title="A call of the row failed when it was run",
        why="the recipe keeps only rows whose calls succeed",
        fix="nothing to do; `ground.failures: keep` keeps them for self-correction",
    ),
)
