"""128-bit keys of normalised texts, and the groups of rows that share one.

In: rows of text. Out: a (n, 2) u64 array of keys; equal keys mean equal normalised texts. Normalised: a leading
byte-order mark goes, CR LF and CR become LF, blanks and tabs before a line end go, and so do blanks, tabs and line
feeds at the end. Indentation stays: it is meaning in Python.

The key sums two bijective mixes of every 8-byte word and its position, so the words of a row hash independently of
one another (vector units and numpy both like that) and a change inside one word can never cancel. 64 bits would
collide hundreds of times at 10^11 rows; 128 do not. It is no cryptographic hash: an attacker could build a collision,
at the cost of one of his own rows being called a duplicate of the other.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from sxl_data.dedup.rows import Empty, Rows
from sxl_data.dedup.signatures import SMALL, over_spans

VERSION = 1
"""Changes whenever a key would."""

KEY_BYTES = 96
"""Memory for each row whose keys are sorted."""
FEW = 50_000
"""Rows up to which one thread looks for duplicates."""
PLACE1, PLACE2 = 0x9E3779B97F4A7C15, 0xD1B54A32D192ED03
MIX1, MIX2, MIX3, MIX4 = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53


def hash_texts(
    rows: Rows, workers: int | None = None, compiled: bool | None = None, empty: Empty = np.empty
) -> np.ndarray:
    """Keys of every row: u64 (n, 2), in an array of `empty`. The compiled and the numpy path give the same bits."""
    keys = empty((len(rows), 2), np.uint64)
    if compiled is None:
        compiled = rows.total_bytes > SMALL
    if not compiled:
        _hash_small([normalise(rows.text(i)) for i in range(len(rows))], keys)
        return keys
    from sxl_data.dedup.kernels.entries import entries

    hash_rows = entries()["hash_rows"]

    def run(first: int, last: int) -> None:
        needed, scratch = np.array([0, 1 << 16], dtype=np.int64), np.empty(0, dtype=np.uint8)
        while needed[0] < last - first:
            if needed[1] > len(scratch):
                scratch = np.empty(2 * int(needed[1]), dtype=np.uint8)
            hash_rows(rows.addresses[first:last], rows.lengths[first:last], keys[first:last], scratch, needed)

    over_spans(run, rows.lengths, workers)
    return keys


def normalise(text: bytes) -> bytes:
    """What two texts must share to be exact duplicates."""
    text = text.removeprefix(b"\xef\xbb\xbf")
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if b" \n" in text or b"\t\n" in text:
        text = b"\n".join(line.rstrip(b" \t") for line in text.split(b"\n"))
    return text.rstrip(b" \t\n")


def group_rows(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows that share a key with another, group by group: i64 (m,) and the group's number of each, i64 (m,).

    Rows without any text, whose key is (0, 0), are in no group: there is nothing in them to compare.
    """
    # By the low word alone at first: sorting one word is several times faster, and nearly always enough. The sort need
    # not be stable, and the one that is not is vectorised.
    order = np.argsort(keys[:, 0])
    low = keys[order, 0]
    at = np.flatnonzero(low[1:] == low[:-1])  # order[at] and order[at + 1] share their low word
    del low
    if np.any(keys[order[at], 1] != keys[order[at + 1], 1]):
        order = np.lexsort((keys[:, 1], keys[:, 0]))
        at = np.flatnonzero((keys[order[1:]] == keys[order[:-1]]).all(axis=1))
    at = at[keys[order[at]].any(axis=1)]
    shares, follows = np.zeros((2, len(keys)), dtype=bool)
    shares[at], shares[at + 1], follows[at + 1] = True, True, True
    places = np.flatnonzero(shares)
    return order[places], np.cumsum(~follows[places])


def find_exact_duplicates(
    keys: np.ndarray, prefer: Callable[[np.ndarray], np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """The rows that repeat the key of a better row, and that row, the best one of the key: i64 (m,) each.

    `prefer` gives rows, those that share a key with another, numbers to compare, all different: the smaller one is
    better.
    """
    members, groups = group_rows(keys)
    if not len(members):
        return members, members
    places = prefer(members)
    starts = np.flatnonzero(np.diff(groups, prepend=0))
    best = places == np.minimum.reduceat(places, starts)[groups - 1]
    return members[~best], members[best][groups[~best] - 1]


def find_duplicates_by_ranges(
    keys: np.ndarray, preference: np.ndarray | None, workers: int | None, memory: int
) -> tuple[np.ndarray, np.ndarray]:
    """`find_exact_duplicates` of all rows, ranges of keys on threads, of which each takes about its part of `memory`.
    `preference` is each row's place, None for the order of the rows."""
    workers = workers or os.cpu_count() or 1
    parts = -(-len(keys) * KEY_BYTES * workers // memory) if memory else 1
    parts = max(parts, workers if len(keys) > FEW else 1)

    def find(part: int) -> tuple[np.ndarray, np.ndarray]:
        mine = np.flatnonzero(in_range(keys[:, 0], part, parts)) if parts > 1 else np.arange(len(keys))
        own = keys if parts == 1 else keys[mine]
        found = find_exact_duplicates(own, lambda rows: mine[rows] if preference is None else preference[mine[rows]])
        return mine[found[0]], mine[found[1]]

    with ThreadPoolExecutor(workers) as pool:
        duplicates, best = zip(*pool.map(find, range(parts)), strict=True)
    return np.concatenate(duplicates), np.concatenate(best)


def in_range(words: np.ndarray, part: int, parts: int) -> np.ndarray:
    """bool: which words of keys lie in a range of `parts` of equal width."""
    # The high 32 bits times the number of parts, cut to whole numbers.
    return np.asarray((((words >> np.uint64(32)) * np.uint64(parts)) >> np.uint64(32)) == part)


def _hash_small(texts: list[bytes], keys: np.ndarray) -> None:
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    words = (lengths + 7) // 8
    padded = b"".join(text + b"\0" * (-len(text) % 8) for text in texts)
    data = np.frombuffer(padded, dtype="<u8")
    starts = np.concatenate(([0], np.cumsum(words)))
    place = (np.arange(len(data)) - np.repeat(starts[:-1], words)).astype(np.uint64) + np.uint64(1)
    filled = np.flatnonzero(words)
    for word, (step, first, second) in enumerate(((PLACE1, MIX1, MIX2), (PLACE2, MIX3, MIX4))):
        keys[:, word] = lengths.astype(np.uint64) * np.uint64(second)
        if len(filled):
            mixed = data + place * np.uint64(step)
            mixed = (mixed ^ (mixed >> np.uint64(32))) * np.uint64(first)
            mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(second)
            mixed ^= mixed >> np.uint64(32)
            keys[filled, word] += np.add.reduceat(mixed, starts[:-1][filled])
