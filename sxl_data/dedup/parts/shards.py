"""The rows of a build where its `view` tasks left them: numbered through all shards, looked up a few at a time.

In: for each shard a table of keys, signatures and what decides preference, and one of texts, as mapped files. Out: the
columns of any rows. A row is a number of 32 bits, counted through the shards in their order. Nothing here holds a byte
for each row of the corpus: a shard's columns stay in its file, whose pages belong to the operating system, and what
is copied are the rows asked for. Two rows compare in preference by source, rank and id, so no global order is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache, cached_property

import numpy as np
import pyarrow as pa

from sxl_data.dedup.exact import hash_texts
from sxl_data.dedup.preference import rank_rows
from sxl_data.dedup.rows import Rows, pick

MOST_ROWS = (1 << 32) - 1
"""How far rows can be numbered."""
AT_ONCE = 1 << 16
"""Rows whose preference is compared at a time where few of many are wanted."""


class Shards:
    """Looks up rows. ``sizes`` are the rows of each shard; ``signed`` and ``texts`` open a shard's tables when it is
    first asked for: trace_id, source, rank, key_hi, key_lo, shingles, signature, and text. ``prefer`` names
    the sources that come first. ``compiled``: how texts are hashed again, None by their size."""

    def __init__(
        self,
        sizes: Sequence[int],
        signed: Callable[[int], pa.Table],
        texts: Callable[[int], pa.Table] | None = None,
        prefer: Sequence[str] = (),
        compiled: bool | None = None,
    ) -> None:
        self.first = np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))
        if self.first[-1] > MOST_ROWS:
            raise ValueError(f"at most {MOST_ROWS} rows, not {self.first[-1]}")
        self.prefer, self.compiled = tuple(prefer), compiled
        self._signed, self._texts = cache(signed), texts and cache(texts)

    def __len__(self) -> int:
        return len(self.first) - 1

    @cached_property
    def own_numbers(self) -> np.ndarray:
        """u32: every row's number, for what takes rows by their numbers and is asked for all."""
        return np.arange(self.first[-1], dtype=np.uint32)

    def column(self, shard: int, name: str) -> pa.Array:
        """A column of one shard, where its file has it."""
        return _whole(self._signed(shard)[name])

    def numbers(self, shard: int, name: str) -> np.ndarray:
        """A column of numbers of one shard; shape ``(rows, permutations)`` for signatures. Not to be written to."""
        column = self.column(shard, name)
        if not pa.types.is_fixed_size_list(column.type):
            return np.asarray(column)
        return np.asarray(column.flatten()).reshape(len(column), column.type.list_size)

    def filled(self, shard: int) -> np.ndarray:
        """bool: which rows of one shard have text and shingles."""
        keys = self.numbers(shard, "key_hi") | self.numbers(shard, "key_lo")
        return np.asarray((self.numbers(shard, "shingles") > 0) & (keys != 0))

    def pieces(self, rows: np.ndarray) -> Iterator[tuple[int, slice, np.ndarray]]:
        """The shards that ascending ``rows`` lie in: shard, which of ``rows``, and their numbers in the shard."""
        at = np.searchsorted(rows, self.first.astype(rows.dtype))
        at[-1] = len(rows)
        for shard in np.flatnonzero(np.diff(at)).tolist():
            span = slice(int(at[shard]), int(at[shard + 1]))
            yield shard, span, rows[span].astype(np.int64) - self.first[shard]

    def signatures(self, rows: np.ndarray) -> np.ndarray:
        """u16 ``(n, permutations)`` of ascending rows."""
        found = np.empty((len(rows), self.numbers(0, "signature").shape[1]), dtype=np.uint16)
        for shard, span, local in self.pieces(rows):
            np.take(self.numbers(shard, "signature"), local, axis=0, out=found[span], mode="clip")
        return found

    def shingles(self, rows: np.ndarray) -> np.ndarray:
        """u32 ``(n,)``: how many shingles each of the ascending rows has."""
        parts = [self.numbers(shard, "shingles")[local] for shard, _, local in self.pieces(rows)]
        return np.concatenate([np.zeros(0, dtype=np.uint32), *parts])

    def keys(self, rows: np.ndarray) -> np.ndarray:
        """u64 ``(n, 2)``: the exact keys of ascending rows."""
        parts = [
            np.stack([self.numbers(shard, name)[local] for name in ("key_hi", "key_lo")], axis=1)
            for shard, _, local in self.pieces(rows)
        ]
        return np.concatenate([np.zeros((0, 2), dtype=np.uint64), *parts])

    def locate(self, rows: np.ndarray) -> Rows:
        """Where the texts of ascending rows lie. ValueError where a text is not the one that its key was made of: a
        shard of which few rows are wanted is not read as a whole to compare it with its digest."""
        assert self._texts is not None
        addresses, lengths = np.zeros(len(rows), dtype=np.uint64), np.zeros(len(rows), dtype=np.int64)
        owners: list[object] = []
        for shard, span, local in self.pieces(rows):
            found = pick(_whole(self._texts(shard)["text"]), local)
            addresses[span], lengths[span] = found.addresses, found.lengths
            owners += found.owners
        texts = Rows(addresses, lengths, owners)
        wrong = np.flatnonzero((hash_texts(texts, compiled=self.compiled) != self.keys(rows)).any(axis=1))
        if len(wrong):
            raise ValueError(f"text of row {rows[wrong[0]]}, and {len(wrong) - 1} more, is not what it was")
        return texts

    def ids(self, rows: np.ndarray) -> pa.Array:
        """The ids of any rows, in the order given."""
        distinct, where = np.unique(rows, return_inverse=True)
        return self._strings("trace_id", distinct).take(pa.array(where))

    def places(self, rows: np.ndarray) -> np.ndarray:
        """i64 ``(n,)``: the place of each row, of distinct ones, in their order of preference, the best one 0."""
        ascending = np.argsort(rows)
        ordered = rows[ascending]
        ranks = [self.numbers(shard, "rank")[local] for shard, _, local in self.pieces(ordered)]
        sources = self._strings("source", ordered).to_pylist() if self.prefer else None
        found = rank_rows(
            len(rows),
            self._strings("trace_id", ordered),
            np.concatenate([np.zeros(0, dtype=np.int64), *ranks]),
            sources,
            self.prefer,
        )
        places = np.empty(len(rows), dtype=np.int64)
        places[ascending] = np.arange(len(rows)) if found is None else found
        return places

    def rank(self, left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The rows of some pairs by preference, the best one first, and the place that each pair's ends have in that
        order, i64 ``(m,)`` each."""
        rows, where = np.unique(np.concatenate((left, right)), return_inverse=True)
        place = self.places(rows)
        by_place = np.empty(len(rows), dtype=rows.dtype)
        by_place[place] = rows
        ends = place[where]
        return by_place, ends[: len(left)], ends[len(left) :]

    def best(self, rows: np.ndarray, count: int) -> np.ndarray:
        """The ``count`` preferred ones of ascending rows, ascending."""
        found = rows[:0]
        for first in range(0, len(rows), AT_ONCE):
            found = np.concatenate((found, rows[first : first + AT_ONCE]))
            found = np.sort(found[self.places(found) < count])
        return found

    def _strings(self, name: str, rows: np.ndarray) -> pa.Array:
        parts = [self.column(shard, name).take(pa.array(local)) for shard, _, local in self.pieces(rows)]
        return pa.concat_arrays([pa.array([], pa.string()), *(part.cast(pa.string()) for part in parts)])


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
