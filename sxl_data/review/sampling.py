"""A blind, stratified sample: so many items of each stratum as its share of the rows, one of each where there is room.

In: a build, here or in an object store, traces, or one or two files of model outputs. Out: a round (see `rounds`).
Which rows are drawn, their order and which side of a pair is A are decided by sha256 over the seed and the row's id:
the same seed draws the same sample from the same rows in whatever order, and no library's generator has to stay as it
is. Shares by largest remainder, as in proportional allocation (Cochran, Sampling Techniques, 1977, section 5.5).
"""

from __future__ import annotations

import hashlib
import heapq
import json
from pathlib import Path

import msgspec

from sxl_data.contract.errors import error
from sxl_data.engine.objects import here, is_remote
from sxl_data.review.items import OUTPUT_STRATA, TRACE_STRATA, Candidate, candidates, is_outputs
from sxl_data.review.rounds import SAMPLE, Drawn, Item, Key, Round, Sample, Side, Stratum, encode, write_round
from sxl_data.review.rubric import Rubric, read_rubric

MOST = 10_000


class _Pool(msgspec.Struct):
    """The rows of a stratum with the smallest ranks, as a heap, and how many rows there were."""

    kept: list[tuple[int, str, Candidate]] = []
    rows: int = 0


def sample(
    places: str | Path | list[str | Path],
    out: str | Path,
    n: int = 50,
    *,
    by: str | None = None,
    seed: int = 0,
    rubric: str | Path | None = None,
) -> Round:
    """Draw ``n`` items from ``places`` and write the round into the new folder ``out``.

    Raises `UserError`: U306 where ``out`` holds a round already, H708 for nothing to draw, H709 for the rubric.
    """
    named = [str(place) for place in (places if isinstance(places, list) else [places])]
    if is_remote(str(out)):
        raise error("U401", found=f"-o {out}", expected="a folder of this machine: rounds are worked on by hand")
    folder = Path(out)
    read = [str(here(place)) for place in named]
    if (folder / SAMPLE).exists():
        raise error("U306", file=str(folder), found="a round of review", expected="a new folder")
    if not 1 <= n <= MOST:
        raise error("U401", found=f"{n} items", expected=f"1 to {MOST}")
    questions, text = read_rubric(rubric)
    pools = _gather(read, n, by, seed)
    given = allocate({name: pool.rows for name, pool in pools.items()}, n)
    drawn = [entry for name, pool in pools.items() for entry in sorted(pool.kept, reverse=True)[: given[name]]]
    if not drawn:
        raise error("H708", file=", ".join(named), found="nothing that can be judged", expected="traces or outputs")
    strata = {name: Stratum(pool.rows, given[name]) for name, pool in sorted(pools.items())}
    known = OUTPUT_STRATA if is_outputs(read[0]) else TRACE_STRATA
    made, key = _seal([entry[2] for entry in drawn], named, by or known[0], seed, strata, questions)
    write_round(folder, made, key, text)
    return Round(folder, made, key)


def _gather(places: list[str], n: int, by: str | None, seed: int) -> dict[str, _Pool]:
    pools: dict[str, _Pool] = {}
    seen: set[bytes] = set()
    for found in candidates(places, by):
        mark = hashlib.sha256(json.dumps(found.id).encode()).digest()[:16]
        if mark in seen or not any(block.text for side in found.sides for block in side):
            continue  # the same row in two files of a build, or nothing to read
        seen.add(mark)
        pool = pools.setdefault(found.stratum, _Pool())
        pool.rows += 1
        entry = (-_rank(seed, "draw", found.id), found.id, found)
        if len(pool.kept) < n:
            heapq.heappush(pool.kept, entry)
        elif entry[:2] > pool.kept[0][:2]:
            heapq.heapreplace(pool.kept, entry)
    return pools


def allocate(rows: dict[str, int], n: int) -> dict[str, int]:
    """How many of each stratum: in proportion to its rows, at least one where there are not more strata than ``n``."""
    total = sum(rows.values())
    n = min(n, total)
    quota = {name: n * count / total for name, count in rows.items()}
    least = 1 if len(rows) <= n else 0
    given = {name: max(least, int(share)) for name, share in quota.items()}
    names = sorted(rows)
    while sum(given.values()) < n:
        given[max((s for s in names if given[s] < rows[s]), key=lambda s: quota[s] - given[s])] += 1
    while sum(given.values()) > n:
        given[min((s for s in names if given[s] > least), key=lambda s: quota[s] - given[s])] -= 1
    return given


def _rank(seed: int, purpose: str, id: str) -> int:
    return int.from_bytes(hashlib.sha256(json.dumps([seed, purpose, id]).encode()).digest()[:16])


def _seal(
    chosen: list[Candidate], places: list[str], by: str, seed: int, strata: dict[str, Stratum], rubric: Rubric
) -> tuple[Sample, Key]:
    """Number the chosen in an order that tells nothing, and keep apart what a rater must not see."""
    items, behind = [], {}
    for number, found in enumerate(sorted(chosen, key=lambda c: _rank(seed, "order", c.id)), 1):
        name = f"r{number:04d}"
        order = [0] if len(found.sides) == 1 else [0, 1] if _rank(seed, "side", found.id) % 2 else [1, 0]
        labels = [""] if len(order) == 1 else ["A", "B"]
        sides = tuple(Side(label, found.sides[at]) for label, at in zip(labels, order))
        items.append(Item(name, found.kind, found.request, sides))
        hidden = dict(zip(labels, order)) if len(order) == 2 else {}
        behind[name] = Drawn(found.id, found.stratum, found.digest(), hidden)
    key = Key(_names(places), by, seed, strata, behind)
    return Sample(rubric, tuple(items), hashlib.sha256(encode(key)).hexdigest()), key


def _names(places: list[str]) -> tuple[str, ...]:
    """The last parts of ``places`` that tell them apart: samples.parquet is everybody's name."""
    parts = [Path(place).resolve().parts[1:] for place in places]
    depth = next((d for d in range(1, 9) if len({part[-d:] for part in parts}) == len(parts)), 1)
    return tuple("/".join(part[-depth:]) for part in parts)
