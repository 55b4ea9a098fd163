"""`dedup --memory` over more short rows than memory holds: the whole command at two sizes.

    python benchmarks/dedup/memory.py [--rows 20000000] [--memory 2GB] [--folder DIR] [--quick] [--json FILE]

Rows are runs of one to four lines of source files found here, and then the same with their letters rotated. At a tenth
of the rows and at all of them: CPU seconds, what the process had of its own at most, what was resident with the mapped
scratch files, whose pages the system takes back, and the rows that stayed. ``--folder`` has room for some 700 bytes a
row. ``--memory`` plans for texts, signatures and candidates; what the command answers of each row comes on top, and its
bytes a row are the growth from one size to the other.
"""

from __future__ import annotations

import resource
import string
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from corpora import short_rows, source_files, write

sys.path.append(str(Path(__file__).resolve().parents[1]))
import harness

BLOCK = 500_000
"""Rows of a file, and those that are rotated."""
ROOM = 24_000
"""MB that a common machine has."""
LETTERS = string.ascii_letters


def make(folder: Path, rows: int) -> list[Path]:
    """Files of so many rows in all."""
    block = short_rows(source_files(60_000), BLOCK, lines=4, share=0.5)
    paths = []
    for number, first in enumerate(range(0, rows, len(block))):
        turn = number % len(LETTERS)
        table = str.maketrans(LETTERS, LETTERS[turn:] + LETTERS[:turn])
        part = [row.translate(table) for row in block[: rows - first]]
        paths.append(write(part, folder / f"rows-{number:03d}.parquet"))
    return paths


def run(paths: list[Path], out: Path, memory: str) -> dict[str, float]:
    """Seconds of the command, the most that it had of its own and in memory at all, in MB, and what it answered."""
    command = [sys.executable, "-m", "sxl_data", "dedup", *map(str, paths), "--column", "text", "--memory", memory]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    running = subprocess.Popen([*command, "-o", str(out)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    process, own, resident = psutil.Process(running.pid), 0, 0
    while running.poll() is None:
        try:
            found = process.memory_info()
            own, resident = max(own, found.rss - found.shared), max(resident, found.rss)
        except psutil.Error:
            break
        time.sleep(0.05)
    said = running.communicate()[0]
    if running.returncode:
        raise SystemExit(f"dedup ended with {running.returncode}: {said[-2000:]}")
    print(said.strip().splitlines()[0], flush=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu": cpu, "wall": time.monotonic() - began, "own": own / 1e6, "resident": resident / 1e6}


def main() -> None:
    parser = harness.options(__doc__, "300,000 rows")
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--memory", default="2GB")
    parser.add_argument("--folder", type=Path, help="where the rows and the result go for the time")
    options = parser.parse_args()
    rows = 300_000 if options.quick else options.rows
    metrics: dict[str, float] = {}
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for count in (rows // 10, rows):
            paths = make(Path(folder), count)
            found = run(paths, Path(folder) / f"out-{count}", options.memory)
            print(f"{count} rows: " + ", ".join(f"{name} {value:.0f}" for name, value in found.items()), flush=True)
            metrics |= {f"{count}/{name}": value for name, value in found.items()}
    slope = (metrics[f"{rows}/own"] - metrics[f"{rows // 10}/own"]) * 1e6 / (rows - rows // 10)
    text = f"MB resident at most, mapped files included, with {rows} rows"
    claims = [harness.claim(text, ROOM, metrics[f"{rows}/resident"], at_most=True)]
    metrics["bytes of its own a row"] = slope
    harness.finish(options.json, metrics, claims)


if __name__ == "__main__":
    main()
