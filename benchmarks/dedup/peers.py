"""One deduplication tool on one Parquet file, run by the interpreter that has the tool: called by dedup.py.

    python benchmarks/dedup/peers.py TOOL INPUT.parquet REMOVED.json [--threshold 0.7] [--scratch DIR]

Every tool gets about 128 permutations in 25 bands of 5 and the documented calls of its own README, the batch ones where
there are any. The libraries that take tokens (datasketch, rensa) get our 5-token shingles; text-dedup, datatrove, gaoya
and daft cut words by themselves. `sxl` verifies every candidate exactly; the others decide by estimate or by bucket, as
they document. Written as JSON: removed row numbers, and the CPU seconds that start and cutting tokens took, so that
both can be counted apart.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

BANDS, ROWS = 25, 5
PERMUTATIONS = BANDS * ROWS
TOKEN = re.compile(r"[^\W]+|[!#$%&*+\-./:<=>?@\\^|~]+|[()\[\]{},;\"'`]|[^\w\s]")


PHASES: dict[str, float] = {}


@contextmanager
def phase(name: str) -> Iterator[None]:
    """Counts the CPU seconds of a block under ``name``; ``start`` counts from the start of the process."""
    began = 0.0 if name == "start" else time.process_time()
    yield
    PHASES[name] = time.process_time() - began


def shingles(text: str) -> list[str]:
    """5-token shingles of code-aware tokens; a shorter text is one."""
    tokens = TOKEN.findall(text)
    return [" ".join(tokens[i : i + 5]) for i in range(max(1, len(tokens) - 4))]


def read(path: Path) -> list[str]:
    import pyarrow.parquet as pq

    return list(pq.read_table(path, columns=["text"])["text"].to_pylist())


def sxl(path: Path, threshold: float, scratch: Path) -> list[int]:
    with phase("start"):
        import numpy as np
        import pyarrow as pa
        import pyarrow.parquet

        from sxl_data.contract.without_pandas import without_pandas
        from sxl_data.dedup import DedupConfig, deduplicate
        from sxl_data.dedup.kernels.entries import entries
        from sxl_data.dedup.tables.read import read_columns

        assert entries() and pyarrow.parquet
    pa.set_memory_pool(pa.system_memory_pool())  # as the command does
    with without_pandas():
        texts = read_columns(path, ["text"])["text"]
        result = deduplicate(None, texts, config=DedupConfig(threshold=threshold))
    return [int(row) for row in np.flatnonzero(~result.kept)]


def sxl_tokens(path: Path, threshold: float, scratch: Path) -> list[int]:
    """Tokens and shingles alone, with one permutation: the part of `sxl` that is done for libraries of tokens."""
    from sxl_data.dedup import sketch
    from sxl_data.dedup.kernels.entries import entries
    from sxl_data.dedup.tables.read import read_columns

    texts = read_columns(path, ["text"])["text"]
    assert entries()
    with phase("tokens"):
        sketch(texts, permutations=1, compiled=True)
    return []


def sxl_words(path: Path, threshold: float, scratch: Path) -> list[int]:
    import numpy as np

    from sxl_data.dedup import DedupConfig, Shingling, deduplicate
    from sxl_data.dedup.tables.read import read_columns

    texts = read_columns(path, ["text"])["text"]
    config = DedupConfig(threshold=threshold, shingling=Shingling(kind="words"))
    return [int(row) for row in np.flatnonzero(~deduplicate(None, texts, config=config).kept)]


def sxl_files(path: Path, threshold: float, scratch: Path) -> list[int]:
    """The whole command: kept rows, ledger and signatures are written too."""
    import pyarrow.parquet as pq

    from sxl_data.cli import run

    run(["dedup", str(path), "--column", "text", "--threshold", str(threshold), "-o", str(scratch / "out")])
    ids = pq.ParquetFile(scratch / "out" / "ledger" / "ledger.parquet").read(["trace_id"])["trace_id"]
    return [int(name.rsplit(":", 1)[1]) - 1 for name in ids.to_pylist()]


def keep_first(path: Path, threshold: float, index: Any, sketch: Callable[[str], Any]) -> list[int]:
    """The rows that a row before them in ``index`` is like, as both libraries' documentation does it."""
    removed, kept = [], {}
    for row, text in enumerate(read(path)):
        made = sketch(text)
        if any(made.jaccard(kept[other]) >= threshold for other in index.query(made)):
            removed.append(row)
        else:
            index.insert(row, made)
            kept[row] = made
    return removed


