"""Questions to a finished build: why did this row go, what went and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sxl_data.contract.codes import CODES
from sxl_data.contract.console import format_count, format_table
from sxl_data.contract.errors import UserError, error, finding
from sxl_data.contract.ledger import LEDGER_SCHEMA
from sxl_data.contract.printable import encodable, printable_line
from sxl_data.engine import digests
from sxl_data.engine.objects import here
from sxl_data.write.manifest import Manifest, decode

HOLD_ROWS = ("data", "arrow")
"""Folders of a build that hold its rows, each of them all."""
OURS = ("content_hash", "sxl_version", "leakage")
"""Keys that only a manifest of ours has."""
MEND = "copy the dataset again, build it again into its folder, or remove manifest.json if the change was meant"


def is_build(folder: str | Path) -> bool:
    """Whether the folder has a manifest of ours, or one that cannot be read or says nothing: other programs have
    files of that name, but an empty one would only switch the comparison with its digests off."""
    path = Path(folder) / "manifest.json"
    if not path.is_file():
        return False
    try:
        found = msgspec.json.decode(path.read_bytes())
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return True
    return not isinstance(found, dict) or not found or not found.keys().isdisjoint(OURS)


def open_build(folder: str | Path) -> Manifest:
    """The manifest of the build in ``folder``. Raises U305 when there is no finished build."""
    path = Path(folder) / "manifest.json"
    if not path.is_file():
        raise error("U305", file=str(folder), found="no manifest.json", expected="a finished build")
    return decode(path.read_bytes(), str(path))


def verified(folder: str | Path, manifest: Manifest, name: str) -> Path:
    """The path of a published file, after its bytes were compared with the manifest. Raises U304."""
    return digests.verified(Path(folder) / name, str(manifest.files[name]["sha256"]))


def check_files(folder: str | Path, used: Iterable[str | Path]) -> None:
    """Compare the ``used`` files of a build with its manifest, and what it names beside them: a shard that was never
    copied is missed by nobody else. Raises U304 with every file that is damaged, missing or not the build's, U305."""
    folder, manifest = Path(folder), open_build(folder)
    names = {Path(path).relative_to(folder).as_posix() for path in used}
    names = {name for name in names if name.partition("/")[0] in HOLD_ROWS}
    beside = {name.partition("/")[0] for name in names} or {"data"}
    names |= {name for name in manifest.files if name.partition("/")[0] in beside}
    found = []
    for name in sorted(names):
        if name in manifest.files:
            found.append(digests.find_damage(folder / name, str(manifest.files[name]["sha256"]), MEND))
        else:
            found.append(
                finding(
                    "U304",
                    file=str(folder / name),
                    found="a file that the manifest does not name",
                    expected="the build's own files alone",
                    fix=MEND,
                )
            )
    if damages := [item for item in found if item]:
        raise UserError(*damages)


def ledger(folder: str | Path, by: str | None = None) -> str:
    """The ledger of a build, or of an output of `dedup`, as a table: every line, or counted ``by`` a column (code,
    stage, source)."""
    folder = here(folder)
    alone = (folder / "signatures" / "meta.json").is_file()  # what `dedup` writes has no manifest
    table = read_ledger(folder) if alone else _checked_ledger(folder, open_build(folder))
    if by is not None and by not in table.column_names:
        raise error("U401", found=f"--by {by}", expected="one of " + ", ".join(table.column_names))
    if not table.num_rows:
        return "an empty ledger: no row was dropped, edited, flagged or quarantined"
    if by is None:
        rows = [[_short(v) for v in row.values()] for row in table.to_pylist()]
        return format_table(table.column_names, rows)
    import polars as pl

    frame = pl.DataFrame(table)
    counts = frame.group_by(by).len().sort(["len", by], descending=[True, False])
    titles = {code: entry.title for code, entry in CODES.items()} if by == "code" else {}
    rows = [[key, format_count(n), titles.get(key, "")] for key, n in counts.iter_rows()]
    return format_table([by, "lines", "meaning" if by == "code" else ""], rows)


def read_ledger(folder: str | Path) -> pa.Table:
    """All ledger lines of a build."""
    path = Path(folder) / "ledger" / "ledger.parquet"
    return pq.read_table(path) if path.is_file() else LEDGER_SCHEMA.empty_table()


