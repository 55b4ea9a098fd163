"""The whole split stage over rows in memory, and the same answer worked out row by row."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from sxl_data.engine.spool import Room
from sxl_data.split.assign import NOTHING, Assigned, Pinned, SplitConfig
from sxl_data.split.part import FREE, SURPLUS, WHOLE
from sxl_data.split.parts import Prompts
from sxl_data.split.stage import Division, divide

AMPLE = Room(1 << 30)


def place(keys: np.ndarray, **columns: Any) -> pa.Table:
    """What `split` is told of rows with these keys; ``columns`` say what is not as of plain rows."""
    rows = len(keys)
    plain = {
        "row": np.arange(rows, dtype=np.uint32),
        "key_hi": keys[:, 0],
        "key_lo": keys[:, 1],
        "ids": pa.array([[]] * rows, pa.list_(pa.uint64())),
        "text_bytes": np.full(rows, 10),
        "pin": np.full(rows, FREE, np.int8),
        "old": np.zeros(rows, bool),
        "quota": np.full(rows, -1, np.int16),
        "stratum": np.zeros(rows, np.uint64),
    }
    return pa.table(plain | columns)


def cut(table: pa.Table, cuts: Sequence[int]) -> list[pa.Table]:
    """A table as shards that end at ``cuts``."""
    return [table.slice(a, b - a) for a, b in itertools.pairwise([0, *cuts, len(table)])]


def score(pairs: np.ndarray, scores: Sequence[float] = ()) -> pa.Table:
    """Pairs as the comparison leaves them."""
    ends = {name: side.astype(np.uint32) for name, side in zip(("left", "right"), pairs.reshape(-1, 2).T)}
    return pa.table(ends | {"score": list(scores) or [1.0] * len(ends["left"])})


def divide_shards(
    shards: Sequence[pa.Table],
    pairs: pa.Table,
    config: SplitConfig,
    seed: int,
    *,
    equal: np.ndarray | None = None,
    near: np.ndarray | None = None,
    room: Room = AMPLE,
    quotas: Sequence[int] = (),
) -> Division:
    """`divide` of tables."""
    prompts = Prompts(*([] if pieces is None else [pieces] for pieces in (equal, near)))
    sizes = [len(shard) for shard in shards]
    return divide(
        lambda i, names: shards[i].select(names), sizes, [pairs], prompts, config, seed, 500, room, quotas=quotas
    )


def sides_of(found: Division) -> pa.Table:
    """What is said of all rows."""
    return pa.concat_tables(make() for make in found.sides).combine_chunks()


def assign(
    keys: Sequence[np.ndarray],
    members: np.ndarray,
    labels: np.ndarray,
    config: SplitConfig,
    seed: int,
    pinned: Pinned = NOTHING,
    strata: np.ndarray | None = None,
) -> Assigned:
    """The sides of shards of rows with these keys, where ``members`` have these ``labels``."""
    whole = np.concatenate(keys)
    columns: dict[str, Any] = {} if strata is None else {"stratum": strata}
    if len(pinned.rows):
        columns["pin"] = np.full(len(whole), FREE, np.int8)
        columns["pin"][pinned.rows] = pinned.sides
    shards = cut(place(whole, **columns), np.cumsum([len(part) for part in keys])[:-1].tolist())
    pairs = np.stack([members, members[labels]], axis=1)
    said = sides_of(divide_shards(shards, score(pairs[pairs[:, 0] != pairs[:, 1]]), config, seed))
    codes = said["code"].to_pylist()
    surplus, kept = (np.array([i for i, c in enumerate(codes) if c == code]) for code in (SURPLUS, WHOLE))
    return Assigned(said["side"].to_numpy(), surplus, kept)
