"""Files with checksums that were cut off or had a bit flipped on their way: said, and nothing changed is published.

Each is a source of its own, beside a sound file, so that the build goes on.
"""

from __future__ import annotations

import gzip
import io
import itertools
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import zstandard
from inputs import as_parquet, as_tar, lines, row
from toy import report

from sxl_data.build.questions import read_ledger
from sxl_data.pipeline import build


def as_zip(rows: list[bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rows.jsonl", lines(rows))
    return sink.getvalue()


PACKED: dict[str, Callable[[list[bytes]], bytes]] = {
    "rows.jsonl.gz": lambda rows: gzip.compress(lines(rows)),
    "rows.jsonl.zst": lambda rows: zstandard.ZstdCompressor(write_checksum=True).compress(lines(rows)),
    "rows.tar.gz": lambda rows: gzip.compress(as_tar(rows)),
    "rows.zip": as_zip,
    "rows.parquet": lambda rows: as_parquet(rows, b""),
}
HARM: dict[str, Callable[[bytearray], object]] = {
    "cut off": lambda data: data.__delitem__(slice(len(data) * 6 // 10, None)),
    "a bit flipped": lambda data: data.__setitem__(len(data) // 2, data[len(data) // 2] ^ 16),
    "its last bytes gone": lambda data: data.__delitem__(slice(-6, None)),
}


def damaged(folder: Path) -> list[dict[str, object]]:
    """Files with checksums that were harmed on their way, each beside a sound one."""
    home, words = folder / "damaged", iter(random.Random(5).choices(range(10**9), k=100_000))
    known: dict[str, set[str]] = {}
    recipe = ["name: bad", "write: {arrow: false}", "sources:"]
    for number, ((file, pack), (what, harm)) in enumerate(itertools.product(PACKED.items(), HARM.items())):
        rows = [row(f"Say {' '.join(str(next(words)) for _ in range(9))}.", str(next(words))) for _ in range(400)]
        data = bytearray(pack(rows))
        harm(data)
        place = home / f"{number}"
        place.mkdir(parents=True)
        (place / file).write_bytes(data)
        sound = row(f"Say {next(words)} {next(words)} {next(words)}.", "Said.")
        (place / "sound.jsonl").write_bytes(sound + b"\n")
        known[f"{number}-{what.replace(' ', '-')}-{file}"] = {
            json.loads(item)["instruction"] for item in [*rows, sound]
        }
        recipe.append(f"  - {{name: {[*known][-1]}, path: '{number}', format: instruction_pair}}")
    (home / "r.yaml").write_text("\n".join(recipe) + "\n", encoding="utf-8")
    build(str(home / "r.yaml"), home / "out", ["engine.workers=2"])
    named = set(read_ledger(home / "out")["source"].to_pylist())
    silent, changed = [key for key in known if key not in named], 0
    for path in (home / "out/data").iterdir():
        table = pq.read_table(path, columns=["source", "task"])
        changed += sum(t not in known[s] for s, t in zip(table["source"].to_pylist(), table["task"].to_pylist()))
    return [
        report(
            f"{len(known)} files cut off or with a bit flipped ({len(PACKED)} kinds with checksums): said nothing",
            "0",
            ", ".join(silent) or 0,
            not silent,
        ),
        report("rows of them that are published and were not put in", "0", changed, not changed),
    ]
