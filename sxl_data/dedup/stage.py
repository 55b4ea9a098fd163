"""The dedup stage of a build: what is compared, which row is the best, and which rows go.

A global stage in three steps. `view_rows` (each shard): the narrow columns, keys and signatures, and the
text that is compared, uncompressed so that it can be mapped. `resolve_rows` (once): the rows to drop and all
verified pairs; it holds the narrow columns and reads the texts of candidates only. `apply_drops` (each
shard): the rows that stay, the ledger of the rest.
"""

from __future__ import annotations

import itertools
from typing import Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sxl_data.contract import ledger
from sxl_data.contract.codes import CODES
from sxl_data.contract.columns import SPOKEN, explode, text_of
from sxl_data.contract.config import parse_size
from sxl_data.contract.stage import Outcome
from sxl_data.dedup.exact import hash_texts
from sxl_data.dedup.minhash import Sketches, sketch
from sxl_data.dedup.near import DedupConfig, _preferences, _representatives, deduplicate
from sxl_data.dedup.rows import locate
from sxl_data.dedup.scratch import Scratch

DROPS_SCHEMA = pa.schema(
    [("trace_id", pa.string()), ("code", pa.string()), ("detail", pa.string()), ("twin_id", pa.string()),
     ("score", pa.float64())]
)  # fmt: skip


