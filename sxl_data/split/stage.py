"""The split stage of a build: which side, and which published shard, every row goes to.

A global stage in two steps. `place_rows` (each shard): narrow columns, numbers only. `divide` (once): sides and
published shards. Of each row it holds its side and what the ledger says of it, 2 bytes, and 5 more while a split by
chance is drawn to compare with; of rows that state an id or have a pair these and their digest; all else it passes over
shard by shard. No text and no id of a trace comes here: which prompts
and texts are alike was found before, as pairs of rows.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import partial
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
from sxl_data.split.order import Narrow, Order, place_files, sort_by
from sxl_data.split.shares import Stratum, beyond_count, beyond_weight, name_strata, number_quotas

FREE = -2
"""In the column pin: the side of the row is not given."""
GONE = -3
"""There too: the row is taken down. It is in no split, and links and draws the others as if it were, so none moves."""
BEYOND = -4
"""There too: the row is beyond the share of its source, and links nothing."""
SURPLUS, WHOLE, BRIDGE, ASIDE, TAKEN_DOWN, SHARE = "D601", "D602", "D603", "D604", "D605", "D610"
_BECAME = {SURPLUS: "this row is beyond its share", WHOLE: "all of it is in train"}
Read = Callable[[int, list[str]], pa.Table]


class Division(NamedTuple):
    """``sides``: what makes for each shard, row for row, the columns side, shard (the published one), order (what rows
    are sorted by in it), code (of what the ledger says of the row, mostly null) and group_rows (of its group, where
    that is too large). ``plan``: for each side and published shard, the shards of work that have rows of it.
    ``counters``: rows of each side, links of each kind, and the shares of validation and test rows with a
    partner in train, ours and of a random split, in millionths."""

    sides: list[Callable[[], pa.Table]]
    plan: list[list[list[int]]]
    counters: dict[str, int]


class Prompts(NamedTuple):
    """How the prompts of rows, numbered through the shards, compare: ``equal`` as row and stands, the row compared for
    all of the same prompt; ``near`` as pairs of such rows; both of shape ``(m, 2)``."""

    equal: np.ndarray
    near: np.ndarray


class Shares(NamedTuple):
    """What the recipe says of the shares of sources: ``rates`` at which rows are taken, ``quotas`` of rows, by name."""

    rates: dict[str, float]
    quotas: dict[str, int]


NO_SHARES = Shares({}, {})


def place_rows(
    batch: pa.Table,
    seen: pa.Table,
    first: int,
    pins: np.ndarray,
    old: np.ndarray,
    shares: Shares = NO_SHARES,
    by: Sequence[Stratum] = (),
    seed: int = 0,
) -> pa.Table:
    """The columns row, key_hi, key_lo, ids, text_bytes, pin, old, quota (the number of the source's) and stratum of a
    shard's rows.

    ``seen`` are the trace_id, key_hi and key_lo that the shard had when rows were compared, the first of them the row
    ``first`` of the build. ``pins`` are the sides that rows are given, `FREE` where none is, and ``old`` says which
    rows stand in the build that is extended; both of shape ``(rows,)``.
    """
    at = pc.index_in(batch["trace_id"], value_set=seen["trace_id"].combine_chunks())
    keys = stack_keys(seen.select(["key_hi", "key_lo"]).take(at))
    pins = pins.astype(np.int8)
    free = (pins == FREE) & ~old
    pins[free & beyond_weight(batch, keys, shares.rates, seed)] = BEYOND
    quota = number_quotas(batch, list(shares.quotas)) if shares.quotas else np.full(len(batch), -1, dtype=np.int16)
    quota[~(pins == FREE) & ~old] = -1
    return pa.table(
        {
            "row": (np.asarray(at).astype(np.int64) + first).astype(np.uint32),
            "key_hi": keys[:, 0],
            "key_lo": keys[:, 1],
            "ids": name_ids(batch["group"], batch["stated_ids"]),
            "text_bytes": batch["text_bytes"],
            "pin": pins,
            "old": old,
            "quota": quota,
            "stratum": name_strata(batch, by),
        }
    )


def divide(
    read: Read,
    shards: int,
    pairs: pa.Table,
    prompts: Prompts,
    config: SplitConfig,
    seed: int,
    shard_bytes: int,
    order: Order = "shuffled",
    quotas: Sequence[int] = (),
) -> Division:
    """Divide the rows of ``shards`` shards, whose columns ``read`` returns.

    ``pairs`` are the verified pairs as left, right (rows as `place_rows` numbers them) and score. Published shards
    are cut by rows and their text bytes alone, so that the size of work shards, which follows the machine,
    changes no byte of the result.
    """
    edges, bounds, old, wanted, gone, beyond = _collect(read, shards, pairs, prompts, config)
    beyond = np.union1d(beyond, _beyond_quotas(read, bounds, quotas, seed))
    whole = edges
    aside = wanted.rows[wanted.sides == OUT]
    out = np.union1d(aside, beyond)
    bridges, given = draw(edges.without(np.union1d(out, gone)), old, wanted)
    edges = edges.without(np.union1d(out, bridges))
    members, labels = edges.label()
    digests = (stack_keys(read(shard, ["key_hi", "key_lo"])) for shard in range(shards))
    strata = [read(shard, ["stratum"])["stratum"].to_numpy() for shard in range(shards)] if config.stratify else None
    pinned = _pinned(old, given, np.concatenate([bridges, gone, beyond]))
    by = None if strata is None else np.concatenate([np.empty(0, np.uint64), *strata])
    found = assign(digests, members, labels, config, seed, pinned, by)
    sides = found.sides
    counters = {f"rows_{name}": int((sides == i).sum()) for i, name in enumerate(SPLITS)}
    counters |= {f"links_{kind}": count for kind, count in edges.links().items()}
    # Counters are integers: shares travel in millionths.
    drawn = random_split(len(sides), config, seed)
    for name, outcome in (("ours", sides), ("random", np.where(sides == OUT, OUT, drawn).astype(np.int8))):
        counters |= {f"leak_{name}_{kind}": round(share * 1e6) for kind, share in leaks(outcome, whole).items()}
    del drawn, outcome
    codes, names = _note(
        len(sides),
        (SURPLUS, found.surplus),
        (WHOLE, found.whole),
        (BRIDGE, bridges),
        (ASIDE, aside),
        (SHARE, beyond),
        (TAKEN_DOWN, gone),
    )
    counters["noted"] = int((codes > 0).sum())
    large = np.sort(np.concatenate([found.surplus, found.whole]))
    sizes = _sizes(members, labels, large)

    def narrow(shard: int) -> Narrow:
        table = read(shard, ["key_hi", "key_lo", "text_bytes"])
        return Narrow(stack_keys(table), table["text_bytes"].to_numpy())

    parts = [slice(a, b) for a, b in itertools.pairwise(bounds)]
    published = place_files([sides[part] for part in parts], narrow, shard_bytes, seed, order)

    def say(shard: int) -> pa.Table:
        part, own = parts[shard], narrow(shard)
        begin, end = np.searchsorted(large, (part.start, part.stop))
        group_rows = np.zeros(part.stop - part.start, dtype=np.uint32)
        group_rows[large[begin:end] - part.start] = sizes[begin:end]
        return pa.table(
            {
                "side": sides[part],
                "shard": published.files(shard, sides[part], own),
                "order": sort_by(own, part.start, seed, order),
                "code": names.take(pa.array(codes[part])),
                "group_rows": group_rows,
            }
        )

    return Division([partial(say, shard) for shard in range(shards)], published.plan, counters)


def _note(rows: int, *noted: tuple[str, np.ndarray]) -> tuple[np.ndarray, pa.Array]:
    """For each row the number (i8) of the last code that names it, 0 for none, and the codes by number."""
    codes = np.zeros(rows, dtype=np.int8)
    for number, (_, places) in enumerate(noted, 1):
        codes[places] = number
    return codes, pa.array([None, *(code for code, _ in noted)], pa.string())


def _sizes(members: np.ndarray, labels: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """How many rows the groups of the rows ``asked`` have, u32; ``labels`` are those of the rows ``members``, which
    ascend and hold all that are asked for."""
    counts = np.bincount(labels, minlength=1).astype(np.uint32) if len(asked) else np.zeros(0, dtype=np.uint32)
    return np.asarray(counts[labels[np.searchsorted(members, asked)]])


def _beyond_quotas(read: Read, bounds: list[int], quotas: Sequence[int], seed: int) -> np.ndarray:
    """The rows beyond the counts of their sources; of these only the rows and their keys are held. Rows that the
    extended build has count, and stay."""
    beyond = [np.empty(0, np.int64)]
    for number, most in enumerate(quotas):
        rows, keys, kept = [np.empty(0, np.int64)], [np.empty((0, 2), np.uint64)], 0
        for shard, first in enumerate(bounds[:-1]):
            table = read(shard, ["key_hi", "key_lo", "quota", "old"])
            mine, old = table["quota"].to_numpy() == number, table["old"].to_numpy(zero_copy_only=False)
            kept += int((mine & old).sum())
            rows.append(np.flatnonzero(mine & ~old) + first)
            keys.append(stack_keys(table)[mine & ~old])
        beyond.append(beyond_count(np.concatenate(rows), np.concatenate(keys), most - kept, seed))
    return np.concatenate(beyond)


def note(batch: pa.Table, sides: pa.Table) -> pa.Table:
    """The ledger of a shard's rows (trace_id, source) of which ``sides`` says something."""
    said = {name: sides[name] for name in ("code", "group_rows")}
    noted = pa.table({"trace_id": batch["trace_id"], "source": batch["source"], **said})
    lines = []
    for row in noted.filter(pc.is_valid(noted["code"])).to_pylist():
        action: Any = "flagged" if row["code"] == WHOLE else "dropped"
        detail = CODES[row["code"]].title
        if row["group_rows"]:
            detail = f"of a group of {row['group_rows']} rows, beyond split.largest; {_BECAME[row['code']]}"
        lines.append(ledger.entry(row["code"], row["trace_id"], row["source"], action, detail=detail))
    return ledger.table(lines)


def _collect(
    read: Read, shards: int, pairs: pa.Table, prompts: Prompts, config: SplitConfig
) -> tuple[Edges, list[int], Pinned, Pinned, np.ndarray, np.ndarray]:
    """The edges between rows as they are numbered now, the first row of each shard, the rows whose side is given: by
    the build that is extended, and by what their source is used for; those that are taken down; and those beyond the
    rate of their source."""
    ends = _ends(pairs.filter(pc.greater_equal(pairs["score"], config.threshold)))
    wanted = np.unique(ends)
    places = np.full(len(wanted), -1, dtype=np.int64)
    owners, names, bounds = [np.empty(0, np.uint32)], [np.empty(0, np.uint64)], [0]
    gone, beyond = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
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
        beyond.append(np.flatnonzero(pin == BEYOND) + bounds[-1])
        _find(table["row"].to_numpy(), bounds[-1], wanted, places)
        bounds.append(bounds[-1] + len(table))
    similar = places[np.searchsorted(wanted, ends)].reshape(-1, 2)
    similar = similar[(similar >= 0).all(axis=1)]
    edges = Edges(prompts.equal, prompts.near, similar, np.concatenate(owners), np.concatenate(names))
    before, now = (Pinned(np.concatenate(rows), np.concatenate(side)) for rows, side in zip(given, sides))
    return edges, bounds, before, now, np.concatenate(gone), np.concatenate(beyond)


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


def stack_keys(keys: pa.Table) -> np.ndarray:
    """The exact keys of a table, shape ``(rows, 2)``."""
    return np.stack([keys[name].to_numpy() for name in ("key_hi", "key_lo")], axis=1)
