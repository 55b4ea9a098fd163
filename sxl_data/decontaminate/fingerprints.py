"""A benchmark as hashes: enough to find its items in a dataset, not enough to read them.

Every item is cut into parts (`items`); a part is a set of hashes, each weighted by how rare it is among the parts of
the benchmark and in ordinary code and text (`common`), so that ``write a function to find the`` counts for nothing. Of
a long part the hashes that are smallest are kept, the same ones for everybody, so that a file is small and a share of
what is kept is a share of the whole. The files that ship are made by

    python -m sxl_data.decontaminate.ship SHARED

and hold no text; one of your own by ``python -m sxl_data.decontaminate.fingerprints NAME FILE [FIELD…]``. Weighting by
rarity and thresholds that depend on length follow the ideas of allenai/decon.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sxl_data.contract.arguments import Parser
from sxl_data.contract.console import tell
from sxl_data.contract.entry import answer
from sxl_data.contract.errors import UserError, error
from sxl_data.contract.names import is_inner
from sxl_data.decontaminate import shapes, shingles
from sxl_data.decontaminate.items import Part, parts_of
from sxl_data.engine.commit import deliver
from sxl_data.files.records import open_records

FOLDER = Path(__file__).parent / "data"
VERSION = f"{shingles.VERSION}+{shapes.VERSION}"
COMMON = "common"
MOST = 48
"""Hashes of a part that are kept, unless another number is asked for."""
LEAST = 6
"""Windows from which a part is looked for by what it shares; a shorter one has to be a line of its own."""
STEPS = 8
"""Steps of a weight: an eighth of the logarithm of how rare a window is."""


class Fingerprint(NamedTuple):
    """Entries ascend by ``hashes``: u64, with the part and the weight of each, of which those of one part add up to
    one. Of each part: its ``labels``, its ``kinds`` (0 words, 1 shape, 2 line) and its ``sizes`` in windows."""

    hashes: np.ndarray
    part: np.ndarray
    weight: np.ndarray
    labels: list[str]
    kinds: np.ndarray
    sizes: np.ndarray


def names() -> list[str]:
    """The benchmarks whose fingerprints ship."""
    return sorted(path.stem for path in FOLDER.glob("*.parquet") if path.stem != COMMON)


@cache
def load(name: str) -> Fingerprint:
    """The fingerprint ``name``: one of `names`, the path of a file that this module made, or a benchmark's own file, of
    which it is made now."""
    path = FOLDER / f"{name}.parquet"
    if not path.is_file():
        path = Path(name)
    if not path.is_file():
        raise error("U201", file=name, found="no such fingerprint", expected="a path or one of " + ", ".join(names()))
    if path.suffix == ".parquet" and (table := _stored(path)) is not None:
        return unpack(table)
    return unpack(make(read_records(path)))


def is_stored(path: Path) -> bool:
    """Whether ``path`` is a file that this module made."""
    return path.suffix == ".parquet" and path.is_file() and _stored(path) is not None


def _stored(path: Path) -> pa.Table | None:
    """The table of a file that this module made; None for a table of items."""
    try:
        schema = pq.read_schema(path)
        if b"shingles" not in (schema.metadata or {}) and "hash" not in schema.names:
            return None
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


@cache
def common() -> tuple[np.ndarray, np.ndarray]:
    """Hashes that ordinary code and text have, ascending, and in how many of a thousand documents each stands."""
    path = FOLDER / f"{COMMON}.parquet"
    if not path.is_file():
        return np.empty(0, np.uint64), np.empty(0)
    table = pq.read_table(path)
    return table["hash"].to_numpy().view(np.uint64), table["share"].to_numpy().astype(np.float64)


def make(
    records: Sequence[dict[str, Any]], fields: Sequence[str] = (), id_field: str | None = None, most: int = MOST
) -> pa.Table:
    """The fingerprint of ``records``, as it is stored."""
    parts = [part for k, record in enumerate(records) for part in parts_of(record, k, fields, id_field)]
    return fingerprint(parts, most)


def fingerprint(parts: Sequence[Part], most: int = MOST) -> pa.Table:
    """The fingerprint of ``parts``, ``most`` hashes of each, as it is stored: columns ``hash``, ``part``, ``weight`` in
    whole steps."""
    found: list[tuple[np.ndarray, np.ndarray, int]] = []
    texts = pa.array([part.text for part in parts], pa.string())
    wanted = np.array([part.kind == "shape" for part in parts], dtype=bool)
    for kind, cut in enumerate((shingles.shingle, shapes.shapes, shingles.lines)):
        hashes, rows = cut(texts)
        mine = wanted[rows] if kind == 1 else ~wanted[rows]
        pairs = np.unique(np.stack([rows[mine].astype(np.uint64), hashes[mine]], axis=1), axis=0)
        found.append((pairs[:, 0].astype(np.int64), pairs[:, 1], kind))
    sizes = np.zeros(len(parts), dtype=np.int64)
    for rows, _, _ in found[:2]:
        sizes += np.bincount(rows, minlength=len(parts))
    counted = np.array([text.strip().count("\n") for text in texts.to_pylist()]) == 0
    columns: dict[str, list[Any]] = {"hash": [], "part": [], "weight": []}
    labels: list[str] = []
    for rows, hashes, kind in found:
        mine = sizes[rows] >= LEAST if kind < 2 else (sizes[rows] < LEAST) & counted[rows]
        rows, hashes = rows[mine], hashes[mine]
        weight = np.maximum(1, np.round(STEPS * rarity(hashes, rows))) if len(rows) else np.zeros(0)
        for row in np.unique(rows).tolist():
            at = np.flatnonzero(rows == row) if len(parts) < 50 else slice(*np.searchsorted(rows, (row, row + 1)))
            order = np.argsort(hashes[at], kind="stable")[:most]
            columns["hash"].append(hashes[at][order])
            columns["weight"].append(weight[at][order])
            columns["part"].append(np.full(len(order), len(labels)))
            labels.append(f"{kind}:{sizes[row]}:{parts[row].label}")
    return _pack(columns, labels, len(parts))


def rarity(hashes: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The logarithm of how rare each hash is: among the parts, which ``rows`` number, and in ordinary texts."""
    _, inverse, frequency = np.unique(hashes, return_inverse=True, return_counts=True)
    n = len(np.unique(rows))
    # An item has several parts and variants, so a few of them share what is rare.
    among = (
        np.log1p(n / np.maximum(frequency[inverse] - 3, 1)) if n > 12 else np.log1p(n / frequency[inverse]) - np.log(2)
    )
    known, share = common()
    at = np.searchsorted(known, hashes)
    held = at < len(known)
    held[held] = known[at[held]] == hashes[held]
    usual = np.full(len(hashes), 0.01)
    usual[held] = share[at[held]]
    return np.minimum(among + 0.5, np.log1p(1000 / usual) / 2 + 0.1)


