"""How much of a benchmark item does a row contain?

Containment, not similarity: a row may be long and the item short. Coverage is the weighted share of a part's hashes
that the row has, so a row that shares only what every item says scores near zero. How much is enough depends on how
long the part is: a short one has to be there nearly whole, of a long one the larger half cannot be chance. A part of
a few words has to be a line of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from sxl_data.decontaminate.fingerprints import Fingerprint
from sxl_data.decontaminate.shapes import shapes
from sxl_data.decontaminate.shingles import lines, make_filter, shingle

SHORT, LONG = 8, 60
"""Windows up to which a part counts as short, and from which as long."""
STRICTER = 0.3
"""How much more of a short part than of a long one has to be there."""
SHAPE = 0.1
"""How much more of a shape than of words, since shapes say less."""


class Match(NamedTuple):
    """What a row holds: its position, the part as ``benchmark: part``, and the share of it."""

    row: int
    part: str
    coverage: float


class Looked(NamedTuple):
    """All entries of one kind of several fingerprints, what cuts texts for them, and the filter of their hashes."""

    found: Fingerprint
    cut: Callable[..., tuple[np.ndarray, np.ndarray]]
    filter: tuple[np.ndarray, int]


def prepare(fingerprints: Mapping[str, Fingerprint]) -> tuple[Looked, ...]:
    """``fingerprints`` by name, ready to be looked for: a build asks for the same ones in every batch."""
    whole = _join(fingerprints)
    parts = []
    for kind, cut in enumerate((shingle, shapes, lines)):
        mine = whole.kinds[whole.part] == kind
        chosen = whole._replace(hashes=whole.hashes[mine], part=whole.part[mine], weight=whole.weight[mine])
        if len(chosen.hashes):
            parts.append(Looked(chosen, cut, make_filter(chosen.hashes)))
    return tuple(parts)


def _join(fingerprints: Mapping[str, Fingerprint]) -> Fingerprint:
    starts = np.cumsum([0, *(len(found.labels) for found in fingerprints.values())]).tolist()
    none = np.empty(0, np.int64)
    empty = Fingerprint(np.empty(0, np.uint64), none, none, [], none, none)
    parts = [empty, *fingerprints.values()]
    hashes = np.concatenate([found.hashes for found in parts])
    part = np.concatenate([found.part + start for found, start in zip(parts, [0, *starts])])
    order = np.argsort(hashes, kind="stable")
    return Fingerprint(
        hashes[order],
        part[order],
        np.concatenate([found.weight for found in parts])[order],
        [f"{name}: {label}" for name, found in fingerprints.items() for label in found.labels],
        np.concatenate([found.kinds for found in parts]),
        np.concatenate([found.sizes for found in parts]),
    )


def match(texts: pa.Array, prepared: Sequence[Looked], threshold: float, min_shared: int = 4) -> list[Match]:
    """The best match of each row of ``texts`` that has one, in the order of the rows; of equal ones the first by name.

    A row matches a long part when it holds at least ``threshold`` of its weight in ``min_shared`` or more hashes (all
    of them where a part has fewer); of shorter parts and of shapes it has to hold more.
    """
    best: dict[int, Match] = {}
    for looked in prepared if len(texts) else ():
        hashes, rows = looked.cut(texts, looked.filter)
        for item in _covered(hashes, rows, looked.found, threshold, min_shared):
            if item.row not in best or (-item.coverage, item.part) < (-best[item.row].coverage, best[item.row].part):
                best[item.row] = item
    return [best[row] for row in sorted(best)]


def needed(found: Fingerprint, threshold: float) -> np.ndarray:
    """Share of each part that a row has to hold, shape ``(parts,)``."""
    length = np.log(np.clip(found.sizes, SHORT, LONG) / SHORT) / np.log(LONG / SHORT)
    share = threshold + STRICTER * (1 - length) + SHAPE * (found.kinds == 1)
    return np.minimum(np.where(found.kinds == 2, 1.0, share), 1.0)


def _covered(
    hashes: np.ndarray, rows: np.ndarray, found: Fingerprint, threshold: float, min_shared: int
) -> list[Match]:
    """The best match of each row that has one in ``found``."""
    first = np.searchsorted(found.hashes, hashes, "left")
    hit = found.hashes[np.minimum(first, len(found.hashes) - 1)] == hashes
    if not hit.any():
        return []
    # A hash counts once in a row; every one is expanded to the entries that have it, in their order.
    rows, first = np.divmod(np.unique(rows[hit] * len(found.hashes) + first[hit]), len(found.hashes))
    count = np.searchsorted(found.hashes, found.hashes[first], "right") - first
    entry = np.repeat(first - np.concatenate([[0], np.cumsum(count)[:-1]]), count) + np.arange(count.sum())
    row, most = np.repeat(rows, count), np.repeat(np.bincount(rows)[rows], count)
    n_parts = len(found.labels)
    size = np.bincount(found.part, minlength=n_parts)
    # Most rows hold too little for any part.
    likely = most >= np.minimum(min_shared, size)[found.part[entry]]
    row, entry = row[likely], entry[likely]
    group, inverse, shared = np.unique(row * n_parts + found.part[entry], return_inverse=True, return_counts=True)
    coverage = np.bincount(inverse, weights=found.weight[entry])
    row, part = group // n_parts, group % n_parts
    enough = (coverage >= needed(found, threshold)[part] - 1e-6) & (shared >= np.minimum(min_shared, size[part]))
    if not enough.any():
        return []
    row, part, coverage = row[enough], part[enough], coverage[enough]
    held = np.unique(part).tolist()
    rank = np.empty(n_parts, dtype=np.int64)
    rank[sorted(held, key=found.labels.__getitem__)] = np.arange(len(held))
    order = np.lexsort((rank[part], -coverage, row))
    row, part, coverage = row[order], part[order], coverage[order]
    best = np.concatenate([[True], row[1:] != row[:-1]])
    return [
        Match(r, found.labels[p], c)
        for r, p, c in zip(row[best].tolist(), part[best].tolist(), coverage[best].tolist())
    ]
