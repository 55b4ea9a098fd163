"""Ratings by persons or models into the report of an evaluation: ``python -m sxl_train.evaluate rate OUT ROUND``.

In: a folder that an evaluation wrote and a round of review drawn from its ``samples.parquet``. Out: ``ratings.json`` in
that folder, which the report's table, the page of failures and a model card show, persons and models apart. Ratings of
outputs that are not this evaluation's are refused.
"""

from __future__ import annotations

from pathlib import Path

from sxl_data.contract.errors import error
from sxl_data.engine.commit import commit_bytes
from sxl_data.write.ratings import RATINGS, Ratings, read_ratings
from sxl_train.evaluate.samples import read_samples

SAMPLES = "samples.parquet"


def rate(out: Path, round: Path) -> Ratings:
    """Put the ratings of ``round`` into ``out``. Raises `UserError`: H712 for a round without any, U201 where there is
    no evaluation, H704 for outputs that are not there."""
    found = read_ratings(round)
    file = out / SAMPLES
    if not file.is_file():
        raise error("U201", file=str(file), found="no such file", expected="a folder that an evaluation wrote")
    try:
        there = {f"{one.suite}/{one.item}/{one.index}" for one in read_samples(file)}
    except (ValueError, KeyError) as problem:
        raise error("T302", file=str(file), found=str(problem)) from None
    if strange := [name for name in found.ids if name not in there]:
        said = f"{len(strange)} of {len(found.ids)} rated outputs are not there"
        raise error("H704", file=str(file), trace_id=strange[0], found=said, expected="ratings of this evaluation")
    commit_bytes(out / RATINGS, (round / RATINGS).read_bytes())
    return found


def rated(out: Path) -> Ratings | None:
    """The ratings in ``out``, where somebody put some."""
    return read_ratings(out) if (out / RATINGS).is_file() else None
