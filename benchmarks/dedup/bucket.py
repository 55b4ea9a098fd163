"""One page that everybody repeats: time and memory when nearly all rows fall into one bucket.

    python benchmarks/dedup/bucket.py [--rows 100000 1000000] [--quick] [--json FILE]

Rows are one paragraph with a number of its own at the end, so that no two are equal and every one resembles every
other (Jaccard 0.97): all of them meet in every band. All pairs would be n² / 2. Each size is a process of its own;
memory is the largest resident set less that of the texts and of a process that imported everything. A linear method
keeps the time and the bytes of a row constant; the exponent is the slope of a log-log fit through all sizes.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.append(str(Path(__file__).resolve().parents[1]))
import harness

PARAGRAPH = " ".join(f"word{k}" for k in range(64))
CHILD = """
import resource, sys, time
import pyarrow as pa
from sxl_data.dedup import DedupConfig, deduplicate
deduplicate(None, pa.array(["a b c d e f g"] * 50), None, DedupConfig(), compiled=True)
rows, paragraph = int(sys.argv[1]), sys.argv[2]
parts = [pa.array([f"{paragraph} {k}" for k in range(a, min(a + 100_000, rows))], pa.large_string())
         for a in range(0, rows, 100_000)]
texts = pa.chunked_array(parts)
del parts
before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
found = deduplicate(None, texts, None, DedupConfig())
wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
unit = 1 if sys.platform == "darwin" else 1024
print(int(found.kept.sum()), len(found.pairs), found.complete, wall, cpu, (after.ru_maxrss - before.ru_maxrss) * unit)
"""


def measure(rows: int) -> dict[str, Any]:
    """One size in a process of its own."""
    out = subprocess.run(
        [sys.executable, "-c", CHILD, str(rows), PARAGRAPH], check=True, capture_output=True, text=True
    )
    kept, pairs, complete, wall, cpu, memory = out.stdout.split()
    return {
        "rows": rows,
        "kept": int(kept),
        "pairs": int(pairs),
        "complete": complete == "True",
        "wall_s": float(wall),
        "cpu_s": float(cpu),
        "bytes_per_row": int(memory) / rows,
    }


def main() -> None:
    parser = harness.options(__doc__, "30,000 and 100,000 rows")
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 300_000, 1_000_000, 3_000_000])
    options = parser.parse_args()
    sizes = [30_000, 100_000] if options.quick else options.rows
    found = []
    print(f"{'rows':>12} {'kept':>6} {'pairs':>12} {'µs CPU a row':>13} {'bytes a row':>12}")
    for rows in sizes:
        one = measure(rows)
        found.append(one)
        each = one["cpu_s"] / rows * 1e6
        print(f"{rows:12,} {one['kept']:6} {one['pairs']:12,} {each:13.2f} {one['bytes_per_row']:12.0f}")
    slope = float(np.polyfit(np.log([f["rows"] for f in found]), np.log([f["cpu_s"] for f in found]), 1)[0])
    minutes, room = each * 1e8 / 6e7, found[-1]["bytes_per_row"] / 10
    print(
        f"exponent of CPU time: {slope:.2f}; 10^8 rows at the last line's rate: {minutes:.0f} CPU minutes, and "
        f"{room:.0f} GB beyond the text where no memory limit is set"
    )
    harness.finish(options.json, {"slope": slope}, sizes=found)


if __name__ == "__main__":
    main()
