"""How sure a number is, and whether two numbers differ: intervals, clusters, pairs.

Every estimate says what it counts and how many. Items that share a source count for less than as many that stand
alone: the interval is Wilson's with the number of items that would say as much if they stood alone (design effect of
the clusters; arXiv 2411.00640, Korn and Graubard 1998). Two models are compared on the same items: McNemar's exact
test where each item is right or wrong, a paired bootstrap over clusters where it is a share.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec

Z = 1.959963984540054
DRAWS = 4000


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """A share with its interval of 95 %."""

    value: float
    n: int
    """Things that were counted."""
    unit: str
    """What one of them is: items, calls."""
    low: float
    high: float
    clusters: int
    """Groups that share a source; as many as ``n`` where each stands alone."""
    method: str


def wilson(share: float, n: float) -> tuple[float, float]:
    """Wilson's interval of 95 % of ``share`` of ``n`` trials (Wilson 1927); 0 to 1 where there was none."""
    if n <= 0:
        return 0.0, 1.0
    square = Z * Z / n
    middle = (share + square / 2) / (1 + square)
    half = Z / (1 + square) * math.sqrt(max(0.0, share * (1 - share)) / n + square / (4 * n))
    return (0.0 if share <= 0 else max(0.0, middle - half)), (1.0 if share >= 1 else min(1.0, middle + half))


def estimate(values: Sequence[tuple[str, float, int]], unit: str = "items") -> Estimate:
    """From (cluster, how much of it holds, of how many): the share of all, its interval by the clusters."""
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for cluster, held, of in values:
        sums[cluster][0] += held
        sums[cluster][1] += of
    total = sum(of for _, of in sums.values())
    n = round(total)
    if not n:
        return Estimate(value=math.nan, n=0, unit=unit, low=0.0, high=1.0, clusters=0, method="none")
    share = sum(held for held, _ in sums.values()) / total
    binary = all(held in (0.0, float(of)) and of == 1 for _, held, of in values)
    alone = len(sums) == len(values) and binary
    effective = float(n) if alone else _effective(list(sums.values()), share, total)
    low, high = wilson(share, effective)
    method = "Wilson" if alone else f"Wilson with {effective:.0f} effective of {n} (clustered)"
    return Estimate(value=share, n=n, unit=unit, low=low, high=high, clusters=len(sums), method=method)


def show(found: Estimate) -> str:
    """``45 of 60, 75 % (63–84)``: a share with its interval of 95 %."""
    if not found.n:
        return "–"
    held = round(found.value * found.n)
    return f"{held} of {found.n}, {100 * found.value:.0f} % ({100 * found.low:.0f}–{100 * found.high:.0f})"


def _effective(sums: Sequence[list[float]], share: float, total: float) -> float:
    """How many trials that stand alone would say as much: never more than there are, at least one a cluster where
    nothing varies."""
    count = len(sums)
    if count < 2:
        return 1.0
    spread = count / (count - 1) * sum((held - share * of) ** 2 for held, of in sums) / total**2
    if share <= 0 or share >= 1 or spread <= 0:
        return float(count)
    return max(1.0, min(total, share * (1 - share) / spread))


def pass_at(n: int, right: int, k: int) -> float:
    """Unbiased chance that one of ``k`` samples is right, from ``right`` of ``n`` (arXiv 2107.03374)."""
    if not 0 <= right <= n or not 0 < k <= n:
        raise ValueError(f"{k} of {n} samples, {right} right")
    return 1.0 - math.comb(n - right, k) / math.comb(n, k)


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One measure of two models on the items that both answered."""

    n: int
    left: float
    right: float
    low: float
    """Of ``right`` less ``left``, with ``high``: the interval of 95 % by bootstrap over clusters."""
    high: float
    won: int
    """Items that ``right`` does better."""
    lost: int
    p: float
    """Chance of a difference at least so large where there is none."""
    method: str

    @property
    def difference(self) -> float:
        """``right`` less ``left``."""
        return self.right - self.left

    @property
    def noise(self) -> bool:
        """Whether chance alone would explain it, at 5 %."""
        return self.p >= 0.05


def mcnemar(won: int, lost: int) -> float:
    """Exact two-sided p of McNemar's test: both ways equally likely (McNemar 1947)."""
    n = won + lost
    if not n:
        return 1.0
    tail = sum(math.comb(n, i) for i in range(min(won, lost) + 1)) / 2**n
    return min(1.0, 2 * tail)


def compare(left: Mapping[str, tuple[str, float]], right: Mapping[str, tuple[str, float]], seed: int = 0) -> Difference:
    """From item → (cluster, score) of two models: what differs on the items that both have."""
    shared = sorted(left.keys() & right.keys())
    pairs = [(left[item][0], left[item][1], right[item][1]) for item in shared]
    won = sum(b > a for _, a, b in pairs)
    lost = sum(b < a for _, a, b in pairs)
    n = len(pairs)
    if not n:
        raise ValueError("no item in common")
    clusters: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for cluster, a, b in pairs:
        clusters[cluster][0] += b - a
        clusters[cluster][1] += 1
    low, high, chance = _bootstrap(list(clusters.values()), seed)
    binary = all(value in (0.0, 1.0) for _, a, b in pairs for value in (a, b))
    exact = binary and len(clusters) == n
    return Difference(
        n=n,
        left=sum(a for _, a, _ in pairs) / n,
        right=sum(b for _, _, b in pairs) / n,
        low=low,
        high=high,
        won=won,
        lost=lost,
        p=mcnemar(won, lost) if exact else chance,
        method="McNemar, exact" if exact else f"paired bootstrap over {len(clusters)} clusters",
    )


def _bootstrap(sums: list[list[float]], seed: int) -> tuple[float, float, float]:
    """(low, high, two-sided p) of the mean difference, by drawing clusters again."""
    if all(held == 0 for held, _ in sums):
        return 0.0, 0.0, 1.0
    draw, means = random.Random(seed), []
    for _ in range(DRAWS):
        drawn = draw.choices(sums, k=len(sums))
        means.append(sum(held for held, _ in drawn) / sum(of for _, of in drawn))
    means.sort()
    below = (sum(mean <= 0 for mean in means) + 1) / (DRAWS + 1)
    above = (sum(mean >= 0 for mean in means) + 1) / (DRAWS + 1)
    # Few clusters cannot say more than their signs could: two that agree come about half the time.
    least = 2.0 ** (1 - sum(held != 0 for held, _ in sums))
    return means[int(0.025 * DRAWS)], means[int(0.975 * DRAWS)], min(1.0, max(least, 2 * min(below, above)))
