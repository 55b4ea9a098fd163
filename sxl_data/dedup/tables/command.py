"""Deduplicates table files: `sxl-data dedup FILE… --column TEXT [--threshold 0.7] -o DIR`.

In: Parquet, JSONL, JSON or CSV files with a text column. Out: a folder

    data/<file>.parquet       the rows that stay, with their own columns; several files for a large one (`kept.py`)
    ledger/ledger.parquet     one line per dropped row: its id, D310 or D311, its kept twin, score, shingles shared
    ledger/borderline.parquet pairs within 0.02 of the threshold, the closest first
    signatures/               what `--against`, `rethreshold` and `compare` need later (`store.py`)

Only the compared column is read first; the others follow in a second pass, file by file.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa

from sxl_data.contract.config import load
from sxl_data.contract.console import format_bytes, format_count
from sxl_data.contract.errors import error
from sxl_data.contract.ledger import LEDGER_SCHEMA
from sxl_data.contract.sizes import parse_size
from sxl_data.dedup.config import DedupConfig
from sxl_data.dedup.in_memory import deduplicate
from sxl_data.dedup.result import DedupResult
from sxl_data.dedup.scratch import Scratch
from sxl_data.dedup.store import Input, Meta, Store, write_store
from sxl_data.dedup.tables.kept import Writer, writers_of_kept
from sxl_data.dedup.tables.lines import ledger_lines
from sxl_data.dedup.tables.naming import find_row, name_rows
from sxl_data.dedup.tables.read import mixed, numbers, read_columns
from sxl_data.engine.commit import TEMPORARY, replacing, writing


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did."""

    rows: int
    kept: int
    exact: int
    near: int
    against: int
    """Dropped for a row of another store; counted in `exact` and `near` too."""
    borderline: int
    """Verified pairs within 0.02 of the threshold."""
    closest: tuple[str, str, float] | None
    """The one of them that is closest to it: both ids and the score."""
    complete: bool
    seconds: float

    def __str__(self) -> str:
        lines = [
            f"dedup   {self.rows} → {self.kept}   −{self.rows - self.kept} (D310 ×{self.exact}, D311 ×{self.near})"
            f"   {self.seconds:.1f} s"
        ]
        if self.against:
            lines.append(f"{self.against} of them for rows of another store")
        if self.closest:
            left, right, score = self.closest
            lines.append(
                f"{self.borderline} pairs within 0.02 of the threshold: ledger/borderline.parquet;"
                f" the closest, {left} and {right}: {score:.3f}"
            )
        return "\n".join(lines)


