"""What the coverage law costs: CPU time of looking for unread and invented text, beside that of reading.

    python benchmarks/formats/coverage.py [FOLDER …] [--only FORMAT …] [--runs N] [--json FILE]

FOLDER defaults to ../shared/traces and the trace-like sets of ../shared/data. Files are taken by their format;
of each, one run decodes it, reads its documents into traces and puts them into a table, as `build` does, and then
asks the law of every document, as `build` does. Both are timed in the same run, so that a pair has seen the same
machine; the order of the formats is that of their names. Ratio: the law's seconds over those of reading; median of
the runs, least and most in brackets. A file is read again until its run took ``--least`` seconds.
The collector of cycles is off while a file is read, since whom it interrupts is chance.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import statistics
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from sxl_data.contract.console import format_table
from sxl_data.contract.errors import UserError
from sxl_data.formats.registry import CONVERTERS, formats
from sxl_data.read.documents import Read, announced
from sxl_data.read.files import Chunk, plan
from sxl_data.read.held import MOST_HELD
from sxl_data.read.known import format_of
from sxl_data.read.sources import Source
from sxl_data.read.stage import EVERY, LOOKED_AT, find_formats
from sxl_data.trace.coverage import cover, findings
from sxl_data.trace.format import Origin, Reading, RowError
from sxl_data.trace.table import to_table
from sxl_data.trace.types import Trace

sys.path.append(str(Path(__file__).resolve().parents[1]))
import harness

LARGEST = 20_000_000
TARGET = 0.15


class Costs(NamedTuple):
    """CPU seconds of one run."""

    reading: float
    law: float


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folders", nargs="*", type=Path)
    arguments.add_argument("--only", nargs="*", help="names of formats")
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--least", type=float, default=0.02, help="seconds of a run at least")
    arguments.add_argument("--json", type=Path, help="write the numbers here")
    options = arguments.parse_args()
    sources = by_format(options.folders or [harness.SHARED / name for name in harness.TRACE_FOLDERS], options.only)
    rows, total = [], [Costs(0.0, 0.0)] * options.runs
    for name in sorted(sources):
        runs = [Costs(0.0, 0.0)] * options.runs
        for chunk in sources[name]:
            runs = [
                Costs(*map(sum, zip(*pair))) for pair in zip(runs, measure(name, chunk, options.runs, options.least))
            ]
        total = [Costs(*map(sum, zip(*pair))) for pair in zip(total, runs)]
        rows.append(row(name, len(sources[name]), runs))
    rows.append(row("all", sum(map(len, sources.values())), total))
    print(format_table(list(rows[0]), [[str(value) for value in item.values()] for item in rows]))
    over = [item["format"] for item in rows if item["ratio"] > TARGET]
    print(f"above {TARGET}: {', '.join(over) or 'none'}")
    if options.json:
        options.json.write_text(json.dumps({"machine": platform.platform(), "rows": rows}, indent=1) + "\n", "utf-8")


def by_format(folders: list[Path], only: list[str] | None) -> dict[str, list[Chunk]]:
    """The files below ``folders`` by the trace format that reads them."""
    known = formats(CONVERTERS)
    found: dict[str, list[Chunk]] = defaultdict(list)
    for folder in folders:
        for path in sorted(item for item in folder.rglob("*") if item.is_file() and item.stat().st_size < LARGEST):
            source = Source(name="bench", path=str(path), format="auto")
            try:
                chunks = list(plan(source, folder))
                name = find_formats(source, chunks)[0].format
            except UserError:
                continue
            if name in known and (not only or name in only):
                found[name] += chunks
    return found


def measure(name: str, chunk: Chunk, runs: int, least: float) -> list[Costs]:
    """The costs of ``chunk``, ``runs`` times."""
    once(name, chunk)  # caches, patterns
    took = []
    for _ in range(runs):
        reading = law = 0.0
        while reading + law < least:
            found = once(name, chunk)
            reading, law = reading + found.reading, law + found.law
        took.append(Costs(reading, law))
    # Files count by their own size, however often they were read.
    single = once(name, chunk)
    scale = [(single.reading + single.law) / (item.reading + item.law) for item in took]
    return [Costs(item.reading * by, item.law * by) for item, by in zip(took, scale)]


def once(name: str, chunk: Chunk) -> Costs:
    """The costs of one reading of ``chunk``."""
    format, source = format_of(name), Source(name="bench", path=".", format=name)
    origin = Origin(source="bench")
    law = 0.0
    gc.collect()
    gc.disable()
    start = time.process_time()
    traces: list[Trace] = []
    for item in announced(chunk, format.unit, source):
        if not isinstance(item, Read):
            continue
        document = item.document
        try:
            readings = [item for item in format.read(document, origin) if isinstance(item, Reading)]
        except RowError:
            continue
        traces += [reading.trace for reading in readings]
        if readings:
            before = time.process_time()
            thorough = format.unit != "row" or document.row < LOOKED_AT or document.row % EVERY == 0
            findings(cover(document, readings, format, origin, thorough), document)
            law += time.process_time() - before
        if len(traces) >= MOST_HELD:
            to_table(traces)
            traces.clear()
    to_table(traces)
    whole = time.process_time() - start
    gc.enable()
    return Costs(whole - law, law)


def row(name: str, files: int, runs: list[Costs]) -> dict[str, object]:
    """One line of the table."""
    ratios = [item.law / item.reading for item in runs if item.reading]
    return {
        "format": name,
        "files": files,
        "reading ms": round(1000 * statistics.median(item.reading for item in runs), 1),
        "law ms": round(1000 * statistics.median(item.law for item in runs), 1),
        "ratio": round(statistics.median(ratios), 3),
        "least": round(min(ratios), 3),
        "most": round(max(ratios), 3),
    }


if __name__ == "__main__":
    main()