def _checked_ledger(folder: str | Path, manifest: Manifest) -> pa.Table:
    """The ledger that the manifest vouches for; a file that it does not name is nobody's."""
    for name in manifest.files:
        if name.startswith("ledger/"):
            verified(folder, manifest, name)
    return read_ledger(folder) if "ledger/ledger.parquet" in manifest.files else LEDGER_SCHEMA.empty_table()


class Fate(NamedTuple):
    """What happened to one row: its lines of the ledger, and where it is now, the name of a file and the row in it."""

    trace_id: str
    lines: list[dict[str, Any]]
    file: str | None
    row: int

    @property
    def next(self) -> str:
        """What to ask next, without the name of the command and the build: the twin, or the code."""
        twins = [line["twin_id"] for line in self.lines if line["twin_id"]]
        if self.file is not None:
            return f"show BUILD --row {self.trace_id}"
        return f"why {twins[-1]} BUILD" if twins else f"explain {self.lines[-1]['code']}"


def fate(trace_id: str, folder: str | Path) -> Fate:
    """What happened to the row ``trace_id``. Raises `UserError` U201 when it never was."""
    folder, trace_id = here(folder), encodable(trace_id)
    manifest = open_build(folder)
    lines = _checked_ledger(folder, manifest)
    mine = lines.filter(pc.equal(lines["trace_id"], trace_id)).to_pylist()
    file, row = _find(folder, manifest, trace_id)
    if file is None and not mine:
        meant = _of_other_source(folder, manifest, lines, trace_id)
        raise error(
            "U201",
            trace_id=trace_id,
            found="no row and no ledger line of this id",
            expected=f"{meant}?" if meant else f"an id of this build, for example {_example(folder, manifest)}",
            why="a row that was read is either in data/ or in ledger/",
            fix="check the id",
        )
    return Fate(trace_id, mine, file, row)


def why(trace_id: str, folder: str | Path) -> str:
    """What happened to one row, stage by stage, and where it is now. Raises U201 when it never was."""
    return as_text(fate(trace_id, folder))


def as_text(found: Fate) -> str:
    """What happened to a row, for a terminal."""
    out = [printable_line(found.trace_id)]
    for line in found.lines:
        entry = CODES[line["code"]]
        said = f"  {line['stage']:<14} {line['action']} by {line['code']} {line['rule']}: {entry.title}"
        out.append(said)
        for name, key in (("detail", "detail"), ("twin", "twin_id"), ("score", "score")):
            if line[key] is not None:
                out.append(f"{'':<17}{name} {printable_line(str(line[key]))}")
        out.append(f"{'':<17}{entry.why}")
    if found.file is not None:
        out.append(f"  {'now':<14} in {found.file} row {found.row}")
    return "\n".join(out)


def shards(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """The files with rows, and the split of each."""
    for name in manifest.files:
        if name.startswith("data/"):
            yield name, name.removeprefix("data/").partition("-")[0]


def _find(folder: str | Path, manifest: Manifest, trace_id: str) -> tuple[str | None, int]:
    for name, _ in shards(manifest):
        ids = pq.read_table(verified(folder, manifest, name), columns=["trace_id"])["trace_id"]
        at = pc.index(ids, trace_id).as_py()
        if at >= 0:
            return name, at
    return None, -1


def _of_other_source(folder: str | Path, manifest: Manifest, ledger: pa.Table, trace_id: str) -> str | None:
    """The id in the build that has the digits of ``trace_id`` and another source before them, as the ids that
    `validate` prints have (``submitted:…``)."""
    digits = ":" + trace_id.rpartition(":")[2]
    columns = [ledger["trace_id"]]
    columns += [pq.read_table(Path(folder) / n, columns=["trace_id"])["trace_id"] for n, _ in shards(manifest)]
    for column in columns:
        found = column.filter(pc.ends_with(column, digits))
        if len(found):
            return str(found[0].as_py())
    return None


def _example(folder: str | Path, manifest: Manifest) -> Any:
    for name, _ in shards(manifest):
        ids = pq.read_table(Path(folder) / name, columns=["trace_id"])["trace_id"]
        if len(ids):
            return ids[0].as_py()
    return "none"


def _short(value: Any) -> str:
    text = "" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"
