"""The same job in another engine, to run with that engine's own interpreter: JSONL → quality filter → MinHash
dedup → JSONL.

    python benchmarks/engine/peer.py datatrove|data-juicer FILE.jsonl FOLDER WORKERS

Prints documents kept. The filter drops empty answers, as `clean.empty` does. MinHash has 128 permutations over
5-grams of words at a threshold of 0.7, in datatrove 16 × 8 of 64 bits, its nearest to ours. data-juicer compares one
field, so it is given the answer alone, which is less text than the others compare; its ``turbo`` saves two seconds of
start. Started by this folder's script. datatrove 0.10 wants xxhash before 4.
"""

from __future__ import annotations

import gzip
import os
import sys
from pathlib import Path


def run_datatrove(path: Path, out: Path, workers: int) -> int:
    """Documents kept."""
    from datatrove.executor.local import LocalPipelineExecutor
    from datatrove.pipeline.dedup import MinhashDedupSignature
    from datatrove.pipeline.dedup.minhash import (
        MinhashConfig,
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupFilter,
    )
    from datatrove.pipeline.filters import LambdaFilter
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers.jsonl import JsonlWriter
    from datatrove.utils.hashing import HashConfig

    config = MinhashConfig(hash_config=HashConfig(precision=64), num_buckets=16, hashes_per_bucket=8)

    def pairs(self, data: dict, where: str, number: int) -> dict:
        return {"text": f"{data['instruction']}\n{data['output']}", "id": f"{where}/{number}"}

    def read() -> list:
        reader = JsonlReader(str(path.parent), glob_pattern=path.name, adapter=pairs)
        return [reader, LambdaFilter(lambda document: bool(document.text.strip()))]

    def run(name: str, steps: list, tasks: int) -> None:
        LocalPipelineExecutor(
            pipeline=steps, tasks=tasks, workers=min(tasks, workers), logging_dir=str(out / "logs" / name)
        ).run()

    run("signatures", [*read(), MinhashDedupSignature(output_folder=str(out / "signatures"), config=config)], 1)
    run(
        "buckets",
        [MinhashDedupBuckets(input_folder=str(out / "signatures"), output_folder=str(out / "buckets"), config=config)],
        config.num_buckets,
    )
    run(
        "clusters",
        [MinhashDedupCluster(input_folder=str(out / "buckets"), output_folder=str(out / "removed"), config=config)],
        1,
    )
    run("filter", [*read(), MinhashDedupFilter(input_folder=str(out / "removed")), JsonlWriter(str(out / "data"))], 1)
    kept = 0
    for part in (out / "data").glob("*.gz"):
        with gzip.open(part) as file:
            kept += sum(1 for _ in file)
    return kept


def run_data_juicer(path: Path, out: Path, workers: int) -> int:
    """Documents kept."""
    out.mkdir(parents=True, exist_ok=True)
    os.environ["HF_DATASETS_CACHE"] = str(out / "cache")  # nothing is reused from an earlier run
    config = out / "config.yaml"
    config.write_text(
        f"project_name: peer\ndataset_path: {path}\nexport_path: {out}/kept.jsonl\nnp: {workers}\n"
        "text_keys: output\nturbo: true\nopen_tracer: false\nprocess:\n  - text_length_filter: {min_len: 1}\n"
        "  - document_minhash_deduplicator: {tokenization: space, window_size: 5, num_permutations: 128,"
        " jaccard_threshold: 0.7}\n",
        encoding="utf-8",
    )
    from data_juicer.config import init_configs
    from data_juicer.core import DefaultExecutor

    DefaultExecutor(init_configs(["--config", str(config)])).run()
    with (out / "kept.jsonl").open("rb") as file:
        return sum(1 for _ in file)


if __name__ == "__main__":
    run = {"datatrove": run_datatrove, "data-juicer": run_data_juicer}[sys.argv[1]]
    print("kept", run(Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])))
