"""The split stage of a build: which side, and which published shard, every row goes to.

A global stage in two steps. `place_rows` (each shard): narrow columns, numbers only. `divide` (once): sides and
published shards. Rows without a link are looked at shard by shard, those with one part by part (`parts`); what is found
goes to a column in a file where memory has no room for it. So memory follows neither rows nor links, only the largest
set of rows that a chain of links holds together. No text and no id of a trace comes here: which prompts and texts are
alike was found before, as pairs of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sxl_data.contract import ledger
from sxl_data.contract.codes import CODES
from sxl_data.engine.spool import Room
from sxl_data.split.assign import SplitConfig
from sxl_data.split.groups import name_ids
from sxl_data.split.known import Known, Read, hold, stack_keys
from sxl_data.split.order import Narrow, Order, place_files, sort_by
from sxl_data.split.part import BEYOND, FREE, SURPLUS, WHOLE, name_codes, sum_up
from sxl_data.split.parts import Parts, Prompts, Shards
from sxl_data.split.shares import Stratum, beyond_weight, name_strata, number_quotas
from sxl_data.split.units import Units, cut_strata, divide_units

_BECAME = {SURPLUS: "this row is beyond its share", WHOLE: "all of it is in train"}


class Division(NamedTuple):
    """``sides``: what makes for each shard, row for row, the columns side, shard (the published one), order (what rows
    are sorted by in it), code (of what the ledger says of the row, mostly null) and group_rows (of its group, where
    that is too large). ``plan``: for each side and published shard, the shards of work that have rows of it.
    ``counters``: rows of each side, links of each kind, and the shares of validation and test rows with a
    partner in train, ours and of a random split, in millionths."""

    sides: list[Callable[[], pa.Table]]
    plan: list[list[list[int]]]
    counters: dict[str, int]


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
    sizes: Sequence[int],
    pairs: Iterable[pa.Table],
    prompts: Prompts,
    config: SplitConfig,
    seed: int,
    shard_bytes: int,
    room: Room,
    order: Order = "shuffled",
    quotas: Sequence[int] = (),
) -> Division:
    """Divide the rows of shards of so many rows, whose columns ``read`` returns.

    ``pairs`` are the verified pairs as left, right (rows as `place_rows` numbers them) and score. Published shards
    are cut by rows and their text bytes alone, so that the size of work shards, which follows the machine,
    changes no byte of the result; nor does ``room``.
    """
    bounds = np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))
    read = hold(read, sizes, room)
    known = Known(read, bounds, quotas, seed, room, stratified=bool(config.stratify))
    shards = Shards(read, known, bounds)
    units = Units(shards, Parts(shards, pairs, prompts, config.threshold, room), seed, known.extends)
    cuts = cut_strata(units, config, room) if config.stratify else None
    found, counters = divide_units(units, config, cuts, room)

    def narrow(shard: int) -> Narrow:
        table = read(shard, ["key_hi", "key_lo", "text_bytes"])
        return Narrow(stack_keys(table), table["text_bytes"].to_numpy())

    def said(shard: int) -> np.ndarray:
        return found.read(int(bounds[shard]), int(bounds[shard + 1]))

    published = place_files(len(sizes), lambda shard: said(shard)["side"], narrow, shard_bytes, seed, order)

    def say(shard: int) -> pa.Table:
        own, of_rows = narrow(shard), said(shard)
        return pa.table(
            {
                "side": of_rows["side"],
                "shard": published.files(shard, of_rows["side"], own),
                "order": sort_by(own, int(bounds[shard]), seed, order),
                "code": name_codes(of_rows["code"]),
                "group_rows": of_rows["group"],
            }
        )

    return Division([partial(say, shard) for shard in range(len(sizes))], published.plan, sum_up(counters))


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