def datasketch(path: Path, threshold: float, scratch: Path) -> list[int]:
    import xxhash
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=threshold, num_perm=PERMUTATIONS, params=(BANDS, ROWS))

    def sketch(text: str) -> Any:
        made = MinHash(num_perm=PERMUTATIONS, hashfunc=xxhash.xxh32_intdigest)
        made.update_batch([shingle.encode() for shingle in set(shingles(text))])
        return made

    return keep_first(path, threshold, index, sketch)


def rensa(path: Path, threshold: float, scratch: Path) -> list[int]:
    """By its batch call, which draws signatures and decides in Rust."""
    with phase("start"):
        from rensa import RMinHashDeduplicator
    texts = read(path)
    with phase("tokens"):
        tokens = [shingles(text) for text in texts]
    index = RMinHashDeduplicator(threshold, PERMUTATIONS, use_lsh=True, num_bands=BANDS)
    kept = index.add_pairs((str(row), made) for row, made in enumerate(tokens))
    return [row for row, stays in enumerate(kept) if not stays]


def gaoya(path: Path, threshold: float, scratch: Path) -> list[int]:
    from gaoya.minhash import MinHashStringIndex

    texts = read(path)
    index = MinHashStringIndex(
        hash_size=32,
        jaccard_threshold=threshold,
        num_bands=BANDS,
        band_size=ROWS,
        num_hashes=PERMUTATIONS,
        analyzer="word",
        lowercase=False,
        ngram_range=(5, 5),
    )
    index.par_bulk_insert_docs(list(range(len(texts))), texts)
    gone: set[int] = set()
    for row, similar in enumerate(index.par_bulk_query(texts)):
        if row not in gone:
            gone |= {other for other in similar if other > row}
    return sorted(gone)


