"""A part of each source, to forecast a build by: some pieces of it, evenly spread, and how much of the whole they are.

In: the chunks of a source. Out: those to read, perhaps with a limit of rows, and the factor from what they hold to what
the source holds. A file that cannot be cut and is large is read from its beginning only; then its rows are estimated
from its bytes. Of the rows in the pieces a part is looked at (`read.sampled`). All sources together are a fixed amount,
so that a forecast takes some seconds, however many there are and however large they are.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from sxl_data.read.files import Chunk
from sxl_data.read.sources import Source

BYTES, LEAST_BYTES, MOST_BYTES = 16_000_000, 200_000, 1_000_000
"""Of all sources that are decoded, about, and of one at least and at most."""
LOOKED_AT, LEAST, MOST = 2_000, 32, 1_000
"""Rows of all sources that go through the stages, about, and of one at least and at most."""
PIECES = 4
"""At least so many pieces of a source that can be cut."""
ROWS = 200
"""Of each file that is too large to be read whole."""
WHOLE_BYTES = 16_000_000
"""Of files that cannot be cut, a source with no more is read whole: decoding is cheap beside guessing."""
GATHERED = 8
"""Shards that all stages after reading go through: a task costs more than the few rows of one source."""
UNPACKED = 4.0
"""What compressed bytes unpack to, about."""
COMPRESSED = (".gz", ".tgz", ".zst", ".xz", ".bz2", ".zip", ".parquet")


class Thinned(NamedTuple):
    """``factor``: from rows of ``chunks`` to rows of the source; None where ``bytes``, unpacked, say how many."""

    source: Source
    chunks: list[Chunk]
    factor: float | None
    bytes: float


class Share(NamedTuple):
    """Of a task that reads a part of the source called ``source``: what `Thinned` says of it, ``tasks`` together."""

    source: str
    factor: float | None
    bytes: float
    tasks: int


def shares(sources: int) -> tuple[int, int]:
    """Bytes and rows that are looked at of each of so many ``sources``."""
    return (min(MOST_BYTES, max(LEAST_BYTES, BYTES // sources)), min(MOST, max(LEAST, LOOKED_AT // sources)))


def thin(source: Source, chunks: list[Chunk], most: int) -> Thinned:
    """Some of the chunks of ``source``, with about ``most`` bytes."""
    if source.tasks is not None:
        counts = [chunk.made[1] if chunk.made else 0 for chunk in chunks]
        return Thinned(source, chunks[:1], sum(counts) / counts[0], 0)
    sizes = [sum(piece.bytes for piece in chunk.pieces) for chunk in chunks]
    total = sum(sizes) or 1
    wanted = min(len(chunks), max(min(PIECES, len(chunks)), round(len(chunks) * most / total)))
    chosen = [i * len(chunks) // wanted + len(chunks) // (2 * wanted) for i in range(wanted)]
    taken = sum(sizes[i] for i in chosen)
    if source.limit is not None:  # so many of each file, however large it is
        return Thinned(source, [chunks[i] for i in chosen], len(chunks) / wanted, total)
    if taken <= max(PIECES * most, WHOLE_BYTES) or taken < total:
        return Thinned(source, [chunks[i] for i in chosen], total / max(taken, 1), total)
    packed = all(piece.name.lower().endswith(COMPRESSED) for chunk in chunks for piece in chunk.pieces)
    limited = msgspec.structs.replace(source, limit=ROWS)
    return Thinned(limited, chunks, None, total * (UNPACKED if packed else 1.0))
