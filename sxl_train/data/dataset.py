"""A training dataset in, conversations out: rows of ``messages`` and ``tools``, ready to be rendered.

Reads what `sxl-data build` writes (``data/{train,validation,test}-*.parquet`` with a manifest), a folder saved by
`datasets`, one file or a folder of files in any format that `sxl-data validate` knows (`other_formats.py`), or a hub
id. A dataset without a validation split gets one from the hash of each row, so that it never depends on the order of
the rows. pyarrow alone: no torch, and no cache on disk.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from sxl_data.build.questions import check_files, is_build
from sxl_data.contract.errors import error
from sxl_train.data.conversations import Row, to_row
from sxl_train.data.other_formats import LOOKED_AT, is_plain, read_other
from sxl_train.run import hub
from sxl_train.run.objects import Object

SPLITS = ("train", "validation", "test")
HELD_OUT = 20
"""One row in so many is held out where a dataset has no validation split."""
ROWS = (".parquet", ".arrow", ".jsonl", ".ndjson", ".csv", ".tsv")
"""Endings of a folder's files with many rows each, perhaps with .gz or .zst behind them."""
TRAJECTORIES = (".json", ".traj", ".eval", ".yaml", ".yml")
"""Those of files that are often one trace; looked for where a folder has none of `ROWS`."""
HUB = (*ROWS, ".json")


class Dataset(msgspec.Struct, frozen=True):
    """Where the rows lie. ``sha256`` is that of the manifest, or of the files where there is none."""

    source: str
    files: dict[str, list[str]]
    sha256: str
    carved: bool
    """Whether validation is carved out of train."""


def find_dataset(source: str) -> Dataset:
    """Locate the files of ``source``; nothing is decoded. Those of a build are compared with its manifest.
    Raises `UserError` T102, U304, U305."""
    path = Path(source)
    if path.is_file():
        return _describe(source, {"train": [str(path)]}, [path])
    path = hub.fetch(source, [f"*{end}{more}" for end in HUB for more in ("", ".gz", ".zst")], "T102", "dataset")
    files: dict[str, list[str]] = {}
    found = sorted(p for p in path.rglob("*") if p.is_file())
    names = [p for p in found if _bare(p.name).endswith(ROWS)]
    inside = [p for p in names if p.is_relative_to(path / "data")] or names
    inside = inside or [p for p in found if _bare(p.name).endswith(TRAJECTORIES)]
    for split in SPLITS:
        words = ("validation", "valid", "val", "dev") if split == "validation" else (split,)
        chosen = [
            str(p)
            for p in inside
            if any(p.name.split(".")[0] == w or p.name.startswith(w + "-") for w in words) or p.parent.name in words
        ]
        if chosen:
            files[split] = chosen
    if not files and inside:
        files["train"] = [str(p) for p in inside]
    if is_build(path):
        check_files(path, itertools.chain.from_iterable(files.values()))
    if "train" not in files:
        raise error(
            "T102",
            file=source,
            found="no train files",
            expected="such as data/train-*.parquet, or any of *" + ", *".join((*ROWS, *TRAJECTORIES)),
        )
    manifest = path / "manifest.json"
    return _describe(source, files, [manifest] if manifest.exists() else [Path(f) for fs in files.values() for f in fs])


def read_rows(dataset: Dataset, split: str, limit: int = 0) -> list[Row]:
    """The conversations of a split, in the files' order. Raises `UserError` T102, T110.

    ``limit`` > 0 takes so many, spread over the split, rare kinds of trace first (`spread`): the first rows of a
    built dataset are all of one source. 0 takes all.
    """
    return read_several(dataset, split, (limit,))[0]


def read_several(dataset: Dataset, split: str, limits: Sequence[int]) -> list[list[Row]]:
    """`read_rows` for each of ``limits``, with the files read once."""
    carve = dataset.carved and split in ("train", "validation")
    records = _read_records(dataset.files.get("train" if carve else split, []))
    numbered = [
        (position, record)
        for position, record in enumerate(records)
        if not carve or _is_held_out(record) is (split == "validation")
    ]
    kinds = [str(record.get("kind") or "") for _, record in numbered]
    chosen = ([numbered[i] for i in spread(kinds, limit)] if limit else numbered for limit in limits)
    return [[to_row(record, f"row {position}") for position, record in some] for some in chosen]


