"""One content hash whatever runs the build: runner × workers × size of the work shards; parts of the comparison; ranks;
Ray; hash seed, locale, time zone and working folder."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from toy import digest, report

from sxl_data.pipeline import build

RUNNERS = [("inline", 1), ("process", 1), ("process", 2), ("process", 3)]
CHUNKS = [500, 2_000, 7_777, 16_000_000]
PART_BYTES = [2_000, 20_000]
SMALL_SHARDS = ["write.arrow=true", "write.shard_bytes=2000"]  # so that their borders are part of the test
SURROUNDINGS = [
    {"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "Asia/Kathmandu", "PYTHONUTF8": "0"},
    {"PYTHONHASHSEED": "4294967295", "LC_ALL": "C.UTF-8", "TZ": "America/St_Johns"},
]


def matrix(recipe: Path, folder: Path, quick: bool) -> list[dict[str, object]]:
    """Builds with each combination, the last ones by the command."""
    cases = [
        [f"engine.kind={kind}", f"engine.workers={workers}", f"engine.chunk_bytes={size}"]
        for (kind, workers), size in itertools.product(RUNNERS, CHUNKS)
    ]
    cases += [
        [f"engine.kind={kind}", f"engine.task_bytes={size}"]
        for kind, size in itertools.product(("inline", "process"), PART_BYTES)
    ]
    if find_spec("ray"):
        cases.append(["engine.kind=ray", "engine.workers=2", "engine.chunk_bytes=2000"])
    if quick:
        cases = [cases[0], cases[3], cases[9], cases[16]]
    found: set[str] = set()
    for number, case in enumerate(cases):
        out = folder / f"m{number}"
        build(str(recipe), out, [*SMALL_SHARDS, *case])
        found.add(digest(out))
    parts = max(len(list(p.glob("*.json"))) for p in folder.glob("m*/.work/candidates"))
    shards = len(list((out / "data").iterdir()))
    others = [] if quick else [*in_surroundings(recipe, folder), in_ranks(recipe, folder)]
    found |= {digest(out) for out in others}
    what = f"runner × workers × chunk size, {parts} parts of a comparison, ranks, Ray, hash seed, locale, time zone"
    return [
        report(
            f"{len(cases) + len(others)} builds ({what}; {shards} published shards): digests over all files",
            "1",
            len(found),
            len(found) == 1,
        )
    ]


def command(recipe: Path, out: Path, *more: str) -> list[str]:
    return [
        sys.executable,
        "-m",
        "sxl_data",
        "build",
        str(recipe),
        "-o",
        str(out),
        *SMALL_SHARDS,
        "engine.kind=process",
        "engine.workers=2",
        *more,
    ]


def in_surroundings(recipe: Path, folder: Path) -> list[Path]:
    """Builds by the command with other environments, from other folders."""
    made = []
    for number, values in enumerate(SURROUNDINGS):
        place = folder / f"somewhere {number} ü"
        place.mkdir()
        out = folder / f"s{number}"
        subprocess.run(
            command(recipe.resolve(), out.resolve()),
            env={**os.environ, **values},
            cwd=place,
            check=True,
            capture_output=True,
        )
        made.append(out)
    return made


def in_ranks(recipe: Path, folder: Path) -> Path:
    """A build by three processes that know nothing of each other."""
    out = folder / "ranks"
    ranks = [
        subprocess.Popen(
            command(recipe, out, "--rank", str(rank), "--of", "3"), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        for rank in range(3)
    ]
    assert [0, 0, 0] == [rank.wait() for rank in ranks]
    return out
