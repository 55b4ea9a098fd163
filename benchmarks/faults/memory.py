"""What the global steps of a build hold of each row: peak memory at two sizes, each in a process of its own.

Parts of the comparison get `engine.task_bytes` and must stay within them whatever the number of rows, since
there are more parts then; memory is what a process has of its own, not the pages of mapped files, which the system
takes back. `survivors`, `results` and `split`, one task each, hold a part of the pairs or of the linked rows at a time
and keep the rest in scratch files; `split` maps none, so all that is resident counts.
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from toy import report

if TYPE_CHECKING:
    from sxl_data.dedup.parts.bounded import PairFiles

SPLITS = {"split": "split, one row of ten in a group", "grouped": "split, all rows in groups and strata"}
SHARD = 50_000


def own_bytes(field: str) -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith(field)).split()[1]) * 1024


def watch(work: Callable[[], object], field: str = "RssAnon") -> int:
    """The most bytes that this process had of its own while it worked, beyond those before."""
    ctypes.CDLL(None).malloc_trim(0)  # or what loading the kernels took would be there to be used again
    before, most, done = own_bytes(field), [0], threading.Event()

    def look() -> None:
        while not done.wait(0.002):
            most[0] = max(most[0], own_bytes(field))

    thread = threading.Thread(target=look)
    thread.start()
    work()
    done.set()
    thread.join()
    return max(most[0], own_bytes(field)) - before


def sign(folder: Path, rows: int, width: int) -> tuple[list[int], list[Path]]:
    """Shards of rows whose keys and signatures, of ``width`` values, are drawn by chance, a fifth of them copies of the
    row before."""
    import numpy as np
    import pyarrow as pa

    from sxl_data.engine.mapped import mappable

    paths = [folder / f"signed-{width}-{shard}" for shard in range(rows // SHARD)]
    for shard, path in enumerate(paths):
        if path.is_file():
            continue
        rng = np.random.default_rng(shard)
        signatures = rng.integers(0, 1 << 16, (SHARD, width), dtype=np.uint16)
        keys = rng.integers(0, 1 << 64, (SHARD, 2), dtype=np.uint64)
        twins = np.arange(4, SHARD, 5)
        signatures[twins], keys[twins] = signatures[twins - 1], keys[twins - 1]
        table = pa.table(
            {
                "trace_id": [f"toy:{shard:08x}{k:08x}" for k in range(SHARD)],
                "source": ["toy"] * SHARD,
                "rank": -rng.integers(0, 9000, SHARD),
                "key_hi": keys[:, 0],
                "key_lo": keys[:, 1],
                "shingles": np.full(SHARD, 90, dtype=np.uint32),
                "signature": pa.FixedSizeListArray.from_arrays(pa.array(signatures.ravel()), width),
            }
        )
        path.write_bytes(mappable(table))
    return [SHARD] * len(paths), paths


def compare(folder: Path, step: str, rows: int, task_bytes: int) -> int:
    """Peak bytes of one part of a step over so many rows."""
    from sxl_data.dedup import choose_bands
    from sxl_data.dedup.exact import KEY_BYTES
    from sxl_data.dedup.parts.band_ranges import AT_ONCE, ENTRY_BYTES, Among, partition_bands
    from sxl_data.dedup.parts.bounded import collect_results, settle
    from sxl_data.dedup.parts.candidates import bands_of, find_candidates_of
    from sxl_data.dedup.parts.exact import find_exact_duplicates_of
    from sxl_data.dedup.parts.plan import count_parts
    from sxl_data.dedup.parts.shards import Shards
    from sxl_data.dedup.scratch import Scratch
    from sxl_data.engine.mapped import mapped

    paired = step in ("survivors", "results")
    sizes, paths = sign(folder, rows, 1 if paired else 128)
    shards = Shards(sizes, lambda k: mapped(paths[k]))
    if paired:
        files, few = pair_files(folder, rows), pair_files(folder, 5 * SHARD)
        near = settle(shards, few, 0.7, 1 << 20, Scratch(0, folder))  # loads what is imported when it is needed
        room = Scratch(task_bytes // 2, folder)
        if step == "survivors":
            return watch(lambda: settle(shards, files, 0.7, task_bytes, room))
        near = settle(shards, files, 0.7, task_bytes, Scratch(0, folder))
        return watch(lambda: collect_results(shards, files, near, 0.7, task_bytes, room))
    shard = Shards([64], lambda k: mapped(paths[k]).slice(0, 64))
    find_candidates_of(shard, Among(None, ()), 0.7, 1, 0, 25, compiled=True)  # loads the kernels
    if step == "exact":
        parts = count_parts(rows, KEY_BYTES, task_bytes, 1 << 62)
        return watch(lambda: find_exact_duplicates_of(shards, 0, parts))
    if step == "candidates":
        parts = count_parts(rows * choose_bands(0.7, 128).count, ENTRY_BYTES, task_bytes, 1 << 62)
        at_once = max(1 << 10, min(AT_ONCE, task_bytes >> 11))
        return watch(
            lambda: find_candidates_of(shards, Among(None, ()), 0.7, 1, 0, parts, compiled=True, at_once=at_once)
        )
    parts = count_parts(rows * choose_bands(0.7, 128).count, ENTRY_BYTES, task_bytes, 1 << 62)
    end = max(1, len(sizes) // parts)
    bands, at_once = bands_of(shards, 0.7), max(1 << 10, min(AT_ONCE, task_bytes >> 11))
    return watch(lambda: partition_bands(shards, Among(None, ()), bands, 0, end, parts, compiled=True, at_once=at_once))


def pair_files(folder: Path, rows: int) -> PairFiles:
    """A pair of neighbours for every tenth row, so that a fifth of all rows is in one, in files as tasks leave them."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from sxl_data.dedup.parts.bounded import PairFiles
    from sxl_data.dedup.parts.tasks import CHUNK

    paths = [folder / f"pairs-{rows}-{first}" for first in range(0, rows // 10, CHUNK)]
    for first, path in zip(range(0, rows // 10, CHUNK), paths):
        if not path.is_file():
            left = np.arange(first, min(first + CHUNK, rows // 10), dtype=np.uint32) * np.uint32(10)
            shared = np.full(len(left), 80, dtype=np.uint32)
            ends = {"left": left, "right": left + np.uint32(1)}
            pq.write_table(pa.table(ends | {"shared": shared, "union": shared + np.uint32(20)}), path)
    return PairFiles([partial(pq.read_table, path) for path in paths], rows // 10)


def divide_rows(folder: Path, rows: int, every: int, task_bytes: int) -> int:
    """The most bytes that are resident while ``rows`` rows are divided, a fifth of them in pairs and one of ``every``
    in groups of five, beyond those before. With all rows in groups the split is stratified too."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from sxl_data.engine.spool import Room
    from sxl_data.split.assign import SplitConfig
    from sxl_data.split.parts import Prompts
    from sxl_data.split.stage import divide

    paths = [place_rows(folder, shard, every) for shard in range(rows // SHARD)]
    pairs = pair_files(folder, rows)
    config = SplitConfig(stratify=("source",) if every == 1 else ())

    def read(shard: int, names: list[str]) -> pa.Table:
        with pq.ParquetFile(paths[shard]) as file:
            return file.read(names, use_threads=False)

    def run(count: int) -> None:
        scored = (read_pairs().append_column("score", pa.array([0.6] * len(read_pairs()))) for read_pairs in pairs.read)
        room = Room(task_bytes, folder)
        found = divide(read, [SHARD] * count, scored, Prompts([], []), config, 0, 250_000_000, room)
        assert count * SHARD == sum(len(make()) for make in found.sides)

    run(1)  # loads what is imported when it is needed
    return watch(lambda: run(len(paths)), "VmRSS")


def place_rows(folder: Path, shard: int, every: int) -> Path:
    """What `split` is told of the rows of a shard, in a file."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from sxl_data.split.part import FREE

    path = folder / f"{every}-{shard}.parquet"
    if path.is_file():
        return path
    rng, at = np.random.default_rng(shard), np.arange(shard * SHARD, (shard + 1) * SHARD)
    grouped = at % every == 0
    ids = (at[grouped] // (5 * every) + 1).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    offsets = np.concatenate(([0], np.cumsum(grouped))).astype(np.int32)
    hi, lo = (rng.integers(0, 2**64, SHARD, dtype=np.uint64) for _ in range(2))
    table = pa.table(
        {
            "row": at.astype(np.uint32),
            "key_hi": hi,
            "key_lo": lo,
            "ids": pa.ListArray.from_arrays(pa.array(offsets), pa.array(ids)),
            "text_bytes": rng.integers(1, 9000, SHARD),
            "pin": np.full(SHARD, FREE, dtype=np.int8),
            "old": np.zeros(SHARD, dtype=bool),
            "quota": np.full(SHARD, -1, dtype=np.int16),
            "stratum": rng.integers(0, 100, SHARD, dtype=np.uint64),
        }
    )
    pq.write_table(table, path)
    return path


def memory(quick: bool) -> list[dict[str, object]]:
    """Each step at two sizes; where it grows, the growth for each row, so that the smaller one pays for the rest."""
    few, many = (300_000, 900_000) if quick else (1_000_000, 4_000_000)
    task_bytes = 40_000_000 if quick else 100_000_000
    claims = []
    with tempfile.TemporaryDirectory() as folder:

        def grow(step: str, rows: int) -> int:
            command = [sys.executable, __file__, folder, step, str(rows), str(task_bytes)]
            done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
            return int(done.stdout)

        for step in ("exact", "partition", "candidates", "survivors", "results", *SPLITS):
            small, large = grow(step, few), grow(step, many)
            text = f"{SPLITS.get(step, step)}: MB that a part holds with {few} and {many} rows, task_bytes={task_bytes}"
            claims.append(
                report(
                    text,
                    f"≤ {task_bytes / 1e6:.0f}",
                    f"{small / 1e6:.0f} and {large / 1e6:.0f}, {(large - small) / (many - few):.1f} bytes a row",
                    max(small, large) <= task_bytes,
                )
            )
    return claims


if __name__ == "__main__":
    place, kind, size, most = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    every = {"split": 10, "grouped": 1}.get(kind)
    print(divide_rows(place, size, every, most) if every else compare(place, kind, size, most))
