"""Makes the fingerprints that ship, from the benchmarks' own files.

    python -m sxl_data.decontaminate.ship SHARED [NAME…] [--held-out BUILD] [-o FOLDER]

``SHARED`` is the folder that has them below `data/`; `held-out-tools` is made of a build of the recipe `held-out`.
`common`, what ordinary code and text say, comes first: Python's library and the repositories and instruction sets of
the same folder, none of which is a benchmark.
"""

from __future__ import annotations

import csv
import io
import sys
import sysconfig
import tarfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds

from sxl_data.contract.arguments import Parser
from sxl_data.contract.console import tell
from sxl_data.contract.entry import answer
from sxl_data.contract.errors import error
from sxl_data.decontaminate import shapes, shingles
from sxl_data.decontaminate.fingerprints import COMMON, FOLDER, MOST, common, make, read_records, store
from sxl_data.decontaminate.items import strings

MOST_COMMON = 24_000
"""Hashes of each kind that are kept of ordinary texts."""
LETTERS = "ABCD"
FEWER = {"mmlu": 20}
"""Hashes of a part, of sets with many items."""
HELD_OUT = ("toolalpaca", "api-bank", "seal-tools", "tau-bench")

Records = list[dict[str, Any]]


def _files(*names: str) -> Callable[[Path], Records]:
    return lambda data: [record for name in names for path in sorted(data.glob(name)) for record in read_records(path)]


def _asked(*names: str) -> Callable[[Path], Records]:
    """Only what is asked: declarations of tools are shared by many items."""
    return lambda data: [{"id": row["id"], "question": row["question"]} for row in _files(*names)(data)]


def _mmlu(data: Path) -> Records:
    """Question and choices, of the test part."""
    found: Records = []
    with tarfile.open(data / "mmlu" / "mmlu_dev_test.tar.gz") as archive:
        for member in sorted((m for m in archive if m.isfile()), key=lambda m: m.name):
            stream = archive.extractfile(member)
            if stream is None or "/test/" not in f"/{member.name}" or not member.name.endswith(".csv"):
                continue
            subject = Path(member.name).stem.removesuffix("_test")
            for number, (question, *choices) in enumerate(csv.reader(io.StringIO(stream.read().decode("utf-8")))):
                found.append({"id": f"{subject}/{number}", "question": "\n".join([question, *choices[: len(LETTERS)]])})
    return found


BENCHMARKS: dict[str, tuple[Callable[[Path], Records], tuple[str, ...]]] = {
    "humaneval": (_files("humaneval/data/HumanEval.jsonl.gz"), ("prompt", "canonical_solution")),
    "humaneval-x": (_files("humaneval_x/humaneval_*.jsonl.gz"), ("prompt", "canonical_solution")),
    "mbpp": (
        _files("mbpp/mbpp.jsonl", "mbpp/sanitized-mbpp.json", "mbpp/MbppPlus-v0.1.0.jsonl"),
        ("text", "prompt", "code", "canonical_solution"),
    ),
    "gsm8k": (_files("gsm8k/test.jsonl"), ("question", "answer")),
    "mmlu": (_mmlu, ("question",)),
    "bigcodebench-hard": (
        _files("bigcodebench/bigcodebench_hard.json"),
        ("complete_prompt", "instruct_prompt", "canonical_solution"),
    ),
    "swebench-lite": (
        _files("github_issues/classification/swebench_lite_classifications.csv"),
        ("problem_statement", "patch"),
    ),
    "bfcl": (_asked("gorilla_bfcl/BFCL_v4_[!f]*.json"), ("question",)),
}


def _held_out(build: Path) -> Records:
    """The rows of a build of the recipe `held-out` that are of a tool set: what they are asked, and their calls."""
    table = ds.dataset(build / "data", format="parquet").to_table(columns=["trace_id", "source", "task", "steps"])
    found: Records = []
    for row in table.to_pylist():
        if row["source"] in HELD_OUT:
            said = [step for step in row["steps"] if step["phase"] == "act"]
            calls = [call["arguments_json"] for step in said for call in step["calls"] or () if call["arguments_json"]]
            found.append({"id": row["trace_id"], "question": row["task"], "answer": "\n".join(calls)})
    return found


def ordinary(data: Path) -> pa.Table:
    """In how many of a thousand ordinary documents each of the commonest windows stands."""
    hashes, counts, total = [], [], 0
    texts = pa.array(list(_documents(data)), pa.string())
    total = len(texts)
    for cut in (shingles.shingle, shapes.shapes):
        found, rows = cut(texts)
        pairs = np.unique(np.stack([found, rows.astype(np.uint64)], axis=1), axis=0)
        values, frequency = np.unique(pairs[:, 0], return_counts=True)
        chosen = np.argsort(-frequency, kind="stable")[:MOST_COMMON]
        hashes.append(values[chosen])
        counts.append(frequency[chosen])
    order = np.argsort(whole := np.concatenate(hashes), kind="stable")
    share = 1000 * np.concatenate(counts)[order] / max(1, total)
    return pa.table({"hash": whole[order].view(np.int64), "share": np.round(share, 2).astype(np.float32)})


def _documents(data: Path) -> Iterator[str]:
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        yield path.read_text(encoding="utf-8", errors="replace")
    for archive in sorted((data / "curated_repos").glob("*.tar.gz")):
        with tarfile.open(archive) as members:
            for member in members:
                if member.isfile() and member.size < 200_000 and (stream := members.extractfile(member)):
                    yield stream.read().decode("utf-8", "replace")
    for name in ("gsm8k/train.jsonl", "nl2bash/all.nl"):
        yield from (data / name).read_text(encoding="utf-8").splitlines()
    for record in read_records(data / "gpteacher" / "Codegen" / "codegen-instruct.json"):
        yield "\n".join(strings(record))


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the fingerprints that are named, or all; returns the exit code."""
    return answer(lambda: _main(arguments))


def _main(arguments: Sequence[str] | None) -> int:
    parser = Parser(description="Make the fingerprints that ship.")
    parser.add_argument("shared", type=Path)
    parser.add_argument("names", nargs="*", default=[], help="of them; all by default")
    parser.add_argument("--held-out", type=Path, help="a build of the recipe `held-out`")
    parser.add_argument("-o", "--out", type=Path, default=FOLDER)
    options = parser.parse_args(arguments)
    data = options.shared / "data"
    wanted = options.names or [COMMON, *BENCHMARKS, *(["held-out-tools"] if options.held_out else [])]
    for name in wanted:
        target = options.out / f"{name}.parquet"
        if name == COMMON:
            table = ordinary(data)
            common.cache_clear()
        elif name == "held-out-tools":
            table = make(_held_out(options.held_out), ("question", "answer"))
        elif name in BENCHMARKS:
            read, fields = BENCHMARKS[name]
            table = make(read(data), fields, most=FEWER.get(name, MOST))
        else:
            raise error("U401", found=name, expected="one of " + ", ".join((COMMON, *BENCHMARKS)))
        store(table, target)
        tell(f"{name}: {len(table):,} hashes, {target.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
