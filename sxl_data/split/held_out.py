"""Which rows of a divided source evaluation uses, and which training: decided by tool or task, never by row.

In: rows of one shard with what they are grouped by and the tools that they call. Out: the side that each row is given.
A name (of a tool, or of the group that its adapter states: an API, a task) is held out if its hash says so, whatever
the seed, the recipe and the other rows; a row is held out if any of its names is. So no tool that is held out is called
by a row that is trained on, and two builds, one to train and one to evaluate, agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from sxl_data.contract.columns import leaf
from sxl_data.split.assign import OUT, SPLITS

TEST = SPLITS.index("test")


class Parts(NamedTuple):
    """How a source is divided. ``by``: the names are those of the tools that a row calls, or of its group. ``share``:
    of the names are held out. ``common``: tools that every part needs, such as a login, which divide nothing."""

    by: Literal["tool", "group"]
    share: float
    common: tuple[str, ...] = ()


class SourceUse(NamedTuple):
    """Of a source that is not simply trained on: ``kind`` is held-out or divide, ``parts`` says how."""

    kind: Literal["held-out", "divide"]
    parts: Parts | None


def pin_rows(batch: pa.Table, uses: Mapping[str, SourceUse], free: int, *, trains: bool, tests: bool) -> np.ndarray:
    """The side of each row, i8 ``(rows,)``: test for what is held out, else ``free``. `OUT` for rows that the build is
    not for: held-out ones where no split is for tests, and, where none is for training, the training part of a
    divided source. ``batch`` has the columns source, group and steps."""
    pins = np.full(len(batch), free, dtype=np.int8)
    sources = batch["source"].combine_chunks()
    for name, use in uses.items():
        mine = np.flatnonzero(pc.equal(sources, name).to_numpy(zero_copy_only=False))
        if not len(mine):
            continue
        held = np.ones(len(mine), dtype=bool)
        if use.kind == "divide":
            assert use.parts is not None
            held = _held(batch.take(pa.array(mine)), use.parts)
            if not trains:
                pins[mine[~held]] = OUT
        pins[mine[held]] = TEST if tests else OUT
    return pins


def is_held(name: str, share: float) -> bool:
    """Whether a name is among the share of all names that is held out."""
    return xxhash.xxh3_64_intdigest(name.encode("utf-8", "surrogatepass")) / 2**64 < share


def _held(batch: pa.Table, parts: Parts) -> np.ndarray:
    if parts.by == "tool":
        names, rows = leaf(batch["steps"].combine_chunks(), ("calls", "name"))
    else:
        names, rows = batch["group"].combine_chunks(), np.arange(len(batch))
    values: dict[Any, bool] = {
        name: name is not None and name not in parts.common and is_held(name, parts.share)
        for name in names.unique().to_pylist()
    }
    chosen = np.array([values[name] for name in names.to_pylist()], dtype=bool)
    held = np.zeros(len(batch), dtype=bool)
    held[rows[chosen]] = True
    return held
