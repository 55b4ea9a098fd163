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

from collections.abc import Callable

import numpy as np

from sxl_data.dedup.rows import Rows
from sxl_data.dedup.signatures import SMALL, over_spans

VERSION = 1
"""Changes whenever a key would."""

PLACE1, PLACE2 = 0x9E3779B97F4A7C15, 0xD1B54A32D192ED03
MIX1, MIX2, MIX3, MIX4 = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53


def hash_texts(rows: Rows, workers: int | None = None, compiled: bool | None = None) -> np.ndarray:
    """Keys of every row: u64 (n, 2). The compiled path and the numpy path give the same bits."""
    keys = np.zeros((len(rows), 2), dtype=np.uint64)
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
    if np.any(keys[order[at], 1] != keys[order[at + 1], 1]):
        order = np.lexsort((keys[:, 1], keys[:, 0]))
        at = np.flatnonzero((keys[order[1:]] == keys[order[:-1]]).all(axis=1))
    at = at[keys[order[at]].any(axis=1)]
    places = np.union1d(at, at + 1)
    starts = ~np.isin(places, at + 1, assume_unique=True)
    return order[places], np.cumsum(starts)


def find_exact_duplicates(
    keys: np.ndarray, prefer: Callable[[np.ndarray], np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """The rows that repeat the key of a better row, and that row, the best one of the key: i64 (m,) each.

    `prefer` gives rows, those that share a key with another, numbers to compare: the smaller one is better.
    """
    members, groups = group_rows(keys)
    if not len(members):
        return members, members
    by_preference = np.lexsort((prefer(members), groups))
    members, groups = members[by_preference], groups[by_preference]
    first = np.concatenate(([True], groups[1:] != groups[:-1]))
    return members[~first], members[first][np.cumsum(first) - 1][~first]


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
