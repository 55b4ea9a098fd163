"""The same job in datatrove, to run with its own interpreter: JSONL → quality filter → MinHash dedup → JSONL.

    python benchmarks/engine_peer.py FILE.jsonl FOLDER WORKERS

Prints documents kept. The filter drops empty answers, as `clean.empty` does; MinHash has 16 × 8 = 128
permutations of 64 bits over 5-grams, datatrove's nearest to ours. Started by `engine.py --peer PYTHON`.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path


def main(source: str, folder: str, workers: int) -> None:
    from datatrove.executor.local import LocalPipelineExecutor
    from datatrove.pipeline.dedup import MinhashDedupSignature
    from datatrove.pipeline.dedup.minhash import (
        MinhashConfig,
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupFilter,
    )  # fmt: skip
    from datatrove.pipeline.filters import LambdaFilter
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers.jsonl import JsonlWriter
    from datatrove.utils.hashing import HashConfig

    config = MinhashConfig(hash_config=HashConfig(precision=64), num_buckets=16, hashes_per_bucket=8)
    path, out = Path(source), Path(folder)

    def pairs(self, data: dict, where: str, number: int) -> dict:
        return {"text": f"{data['instruction']}\n{data['output']}", "id": f"{where}/{number}"}

    def read() -> list:
        reader = JsonlReader(str(path.parent), glob_pattern=path.name, adapter=pairs)
        return [reader, LambdaFilter(lambda document: bool(document.text.strip()))]

    def run(name: str, steps: list, tasks: int) -> None:
        LocalPipelineExecutor(pipeline=steps, tasks=tasks, workers=min(tasks, workers),
                              logging_dir=str(out / "logs" / name)).run()  # fmt: skip

    run(
        "signatures",
        [*read(), MinhashDedupSignature(output_folder=str(out / "signatures"), config=config)],
        1,
    )
    run("buckets", [MinhashDedupBuckets(input_folder=str(out / "signatures"), output_folder=str(out / "buckets"),
                                        config=config)], config.num_buckets)  # fmt: skip
    run("clusters", [MinhashDedupCluster(input_folder=str(out / "buckets"), output_folder=str(out / "removed"),
                                         config=config)], 1)  # fmt: skip
    run(
        "filter",
        [*read(), MinhashDedupFilter(input_folder=str(out / "removed")), JsonlWriter(str(out / "data"))],
        1,
    )
    kept = 0
    for path in (out / "data").glob("*.gz"):
        with gzip.open(path) as file:
            kept += sum(1 for _ in file)
    print("kept", kept)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
