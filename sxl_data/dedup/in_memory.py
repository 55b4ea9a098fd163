"""Deduplication of one text column in this process: exact keys, candidates, verification, survivors.

In: ids, texts and an optional quality rank. Out: a `DedupResult`: which rows stay, the kept twin of every other row
with score and overlap, all verified pairs, and the signatures. The result is a function of the set of (id, text,
rank), not of row order, workers or chunks. Exact duplicates leave first; a row without text resembles nothing and
stays; the rest goes through the rounds of `parts.rounds`, as the rows of a build do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sxl_data.contract.sizes import parse_size
from sxl_data.dedup.bands import choose_bands
from sxl_data.dedup.config import DedupConfig
from sxl_data.dedup.exact import find_duplicates_by_ranges, hash_texts
from sxl_data.dedup.parts.band_ranges import Among
from sxl_data.dedup.parts.held import Held, find_all_candidates
from sxl_data.dedup.parts.rounds import Survivors, search
from sxl_data.dedup.parts.survivors import choose_survivors, judge, name_twins, orient, prefer_left
from sxl_data.dedup.preference import rank_rows
from sxl_data.dedup.reference import find_reference_candidates, sketch_by_datasketch
from sxl_data.dedup.result import DedupResult, Pairs
from sxl_data.dedup.rows import Rows, locate
from sxl_data.dedup.scratch import Scratch
from sxl_data.dedup.signatures import SMALL, Sketches, sketch
from sxl_data.dedup.verify import measure_overlaps

if TYPE_CHECKING:
    from sxl_data.dedup.against import Matches
    from sxl_data.dedup.store import Store

AT_ONCE = 1 << 18
"""Rows of which the answer is written at a time."""
SAID = {
    "kept": np.bool_,
    "twin": np.int64,
    "exact": np.bool_,
    "score": np.float64,
    "shared": np.uint32,
    "union": np.uint32,
}
"""The columns of a `DedupResult` about each row, and their types."""


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
    store of these very rows. `room` is where signatures go, and what is known of each row: by default half of
    `config.memory` and then scratch files. ValueError for columns of different lengths.
    """
    room = room or Scratch(parse_size(config.memory) // 2)
    rows = locate(texts, room.empty)
    n = len(rows)
    for name, column in (("ids", ids), ("rank", rank), ("sources", sources)):
        if column is not None and len(column) != n:
            raise ValueError(f"{name} has {len(column)} rows, texts {n}")
    compiled = config.backend == "native" and (rows.total_bytes > SMALL if compiled is None else compiled)
    workers = config.workers or None
    preference = rank_rows(n, ids, rank, sources, config.prefer)
    keys = hash_texts(rows, workers, compiled, room.empty) if reuse is None else reuse.keys
    stands, unique = _representatives(keys, preference, config, room)
    distinct = rows.take(unique, room.empty) if len(unique) < n else rows
    sketches = reuse.sketches if reuse is not None else _sign(distinct, config, compiled, room)
    room.rest()
    matches = _match(stores, distinct, keys[unique], sketches, config, compiled, room)
    taken = np.flatnonzero(np.any([match.twin >= 0 for match in matches], axis=0)) if matches else np.zeros(0)
    held = Held(sketches.signatures, sketches.counts, None if preference is None else preference[unique], rows=distinct)
    steps = InMemory(held, config, taken.astype(np.uint32), compiled)
    found = search(steps, config.threshold, also_pairs_at)
    pairs = orient(held, Pairs.of(pa.concat_tables(found.pairs)))
    result = DedupResult(
        **_say(stands, unique, name_twins(held, steps.known, config.threshold), room),
        pairs=Pairs(unique[pairs.left], unique[pairs.right], pairs.shared, pairs.union),
        unique=unique,
        stands=stands,
        sketches=sketches,
        keys=keys,
        complete=found.complete,
        config=config,
        store=np.full(n, -1, dtype=np.int16),
        preference=preference,
    )
    for number, match in enumerate(matches):
        _drop_for_store(result, number, match)
    return result


def _sign(rows: Rows, config: DedupConfig, compiled: bool, room: Scratch) -> Sketches:
    if config.backend == "datasketch":
        return sketch_by_datasketch(rows, config.shingling, config.permutations, config.seed)
    workers = config.workers or None
    return sketch(rows, config.shingling, config.permutations, config.seed, workers, compiled, room.empty)


def _match(stores: Sequence[Store], *what: Any) -> list[Matches]:
    if not stores:
        return []
    from sxl_data.dedup.against import match_store

    return [match_store(store, *what) for store in stores]


def _say(stands: np.ndarray, unique: np.ndarray, near: pa.Table, room: Scratch) -> dict[str, Any]:
    """The columns of a `DedupResult` about each row; ``near`` names the rows of ``unique``."""
    for place, name in enumerate(("row", "twin")):
        near = near.set_column(place, name, pa.array(unique[near[name].to_numpy()]))
    said = {name: room.empty(stands.shape, kind) for name, kind in SAID.items()}
    for first in range(0, len(stands), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        twin, shared, union, fell = judge(stands[part], near)
        exact = ~fell & (stands[part] != np.arange(first, first + len(twin)))
        dropped = fell | exact
        said["kept"][part], said["twin"][part], said["exact"][part] = ~dropped, np.where(dropped, twin, -1), exact
        score = np.where(exact, 1.0, np.nan)
        score[fell] = shared[fell] / union[fell].astype(np.float64)
        said["score"][part], said["shared"][part], said["union"][part] = score, shared, union
    return said


class InMemory:
    """The steps of `search` on arrays. Rows are those with distinct texts; ``taken`` take no part. Who is dropped for
    whom is not asked until the end: ``known`` are the pairs that the survivors come from."""

    def __init__(self, held: Held, config: DedupConfig, taken: np.ndarray, compiled: bool) -> None:
        self.held, self.config, self.taken, self.compiled = held, config, taken, compiled
        self.memory = min(parse_size(config.memory) // 8, 1 << 30)
        self.floor, self.compared = 1.0, np.zeros(0, dtype=np.uint64)
        self.known = Pairs(*np.zeros((2, 0), dtype=np.int64), *np.zeros((2, 0), dtype=np.uint32))

    def find_pairs(
        self,
        turn: int,
        threshold: float,
        fan: int,
        floor: float,
        again: Survivors[pa.Table] | None,
        near: pa.Table | None,
    ) -> tuple[list[pa.Table], list[pa.Table]]:
        """Verified pairs, one table; the rows of cut buckets, one table if there are any."""
        out = (self.taken, near["row"].to_numpy()) if near is not None else (self.taken,)
        among = Among(again.again["row"].to_numpy() if again else None, out)
        bands = choose_bands(threshold, self.config.permutations)
        if self.config.backend == "datasketch":
            found = find_reference_candidates(self.held, among, threshold)
        else:
            found = find_all_candidates(
                self.held, among, bands, fan, compiled=self.compiled, memory=self.memory, workers=self.config.workers
            )
        # What an earlier round compared down to this similarity need not be compared again.
        known = self.compared if floor >= self.floor else self.compared[:0]
        fresh = np.setdiff1d(found.pairs, known, assume_unique=True) if len(known) else found.pairs
        self.floor, self.compared = floor, np.concatenate((known, fresh))
        left, right = fresh >> np.uint64(32), fresh & np.uint64(0xFFFFFFFF)
        pairs = prefer_left(self.held, self._check(left.astype(np.int64), right.astype(np.int64)).at_least(floor))
        return [pairs.table()], [pa.table({"row": found.cut})] if len(found.cut) else []

    def choose_survivors(
        self,
        turn: int,
        threshold: float,
        pairs: list[pa.Table],
        first_cut: list[pa.Table],
        cut: list[pa.Table],
        before: pa.Table | None,
    ) -> Survivors[pa.Table]:
        """Survivors of all pairs known."""
        first, now, dropped = (_rows(tables) for tables in (first_cut, cut, [before] if before is not None else []))
        self.known = Pairs.of(pa.concat_tables(pairs))
        found = choose_survivors(self.held, self.known, threshold, first, now, dropped)
        near, again = (pa.table({"row": rows}) for rows in found)
        return Survivors(near, again, len(again))

    def _check(self, left: np.ndarray, right: np.ndarray) -> Pairs:
        """These pairs with what they share."""
        rows, shingling = self.held.rows, self.config.shingling
        assert rows is not None
        shared, union = measure_overlaps(
            rows,
            self.held.numbers(0, "shingles"),
            left,
            right,
            shingling,
            memory=self.memory,
            workers=self.config.workers or None,
            compiled=self.compiled,
        )
        return Pairs(left, right, shared, union)


def _rows(tables: list[pa.Table]) -> np.ndarray:
    return np.concatenate([np.zeros(0, dtype=np.uint32), *(table["row"].to_numpy() for table in tables)])


def _representatives(
    keys: np.ndarray, preference: np.ndarray | None, config: DedupConfig, room: Scratch
) -> tuple[np.ndarray, np.ndarray]:
    """i64 (n,): the preferred row among those with the same key; and the rows with text that stand for themselves."""
    memory = min(parse_size(config.memory) // 8, 1 << 30)
    duplicates, best = find_duplicates_by_ranges(keys, preference, config.workers or None, memory)
    stands = room.empty((len(keys),), np.int64)
    stands[:1], stands[1:] = 0, 1
    np.cumsum(stands, out=stands)
    stands[duplicates] = best
    own = np.asarray(keys.any(axis=1))
    own[duplicates] = False
    return stands, np.flatnonzero(own)


def _drop_for_store(result: DedupResult, number: int, match: Matches) -> None:
    """Writes into ``result`` which rows, and copies of them, go for a kept row of store ``number``."""
    hit = np.full(len(result.kept), -1, dtype=np.int64)
    matched = np.flatnonzero(match.twin >= 0)
    hit[result.unique[matched]] = matched
    duplicates = np.flatnonzero((hit[result.stands] >= 0) & (result.store < 0))
    at = hit[result.stands[duplicates]]
    result.kept[duplicates], result.store[duplicates], result.twin[duplicates] = False, number, match.twin[at]
    result.score[duplicates], result.exact[duplicates] = match.score[at], match.exact[at]
    result.shared[duplicates], result.union[duplicates] = match.shared[at], match.union[at]
