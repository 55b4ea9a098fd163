"""Generation in several processes, a GPU each, beside one process: seconds, tokens a second, and equal samples.

    python benchmarks/generate/spread.py --model FOLDER --humaneval HumanEval.jsonl.gz [--processes 2] [--json FILE]

Samples of HumanEval's prompts, continued, at temperature 0.2. Both counts of processes go the same way
(`sxl_train/generate/spread.py`) and generate a few short answers first, so that loading and warming up is not timed.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sxl_train.generate.spread import SpreadBackend
from sxl_train.generate.types import Request, Sample

STOPS = ("\nclass", "\ndef", "\n#", "\nif", "\nprint")


def make_requests(path: Path, count: int, tokens: int, limit: int) -> list[Request]:
    """One request a problem."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    rows = [json.loads(line) for line in raw.splitlines() if line.strip()][: limit or None]
    settings: dict[str, Any] = {"samples": count, "temperature": 0.2, "top_p": 0.95, "max_tokens": tokens}
    return [Request(id=row["task_id"], prompt=row["prompt"], stop=STOPS, **settings) for row in rows]


def measure(folder: str, processes: int, requests: list[Request]) -> tuple[dict[str, Any], dict[Any, Sample]]:
    """Figures and samples of so many processes."""
    began = time.monotonic()
    backend = SpreadBackend(folder, processes)
    list(backend.generate([Request(id=str(n), prompt="def add(", samples=8, max_tokens=16) for n in range(8)]))
    ready = time.monotonic()
    made = {(sample.request, sample.index): sample for sample in backend.generate(requests)}
    seconds = time.monotonic() - ready
    backend.close()
    tokens = sum(sample.tokens for sample in made.values())
    figures = {"seconds": round(seconds, 2), "tokens": tokens, "tokens_per_s": round(tokens / seconds)}
    figures |= {kind: sum(sample.finish == kind for sample in made.values()) for kind in ("stop", "length", "error")}
    return {"processes": processes, "loading_s": round(ready - began, 1)} | figures, made


def main() -> None:
    """Measure both, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--humaneval", type=Path, required=True)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--samples", type=int, default=10)
    parser.add_argument("--tokens", type=int, default=512)
    parser.add_argument("--limit", type=int, default=0, help="problems; 0: all")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    requests = make_requests(options.humaneval, options.samples, options.tokens, options.limit)
    one, said = measure(options.model, 1, requests)
    print(json.dumps(one), flush=True)
    many, told = measure(options.model, options.processes, requests)
    print(json.dumps(many), flush=True)
    equal = sum(said[key].text == told[key].text for key in said)
    report = {
        "samples": len(said),
        "equal": equal,
        "rate": round(many["tokens_per_s"] / one["tokens_per_s"], 3),
        "clock": round(one["seconds"] / many["seconds"], 3),
    }
    print(json.dumps(report), flush=True)
    if options.json:
        options.json.write_text(json.dumps({"one": one, "many": many} | report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
