"""Bad cases of a build in tiers, each with its likely cause and the key of the recipe that changes it.

In: the counted rows and the ledger. Out: `Case`s. Tier 1 teaches a model something wrong or nothing; tier 2 is worth a
look before the dataset is trusted; tier 3 is what the build kept out, for whoever misses it.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import polars as pl

from sxl_data.contract.codes import CODES
from sxl_data.report.rows import LOOP

TIERS = {
    1: "Teaches something wrong, or nothing",
    2: "Worth a look before the dataset is trusted",
    3: "Kept out by the build",
}
KEYS = {
    "C416": "sources.options",
    "C701": "clean.text",
    "C702": "clean.code",
    "C703": "clean.secrets",
    "C704": "clean.empty",
    "C705": "clean.licences",
    "C706": "clean.keep_private",
    "C707": "clean.profile",
    "C720": "",
    "C721": "clean.text",
    "C722": "media",
    "C723": "media",
    "C724": "media",
    "C740": "clean.answers",
    "C741": "clean.answers",
    "C742": "clean.answers",
    "C743": "clean.answers",
    "C744": "clean.answers",
    "C745": "clean.answers",
    "C746": "clean.answers",
    "C747": "clean.text",
    "C780": "worth.undeclared_tools",
    "D310": "dedup.view",
    "D311": "dedup.threshold",
    "D401": "decontaminate.threshold",
    "D501": "ground.tools",
    "D502": "ground.results",
    "D503": "ground.failures",
    "D601": "split.oversized",
    "D602": "split.largest",
    "D603": "split.threshold",
    "D604": "sources.use",
    "D605": "exclude",
    "D610": "sources.weight",
    "Q801": "worth.object_prompts",
    "Q802": "worth.given_answers",
    "Q803": "worth.no_answer",
    "Q804": "worth.ends_in_error",
    "Q805": "worth.failures",
    "Q806": "worth.given_facts",
    "U203": "sources.include",
    "U204": "sources.include",
    "S211": "sources.format",
    "U205": "sources.format",
    "U209": "sources.format",
    "U210": "sources.format",
    "U211": "sources.exclude",
    "U212": "sources.exclude",
    "U214": "split.train",
    "U216": "sources.include",
    "U311": "sources.limit",
}
"""Code → the key of a recipe with which a build answers it; empty where there is none. Others are answered with the
keys of their stage."""
_OF_STAGES = {"read": "sources"}
_MANY = 0.5


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of bad case."""

    tier: int
    name: str
    count: int
    cause: str
    key: str
    """Key of the recipe that changes it; empty where none does."""
    rows: tuple[tuple[int, int], ...] = ()
    """Some of them: shard and row."""


def find_cases(rows: pl.DataFrame, ledger: pl.DataFrame, cut: int, examples: int = 2) -> list[Case]:
    """The cases of a build, worst first; ``cut``: bytes of text that a training run keeps of a trace."""
    found = [*_of_rows(rows, cut, examples), *_of_mix(rows), *_of_ledger(ledger)]
    return sorted((case for case in found if case.count), key=lambda case: (case.tier, -case.count))


def key_of(code: str) -> str:
    """The key of a recipe that changes how rows with ``code`` are treated; empty where none does."""
    stage = CODES[code].stage
    return KEYS.get(code, _OF_STAGES.get(stage, stage))


def _of_rows(rows: pl.DataFrame, cut: int, examples: int) -> Iterator[Case]:
    tests: list[tuple[int, str, pl.Expr, str, str]] = [
        (
            1,
            "ends on a failed call, with no answer",
            ~pl.col("final") & pl.col("last_bad"),
            "the session was cut or given up",
            "sources.include",
        ),
        (
            1,
            "longer than training keeps",
            pl.col("text_bytes") > cut,
            "a whole session or file in one row; what is beyond the cut-off is never trained on",
            "tune.max_length",
        ),
        (
            2,
            f"the same call {LOOP} times or more, one after the other",
            pl.col("repeats") >= LOOP,
            "the agent went in circles, or polled",
            "exclude",
        ),
        (
            2,
            "half of the results or more failed",
            (pl.col("n_results") >= 2) & (pl.col("n_bad") >= _MANY * pl.col("n_results")),
            "a broken environment, or a tool that is called wrongly",
            "exclude",
        ),
        (
            2,
            "calls without any result",
            (pl.col("n_calls") > 0) & (pl.col("n_results") == 0),
            "the source states the calls alone",
            "ground.tools",
        ),
        (
            2,
            "no final answer",
            ~pl.col("final") & ~pl.col("last_bad"),
            "the source stops in the loop",
            "sources.include",
        ),
    ]
    for tier, name, test, cause, key in tests:
        hit = rows.filter(test).sort("text_bytes", "trace_id")
        some = hit.select("shard", "row").head(examples).rows()
        yield Case(tier=tier, name=name, count=len(hit), cause=cause, key=key, rows=tuple(some))


def _of_mix(rows: pl.DataFrame) -> Iterator[Case]:
    total = int(rows["text_bytes"].sum())
    for source, size, count in rows.group_by("source").agg(pl.col("text_bytes").sum(), pl.len()).iter_rows():
        if rows["source"].n_unique() > 2 and size > _MANY * total:
            yield Case(
                tier=2,
                name=f"{source} holds {size / total:.0%} of the text",
                count=count,
                cause="a large source beside small ones: a model mostly learns it",
                key="sources.limit",
            )


def _of_ledger(ledger: pl.DataFrame) -> Iterator[Case]:
    counts = ledger.group_by("code", "action").len().sort("code", "action")
    for code, action, count in counts.iter_rows():
        if action == "edited":
            continue
        entry = CODES[code]
        yield Case(
            tier=2 if action == "flagged" else 3,
            name=f"{entry.title} ({code})",
            count=count,
            cause=entry.why,
            key=key_of(code),
        )