def run_files(
    files: Sequence[str | Path],
    column: str,
    out: str | Path,
    config: DedupConfig = DedupConfig(),  # noqa: B008 - frozen
    *,
    id_column: str | None = None,
    rank_column: str | None = None,
    against: Sequence[str | Path] = (),
    store_shingles: bool = False,
    say: Callable[[str], None] | None = None,
) -> Summary:
    """Deduplicates `files` by `column` into the folder `out`.

    `id_column` names rows in the ledger; without it a row is `file:row`, counted from 1. `rank_column` is numeric,
    smaller is kept first; then comes `config.prefer` over file names without suffix, then the id. `against`: output
    folders of earlier runs, whose kept rows win over all rows here. `store_shingles` also stores the shingle sets of
    kept rows (about the size of the texts), so that a later `against` scores exactly instead of by estimate. `say` is
    told after each step what it found.
    Raises `UserError`: U201, U202, U203, U204, U105 about files, U306 when `out` holds something else, U305 and U102
    about stores.
    """
    began = time.monotonic()
    paths, folder = [Path(file) for file in files], Path(out).resolve()
    _check_out(folder, paths)
    with writing(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
    stores = [Store(Path(place)) for place in against]
    extra = [name for name in (id_column, rank_column) if name is not None]
    room = Scratch(parse_size(config.memory) // 2, folder.parent)
    tables = [read_columns(path, list(dict.fromkeys([column, *extra])), room) for path in paths]
    columns = [table[column] for table in tables]
    texts = _chunks(columns)
    ranks = [numbers(table, rank_column, path) for path, table in zip(paths, tables)] if rank_column else []
    rank = np.concatenate(ranks) if ranks else None
    ids = (
        None
        if id_column is None
        else pa.chunked_array([c.cast(pa.string()) for t in tables for c in t[id_column].chunks])
    )
    sources = [path.stem for path, table in zip(paths, tables) for _ in range(len(table))] if config.prefer else None
    say = say or _keep_quiet
    say(f"read    {format_count(len(texts))} rows of {len(paths)} files, {format_bytes(texts.nbytes)} of text")
    _say_mixed(paths, tables, [column, *extra], say)
    result = deduplicate(ids, texts, rank, config, sources=sources, stores=stores, room=room)
    say(
        f"compare {format_count(len(result.pairs))} pairs verified,"
        f" {format_count(int((~result.kept).sum()))} rows have a kept twin"
    )
    inputs = tuple(
        Input(str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns, len(table))
        for path, table in zip(paths, tables)
    )
    sets = _sets(texts, result) if store_shingles else None
    meta = Meta(versions={}, config=config, column=column, id_column=id_column, files=inputs, complete=True)
    return _write(folder, result, meta, ids, sets, stores, columns, began)


def rethreshold(out: str | Path, threshold: float) -> Summary:
    """A finished output again at another threshold, in place: signatures and keys are reused, and only candidate
    pairs are read. Raises U305 for a folder that holds no output, U304 when an input changed since."""
    began, folder = time.monotonic(), Path(out).resolve()
    store = Store(folder)
    config = load(DedupConfig, msgspec.to_builtins(store.meta.config) | {"threshold": threshold}).value
    room, column = Scratch(parse_size(config.memory) // 2, folder.parent), store.meta.column
    columns = [read_columns(path, [column], room)[column] for path in _inputs(store.meta)]
    ids = store.rows["id"] if store.meta.id_column else None
    result = deduplicate(None, _chunks(columns), store.preference, config, reuse=store, room=room)
    return _write(folder, result, store.meta, ids, store.sets(), [], columns, began)


def compare(out: str | Path, row: str, other: str | None = None, width: int = 120) -> str:
    """A dropped row beside its kept twin, or beside `other`, as text for a terminal. `row` and `other` are ids as the
    ledger has them. Raises U201 for an id that is not there."""
    from sxl_data.dedup.tables.compare import side_by_side

    store = Store(Path(out))
    ids = store.rows["id"] if store.meta.id_column else None
    at = [find_row(store.meta, ids, name, out) for name in ((row,) if other is None else (row, other))]
    if other is None:
        twin = int(store.rows["twin"][at[0]].as_py())
        if twin < 0:
            raise error("U201", file=str(out), found=f"{row} was kept", expected="a dropped row, or two rows")
        at.append(twin)
    texts = [_text(store.meta, index) for index in at]
    names = name_rows(store.meta, ids, np.array(at)).to_pylist()
    return side_by_side(texts[1], texts[0], width, (names[1], names[0]))


def _sets(texts: pa.ChunkedArray, result: DedupResult) -> tuple[np.ndarray, np.ndarray]:
    from sxl_data.dedup.against import kept_shingles

    return kept_shingles(texts, result)


def _say_mixed(paths: list[Path], tables: list[pa.Table], names: list[str], say: Callable[[str], None]) -> None:
    for path, table in zip(paths, tables):
        for name in dict.fromkeys(names):
            if found := mixed(table, name):
                say(f"        {path.name}, column {name!r}: {found}")


def _keep_quiet(line: str) -> None:
    pass


def _check_out(folder: Path, paths: Sequence[Path]) -> None:
    inside = [path for path in paths if path.resolve().is_relative_to(folder)]
    if inside:
        raise error(
            "U306",
            file=str(folder),
            found=f"the input {inside[0]} in it",
            expected="an empty or new folder",
            why="a result takes the place of its folder as a whole",
            fix="give another name",
        )
    if folder.exists() and not folder.is_dir():
        raise error("U302", file=str(folder), found="a file", expected="a folder", fix="give another name")
    if folder in (Path.cwd(), *Path.cwd().parents):
        raise error(
            "U306",
            file=str(folder),
            found="the folder you are in",
            expected="an empty or new folder",
            why="a result takes the place of its folder as a whole",
            fix="give a name in it",
        )
    if folder.exists() and any(folder.iterdir()) and not (folder / "signatures" / "meta.json").is_file():
        raise error("U306", file=str(folder), found="files of something else", expected="an empty or new folder")


def _chunks(columns: list[pa.ChunkedArray]) -> pa.ChunkedArray:
    """One column; large strings throughout if some are, since a chunked array has one type."""
    wide = any(pa.types.is_large_string(column.type) for column in columns)
    kind = pa.large_string() if wide else pa.string()
    if len(columns) == 1 and columns[0].type == kind:
        return columns[0]
    return pa.chunked_array([chunk for column in columns for chunk in column.cast(kind).chunks], kind)


def _inputs(meta: Meta) -> list[Path]:
    for file in meta.files:
        path = Path(file.path)
        if not path.is_file() or (path.stat().st_size, path.stat().st_mtime_ns) != (file.bytes, file.modified_ns):
            raise error(
                "U304",
                file=file.path,
                found="changed or gone since the run",
                expected="the file as it was",
                why="its rows are read again",
                fix="run dedup again",
            )
    return [Path(file.path) for file in meta.files]


def _text(meta: Meta, index: int) -> str:
    for path, file in zip(_inputs(meta), meta.files):
        if index < file.rows:
            return str(read_columns(path, [meta.column])[meta.column][index].as_py() or "")
        index -= file.rows
    raise AssertionError("a row number beyond the inputs")


def _write(
    folder: Path,
    result: DedupResult,
    meta: Meta,
    ids: pa.ChunkedArray | None,
    sets: tuple[np.ndarray, np.ndarray] | None,
    stores: list[Store],
    texts: list[pa.ChunkedArray] | None,
    began: float,
) -> Summary:
    import pyarrow.parquet as pq

    draft = folder.with_name(TEMPORARY + folder.name)
    with writing(folder), replacing(folder, draft):
        for name in ("data", "ledger", "signatures"):
            (draft / name).mkdir(parents=True)
        with ThreadPoolExecutor(meta.config.workers or os.cpu_count() or 1) as beside:
            # Kept rows are nearly all of the bytes.
            rows = [beside.submit(writer.write) for writer in _writers(draft / "data", result, meta, texts)]
            with pq.ParquetWriter(draft / "ledger" / "ledger.parquet", LEDGER_SCHEMA, compression="zstd") as ledger:
                for lines in ledger_lines(result, meta, ids, stores):
                    ledger.write_table(lines)
            borderline = result.borderline(lambda rows: name_rows(meta, ids, rows))
            pq.write_table(borderline, draft / "ledger" / "borderline.parquet", compression="zstd")
            write_store(draft / "signatures", result, ids, meta.column, meta.id_column, meta.files, sets)
            for done in rows:
                done.result()
    gone = int((~result.kept).sum())
    exact = int(result.exact.sum())
    first_pair = borderline.slice(0, 1).to_pylist()
    closest = [(pair["left"], pair["right"], pair["score"]) for pair in first_pair]
    return Summary(
        rows=len(result.kept),
        kept=len(result.kept) - gone,
        exact=exact,
        near=gone - exact,
        against=int((result.store >= 0).sum()),
        borderline=len(borderline),
        complete=result.complete,
        closest=closest[0] if closest else None,
        seconds=time.monotonic() - began,
    )


def _writers(folder: Path, result: DedupResult, meta: Meta, texts: list[pa.ChunkedArray] | None) -> list[Writer]:
    """What writes the kept rows of all files, the largest output first, so that no thread ends long after another."""
    first, found = 0, []
    for number, file in enumerate(meta.files):
        kept = result.kept[first : first + file.rows]
        first += file.rows
        name = Path(file.path).stem + (f"-{number}" if number else "")
        found += writers_of_kept(Path(file.path), kept, folder, name, meta.column, texts and texts[number])
    return sorted(found, key=lambda writer: -writer.bytes)
