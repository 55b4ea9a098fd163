"""What links two rows, by kind, and which rows a division leaves with a partner on the other side.

Four kinds: `task`, equal prompts; `near_task`, prompts that resemble each other; `stated_id`, an id that both rows
state; `similar_text`, whole texts that resemble each other. Prompts and texts were compared before, and every pair
verified; here they are numbers of rows. Leakage of a kind is the share of validation and test rows that have a partner
of that kind in train.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sxl_data.contract.distinct import distinct
from sxl_data.split.groups import label

KINDS = ("task", "near_task", "stated_id", "similar_text")
ANY = "any"
"""Beside the kinds: a partner of one of them."""


class Edges(NamedTuple):
    """``task``: rows and the row that stands for all of the same prompt, shape ``(m, 2)``. ``near_task``: pairs of rows
    that so stand. ``similar_text``: pairs of rows. ``rows`` and ``ids``: rows, some several times, and an id."""

    task: np.ndarray
    near_task: np.ndarray
    similar_text: np.ndarray
    rows: np.ndarray
    ids: np.ndarray

    def pairs(self) -> np.ndarray:
        """All that are pairs, shape ``(m, 2)``."""
        return np.concatenate([self.task, self.near_task, self.similar_text])

    def any(self) -> bool:
        """Whether there is one."""
        return any(map(len, self))

    def label(self) -> tuple[np.ndarray, np.ndarray]:
        """Components over all kinds, as `groups.label` says them."""
        return label(self.pairs(), self.rows, self.ids)

    def links(self) -> dict[str, int]:
        """Links of each kind: rows beyond the first of a prompt or an id, and pairs."""
        shared = len(self.ids) - len(distinct(self.ids))
        return dict(zip(KINDS, (len(self.task), len(self.near_task), shared, len(self.similar_text))))

    def without(self, rows: np.ndarray) -> Edges:
        """The edges that touch none of ``rows``; a prompt whose standing row goes gets another one."""
        if not len(rows):
            return self
        stands = {old: new for old, new in self._heirs(rows)}
        task, near = (self._passed_on(pairs, stands) for pairs in (self.task, self.near_task))
        kept = ~np.isin(self.rows, rows)
        similar = self.similar_text[~np.isin(self.similar_text, rows).any(axis=1)]
        left = [pairs[~np.isin(pairs, rows).any(axis=1) & (pairs[:, 0] != pairs[:, 1])] for pairs in (task, near)]
        return Edges(left[0], left[1], similar, self.rows[kept], self.ids[kept])

    def _heirs(self, rows: np.ndarray) -> list[tuple[int, int]]:
        """For each standing row that goes the first row of its prompt that stays, where there is one."""
        gone = self.task[np.isin(self.task[:, 1], rows) & ~np.isin(self.task[:, 0], rows)]
        old, first = np.unique(gone[:, 1], return_index=True)
        return list(zip(old.tolist(), gone[first, 0].tolist()))

    @staticmethod
    def _passed_on(pairs: np.ndarray, stands: dict[int, int]) -> np.ndarray:
        if not stands:
            return pairs
        return np.vectorize(lambda row: stands.get(row, row), otypes=[pairs.dtype])(pairs).reshape(-1, 2)


def leaks(sides: np.ndarray, edges: Edges) -> dict[str, int]:
    """The rows of validation and test that leak by each kind and by any; sides below zero are rows of no split."""
    found = {
        "task": _across(sides, *_classes(edges.task)),
        "near_task": _near(sides, edges),
        "stated_id": _across(sides, edges.rows, np.unique(edges.ids, return_inverse=True)[1]),
        "similar_text": _across_pairs(sides, edges.similar_text),
    }
    found[ANY] = distinct(np.concatenate([*found.values()]))
    return {kind: len(rows) for kind, rows in found.items()}


def _classes(task: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of prompts that several rows have, and the number of the prompt of each."""
    rows = distinct(np.concatenate([task[:, 0], task[:, 1]]))
    stands = rows.copy()
    stands[np.searchsorted(rows, task[:, 0])] = task[:, 1]
    return rows, np.unique(stands, return_inverse=True)[1]


def _across(sides: np.ndarray, rows: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Rows of validation and test whose class has a row in train."""
    trained = np.zeros(int(classes.max(initial=-1)) + 1, dtype=bool)
    trained[classes[sides[rows] == 0]] = True
    return distinct(rows[(sides[rows] > 0) & trained[classes]])


def _across_pairs(sides: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    leaked = [one[(sides[one] > 0) & (sides[other] == 0)] for one, other in (pairs.T, pairs[:, ::-1].T)]
    return distinct(np.concatenate(leaked))


def _near(sides: np.ndarray, edges: Edges) -> np.ndarray:
    """The same of prompts that are near: each stands for all rows that have it."""
    ends = distinct(edges.near_task)
    same = edges.task[np.isin(edges.task[:, 1], ends)]
    rows, prompts = np.concatenate([ends, same[:, 0]]), np.concatenate([ends, same[:, 1]])
    prompts = np.searchsorted(ends, prompts)
    trained, beside = np.zeros(len(ends), dtype=bool), np.zeros(len(ends), dtype=bool)
    trained[prompts[sides[rows] == 0]] = True
    for one, other in (edges.near_task.T, edges.near_task[:, ::-1].T):
        at, to = np.searchsorted(ends, one), np.searchsorted(ends, other)
        beside[at[trained[to]]] = True
    return distinct(rows[(sides[rows] > 0) & beside[prompts]])
