"""The whole of deduplication over one text column: exact keys, candidates, verification, survivors.

In: ids, texts and an optional quality rank. Out: a `DedupResult`: which rows stay, the kept twin of every other row
with score and overlap, all verified pairs, and the signatures. The result is a function of the set of (id, text,
rank), not of row order, workers or chunks. Exact duplicates leave first; a row without text resembles nothing and
stays; the rest goes through the rounds of `search.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import msgspec
import numpy as np

from sxl_data.contract.config import parse_size
from sxl_data.dedup.bands import choose_bands
from sxl_data.dedup.clusters import components
from sxl_data.dedup.exact import find_copies, hash_texts
from sxl_data.dedup.rows import locate
from sxl_data.dedup.scratch import Scratch
from sxl_data.dedup.search import Pairs, Search
from sxl_data.dedup.shingles import Shingling
from sxl_data.dedup.signatures import SMALL, Sketches, sketch

if TYPE_CHECKING:
    import pyarrow as pa

    from sxl_data.dedup.store import Store

MARGIN = 0.05
"""Verified pairs this far below the threshold are answered too, for the borderline section of reports."""
BORDERLINE = 0.02
"""How far from the threshold a pair is one that a person should look at."""


class DedupConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Near-duplicate removal."""

    COSTS: ClassVar = ("memory", "workers")
    threshold: float = 0.7
    """Jaccard similarity of two texts' shingle sets from which one of them is dropped, above 0 and at most 1."""
    permutations: int = 128
    """Values in a signature: 2 bytes of memory each, per row."""
    shingling: Shingling = Shingling()
    """What is compared."""
    seed: int = 1
    """Seed of the permutations."""
    prefer: tuple[str, ...] = ()
    """Sources whose rows are kept first, best first; the others follow with equal right."""
    memory: str = "4GB"
    """Decimal bytes that texts, signatures, hashes of bands and shingle sets may take. Beyond it texts and signatures
    go to scratch files and the rest to several passes: the same result, later. About 150 bytes a row come on top. In
    a build it is what each task that compares rows of all shards plans for, where `engine.task_bytes` says nothing
    else, and there is no such addition."""
    workers: int = 0
    """Threads; 0 takes all processors. Changes the time only."""

    def __post_init__(self) -> None:
        if not 0 < self.threshold <= 1:
            raise ValueError(f"threshold above 0 and at most 1, not {self.threshold}")
        choose_bands(self.threshold, self.permutations)
        parse_size(self.memory)


@dataclass(frozen=True)
class DedupResult:
    """What happened to each of n rows, and why."""

    kept: np.ndarray
    """bool (n,)."""
    twin: np.ndarray
    """i64 (n,): the kept row that a dropped one duplicates, −1 for a kept row."""
    exact: np.ndarray
    """bool (n,): dropped, and equal to its twin after normalisation (D310; the other drops are D311)."""
    score: np.ndarray
    """f64 (n,): Jaccard similarity to the twin, NaN for a kept row."""
    shared: np.ndarray
    """u32 (n,): distinct shingles shared with the twin; 0 for kept rows and for exact duplicates."""
    union: np.ndarray
    """u32 (n,): distinct shingles in the row or its twin; 0 likewise."""
    pairs: Pairs
    """Verified pairs of distinct texts, from `threshold − MARGIN` on, or from `also_pairs_at` among kept rows."""
    unique: np.ndarray
    """i64 (u,): one row per distinct text, those that `sketches` holds."""
    stands: np.ndarray
    """i64 (n,): the row of `unique` with the same normalised text; a row without text stands for itself."""
    sketches: Sketches
    """Signatures of the rows in `unique`, in that order."""
    keys: np.ndarray
    """u64 (n, 2): exact keys."""
    complete: bool
    """False if, even in the last round, a bucket was too large for all its pairs to be compared."""
    config: DedupConfig
    store: np.ndarray
    """i64 (n,): the number of the store that `twin` is a row of; −1, nearly always, if it is one of these rows."""
    preference: np.ndarray | None
    """i64 (n,): each row's place in the order of preference; None for the order of the rows."""

    @property
    def clusters(self) -> np.ndarray:
        """i64 (n,): the kept row of each row's cluster; a kept row, or one dropped for a store's, names itself."""
        return np.where(self.kept | (self.store >= 0), np.arange(len(self.kept)), self.twin)

    def borderline(self, names: Callable[[np.ndarray], pa.Array]) -> pa.Table:
        """Pairs within BORDERLINE of the threshold as left, right, score, left_kept, right_kept, the closest first;
        `names` gives rows their ids."""
        return borderline(self.pairs, self.config.threshold, lambda rows: self.kept[rows], names)

    def groups(self, threshold: float) -> np.ndarray:
        """i64 (n,): one label per row, the smallest row number of its group; rows are in one group if linked by
        verified pairs that reach `threshold`, by equal texts, or as a dropped row and its twin. For splits."""
        linked, dropped = self.pairs.at_least(threshold), np.flatnonzero(~self.kept & (self.store < 0))
        left = np.concatenate((linked.left, self.stands, self.twin[dropped]))
        right = np.concatenate((linked.right, np.arange(len(self.kept)), dropped))
        return components(len(self.kept), left, right)


