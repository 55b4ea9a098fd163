"""Agreement of raters on one question, each number with a bootstrap interval over items.

In: a matrix raters × items of codes, NaN where nobody judged. Out: `Measures`. Percent agreement is the share of equal
pairs among all pairs of ratings of one item. Krippendorff's α (package krippendorff) takes missing ratings as they are;
Cohen's κ (statsmodels; quadratic weights on an ordinal scale) is for each pair of raters, Fleiss' κ (statsmodels,
which knows no order) over the items that all have judged. Intervals: percentiles of items drawn anew with
replacement (Efron 1979). A measure is undefined where all ratings are equal: there is no chance to correct for.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TypeAlias

import krippendorff
import msgspec
import numpy as np
import numpy.typing as npt
from statsmodels.stats.inter_rater import cohens_kappa, fleiss_kappa

Matrix: TypeAlias = npt.NDArray[np.float64]
REPEATS = 1000
LEVEL = 0.95


class Estimate(msgspec.Struct, frozen=True):
    """A number, None where it is undefined, and its interval, from the ``resamples`` of those ``asked`` for in which it
    was defined."""

    value: float | None
    low: float | None
    high: float | None
    items: int
    resamples: int
    asked: int


class Measures(msgspec.Struct, frozen=True):
    """The agreement on one question; ``cohen`` by the numbers of two raters."""

    percent: Estimate
    alpha: Estimate
    fleiss: Estimate
    cohen: dict[tuple[int, int], Estimate]


def measure(ratings: Matrix, codes: int, ordinal: bool, *, seed: int = 0, repeats: int = REPEATS) -> Measures:
    """The agreement in ``ratings`` (raters × items), whose values are 0 to ``codes`` - 1."""
    several = ratings[:, (~np.isnan(ratings)).sum(axis=0) >= 2]
    all_of = ratings[:, ~np.isnan(ratings).any(axis=0)]
    pairs = list(itertools.combinations(range(len(ratings)), 2))

    def estimate(measured: Callable[[Matrix], float | None], matrix: Matrix) -> Estimate:
        return bootstrap(measured, matrix, seed=seed, repeats=repeats)

    cohen = {}
    for first, second in pairs:
        both = ratings[[first, second]]
        both = both[:, ~np.isnan(both).any(axis=0)]
        cohen[first, second] = estimate(lambda matrix: cohen_of(matrix, codes, ordinal), both)
    return Measures(
        estimate(percent_of, several),
        estimate(lambda matrix: alpha_of(matrix, ordinal), several),
        estimate(lambda matrix: fleiss_of(matrix, codes), all_of),
        cohen,
    )


def bootstrap(
    measured: Callable[[Matrix], float | None], matrix: Matrix, *, seed: int = 0, repeats: int = REPEATS
) -> Estimate:
    """``measured`` of ``matrix`` (… × items), with the percentile interval of resampled items."""
    items = matrix.shape[1]
    if not items:
        return Estimate(None, None, None, 0, 0, repeats)
    random = np.random.default_rng(seed)
    drawn = (measured(matrix[:, random.integers(0, items, items)]) for _ in range(repeats))
    found = [value for value in drawn if value is not None]
    edge = (1 - LEVEL) / 2
    low, high = np.quantile(found, [edge, 1 - edge]) if found and items > 1 else (None, None)
    value = measured(matrix)
    ends = [None if end is None else float(end) for end in (low, high)]
    return Estimate(value, ends[0], ends[1], items, len(found), repeats)


def percent_of(ratings: Matrix) -> float | None:
    """The share of equal pairs among all pairs of ratings of one item."""
    equal = pairs = 0
    for first, second in itertools.combinations(ratings, 2):
        both = ~(np.isnan(first) | np.isnan(second))
        pairs += int(both.sum())
        equal += int((first[both] == second[both]).sum())
    return equal / pairs if pairs else None


def alpha_of(ratings: Matrix, ordinal: bool) -> float | None:
    """Krippendorff's α, ordinal or nominal."""
    several = ratings[:, (~np.isnan(ratings)).sum(axis=0) >= 2]
    if len(np.unique(several[~np.isnan(several)])) < 2:
        return None
    return float(krippendorff.alpha(several, level_of_measurement="ordinal" if ordinal else "nominal"))


def cohen_of(ratings: Matrix, codes: int, ordinal: bool) -> float | None:
    """Cohen's κ of two raters, with quadratic weights where the answers have an order."""
    table = np.zeros((codes, codes))
    np.add.at(table, (ratings[0].astype(int), ratings[1].astype(int)), 1)
    if not ratings.size or len(np.unique(ratings)) < 2:
        return None
    found = cohens_kappa(table, wt="quadratic" if ordinal else None, return_results=False)
    return float(found) if np.isfinite(found) else None


def fleiss_of(ratings: Matrix, codes: int) -> float | None:
    """Fleiss' κ of raters who all judged all items."""
    if not ratings.size or len(np.unique(ratings)) < 2:
        return None
    counts = np.stack([(ratings == code).sum(axis=0) for code in range(codes)], axis=1)
    return float(fleiss_kappa(counts))