def count_rows(dataset: Dataset, split: str) -> int:
    """About how many rows a split has: of Parquet files their metadata say so, a carved split is a share."""
    import pyarrow.parquet as pq

    carve = dataset.carved and split in ("train", "validation")
    count = 0
    for name in dataset.files.get("train" if carve else split, []):
        is_table = name.endswith(".parquet")
        count += pq.read_metadata(name).num_rows if is_table else sum(1 for _ in _read_records([name]))
    if not carve:
        return count
    return count // HELD_OUT if split == "validation" else count - count // HELD_OUT


def spread(kinds: Sequence[str], limit: int) -> list[int]:
    """Sorted positions of ``limit`` rows: an equal share of each kind, a small kind's unused share to the others.

    Inside a kind the rows are evenly spaced, so the choice needs no random numbers.
    """
    places: dict[str, list[int]] = {}
    for position, kind in enumerate(kinds):
        places.setdefault(kind, []).append(position)
    chosen: list[int] = []
    left = min(limit, len(kinds))
    for number, kind in enumerate(sorted(places, key=lambda kind: (len(places[kind]), kind))):
        share = min(len(places[kind]), left // (len(places) - number))
        chosen += [places[kind][i * len(places[kind]) // share] for i in range(share)]
        left -= share
    return sorted(chosen)


def _read_records(files: list[str]) -> Iterator[Object]:
    for name in files:
        try:
            records = _read_file(name) if _holds_rows(name) else iter(())
            head = list(itertools.islice(records, LOOKED_AT))
            if head and all(is_plain(record) for record in head):
                yield from itertools.chain(head, records)
            else:
                yield from read_other(name)
        except (OSError, ValueError, msgspec.DecodeError) as problem:
            raise error("T102", file=name, found=problem, expected="a readable file") from problem


def _bare(name: str) -> str:
    """A file's name in lower case without the ending of its compression."""
    return name.lower().removesuffix(".gz").removesuffix(".zst")


def _holds_rows(name: str) -> bool:
    """Whether the file may be read row by row: a table, or JSON whose first line is a value by itself."""
    if name.endswith((".parquet", ".arrow")):
        return True
    if not name.endswith((".jsonl", ".json")):
        return False
    with Path(name).open("rb") as lines:
        first = next((line for line in lines if line.strip()), b"")
    try:
        return isinstance(msgspec.json.decode(first), dict)
    except msgspec.DecodeError:
        return False


def _read_file(name: str) -> Iterator[Object]:
    wanted = ("trace_id", "id", "kind", "messages", "tools", "prompt", "completion")
    if name.endswith((".jsonl", ".json")):
        with Path(name).open("rb") as lines:
            for line in lines:
                if line.strip():
                    yield msgspec.json.decode(line)
        return
    if name.endswith(".arrow"):
        import pyarrow as pa

        with pa.memory_map(name) as source:
            table = pa.ipc.open_stream(source).read_all()
            table.validate(full=True)
            batches = table.select([c for c in wanted if c in table.column_names]).to_batches(max_chunksize=1024)
            for batch in batches:
                yield from batch.to_pylist()
        return
    from sxl_data.files.parquet_room import Room, TooLarge

    with closing(Room(name, wanted)) as parquet:
        try:
            for group in range(parquet.source.num_row_groups):
                for batch in parquet.batches(group):
                    yield from batch.to_pylist()
        except TooLarge as problem:
            raise error("U204", file=name, found=str(problem), expected="rows that memory can hold") from None


def _describe(source: str, files: dict[str, list[str]], hashed: list[Path]) -> Dataset:
    digest = hashlib.sha256()
    for path in hashed:
        with path.open("rb") as handle:
            digest.update(hashlib.file_digest(handle, "sha256").digest())
    return Dataset(source, files, digest.hexdigest(), "validation" not in files)


def _is_held_out(record: Object) -> bool:
    text = msgspec.json.encode(record.get("messages") or record.get("prompt"), order="deterministic")
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big") % HELD_OUT == 0
