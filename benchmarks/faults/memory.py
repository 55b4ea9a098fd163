"""What the global steps of a build hold of each row: peak memory at two sizes, each in a process of its own.

Parts of the comparison get `engine.task_bytes` and must stay within them whatever the number of rows, since
there are more parts then; memory is what a process has of its own, not the pages of mapped files, which the system
takes back. `survivors`, which sees rows of verified pairs only, and `split`, the one step that sees all rows, grow:
here is by how much.
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from toy import report

SPLIT_BYTES = {"split": 40, "grouped": 120}
SETTLE_BYTES = 200
SHARD = 50_000


def own_bytes(field: str) -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith(field)).split()[1]) * 1024


def watch(work: Callable[[], object]) -> int:
    """The most bytes that this process had of its own while it worked, beyond those before."""
    ctypes.CDLL(None).malloc_trim(0)  # or what loading the kernels took would be there to be used again
    before, most, done = own_bytes("RssAnon"), [0], threading.Event()

    def look() -> None:
        while not done.wait(0.002):
            most[0] = max(most[0], own_bytes("RssAnon"))

    thread = threading.Thread(target=look)
    thread.start()
    work()
    done.set()
    thread.join()
    return max(most[0], own_bytes("RssAnon")) - before


def sign(folder: Path, rows: int) -> tuple[list[int], list[Path]]:
    """Shards of rows whose keys and signatures are drawn by chance, a fifth of them copies of the row before."""
    import numpy as np
    import pyarrow as pa

    from sxl_data.engine.mapped import mappable

    paths = [folder / f"signed-{shard}" for shard in range(rows // SHARD)]
    for shard, path in enumerate(paths):
        if path.is_file():
            continue
        rng = np.random.default_rng(shard)
        signatures = rng.integers(0, 1 << 16, (SHARD, 128), dtype=np.uint16)
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
                "signature": pa.FixedSizeListArray.from_arrays(pa.array(signatures.ravel()), 128),
            }
        )
        path.write_bytes(mappable(table))
    return [SHARD] * len(paths), paths


def compare(folder: Path, step: str, rows: int, task_bytes: int) -> int:
    """Peak bytes of one part of a step over so many rows."""
    import numpy as np
    import pyarrow as pa

    from sxl_data.dedup import choose_bands
    from sxl_data.dedup.parts.band_ranges import AT_ONCE, ENTRY_BYTES, Among, partition_bands
    from sxl_data.dedup.parts.candidates import bands_of, find_candidates_of
    from sxl_data.dedup.parts.exact import KEY_BYTES, find_exact_duplicates_of
    from sxl_data.dedup.parts.plan import count_parts
    from sxl_data.dedup.parts.shards import Shards
    from sxl_data.dedup.parts.survivors import choose_survivors
    from sxl_data.engine.mapped import mapped

    sizes, paths = sign(folder, rows)
    few = Shards([64], lambda k: mapped(paths[k]).slice(0, 64))
    find_candidates_of(few, Among(None, ()), 0.7, 1, 0, 25, compiled=True)  # loads the kernels
    shards, none = Shards(sizes, lambda k: mapped(paths[k])), np.zeros(0, dtype=np.uint32)
    if step == "exact":
        parts = count_parts(rows, KEY_BYTES, task_bytes, 1 << 62)
        return watch(lambda: find_exact_duplicates_of(shards, 0, parts))
    if step == "candidates":
        parts = count_parts(rows * choose_bands(0.7, 128).count, ENTRY_BYTES, task_bytes, 1 << 62)
        at_once = max(1 << 10, min(AT_ONCE, task_bytes >> 11))
        return watch(
            lambda: find_candidates_of(shards, Among(None, ()), 0.7, 1, 0, parts, compiled=True, at_once=at_once)
        )
    if step == "partition":
        parts = count_parts(rows * choose_bands(0.7, 128).count, ENTRY_BYTES, task_bytes, 1 << 62)
        end = max(1, len(sizes) // parts)
        bands, at_once = bands_of(shards, 0.7), max(1 << 10, min(AT_ONCE, task_bytes >> 11))
        return watch(
            lambda: partition_bands(shards, Among(None, ()), bands, 0, end, parts, compiled=True, at_once=at_once)
        )
    left = np.arange(0, rows, 10, dtype=np.uint32)
    shared = np.full(len(left), 80, dtype=np.uint32)
    pairs = pa.table({"left": left, "right": left + np.uint32(1), "shared": shared, "union": shared + np.uint32(20)})
    return watch(lambda: choose_survivors(shards, pairs, 0.7, none, none, none))


def divide_rows(folder: Path, rows: int, every: int) -> int:
    """Peak bytes of a process that divides ``rows`` rows, a fifth of them in pairs and one of ``every`` in groups of
    five."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from sxl_data.split.assign import SplitConfig
    from sxl_data.split.stage import divide

    def write(shard: int) -> None:
        rng, at = np.random.default_rng(shard), np.arange(shard * SHARD, (shard + 1) * SHARD)
        group = np.where(at % every == 0, at // (5 * every) + 1, 0).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        hi, lo = (rng.integers(0, 2**64, SHARD, dtype=np.uint64) for _ in range(2))
        table = pa.table(
            {
                "row": at.astype(np.uint32),
                "key_hi": hi,
                "key_lo": lo,
                "group": group,
                "text_bytes": rng.integers(1, 9000, SHARD),
            }
        )
        pq.write_table(table, folder / f"{every}-{shard}.parquet")

    shards = rows // SHARD
    for shard in range(shards):
        if not (folder / f"{every}-{shard}.parquet").is_file():
            write(shard)
    ends = np.arange(rows // 10, dtype=np.uint32)
    pairs = pa.table({"left": ends * 10, "right": ends * 10 + 1, "score": np.full(len(ends), 0.6)})
    divide(
        lambda i, names: pq.read_table(folder / f"{every}-{i}.parquet", columns=names, use_threads=False),
        shards,
        pairs,
        SplitConfig(),
        0,
        250_000_000,
    )
    return own_bytes("VmHWM")  # what getrusage says starts at the size of the parent


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

        for step in ("exact", "partition", "candidates"):
            small, large = grow(step, few), grow(step, many)
            text = f"{step}: MB that a part holds with {few} and {many} rows, engine.task_bytes={task_bytes}"
            claims.append(
                report(
                    text,
                    f"≤ {task_bytes / 1e6:.0f}",
                    f"{small / 1e6:.0f} and {large / 1e6:.0f}",
                    max(small, large) <= task_bytes,
                )
            )
        few, many = (400_000, 1_000_000) if quick else (1_000_000, 5_000_000)
        for step, what in (("split", "one row of ten has a group"), ("grouped", "every row has a group")):
            small, large = grow(step, few), grow(step, many)
            each = (large - small) / (many - few)
            text = f"split: bytes a row while {many} rows are divided, {what} ({large / 1e6:.0f} MB in all)"
            claims.append(report(text, f"≤ {SPLIT_BYTES[step]}", round(each), each <= SPLIT_BYTES[step]))
        few, many = (300_000, 900_000) if quick else (1_000_000, 4_000_000)
        small, large = grow("survivors", few), grow("survivors", many)
        each = (large - small) / ((many - few) / 5)
        claims.append(
            report(
                f"survivors: bytes a row of a verified pair ({large / 1e6:.0f} MB in all)",
                f"≤ {SETTLE_BYTES}",
                round(each),
                each <= SETTLE_BYTES,
            )
        )
    return claims


if __name__ == "__main__":
    place, kind, size, most = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    every = {"split": 10, "grouped": 1}.get(kind)
    print(divide_rows(place, size, every) if every else compare(place, kind, size, most))