def deduplicate(
    ids: pa.Array | pa.ChunkedArray | None,
    texts: pa.Array | pa.ChunkedArray,
    rank: np.ndarray | None = None,
    config: DedupConfig = DedupConfig(),  # noqa: B008 - frozen
    *,
    sources: Sequence[str] | None = None,
    also_pairs_at: float | None = None,
    stores: Sequence[Store] = (),
    reuse: Store | None = None,
    compiled: bool | None = None,
    room: Scratch | None = None,
) -> DedupResult:
    """Finds exact and near duplicates and keeps the best row of each cluster.

    `rank` is a number per row, smaller is better; ties go to the smaller id (without ids, to the earlier row).
    `sources` names each row's source, for `config.prefer`. `also_pairs_at`, a lower threshold, adds the pairs of
    kept rows that reach it. Kept rows of `stores` win over all rows here. `reuse` takes keys and signatures from a
    store of these very rows. `room` is where signatures go, by default half of `config.memory` and then
    scratch files. ValueError for columns of different lengths.
    """
    rows = locate(texts)
    n = len(rows)
    for name, column in (("ids", ids), ("rank", rank), ("sources", sources)):
        if column is not None and len(column) != n:
            raise ValueError(f"{name} has {len(column)} rows, texts {n}")
    compiled = rows.total_bytes > SMALL if compiled is None else compiled
    workers = config.workers or None
    if stores:
        from sxl_data.dedup.against import match_store
    preference = rank_rows(n, ids, rank, sources, config.prefer)
    room = room or Scratch(parse_size(config.memory) // 2)
    keys = hash_texts(rows, workers, compiled) if reuse is None else reuse.keys
    stands = _representatives(keys, preference)
    unique = np.flatnonzero((stands == np.arange(n)) & keys.any(axis=1))
    distinct = rows.take(unique)
    sketches = (
        sketch(distinct, config.shingling, config.permutations, config.seed, workers, compiled, room.empty)
        if reuse is None
        else reuse.sketches
    )
    order = np.arange(len(unique)) if preference is None else np.argsort(preference[unique])
    room.rest()
    search = Search(distinct, sketches, order, min(parse_size(config.memory) // 8, 1 << 30), workers, compiled)
    matches = [
        match_store(store, distinct, keys[unique], sketches, config.threshold, compiled, room) for store in stores
    ]
    free = np.all([match.twin < 0 for match in matches], axis=0)[order] if matches else np.ones(len(order), dtype=bool)
    pairs, twin, pair, complete = search.prune(config.threshold, config.threshold - MARGIN, free)
    if also_pairs_at is not None and also_pairs_at < config.threshold:
        pairs, whole = search.link(pairs, np.flatnonzero((twin < 0) & free), also_pairs_at)
        complete = complete and whole
    named = unique[order]
    pairs = Pairs(named[pairs.left], named[pairs.right], pairs.shared, pairs.union)
    kept, twins, exact, scores, shared, union = _verdicts(n, stands, named, twin, pair, pairs)
    store_of = np.full(n, -1, dtype=np.int64)
    for number, match in enumerate(matches):
        hit = np.zeros(n, dtype=np.int64)
        hit[unique[match.twin >= 0]] = np.flatnonzero(match.twin >= 0) + 1
        copies = np.flatnonzero((hit[stands] > 0) & (store_of < 0))
        at = hit[stands[copies]] - 1
        kept[copies], store_of[copies], twins[copies] = False, number, match.twin[at]
        scores[copies], exact[copies] = match.score[at], match.exact[at]
        shared[copies], union[copies] = match.shared[at], match.union[at]
    return DedupResult(
        kept,
        twins,
        exact,
        scores,
        shared,
        union,
        pairs,
        unique,
        stands,
        sketches,
        keys,
        complete,
        config,
        store_of,
        preference,
    )


def borderline(
    pairs: Pairs, threshold: float, kept: Callable[[np.ndarray], np.ndarray], names: Callable[[np.ndarray], pa.Array]
) -> pa.Table:
    """The table of `DedupResult.borderline`; `kept` tells which of some rows stay, `names` gives them their ids."""
    import pyarrow as pa

    away = np.abs(pairs.scores - threshold)
    near = np.flatnonzero(away <= BORDERLINE + 1e-9)  # 0.72 - 0.7 is more than 0.02 in binary
    pairs = pairs.take(near)
    found = pa.table(
        {
            "left": names(pairs.left),
            "right": names(pairs.right),
            "score": pairs.scores,
            "left_kept": kept(pairs.left),
            "right_kept": kept(pairs.right),
            "away": away[near],
        }
    )
    return found.sort_by([(name, "ascending") for name in ("away", "left", "right")]).drop_columns("away")


def rank_rows(
    n: int,
    ids: pa.Array | pa.ChunkedArray | None,
    rank: np.ndarray | None,
    sources: Sequence[str] | None,
    prefer: tuple[str, ...],
) -> np.ndarray | None:
    """i64 (n,): each row's place in the order of preference: by source, rank, id and row. None for the order of the
    rows themselves."""
    keys: list[np.ndarray] = []  # the last one counts first, as np.lexsort has it
    if ids is not None:
        keys.append(_id_ranks(ids))
    if rank is not None:
        keys.append(np.asarray(rank))
    if sources is not None and prefer:
        place = {name: k for k, name in enumerate(prefer)}
        keys.append(np.array([place.get(str(name), len(prefer)) for name in sources]))
    if not keys:
        return None
    places = np.empty(n, dtype=np.int64)
    places[np.lexsort(keys)] = np.arange(n)
    return places


def _id_ranks(ids: pa.Array | pa.ChunkedArray) -> np.ndarray:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_integer(ids.type) and not ids.null_count:
        return np.asarray(ids.to_numpy())
    ranks = np.empty(len(ids), dtype=np.int64)
    ranks[pc.sort_indices(ids).to_numpy()] = np.arange(len(ids))
    return ranks


def _representatives(keys: np.ndarray, preference: np.ndarray | None) -> np.ndarray:
    """i64 (n,): the preferred row among those with the same key."""
    stands = np.arange(len(keys), dtype=np.int64)
    copies, best = find_copies(keys, lambda rows: rows if preference is None else preference[rows])
    stands[copies] = best
    return stands


def _verdicts(
    n: int, stands: np.ndarray, named: np.ndarray, twin: np.ndarray, pair: np.ndarray, pairs: Pairs
) -> tuple[np.ndarray, ...]:
    """The per-row arrays of a DedupResult, from `kept` to `union`."""
    near = np.full(n, -1, dtype=np.int64)
    via = np.full(n, -1, dtype=np.int64)
    fallen = np.flatnonzero(twin >= 0)
    near[named[fallen]], via[named[fallen]] = named[twin[fallen]], pair[fallen]
    # A copy of a row that itself fell belongs to that row's twin: its twin must be kept.
    via, near = via[stands], near[stands]
    exact = (near < 0) & (stands != np.arange(n))
    twins = np.where(near >= 0, near, np.where(exact, stands, -1))
    scores, hit = np.where(exact, 1.0, np.nan), via >= 0
    scores[hit] = pairs.scores[via[hit]]
    shared, union = np.zeros(n, dtype=np.uint32), np.zeros(n, dtype=np.uint32)
    shared[hit], union[hit] = pairs.shared[via[hit]], pairs.union[via[hit]]
    return twins < 0, twins, exact, scores, shared, union
