"""Exact Jaccard similarities of all pairs of some texts, without MinHash and without our hashes.

In: texts. Out: every pair that reaches a floor. Tokens are cut by a regular expression that restates the definition
of `sxl_data.dedup.shingles`, shingles are Python tuples of token strings numbered in a dict, and pairs are counted over
an inverted index: an implementation that shares no code with the one it judges.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
from numba import njit

UNSPACED = "\u0e00-\u109f\u1780-\u17ff\u2e80-\u2fff\u3005-\u3007\u3021-\u312f\u3190-\ua4cf\uf900-\ufaff\uff66-\uff9f"
TOKEN = re.compile(
    rf"[{UNSPACED}]|[^\W]+?(?=[{UNSPACED}])|[^\W]+|[!#$%&*+\-./:<=>?@\\^|~]+|[()\[\]{{}},;\"'`]|[^\w\s\x00-\x7f]"
)
WORD = re.compile(r"\W")


def code_tokens(text: str) -> list[str]:
    """The tokens of our `code` kind, but for a few hundred rare code points that Unicode and Python class otherwise."""
    return TOKEN.findall(text)


def word_tokens(text: str) -> list[str]:
    """The tokens text-dedup compares: what is left between characters that are no letter, digit or underscore."""
    return [word for word in WORD.split(text.lower()) if word]


def shingle_sets(
    texts: list[str], tokens: Callable[[str], list[str]] = code_tokens, size: int = 5
) -> tuple[np.ndarray, np.ndarray]:
    """Numbered shingles of all texts: i32 values, distinct within a text, and i64 offsets (n + 1,)."""
    numbers: dict[tuple[str, ...], int] = {}
    values: list[np.ndarray] = []
    for text in texts:
        cut = tokens(text)
        # A text without tokens can only equal another: it is one shingle by itself, and none if it is blank.
        whole = {(text.strip(),)} if text.strip() else set()
        runs = {tuple(cut[i : i + size]) for i in range(max(1, len(cut) - size + 1))} if cut else whole
        values.append(np.array([numbers.setdefault(run, len(numbers)) for run in runs], dtype=np.int32))
    return np.concatenate(values), np.concatenate(([0], np.cumsum([len(v) for v in values])))


def all_pairs(values: np.ndarray, offsets: np.ndarray, floor: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(left, right, Jaccard) of every pair of rows that reaches `floor`, left < right."""
    n = len(offsets) - 1
    rows = np.repeat(np.arange(n, dtype=np.int32), np.diff(offsets))
    order = np.argsort(values, kind="stable")
    starts = np.concatenate(([0], np.cumsum(np.bincount(values, minlength=int(values.max(initial=0)) + 1))))
    left, right, score = _count(values, offsets, rows[order], starts, floor)
    return left, right, score


def text_dedup_scores(left: np.ndarray, right: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """The measures of text-dedup's own benchmark, from true pairs and one cluster label per row.

    A row counts as found if it shares its cluster with all its true partners, as wrong if it shares one with others but
    not with all of those, as missed if it is alone and should not be. `published` is what its tables call macro F1: the
    mean of the precisions of duplicates and of other rows. `macro_f1` is the mean of the two F1. Neither counts
    survivors, so deleting every row of a cluster costs nothing by them.
    """
    n = len(labels)
    partners = np.bincount(left, minlength=n) + np.bincount(right, minlength=n)
    together = labels[left] == labels[right]
    met = np.bincount(left[together], minlength=n) + np.bincount(right[together], minlength=n)
    _, inverse, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    grouped = sizes[inverse] > 1
    found = int((grouped & (partners > 0) & (met == partners)).sum())
    wrong = int(grouped.sum()) - found
    missed, apart = int((~grouped & (partners > 0)).sum()), int((~grouped & (partners == 0)).sum())

    def rates(right_ones: int, wrong_ones: int, missed_ones: int) -> tuple[float, float]:
        precision = right_ones / max(1, right_ones + wrong_ones)
        recall = right_ones / max(1, right_ones + missed_ones)
        return precision, 2 * precision * recall / max(precision + recall, 1e-12)

    one, two = rates(found, wrong, missed), rates(apart, missed, wrong)
    return {"published": (one[0] + two[0]) / 2, "macro_f1": (one[1] + two[1]) / 2}


@njit(cache=False)
def _count(values, offsets, posting, starts, floor):  # type: ignore[no-untyped-def]
    n = len(offsets) - 1
    shared = np.zeros(n, np.int32)
    touched = np.zeros(n, np.int32)
    cursor = starts[:-1].copy()  # postings before it belong to rows already done
    left, right, scores = ([np.int64(0) for _ in range(0)], [np.int64(0) for _ in range(0)], [0.0 for _ in range(0)])
    for i in range(n):
        reached = 0
        for k in range(offsets[i], offsets[i + 1]):
            value = values[k]
            cursor[value] += 1
            for at in range(cursor[value], starts[value + 1]):
                j = posting[at]
                if shared[j] == 0:
                    touched[reached] = j
                    reached += 1
                shared[j] += 1
        mine = offsets[i + 1] - offsets[i]
        for t in range(reached):
            j = touched[t]
            score = shared[j] / (mine + offsets[j + 1] - offsets[j] - shared[j])
            if score >= floor:
                left.append(np.int64(i))
                right.append(np.int64(j))
                scores.append(score)
            shared[j] = 0
    return np.array(left), np.array(right), np.array(scores)
