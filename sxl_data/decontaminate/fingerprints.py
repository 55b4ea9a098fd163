"""A benchmark as hashes: enough to find its items in a dataset, not enough to read them.

Every item is cut into parts (prompt, solution); a part is the set of its shingle hashes, each weighted
by how rare it is among the parts of the benchmark, so that ``write a function to find the`` counts for
nothing. The files that ship are made by

    python -m sxl_data.decontaminate.fingerprints humaneval HumanEval.jsonl.gz prompt canonical_solution \\
        --id task_id -o sxl_data/decontaminate/data

and hold no text. Weighting by rarity follows the idea of allenai/decon.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sxl_data.contract.arguments import Parser
from sxl_data.contract.console import tell
from sxl_data.contract.entry import answer
from sxl_data.contract.errors import error
from sxl_data.contract.names import is_inner
from sxl_data.decontaminate.shingles import VERSION, shingle
from sxl_data.engine.commit import deliver

FOLDER = Path(__file__).parent / "data"


def names() -> list[str]:
    """The benchmarks whose fingerprints ship."""
    return sorted(path.stem for path in FOLDER.glob("*.parquet"))


def load(name: str) -> pa.Table:
    """Columns ``hash`` (u64), ``part`` (text such as ``HumanEval/3 prompt``), ``weight`` (share of the
    part's total weight). ``name`` is one of `names` or the path of a file that this module made."""
    path = FOLDER / f"{name}.parquet"
    if not path.is_file():
        path = Path(name)
    if not path.is_file():
        raise error("U201", file=name, found="no such fingerprint", expected="a path or one of " + ", ".join(names()))
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as problem:
        raise error("U204", file=str(path), found=problem, expected="fingerprints that this module made") from None
    version = (table.schema.metadata or {}).get(b"shingles", b"").decode()
    if version != VERSION:
        raise error(
            "U204",
            file=str(path),
            found=f"fingerprints of {version or 'no version'}",
            expected=VERSION,
            fix="make the file again with this version",
        )
    return table


def make(records: list[dict[str, object]], fields: list[str], id_field: str) -> pa.Table:
    """The fingerprint of ``records``: one part per record and field that is long enough to have one."""
    labels, texts = [], []
    for number, record in enumerate(records):
        for field in fields:
            value = record.get(field)
            text = "\n".join(map(str, value)) if isinstance(value, list) else str(value or "")
            labels.append(f"{record.get(id_field, number)} {field}")
            texts.append(text)
    hashes, rows = shingle(pa.array(texts, pa.string()))
    pairs = np.unique(np.stack([rows.astype(np.uint64), hashes], axis=1), axis=0)
    rows, hashes = pairs[:, 0].astype(np.int64), pairs[:, 1]
    _, inverse, frequency = np.unique(hashes, return_inverse=True, return_counts=True)
    n_parts = len(labels)
    weight = np.log1p(n_parts / frequency[inverse]) - np.log1p(1.0)  # zero for what every part has
    total = np.bincount(rows, weights=weight, minlength=n_parts)
    share = weight / np.maximum(total[rows], 1e-12)
    order = np.argsort(hashes, kind="stable")
    table = pa.table(
        {
            "hash": hashes[order],
            "part": pa.array([labels[row] for row in rows[order]]).dictionary_encode(),
            "weight": share[order].astype(np.float32),
        }
    )
    unseen = n_parts - len(np.unique(rows))
    return table.replace_schema_metadata({"shingles": VERSION, "parts": str(n_parts), "unseen": str(unseen)})


def read_records(path: Path) -> list[dict[str, object]]:
    """JSON or JSONL, plain or gzipped."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
    if text.lstrip().startswith("["):
        return list(json.loads(text))
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def main(arguments: Sequence[str] | None = None) -> int:
    """Make one fingerprint file from a benchmark's own file; returns the exit code."""
    return answer(lambda: _main(arguments))


def _main(arguments: Sequence[str] | None) -> int:
    parser = Parser(description="Make a fingerprint of a benchmark; its text stays out.")
    parser.add_argument("name", help="name under which recipes refer to it")
    parser.add_argument("file", type=Path, help="the benchmark, JSON or JSONL (.gz)")
    parser.add_argument("fields", nargs="+", help="fields that a training row must not share")
    parser.add_argument("--id", default="task_id", help="field that names an item")
    parser.add_argument("-o", "--out", type=Path, default=FOLDER, help="folder to write to")
    options = parser.parse_args(arguments)
    table = make(read_records(options.file), options.fields, options.id)
    if not is_inner(name := f"{options.name}.parquet") or "/" in name:
        raise error("U401", found=options.name, expected="a name that can be a file's")
    target = options.out / name
    deliver(target, lambda file: pq.write_table(table, file, compression="zstd", compression_level=19))
    info = {key.decode(): value.decode() for key, value in table.schema.metadata.items()}
    tell(f"{target}: {len(table)} hashes of {info['parts']} parts, {info['unseen']} too short to have any")
    return 0


if __name__ == "__main__":
    sys.exit(main())
