"""How many published rows there are of each sort, for the manifest and the card.

In: the rows of a published file. Out: counters, one for each combination of source, kind, licence, language and length
that occurs. `tables` adds those of all files up, by one of these at a time. Names come from rows, so they travel as
JSON, and of each table the most frequent `SHOWN` are kept apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sxl_data.contract.columns import LENGTHS, length_buckets

CELL = "cell:"
BY = ("source", "kind", "licence", "language", "length")
SHOWN = 60
OTHERS = "others"

Counts = dict[str, dict[str, int]]
"""Rows by value and by split."""


def count_rows(rows: pa.Table) -> dict[str, int]:
    """The counters of ``rows``, columns of the published schema."""
    names = [name for name, _ in LENGTHS]
    length = [names[i] for i in length_buckets(rows["text_bytes"].to_numpy()).tolist()]
    sorts = rows.select(BY[:-1]).append_column("length", pa.array(length, pa.string()))
    counts = sorts.group_by(list(BY)).aggregate([([], "count_all")]).select([*BY, "count_all"])
    cells = sorted(((cell, n) for *cell, n in zip(*counts.to_pydict().values())), key=str)
    found = {CELL + msgspec.json.encode(cell).decode(): n for cell, n in cells}
    executed = rows["provenance"].combine_chunks().field("executed")
    for name, chosen in (
        ("calls", pc.greater(rows["n_calls"], 0)),
        ("reasoning", rows["has_reasoning"]),
        ("executed", executed),
    ):
        found[f"with:{name}"] = int(np.asarray(pc.fill_null(chosen, False)).sum())
    return found


def tables(receipts: Iterable[tuple[str, Mapping[str, int]]]) -> tuple[dict[str, Counts], dict[str, dict[str, int]]]:
    """From the counters of each file and its split: rows by each of `BY` and by what they have, and of each source rows
    by licence."""
    found: dict[str, dict[str, Counter[str]]] = {name: {} for name in (*BY, "with")}
    licences: dict[str, Counter[str]] = {}
    for split, counters in receipts:
        for key, count in counters.items():
            if key.startswith("with:"):
                found["with"].setdefault(key.removeprefix("with:"), Counter())[split] += count
            elif key.startswith(CELL):
                cell = msgspec.json.decode(key.removeprefix(CELL), type=list[str | None])
                for name, value in zip(BY, cell):
                    found[name].setdefault(value or "", Counter())[split] += count
                licences.setdefault(cell[0] or "", Counter())[cell[2] or ""] += count
    return (
        {name: _top(values, None if name == "source" else SHOWN) for name, values in found.items()},
        {source: dict(counts.most_common(SHOWN)) for source, counts in licences.items()},
    )


def _top(values: dict[str, Counter[str]], most: int | None) -> Counts:
    """The most frequent values in order, and all others as one."""
    order = sorted(values, key=lambda value: (-values[value].total(), value))
    kept = {value: dict(sorted(values[value].items())) for value in order[:most]}
    if rest := order[len(kept) :]:
        kept[OTHERS] = dict(sorted(sum((values[value] for value in rest), Counter()).items()))
    return kept
