"""Rows that may not come in, since they link what lies on two sides already.

When a published dataset is extended its rows stay where they are. A new row, or a chain of new rows, that is linked to
old rows of two sides fits neither, so it is left out. In: the edges, and which rows are old, with their sides. Out: the
new rows to leave out, and the side of those that are linked to one side only.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sxl_data.contract.distinct import distinct
from sxl_data.contract.graph import components
from sxl_data.split.assign import OUT, Pinned
from sxl_data.split.edges import Edges


class Drawn(NamedTuple):
    """``bridges``: rows to leave out, ascending. ``given``: the other new rows that old ones or what is wanted draw to
    a side."""

    bridges: np.ndarray
    given: Pinned


def draw(edges: Edges, old: Pinned, wanted: Pinned) -> Drawn:
    """What becomes of new rows. ``old`` rows stay where they are; those of ``wanted`` go to a side or nowhere."""
    rows, left, right, nodes = _graph(edges)
    fixed = np.append(np.isin(rows, old.rows), np.zeros(nodes, dtype=bool))
    moving = ~fixed[left] & ~fixed[right]
    root = components(len(fixed), left[moving], right[moving])
    # Which sides each component of new rows is drawn to: by old rows beside it, and by its own that are wanted.
    drawn = np.zeros((len(root), 4), dtype=bool)
    for one, other in ((left, right), (right, left)):
        beside = fixed[one] & ~fixed[other]
        drawn[root[other[beside]], _sides_of(rows[one[beside]], old)] = True
    inside = np.isin(rows, wanted.rows) & ~fixed[: len(rows)]
    drawn[root[: len(rows)][inside], _sides_of(rows[inside], wanted)] = True
    sides = drawn[root[: len(rows)], :3]
    torn, led = (wanting & ~fixed[: len(rows)] for wanting in (sides.sum(axis=1) > 1, sides.sum(axis=1) == 1))
    alone = ~np.isin(wanted.rows, rows)  # linked to no row
    given_rows = np.concatenate([rows[led], wanted.rows[alone]])
    given_sides = np.concatenate([sides[led].argmax(axis=1).astype(np.int8), wanted.sides[alone]])
    order = np.argsort(given_rows)
    return Drawn(rows[torn], Pinned(given_rows[order], given_sides[order]))


def _graph(edges: Edges) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Rows, ascending; the two ends of each link; and how many nodes come after the rows. A prompt and an id are nodes
    of their own: what one links stays linked whichever of its rows are old."""
    similar, near = edges.similar_text.astype(np.int64), edges.near_task.astype(np.int64)
    prompts, ids = distinct(np.concatenate([edges.task[:, 1], near.ravel()])).astype(np.int64), distinct(edges.ids)
    rows = distinct(np.concatenate([similar.ravel(), edges.task.ravel(), near.ravel(), edges.rows]).astype(np.int64))

    def row(numbers: np.ndarray) -> np.ndarray:
        return np.searchsorted(rows, numbers)

    def prompt(numbers: np.ndarray) -> np.ndarray:
        return len(rows) + np.searchsorted(prompts, numbers)

    links = (
        (row(similar[:, 0]), row(similar[:, 1])),
        (row(edges.task[:, 0]), prompt(edges.task[:, 1])),
        (row(prompts), prompt(prompts)),
        (prompt(near[:, 0]), prompt(near[:, 1])),
        (row(edges.rows), len(rows) + len(prompts) + np.searchsorted(ids, edges.ids)),
    )
    left, right = (np.concatenate([link[side] for link in links]) for side in (0, 1))
    return rows, left, right, len(prompts) + len(ids)


def _sides_of(rows: np.ndarray, pinned: Pinned) -> np.ndarray:
    sides = pinned.sides[np.searchsorted(pinned.rows, rows)].astype(np.int64)
    return np.where(sides == OUT, 3, sides)
