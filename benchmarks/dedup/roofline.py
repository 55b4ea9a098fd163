"""How far each pass of `sxl-data dedup` is from what this machine can do at all: memory bandwidth and hash throughput.

    python benchmarks/dedup/roofline.py [--quick] [--json FILE]

Rooflines, one thread each: reading an array larger than the caches, copying it, xxh3 over it (if xxhash is installed),
and zstd 1 on the corpus, both ways. Passes: the ones of the command, one after the other, on one thread, in CPU time,
the best of three. "x reading" is how many times longer a pass takes than reading its input from memory would; a pass
at 1 could not be faster.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from corpora import source_files, write

from sxl_data.dedup.bands import choose_bands
from sxl_data.dedup.exact import hash_texts
from sxl_data.dedup.in_memory import deduplicate
from sxl_data.dedup.parts.held import find_candidates
from sxl_data.dedup.rows import locate
from sxl_data.dedup.signatures import sketch
from sxl_data.dedup.tables.kept import writers_of_kept
from sxl_data.dedup.tables.read import read_columns
from sxl_data.dedup.verify import measure_overlaps

sys.path.append(str(Path(__file__).resolve().parents[1]))
import harness

THRESHOLD = 0.7


def best(call: Callable[[], Any], times: int = 3) -> tuple[float, Any]:
    """The least CPU seconds of some calls, and the last answer."""
    least, answer = float("inf"), None
    for _ in range(times):
        began = time.process_time()
        answer = call()
        least = min(least, time.process_time() - began)
    return least, answer


def rooflines(texts: pa.ChunkedArray) -> dict[str, float]:
    """GB per CPU second of what every pass does at least."""
    words = np.ones(1 << 25, dtype=np.uint64)
    target = np.empty_like(words)
    found = {
        "read memory": words.nbytes / best(lambda: words.max())[0] / 1e9,
        "copy memory": words.nbytes / best(lambda: np.copyto(target, words))[0] / 1e9,
    }
    try:
        import xxhash

        found["xxh3, 128 bits"] = words.nbytes / best(lambda: xxhash.xxh3_128_digest(words.data))[0] / 1e9
    except ImportError:
        print("xxhash is not installed, left out")
    raw = texts.slice(0, len(texts) // 4 + 1).combine_chunks().buffers()[2]
    codec = pa.Codec("zstd", 1)
    seconds, packed = best(lambda: codec.compress(raw))
    found["zstd 1, compress"] = raw.size / seconds / 1e9
    found["zstd 1, expand"] = raw.size / best(lambda: codec.decompress(packed, raw.size))[0] / 1e9
    return found


def passes(path: Path, folder: Path) -> list[tuple[str, float, int]]:
    """Name, CPU seconds and bytes read of every pass, one thread."""
    seconds, table = best(lambda: read_columns(path, ["text"]))
    texts = table["text"]
    rows = locate(texts)
    size = rows.total_bytes
    done = [("read Parquet", seconds, size)]
    done.append(("exact keys", best(lambda: hash_texts(rows, 1, True))[0], size))
    few = best(lambda: sketch(rows, permutations=1, workers=1, compiled=True))[0]
    seconds, sketches = best(lambda: sketch(rows, workers=1, compiled=True))
    done.append(("tokens and shingles", few, size))
    done.append(("minima of 128 permutations", seconds - few, 4 * int(sketches.counts.sum())))
    result = deduplicate(None, texts)
    bands = choose_bands(THRESHOLD, sketches.signatures.shape[1])
    order = result.unique
    seconds, (pairs, _) = best(lambda: find_candidates(sketches.signatures, order, bands, workers=1))
    done.append(("bands, first round", seconds, sketches.signatures[order].nbytes))
    left, right = (pairs >> np.uint64(32)).astype(np.int64), (pairs & np.uint64(0xFFFFFFFF)).astype(np.int64)
    involved = np.unique(np.concatenate((left, right)))
    seconds = best(lambda: measure_overlaps(rows, sketches.counts, left, right, sketches.shingling, workers=1))[0]
    touched = int(rows.lengths[involved].sum()) + 4 * int(sketches.counts[right].sum())
    done.append((f"exact check of {len(left)} pairs", seconds, touched))
    kept_bytes = int(rows.lengths[result.kept].sum())
    done.append(
        (
            "write kept rows",
            best(
                lambda: [writer.write() for writer in writers_of_kept(path, result.kept, folder, "kept", "text", texts)]
            )[0],
            kept_bytes,
        )
    )
    return done


def main() -> None:
    parser = harness.options(__doc__, "2,000 files")
    args = parser.parse_args()
    metrics: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = write(source_files(2_000 if args.quick else 50_000), Path(folder) / "corpus.parquet")
        texts = read_columns(path, ["text"])["text"]
        size = locate(texts).total_bytes
        print(f"{len(texts)} source files, {size / 1e6:.0f} MB\n")
        roofs = rooflines(texts)
        for name, value in roofs.items():
            print(f"{name:<32} {value:>7.2f} GB/s")
            metrics[f"roofline/{name}"] = value
        print(f"\n{'pass':<32} {'CPU s':>7} {'GB/s':>7} {'x reading':>10} {'x xxh3':>8}")
        done = passes(path, Path(folder))
        for name, seconds, touched in done:
            rate = touched / seconds / 1e9
            against = roofs.get("xxh3, 128 bits", float("nan")) / rate
            print(f"{name:<32} {seconds:>7.3f} {rate:>7.2f} {roofs['read memory'] / rate:>10.1f} {against:>8.1f}")
            name = "exact check" if name.startswith("exact check") else name
            metrics |= {f"{name}/cpu": seconds, f"{name}/times reading": roofs["read memory"] / rate}
        once = done[0][1]
        for name, part in (("list", done[:-1]), ("whole command", done)):
            metrics[f"{name}/times Parquet"] = sum(seconds for _, seconds, _ in part) / once
            print(f"passes of the {name}: {metrics[f'{name}/times Parquet']:.1f} × reading the Parquet once")
        shingles = metrics["minima of 128 permutations/cpu"]
        operations = 128 * int(sketch(texts, permutations=1).counts.sum()) / shingles / 1e9
        print(f"\nminima: {operations:.1f} 10^9 multiplications with a minimum per CPU second")
        metrics["minima/operations"] = operations
    harness.finish(args.json, metrics)


if __name__ == "__main__":
    main()
