"""Signatures, verdicts and pairs on disk, so that a finished run can be asked again without its texts.

In: a `DedupResult` and where its rows came from. Out: a folder

    meta.json            versions, definition of the shingles, threshold, files with sizes and row counts
    rows.parquet         one row per input row: id, exact key, number of its signature (−1 without text), kept,
                         twin, score, place in the order of preference (null: the order of the rows)
    signatures.npy       u16 (distinct texts, permutations), memory-mapped when read
    counts.npy           u32 shingles of each
    pairs.parquet        verified pairs: left, right (row numbers), shared, union, score
    sets.npy, sets_at.npy   optional: the shingle hashes of the kept rows, for exact scores against later corpora

`meta.json` is written last: a folder without it is no store.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa

from sxl_data.contract.errors import error
from sxl_data.dedup import exact, shingles
from sxl_data.dedup import signatures as minhash
from sxl_data.dedup.config import DedupConfig
from sxl_data.dedup.result import DedupResult, Pairs
from sxl_data.dedup.shingles import Shingling
from sxl_data.dedup.signatures import Sketches


class Input(msgspec.Struct, frozen=True):
    """A file that was read."""

    path: str
    bytes: int
    modified_ns: int
    rows: int


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """What signatures can be compared with, and where the rows are."""

    versions: dict[str, int]
    config: DedupConfig
    column: str
    id_column: str | None
    files: tuple[Input, ...]
    complete: bool


AT_ONCE = 1 << 20
"""Rows of `rows.parquet` that are written at a time."""
VERSIONS = {"store": 1, "shingles": shingles.VERSION, "signatures": minhash.VERSION, "keys": exact.VERSION}


class Store:
    """A store opened for reading."""

    def __init__(self, folder: Path) -> None:
        """Raises U305 when the folder holds no store, U304 when another version wrote it."""
        import pyarrow.parquet as pq

        folder = folder / "signatures" if (folder / "signatures").is_dir() else folder
        if not (folder / "meta.json").is_file():
            raise error(
                "U305",
                file=str(folder),
                found="no meta.json",
                expected="signatures that `dedup` wrote",
                why="there is nothing to compare with",
                fix="give the folder that dedup wrote with -o",
            )
        self.folder = folder
        self.meta = msgspec.json.decode((folder / "meta.json").read_bytes(), type=Meta)
        if self.meta.versions != VERSIONS:
            raise error(
                "U304",
                file=str(folder),
                found=f"versions {self.meta.versions}",
                expected=str(VERSIONS),
                why="signatures of another version cannot be compared",
                fix="run dedup again",
            )
        self.rows = pq.read_table(folder / "rows.parquet")
        self.keys = np.stack([self.rows["key_low"].to_numpy(), self.rows["key_high"].to_numpy()], axis=1)
        signatures = np.load(folder / "signatures.npy", mmap_mode="r")
        config = self.meta.config
        self.sketches = Sketches(signatures, np.load(folder / "counts.npy"), config.shingling, config.seed)

    @property
    def shingling(self) -> Shingling:
        return self.meta.config.shingling

    @property
    def preference(self) -> np.ndarray | None:
        """i64 (n,): places in the order of preference; None for the order of the rows."""
        place = self.rows["place"]
        return None if place.null_count else place.to_numpy()

    def pairs(self) -> Pairs:
        import pyarrow.parquet as pq

        table = pq.read_table(self.folder / "pairs.parquet")
        return Pairs(*(table[name].to_numpy() for name in ("left", "right", "shared", "union")))

    def sets(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Shingle hashes of the kept rows, in row order, and the offsets into them; None if they were not stored."""
        if not (self.folder / "sets.npy").is_file():
            return None
        return np.load(self.folder / "sets.npy", mmap_mode="r"), np.load(self.folder / "sets_at.npy")


def write_store(
    folder: Path,
    result: DedupResult,
    ids: pa.Array | pa.ChunkedArray | None,
    column: str,
    id_column: str | None,
    files: tuple[Input, ...],
    sets: tuple[np.ndarray, np.ndarray] | None = None,
) -> None:
    """Writes a store; the folder must exist and hold none. Without `ids` a row is its number."""
    import pyarrow.parquet as pq

    # Keys and scores are noise to a compressor: only the columns that shrink are worth its time.
    shrinking = dict.fromkeys(("id", "signature", "twin", "place"), "zstd")
    schema = _rows(result, ids, 0, 0).schema
    with pq.ParquetWriter(folder / "rows.parquet", schema, compression=shrinking, use_dictionary=False) as writer:
        for begin in range(0, max(len(result.kept), 1), AT_ONCE):
            writer.write_table(_rows(result, ids, begin, begin + AT_ONCE))
    pairs = result.pairs
    pq.write_table(
        pa.table(
            {
                "left": pairs.left,
                "right": pairs.right,
                "shared": pairs.shared,
                "union": pairs.union,
                "score": pairs.scores,
            }
        ),
        folder / "pairs.parquet",
        compression="zstd",
    )
    np.save(folder / "signatures.npy", result.sketches.signatures)
    np.save(folder / "counts.npy", result.sketches.counts)
    if sets is not None:
        np.save(folder / "sets.npy", sets[0])
        np.save(folder / "sets_at.npy", sets[1])
    meta = Meta(
        versions=VERSIONS,
        config=result.config,
        column=column,
        id_column=id_column,
        files=files,
        complete=result.complete,
    )
    (folder / "meta.json").write_bytes(msgspec.json.format(msgspec.json.encode(meta)))


def _rows(result: DedupResult, ids: pa.Array | pa.ChunkedArray | None, begin: int, end: int) -> pa.Table:
    """What `rows.parquet` says of some rows."""
    stands = result.stands[begin:end]
    own, few = np.full(len(stands), -1, dtype=np.int64), np.searchsorted(result.unique, (begin, end))
    own[result.unique[few[0] : few[1]] - begin] = np.arange(*few)
    copies = np.flatnonzero(stands != np.arange(begin, begin + len(stands)))
    own[copies] = np.searchsorted(result.unique, stands[copies])
    place = result.preference
    return pa.table(
        {
            "id": np.arange(begin, begin + len(stands)) if ids is None else ids.slice(begin, len(stands)),
            "key_low": result.keys[begin:end, 0],
            "key_high": result.keys[begin:end, 1],
            "signature": own,
            "kept": result.kept[begin:end],
            "twin": result.twin[begin:end],
            "score": result.score[begin:end],
            "place": pa.nulls(len(stands), pa.int64()) if place is None else place[begin:end],
        }
    )