class DedupStage(DedupConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Duplicates among the rows of a build."""

    view: Literal["trace", "prompt", "answer"] = "trace"
    """What is compared: all that is said, thought and called (tool outputs left out), what the agent is
    told, or what the agent says."""


class Viewed(NamedTuple):
    """``narrow``: trace_id, source, rank. ``texts``: the one column text. ``signatures``: the 128-bit exact key
    as key_hi and key_lo, shingles (how many), signature (a list of 16-bit values). All row for row."""

    narrow: pa.Table
    texts: pa.Table
    signatures: pa.Table


class Resolved(NamedTuple):
    """``drops``: one table of `DROPS_SCHEMA` for each shard. ``borderline``: left, right (trace ids), score, left_kept,
    right_kept of the pairs within 0.02 of the threshold,
    by how close they are, then by id. ``pairs``: left, right (rows, counted through all shards), score."""

    drops: list[pa.Table]
    borderline: pa.Table
    pairs: pa.Table
    counters: dict[str, int]


def view_rows(batch: pa.Table, config: DedupStage) -> Viewed:
    """What of a shard is compared."""
    if config.view == "trace":
        texts = text_of(batch, SPOKEN)
    else:
        segments = explode(batch, SPOKEN)
        phases = ["observe"] if config.view == "prompt" else ["act"]
        texts = _joined(segments.filter(pc.is_in(segments["phase"], value_set=pa.array(phases))), len(batch))
    narrow = pa.table({"trace_id": batch["trace_id"], "source": batch["source"], "rank": quality(batch)})
    return Viewed(narrow, pa.table({"text": texts}), _sign(texts, config))


def _sign(texts: pa.Array, config: DedupStage) -> pa.Table:
    rows = locate(texts)
    keys = hash_texts(rows)
    found = sketch(rows, config.shingling, config.permutations, config.seed)
    signature = pa.FixedSizeListArray.from_arrays(pa.array(found.signatures.ravel()), config.permutations)
    return pa.table(
        {"key_hi": keys[:, 0], "key_lo": keys[:, 1], "shingles": found.counts, "signature": signature}
    )


class _Signed:
    """Keys of all rows, and signatures of the distinct ones, as `deduplicate` wants to reuse them.

    The shards' signatures are mapped files; half of `config.memory` may hold those of the distinct rows.
    """

    def __init__(self, shards: list[pa.Table], ids: pa.Array, rank: np.ndarray, sources: list[str] | None,
                 config: DedupStage) -> None:  # fmt: skip
        narrow = pa.concat_tables([shard.select(["key_hi", "key_lo", "shingles"]) for shard in shards])
        self.keys = np.stack([narrow["key_hi"].to_numpy(), narrow["key_lo"].to_numpy()], axis=1)
        preference = _preferences(len(ids), ids, rank, sources, config.prefer)
        stands = _representatives(self.keys, preference)
        unique = np.flatnonzero((stands == np.arange(len(ids))) & self.keys.any(axis=1))
        room = Scratch(parse_size(config.memory) // 2)
        matrix = room.empty((len(unique), config.permutations), np.uint16)
        first = 0
        for chunk in (chunk for shard in shards for chunk in shard["signature"].chunks):
            begin, end = np.searchsorted(unique, (first, first + len(chunk)))
            values = chunk.flatten().to_numpy(zero_copy_only=True).reshape(len(chunk), config.permutations)
            matrix[begin:end] = values[unique[begin:end] - first]
            first += len(chunk)
        room.rest()
        self.sketches = Sketches(matrix, narrow["shingles"].to_numpy()[unique], config.shingling, config.seed)


def quality(batch: pa.Table) -> pa.Array:
    """Shape ``(rows,)``; smaller is better: executed results, then stated reasoning, then more text."""
    executed = pc.fill_null(batch["provenance"].combine_chunks().field("executed"), False)
    flags = [np.asarray(column).astype(np.int64) for column in (executed, batch["has_reasoning"])]
    size = np.minimum(batch["text_bytes"].to_numpy(), 2**60 - 1)
    return pa.array(-((flags[0] << 61) | (flags[1] << 60) | size))


def resolve_rows(narrow: list[pa.Table], texts: list[pa.ChunkedArray], signatures: list[pa.Table],
                 config: DedupStage, pairs_at: float) -> Resolved:  # fmt: skip
    """Compare all rows; ``pairs_at`` is the threshold of the split, whose pairs are wanted too."""
    rows = pa.concat_tables(narrow).combine_chunks()
    ids = rows["trace_id"].combine_chunks()
    column = pa.chunked_array([chunk for text in texts for chunk in text.chunks], pa.string())
    rank, sources = rows["rank"].to_numpy(), rows["source"].to_pylist() if config.prefer else None
    signed = _Signed(signatures, ids, rank, sources, config)
    found = deduplicate(ids, column, rank, config, sources=sources, reuse=signed,  # type: ignore[arg-type]
                        also_pairs_at=min(pairs_at, config.threshold))  # fmt: skip
    gone = np.flatnonzero(~found.kept)
    exact = found.exact[gone]
    shares = [
        None if same else f"{a} of {b} shingles shared"
        for same, a, b in zip(exact, found.shared[gone].tolist(), found.union[gone].tolist())
    ]
    drops = pa.table(
        {
            "trace_id": ids.take(pa.array(gone)), "code": pa.array(np.where(exact, "D310", "D311")),
            "detail": pa.array(shares, pa.string()), "twin_id": ids.take(pa.array(found.twin[gone])),
            "score": found.score[gone],
        },
        schema=DROPS_SCHEMA,
    )  # fmt: skip
    bounds = np.searchsorted(gone, np.cumsum([0, *(len(part) for part in narrow)]))
    left, right = found.pairs.left, found.pairs.right
    order = np.lexsort((right, left))
    pairs = pa.table(
        {"left": left[order].astype(np.uint32), "right": right[order].astype(np.uint32),
         "score": found.pairs.scores[order]}
    )  # fmt: skip
    parts = [drops.slice(a, b - a) for a, b in itertools.pairwise(bounds)]
    borderline = found.borderline(lambda rows: ids.take(pa.array(rows)))
    counters = {"pairs": len(pairs), "complete": int(found.complete)}
    return Resolved(parts, borderline, pairs, counters)


def apply_drops(batch: pa.Table, drops: pa.Table) -> Outcome:
    """``batch`` without the rows that ``drops`` names, each of which gets its ledger line."""
    at = pc.index_in(drops["trace_id"], value_set=batch["trace_id"].combine_chunks())
    keep = np.ones(len(batch), dtype=bool)
    keep[at.to_numpy()] = False
    codes = drops["code"].to_pylist()
    lines = pa.table(
        {
            "trace_id": drops["trace_id"], "source": batch["source"].take(at),
            "stage": [CODES[code].stage for code in codes], "action": ["dropped"] * len(drops),
            "code": drops["code"], "rule": [CODES[code].rule for code in codes], "detail": drops["detail"],
            "twin_id": drops["twin_id"], "score": drops["score"],
        },
        schema=ledger.LEDGER_SCHEMA,
    )  # fmt: skip
    return Outcome(batch.filter(pa.array(keep)), lines)


def _joined(segments: pa.Table, rows: int) -> pa.Array:
    """Texts of each row joined, in the order given within a row."""
    order = np.lexsort((segments["step"].to_numpy(), segments["row"].to_numpy()))
    segments = segments.take(pa.array(order)).combine_chunks()
    counts = np.bincount(segments["row"].to_numpy(), minlength=rows)
    offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]), pa.int32())
    return pc.binary_join(pa.ListArray.from_arrays(offsets, segments["text"].combine_chunks()), "\n")
