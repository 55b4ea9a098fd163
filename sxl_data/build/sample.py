"""A part of each source, to forecast a build by: some pieces of it, evenly spread, and how much of the whole they are.

In: the chunks of a source. Out: those to read, perhaps with a limit of rows, and the factor from what they hold to what
the source holds. A file that cannot be cut and is large is read from its beginning only; then its rows are estimated
from its bytes.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from sxl_data.read.files import Chunk
from sxl_data.read.sources import Source

SAMPLE_BYTES = 1_000_000
"""Of a source that are looked at, about."""
PIECES = 4
"""At least so many pieces of a source that can be cut."""
ROWS = 200
"""Of each file that is too large to be read whole."""
UNPACKED = 4.0
"""What compressed bytes unpack to, about."""
COMPRESSED = (".gz", ".tgz", ".zst", ".xz", ".bz2", ".zip", ".parquet")


class Thinned(NamedTuple):
    """``factor``: from rows of ``chunks`` to rows of the source; None where ``bytes``, unpacked, say how many."""

    source: Source
    chunks: list[Chunk]
    factor: float | None
    bytes: float


def thin(source: Source, chunks: list[Chunk], most: int = SAMPLE_BYTES) -> Thinned:
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
    if taken <= PIECES * most or taken < total:
        return Thinned(source, [chunks[i] for i in chosen], total / max(taken, 1), total)
    packed = all(piece.name.lower().endswith(COMPRESSED) for chunk in chunks for piece in chunk.pieces)
    limited = msgspec.structs.replace(source, limit=ROWS)
    return Thinned(limited, chunks, None, total * (UNPACKED if packed else 1.0))