def _pack(columns: dict[str, list[Any]], labels: list[str], n_parts: int) -> pa.Table:
    empty = {"hash": np.empty(0, np.uint64), "part": np.empty(0, np.int64), "weight": np.empty(0)}
    whole = {name: np.concatenate([empty[name], *arrays]) for name, arrays in columns.items()}
    order = np.lexsort((whole["part"], whole["hash"]))
    table = pa.table(
        {
            "hash": whole["hash"][order].view(np.int64),
            "part": pa.DictionaryArray.from_arrays(
                pa.array(whole["part"][order], pa.int32()), pa.array(labels, pa.string())
            ),
            "weight": whole["weight"][order].astype(np.uint8),
        }
    )
    return table.replace_schema_metadata({"shingles": VERSION, "parts": str(n_parts)})


def unpack(table: pa.Table) -> Fingerprint:
    """A stored fingerprint for `match`."""
    column = table["part"].combine_chunks()
    column = column if isinstance(column, pa.DictionaryArray) else column.dictionary_encode()
    part, stored = column.indices.to_numpy().astype(np.int64), column.dictionary.to_pylist()
    weight = table["weight"].to_numpy().astype(np.float64)
    hashes = table["hash"].to_numpy().view(np.uint64)
    total = np.bincount(part, weights=weight, minlength=len(stored))
    order = np.argsort(hashes, kind="stable")
    told = [label.split(":", 2) for label in stored]
    return Fingerprint(
        hashes[order],
        part[order],
        (weight / np.maximum(total[part], 1e-12))[order],
        [label for _, _, label in told],
        np.array([int(kind) for kind, _, _ in told], dtype=np.int64),
        np.array([int(size) for _, size, _ in told], dtype=np.int64),
    )


def store(table: pa.Table, target: Path) -> None:
    """Write a fingerprint so that it is small: hashes by their differences."""
    deliver(
        target,
        lambda file: pq.write_table(
            table,
            file,
            compression="zstd",
            compression_level=19,
            use_dictionary=["part"] if "part" in table.column_names else False,
            column_encoding={"hash": "DELTA_BINARY_PACKED"},
            write_statistics=False,
        ),
    )


def read_records(path: Path) -> list[dict[str, Any]]:
    """The items of a benchmark's own file: JSON, JSONL, CSV or Parquet, plain or compressed."""
    found: list[dict[str, Any]] = []
    for record in open_records(path):
        value = record.value if record.value is not None else record.salvaged
        if value is None:
            raise UserError(*record.findings)
        if isinstance(value, dict) and value and all(isinstance(inner, dict) for inner in value.values()):
            found += value.values()  # items by their names
        else:
            found.append(value if isinstance(value, dict) else {"text": value})
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Make one fingerprint file from a benchmark's own file; returns the exit code."""
    return answer(lambda: _main(arguments))


def _main(arguments: Sequence[str] | None) -> int:
    parser = Parser(description="Make a fingerprint of a benchmark; its text stays out.")
    parser.add_argument("name", help="name under which recipes refer to it")
    parser.add_argument("file", type=Path, help="the benchmark, JSON, JSONL (.gz), CSV or Parquet")
    parser.add_argument(
        "fields", nargs="*", help="fields that a training row must not share; the usual ones by default"
    )
    parser.add_argument("--id", help="field that names an item")
    parser.add_argument("-o", "--out", type=Path, default=Path(), help="folder to write to")
    options = parser.parse_args(arguments)
    if not is_inner(name := f"{options.name}.parquet") or "/" in name:
        raise error("U401", found=options.name, expected="a name that can be a file's")
    table = make(read_records(options.file), options.fields, options.id)
    store(table, options.out / name)
    tell(f"{options.out / name}: {len(table)} hashes of {len(table['part'].combine_chunks().dictionary)} parts")
    return 0


if __name__ == "__main__":
    sys.exit(main())