def daft(path: Path, threshold: float, scratch: Path) -> list[int]:
    """daft computes the signatures; it documents no deduplication beyond that, so buckets are joined by numpy, each by
    a sort of one 64-bit hash."""
    with phase("start"):
        import daft as engine
        import numpy as np
        from daft.functions import minhash

    frame = engine.read_parquet(str(path))
    frame = frame.select(minhash(frame["text"], num_hashes=PERMUTATIONS, ngram_size=5, hash_function="xxhash"))
    column = frame.to_arrow().column(0).combine_chunks()
    signatures = np.asarray(column.flatten()).reshape(-1, PERMUTATIONS)
    gone = np.zeros(len(signatures), dtype=bool)
    for band in range(BANDS):
        hashes = np.zeros(len(signatures), dtype=np.uint64)
        for value in range(band * ROWS, (band + 1) * ROWS):
            hashes = (hashes ^ signatures[:, value].astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
            hashes ^= hashes >> np.uint64(29)
        order = np.argsort(hashes, kind="stable")
        new = np.concatenate(([True], hashes[order[1:]] != hashes[order[:-1]]))
        first = order[np.flatnonzero(new)][np.cumsum(new) - 1]
        members, first = order[~new], first[~new]
        near = (signatures[members] == signatures[first]).mean(axis=1) >= threshold
        gone[members[near]] = True
    return [int(row) for row in np.flatnonzero(gone)]


def daft_files(path: Path, threshold: float, scratch: Path) -> list[int]:
    """The same, and the rows that stay written by daft."""
    gone = daft(path, threshold, scratch)
    import daft as engine

    frame, drops = engine.read_parquet(str(path)), engine.from_pydict({"id": gone})
    frame.join(drops, on="id", how="anti").write_parquet(str(scratch / "kept"), compression="zstd")
    return gone


def text_dedup(path: Path, threshold: float, scratch: Path) -> list[int]:
    from datasets import load_from_disk
    from text_dedup import minhash

    out = scratch / "text_dedup"
    options = {
        "path": "parquet",
        "data_files": path,
        "split": "train",
        "column": "text",
        "output": out,
        "cache_dir": scratch / "cache",
        "num_perm": PERMUTATIONS,
        "b": BANDS,
        "r": ROWS,
        "ngram": 5,
        "min_length": 1,
        "threshold": threshold,
        "num_proc": 2,
        "batch_size": 10_000,
    }
    arguments = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    minhash.main(arguments, standalone_mode=False)
    kept = set(load_from_disk(str(out))["id"])
    return [row for row in range(len(read(path))) if row not in kept]


def datatrove(path: Path, threshold: float, scratch: Path) -> list[int]:
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import MinhashDedupSignature
    from datatrove.pipeline.dedup.minhash import (
        MinhashConfig,
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupFilter,
    )
    from datatrove.pipeline.readers import ParquetReader
    from datatrove.pipeline.writers import JsonlWriter

    config = MinhashConfig(n_grams=5, num_buckets=BANDS, hashes_per_bucket=ROWS)
    places = {name: str(scratch / name) for name in ("signatures", "buckets", "ids", "kept")}
    reader = ParquetReader(str(path.parent), glob_pattern=path.name, text_key="text", id_key="id")
    steps: list[tuple[list[Any], int]] = [
        ([reader, MinhashDedupSignature(places["signatures"], config=config)], 1),
        ([MinhashDedupBuckets(places["signatures"], places["buckets"], config=config)], BANDS),
        ([MinhashDedupCluster(places["buckets"], places["ids"], config=config)], 1),
        ([reader, MinhashDedupFilter(places["ids"]), JsonlWriter(places["kept"], compression=None)], 1),
    ]
    for number, (pipeline, tasks) in enumerate(steps):
        LocalPipelineExecutor(pipeline, tasks=tasks, workers=2, logging_dir=str(scratch / f"logs{number}")).run()
    kept = set()
    for file in Path(places["kept"]).glob("*.jsonl"):
        # datatrove leaves out fields that are false, an id of 0 among them.
        kept |= {int(json.loads(line).get("id", 0)) for line in file.read_text(encoding="utf-8").split("\n") if line}
    return [row for row in range(len(read(path))) if row not in kept]


def peak_megabytes() -> float:
    """The largest resident memory of this process, and of its largest child if that was larger."""
    import resource

    unit = 1e6 if sys.platform == "darwin" else 1e3
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    status = Path("/proc/self/status")
    if status.is_file():
        # Linux counts the parent's memory before exec into ru_maxrss; VmHWM begins anew.
        peak = float(re.findall(r"VmHWM:\s+(\d+)", status.read_text(encoding="utf-8"))[0]) / 1e3
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / unit
    return max(peak, children)


OURS = (sxl, sxl_files, sxl_tokens, sxl_words)
TOOLS = {f.__name__: f for f in (*OURS, datasketch, rensa, gaoya, daft, daft_files, text_dedup, datatrove)}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("tool", choices=sorted(TOOLS))
    parser.add_argument("input", type=Path)
    parser.add_argument("removed", type=Path)
    parser.add_argument("--threshold", type=float, default=0.7)
    parser.add_argument("--scratch", type=Path, default=Path())
    args = parser.parse_args()
    # This folder's modules must not shadow the tool of the same name.
    sys.path = [place for place in sys.path if Path(place or ".").resolve() != Path(__file__).resolve().parent]
    removed = TOOLS[args.tool](args.input, args.threshold, args.scratch)
    result = {"removed": [int(row) for row in removed], "memory": peak_megabytes(), "phases": PHASES}
    args.removed.write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()
