"""One content hash whatever runs the build: runner × workers × size of the work shards × parts of the comparison."""

from __future__ import annotations

import itertools
from pathlib import Path

from faults_toy import digest, report

from sxl_data.pipeline import build


def matrix(recipe: Path, folder: Path, quick: bool) -> list[dict[str, object]]:
    """Builds with each combination; small published shards, so that their borders are part of the test."""
    runners = [("inline", 1), ("process", 1), ("process", 2), ("process", 3)]
    chunks = [500, 2_000, 7_777, 16_000_000]
    cases = list(itertools.product(runners, chunks))
    if quick:
        cases = [cases[0], cases[3], cases[9]]
    found = set()
    for number, ((kind, workers), size) in enumerate(cases):
        out = folder / f"m{number}"
        build(str(recipe), out, ["write.arrow=true", "write.shard_bytes=2000", f"engine.kind={kind}",
                                 f"engine.workers={workers}", f"engine.chunk_bytes={size}",
                                 f"engine.task_bytes={(20_000, 5_000, 10**9)[number % 3]}"])  # fmt: skip
        found.add(digest(out))
    shards = len(list((out / "data").iterdir()))
    return [
        report(f"{len(cases)} builds (runner × workers × chunk size × bytes of a task; {shards} published shards): "
               "digests over all published files", "1", len(found), len(found) == 1),
    ]  # fmt: skip
