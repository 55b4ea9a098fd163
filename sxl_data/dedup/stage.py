"""The dedup stage of a build: what is compared, which row is the best, and which rows go.

A global stage. `view_rows` (each shard): keys, signatures and the text that is compared, uncompressed so that they can
be mapped. Then parts that see narrow columns of all shards, each of them a range: exact keys, candidates, their exact
similarity, survivors, and the rows that go (`parts.plan`). `apply_drops` (each shard): the rows that stay, the ledger
of the rest. The result is that of `deduplicate` on the same rows.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sxl_data.contract import ledger
from sxl_data.contract.codes import CODES
from sxl_data.contract.columns import SPOKEN, explode, text_of
from sxl_data.contract.stage import Outcome
from sxl_data.dedup.config import DedupConfig
from sxl_data.dedup.exact import hash_texts
from sxl_data.dedup.reference import sketch_by_datasketch
from sxl_data.dedup.rows import locate
from sxl_data.dedup.signatures import sketch

HARNESS = ("system", "developer")
"""Who says what all tasks of a harness share: a policy of two pages makes them no copies of each other."""


class DedupStage(DedupConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Duplicates among the rows of a build."""

    view: Literal["trace", "prompt", "answer"] = "trace"
    """What is compared: all that is said, thought and called (tool outputs, and system and developer messages, which
    are the harness's and no part of the task, left out), what the agent is told, or what the agent says."""


class Viewed(NamedTuple):
    """``signed``: trace_id, source, rank, the 128-bit exact key as key_hi and key_lo, shingles (how many), signature (a
    list of 16-bit values, of 32 bits by datasketch). ``texts``: the one column text. Both row for row."""

    signed: pa.Table
    texts: pa.Table


def view_rows(batch: pa.Table, config: DedupStage) -> Viewed:
    """What of a shard is compared."""
    return _sign(batch, _texts(batch, config), quality(batch), config)


def view_tasks(batch: pa.Table, config: DedupConfig) -> Viewed:
    """The tasks of a shard, its columns trace_id, source and task: equal ones differ at most in case and spacing."""
    tasks = pa.array([" ".join((task or "").casefold().split()) for task in batch["task"].to_pylist()], pa.string())
    return _sign(batch, tasks, pa.array(np.zeros(len(batch), dtype=np.int64)), config)


def hash_rows(batch: pa.Table, config: DedupStage) -> np.ndarray:
    """The exact keys of the rows of ``batch``, as `view_rows` has them; u64 ``(rows, 2)``."""
    return hash_texts(locate(_texts(batch, config)), compiled=False if config.backend == "datasketch" else None)


def _texts(batch: pa.Table, config: DedupStage) -> pa.Array:
    if config.view == "trace":
        return text_of(batch, SPOKEN, without=HARNESS)
    segments = explode(batch, SPOKEN)
    phases = ["observe"] if config.view == "prompt" else ["act"]
    return _joined(segments.filter(pc.is_in(segments["phase"], value_set=pa.array(phases))), len(batch))


def _sign(batch: pa.Table, texts: pa.Array, rank: pa.Array, config: DedupConfig) -> Viewed:
    rows = locate(texts)
    reference = config.backend == "datasketch"
    keys = hash_texts(rows, compiled=False if reference else None)
    by = sketch_by_datasketch if reference else sketch
    found = by(rows, config.shingling, config.permutations, config.seed)
    signature = pa.FixedSizeListArray.from_arrays(pa.array(found.signatures.ravel()), config.permutations)
    signed = pa.table(
        {
            "trace_id": batch["trace_id"],
            "source": batch["source"],
            "rank": rank,
            "key_hi": keys[:, 0],
            "key_lo": keys[:, 1],
            "shingles": found.counts,
            "signature": signature,
        }
    )
    return Viewed(signed.combine_chunks(), pa.table({"text": texts}))


def quality(batch: pa.Table) -> pa.Array:
    """Shape ``(rows,)``; smaller is better: executed results, then stated reasoning, then more text."""
    executed = pc.fill_null(batch["provenance"].combine_chunks().field("executed"), False)
    flags = [np.asarray(column).astype(np.int64) for column in (executed, batch["has_reasoning"])]
    size = np.minimum(batch["text_bytes"].to_numpy(), 2**60 - 1)
    return pa.array(-((flags[0] << 61) | (flags[1] << 60) | size))


def apply_drops(batch: pa.Table, drops: pa.Table) -> Outcome:
    """``batch`` without the rows that ``drops`` names, each of which gets its ledger line."""
    at = pc.index_in(drops["trace_id"], value_set=batch["trace_id"].combine_chunks())
    keep = np.ones(len(batch), dtype=bool)
    keep[at.to_numpy()] = False
    codes = drops["code"].to_pylist()
    lines = pa.table(
        {
            "trace_id": drops["trace_id"],
            "source": batch["source"].take(at),
            "stage": [CODES[code].stage for code in codes],
            "action": ["dropped"] * len(drops),
            "code": drops["code"],
            "rule": [CODES[code].rule for code in codes],
            "detail": drops["detail"],
            "twin_id": drops["twin_id"],
            "score": drops["score"],
        },
        schema=ledger.LEDGER_SCHEMA,
    )
    return Outcome(batch.filter(pa.array(keep)), lines)


def _joined(segments: pa.Table, rows: int) -> pa.Array:
    """Texts of each row joined, in the order given within a row."""
    order = np.lexsort((segments["step"].to_numpy(), segments["row"].to_numpy()))
    segments = segments.take(pa.array(order)).combine_chunks()
    counts = np.bincount(segments["row"].to_numpy(), minlength=rows)
    offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]), pa.int32())
    return pc.binary_join(pa.ListArray.from_arrays(offsets, segments["text"].combine_chunks()), "\n")
