"""The split stage of a build: which side, and which published shard, every row goes to.

A global stage in two steps. `place_rows` (each shard): narrow columns, numbers only. `divide` (once): sides and
published shards. Of each row it holds its side and published shard, 6 bytes; of rows that state an id or have a pair
these and their digest; all else it passes over shard by shard. No text and no id of a trace comes here: which prompts
and texts are alike was found before, as pairs of rows.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sxl_data.contract import ledger
from sxl_data.contract.codes import CODES
from sxl_data.split.assign import OUT, SPLITS, Pinned, SplitConfig, assign, random_split
from sxl_data.split.bridges import draw
from sxl_data.split.edges import Edges, leaks
from sxl_data.split.groups import name_ids

FREE = -2
"""In the column pin: the side of the row is not given."""
GONE = -3
"""There too: the row is taken down. It is in no split, and links and draws the others as if it were, so none moves."""
SURPLUS, WHOLE, BRIDGE, ASIDE, TAKEN_DOWN = "D601", "D602", "D603", "D604", "D605"
Read = Callable[[int, list[str]], pa.Table]


class Division(NamedTuple):
    """``sides``: for each shard, row for row, the columns side, shard (the published one) and code (of what the ledger
    says of the row, mostly null). ``plan``: for each side, the first and last shard of work of each published one.
    ``counters``: rows of each side, links of each kind, and the shares of validation and test rows with a
    partner in train, ours and of a random split, in millionths."""

    sides: list[pa.Table]
    plan: list[list[tuple[int, int]]]
    counters: dict[str, int]


class Prompts(NamedTuple):
    """How the prompts of rows, numbered through the shards, compare: ``equal`` as row and stands, the row compared for
    all of the same prompt; ``near`` as pairs of such rows; both of shape ``(m, 2)``."""

    equal: np.ndarray
    near: np.ndarray


def place_rows(batch: pa.Table, seen: pa.Table, first: int, pins: np.ndarray, old: np.ndarray) -> pa.Table:
    """The columns row, key_hi, key_lo, ids, text_bytes, pin and old of a shard's rows.

    ``seen`` are the trace_id, key_hi and key_lo that the shard had when rows were compared, the first of them the row
    ``first`` of the build. ``pins`` are the sides that rows are given, `FREE` where none is, and ``old`` says which
    rows stand in the build that is extended; both of shape ``(rows,)``.
    """
    at = pc.index_in(batch["trace_id"], value_set=seen["trace_id"].combine_chunks())
    return pa.table(
        {
            "row": (np.asarray(at).astype(np.int64) + first).astype(np.uint32),
            "key_hi": seen["key_hi"].take(at),
            "key_lo": seen["key_lo"].take(at),
            "ids": name_ids(batch["group"], batch["stated_ids"]),
            "text_bytes": batch["text_bytes"],
            "pin": pins.astype(np.int8),
            "old": old,
        }
    )


def divide(
    read: Read, shards: int, pairs: pa.Table, prompts: Prompts, config: SplitConfig, seed: int, shard_bytes: int
) -> Division:
    """Divide the rows of ``shards`` shards, whose columns ``read`` returns.

    ``pairs`` are the verified pairs as left, right (rows as `place_rows` numbers them) and score. Published shards
    are cut by rows and their text bytes alone, so that the size of work shards, which follows the machine,
    changes no byte of the result.
    """
    edges, bounds, old, wanted, gone = _collect(read, shards, pairs, prompts, config)
    whole = edges
    aside = wanted.rows[wanted.sides == OUT]
    bridges, given = draw(edges.without(np.union1d(aside, gone)), old, wanted)
    edges = edges.without(np.union1d(aside, bridges))
    members, labels = edges.label()
    digests = (_stacked(read(shard, ["key_hi", "key_lo"])) for shard in range(shards))
    found = assign(digests, members, labels, config, seed, _pinned(old, given, np.union1d(bridges, gone)))
    sides = found.sides
    counters = {f"rows_{name}": int((sides == i).sum()) for i, name in enumerate(SPLITS)}
    counters |= {f"links_{kind}": count for kind, count in edges.links().items()}
    # Counters are integers: shares travel in millionths.
    drawn = random_split(len(sides), config, seed)
    for name, outcome in (("ours", sides), ("random", np.where(sides == OUT, OUT, drawn).astype(np.int8))):
        counters |= {f"leak_{name}_{kind}": round(share * 1e6) for kind, share in leaks(outcome, whole).items()}
    codes = np.zeros(len(sides), dtype=np.int8)
    noted = ((SURPLUS, found.surplus), (WHOLE, found.whole), (BRIDGE, bridges), (ASIDE, aside), (TAKEN_DOWN, gone))
    for number, (_, rows) in enumerate(noted, 1):
        codes[rows] = number
    counters["noted"] = int((codes > 0).sum())
    names = pa.array([None, *(code for code, _ in noted)], pa.string())
    sizes = (read(shard, ["text_bytes"])["text_bytes"].to_numpy() for shard in range(shards))
    parts = [slice(a, b) for a, b in itertools.pairwise(bounds)]
    published, plan = _cut([sides[part] for part in parts], sizes, shard_bytes)
    tables = [
        pa.table({"side": sides[part], "shard": number, "code": names.take(pa.array(codes[part]))})
        for part, number in zip(parts, published)
    ]
    return Division(tables, plan, counters)


def note(batch: pa.Table, sides: pa.Table) -> pa.Table:
    """The ledger of a shard's rows (trace_id, source) of which ``sides`` says something."""
    noted = pa.table({"trace_id": batch["trace_id"], "source": batch["source"], "code": sides["code"]})
    lines = []
    for row in noted.filter(pc.is_valid(noted["code"])).to_pylist():
        action: Any = "flagged" if row["code"] == WHOLE else "dropped"
        lines.append(ledger.entry(row["code"], row["trace_id"], row["source"], action, detail=CODES[row["code"]].title))
    return ledger.table(lines)


