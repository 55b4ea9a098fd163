"""Bytes a row that dividing a corpus holds: peak memory of `divide` at two sizes, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from faults_toy import report

SPLIT_BYTES = 80
SHARD = 100_000


def grow(folder: Path, rows: int) -> int:
    """Peak bytes of a process that divides ``rows`` rows, a fifth of them in pairs and a tenth in groups of five."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from sxl_data.split.assign import SplitConfig
    from sxl_data.split.stage import divide

    def write(shard: int) -> None:
        rng, at = np.random.default_rng(shard), np.arange(shard * SHARD, (shard + 1) * SHARD)
        group = np.where(at % 10 == 0, at // 50 + 1, 0).astype(np.uint64)
        hi, lo = (rng.integers(0, 2**63, SHARD).astype(np.uint64) for _ in range(2))
        table = pa.table({"row": at.astype(np.uint32), "key_hi": hi, "key_lo": lo, "group": group,
                          "text_bytes": rng.integers(1, 9000, SHARD)})  # fmt: skip
        pq.write_table(table, folder / f"{shard}.parquet")

    shards = rows // SHARD
    for shard in range(shards):
        if not (folder / f"{shard}.parquet").is_file():
            write(shard)
    ends = np.arange(rows // 10, dtype=np.uint32)
    pairs = pa.table({"left": ends * 10, "right": ends * 10 + 1, "score": np.full(len(ends), 0.6)})
    divide(lambda i, names: pq.read_table(folder / f"{i}.parquet", columns=names, use_threads=False), shards,
           pairs, SplitConfig(), 0, 250_000_000)  # fmt: skip
    # What getrusage says starts at the size of the parent.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024


def memory(quick: bool) -> list[dict[str, object]]:
    """The growth between the sizes, for each row; the smaller one pays for the interpreter."""
    few, many = (200_000, 1_000_000) if quick else (1_000_000, 5_000_000)
    with tempfile.TemporaryDirectory() as folder:
        small, large = (
            int(subprocess.run([sys.executable, __file__, folder, str(rows)], capture_output=True, text=True,
                               check=True, timeout=300).stdout) for rows in (few, many)
        )  # fmt: skip
    each = (large - small) / (many - few)
    return [report(f"bytes a row held while {many} rows are divided ({large / 1e6:.0f} MB in all)",
                   f"≤ {SPLIT_BYTES}", round(each), each <= SPLIT_BYTES)]  # fmt: skip


if __name__ == "__main__":
    print(grow(Path(sys.argv[1]), int(sys.argv[2])))