def _collect(
    read: Read, shards: int, pairs: pa.Table, prompts: Prompts, config: SplitConfig
) -> tuple[Edges, list[int], Pinned, Pinned, np.ndarray]:
    """The edges between rows as they are numbered now, the first row of each shard, the rows whose side is given: by
    the build that is extended, and by what their source is used for; and those that are taken down."""
    ends = _ends(pairs.filter(pc.greater_equal(pairs["score"], config.threshold)))
    wanted = np.unique(ends)
    places = np.full(len(wanted), -1, dtype=np.int64)
    owners, names, bounds = [np.empty(0, np.uint32)], [np.empty(0, np.uint64)], [0]
    gone = [np.empty(0, np.int64)]
    given: list[list[np.ndarray]] = [[np.empty(0, np.int64)] for _ in range(2)]
    sides: list[list[np.ndarray]] = [[np.empty(0, np.int8)] for _ in range(2)]
    for shard in range(shards):
        table = read(shard, ["row", "ids", "pin", "old"])
        lists = table["ids"].combine_chunks()
        owners.append((pc.list_parent_indices(lists).to_numpy() + bounds[-1]).astype(np.uint32))
        names.append(lists.flatten().to_numpy())
        pin, old = table["pin"].to_numpy(), table["old"].to_numpy(zero_copy_only=False)
        for number, chosen in enumerate((old, ~old)):
            rows = np.flatnonzero(chosen & (pin >= OUT))
            given[number].append(rows + bounds[-1])
            sides[number].append(pin[rows])
        gone.append(np.flatnonzero(pin == GONE) + bounds[-1])
        _find(table["row"].to_numpy(), bounds[-1], wanted, places)
        bounds.append(bounds[-1] + len(table))
    similar = places[np.searchsorted(wanted, ends)].reshape(-1, 2)
    similar = similar[(similar >= 0).all(axis=1)]
    edges = Edges(prompts.equal, prompts.near, similar, np.concatenate(owners), np.concatenate(names))
    before, now = (Pinned(np.concatenate(rows), np.concatenate(side)) for rows, side in zip(given, sides))
    return edges, bounds, before, now, np.concatenate(gone)


def _pinned(old: Pinned, given: Pinned, out: np.ndarray) -> Pinned:
    """All rows whose side is given; those of ``out`` are in no split."""
    rows = np.concatenate([old.rows, given.rows, out])
    sides = np.concatenate([old.sides, given.sides, np.full(len(out), OUT, np.int8)])
    order = np.argsort(rows)
    return Pinned(rows[order], sides[order])


def _ends(pairs: pa.Table) -> np.ndarray:
    """Rows of pairs, shape ``(m, 2)``."""
    return np.stack([pairs[name].to_numpy() for name in ("left", "right")], axis=1)


def _find(rows: np.ndarray, first: int, wanted: np.ndarray, places: np.ndarray) -> None:
    """Set the places of those ``wanted`` rows that are among a shard's ``rows``, the first of which has the place
    ``first``; all ascend."""
    if not len(rows):
        return
    a, b = np.searchsorted(wanted, rows[0]), np.searchsorted(wanted, rows[-1], "right")
    local = np.searchsorted(rows, wanted[a:b])
    there = rows[local] == wanted[a:b]
    places[a:b][there] = local[there] + first


def _stacked(keys: pa.Table) -> np.ndarray:
    return np.stack([keys["key_hi"].to_numpy(), keys["key_lo"].to_numpy()], axis=1)


def _cut(
    parts: list[np.ndarray], sizes: Iterable[np.ndarray], shard_bytes: int
) -> tuple[list[np.ndarray], list[list[tuple[int, int]]]]:
    """The published shard of every row within its side, and the plan of `Division`; ``parts`` and ``sizes`` are the
    sides and bytes of the rows of each shard of work."""
    totals, last = [0] * len(SPLITS), [-1] * len(SPLITS)
    spans: list[list[list[int]]] = [[] for _ in SPLITS]
    published = []
    for shard, (sides, size) in enumerate(zip(parts, sizes)):
        numbers = np.zeros(len(sides), dtype=np.int32)
        for side, found in enumerate(spans):
            rows = np.flatnonzero(sides == side)
            if not len(rows):
                continue
            before = (totals[side] + np.cumsum(size[rows]) - size[rows]) // shard_bytes
            starts = np.diff(before, prepend=last[side]) != 0
            numbers[rows] = len(found) - 1 + np.cumsum(starts)
            if not starts[0]:
                found[-1][1] = shard
            found += [[shard, shard] for _ in range(int(starts.sum()))]
            totals[side] += int(size[rows].sum())
            last[side] = int(before[-1])
        published.append(numbers)
    # A side without rows has no shard: readers of the published files refuse a split that holds nothing.
    return published, [[(a, b) for a, b in found] for found in spans]
