"""A file of one format → a file of another: what the verb `convert` does.

In: a file of any format that is read. Out: the same traces in the format asked for, with the residual inside
so that converting back loses nothing (see `formats.export`), and a report of what the target cannot say. Formats
that are one session per file become a folder when there are several traces. Records that cannot be read
are reported and left out; nothing is written in place of a file until it is complete.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from sxl_data.contract.errors import Finding, UserError, error
from sxl_data.contract.printable import encodable, printable_line
from sxl_data.engine.commit import TEMPORARY, deliver, replacing, writing
from sxl_data.files.numbers import encode_json
from sxl_data.formats.export import OWN, carry, export, exporters, stated
from sxl_data.trace.format import Format, Origin
from sxl_data.trace.tally import Tally
from sxl_data.trace.types import Trace, encode
from sxl_data.validate.submission import Submission, opened

# Formats of which a file is one session.
SESSIONS = ("sts",)


class Conversion(msgspec.Struct, kw_only=True):
    """What was converted and what was not."""

    source: str
    """Name of the format that was read."""
    reason: str
    """Why the file was taken for that format."""
    target: str
    traces: int = 0
    """Traces written."""
    files: tuple[str, ...] = ()
    """Files written, in order."""
    findings: tuple[Finding, ...] = ()
    """Records that could not be read, and what had to be repaired."""
    losses: dict[str, int] = {}
    """Places that the target does not say by itself (list positions as ``*``) → how often. With the
    residual inside the file they come back; other programs do not see them."""

    @property
    def complete(self) -> bool:
        """Whether every record became a trace."""
        return not any(item.level == "error" for item in self.findings)


def convert(
    path: str | Path | Submission,
    to: str,
    out: str | Path,
    *,
    format: str = "auto",
    residual: bool = True,
    known: dict[str, Format] | None = None,
) -> Conversion:
    """Convert the file at ``path`` (``-``: stdin) to ``to`` and write it to ``out``.

    Row formats become JSONL, or one JSON value where ``out`` ends in ``.json``; our own becomes Parquet where it
    ends in ``.parquet``. Without ``residual`` the document is bare, as other programs write it. Bytes that the file
    holds inline stay. Raises `UserError`: U202 for a format that is not read or not written, U204 for a file that
    cannot be read, U208 when it holds no trace.
    """
    if to not in exporters():
        raise error("U202", found=to, expected="one of " + ", ".join(exporters()))
    submission = opened(path, format, known)
    name = encodable(Path(submission.path).name.split(".")[0]) if str(submission.path) != "-" else "stdin"
    submission.origin = Origin(source=name or "submitted", options=submission.origin.options)
    submission.coverage = Tally()
    made = Conversion(source="", reason="", target=to)
    findings: list[Finding] = []
    losses: Counter[str] = Counter()
    target = Path(out)
    refuse_own(submission.path, target)

    def traces() -> Iterator[Trace]:
        for item in submission:
            findings.extend(item.findings)
            if item.reading is not None:
                findings.extend(item.reading.findings)
                made.traces += 1
                yield item.reading.trace

    def documents() -> Iterator[Any]:
        for trace in traces():
            exported = export(trace, to)
            losses.update(stated(exported.losses))
            yield carry(exported, to) if residual else exported.document

    if to == OWN and target.suffix == ".parquet":
        files = [_write_table(list(traces()), target)]
    elif to == OWN:
        files = [write_rows(target, (encode(trace) for trace in traces()))]
    elif to in SESSIONS:
        files = _write_sessions(documents(), target)
    else:
        files = [write_rows(target, (encode_json(document) for document in documents()))]
    if submission.format is not None:
        made.source, made.reason = submission.format.name, submission.reason
    made.files = tuple(str(file) for file in files if file is not None)
    made.findings, made.losses = tuple(findings), dict(losses.most_common())
    if not made.traces and findings:
        raise UserError(*findings)
    if not made.traces:
        raise error("U208", file=submission.file, found="no trace", expected="at least one")
    return made


def render(made: Conversion) -> str:
    """The loss report as text, one place a line."""
    lines = [f"{made.source} → {made.target}: {made.traces} traces ({printable_line(made.reason)})"]
    lines += [f"  {count:>8}  {printable_line(place)}" for place, count in made.losses.items()]
    if made.losses:
        lines.append("  kept in the residual; other programs do not see it")
    return "\n".join(lines)


def refuse_own(path: str | Path, target: Path) -> None:
    """A file is not replaced by what is made of it: what could not be read would be gone. Raises U302."""
    if str(path) != "-" and target.is_file() and Path(path).exists() and target.samefile(path):
        raise error(
            "U302",
            file=str(target),
            found="the input file",
            expected="another file",
            fix="write to another name and compare before you replace the original",
        )


def write_rows(target: Path, rows: Iterable[bytes]) -> Path | None:
    """``rows`` as lines, or as one JSON value, put in place as a whole; None where there are none."""
    waiting = iter(rows)
    first = next(waiting, None)
    if first is None:
        return None

    def write(file: Any) -> None:
        if target.suffix != ".json":
            for row in itertools.chain([first], waiting):
                file.write(row + b"\n")
            return
        second = next(waiting, None)  # one document stays itself; several become an array
        file.write(first if second is None else b"[" + first)
        for row in [] if second is None else itertools.chain([second], waiting):
            file.write(b",\n" + row)
        file.write(b"\n" if second is None else b"]\n")

    return deliver(target, write)


def _write_sessions(documents: Iterable[list[Any]], target: Path) -> list[Path | None]:
    """One file for each document: ``target`` itself for one, a folder of numbered files for several."""
    waiting = iter(documents)
    first = next(waiting, None)
    second = next(waiting, None)
    if first is None:
        return []
    if second is None:
        return [write_rows(target, map(encode_json, first))]
    _refuse_foreign(target)
    place = target.resolve()
    names = []
    with writing(target):
        place.parent.mkdir(parents=True, exist_ok=True)
        with replacing(place, part := place.with_name(TEMPORARY + place.name)):
            for number, document in enumerate(itertools.chain([first, second], waiting), 1):
                names.append(f"{number:05d}.jsonl")
                write_rows(part / names[-1], map(encode_json, document))
    return [target / name for name in names]


def _refuse_foreign(target: Path) -> None:
    """A folder is replaced only if it holds nothing but sessions that were written here. Raises U302, U306."""
    if target.is_dir():
        names = sorted(path.name for path in target.iterdir())
        odd = [name for name in names if not (name[:5].isdecimal() and name[5:] == ".jsonl")]
        if odd or target.resolve() in (Path.cwd(), *Path.cwd().parents):
            raise error(
                "U306",
                file=str(target),
                found=", ".join(odd[:5]) or "the folder you are in",
                expected="a new or empty folder, or one of numbered sessions",
                why="a folder of sessions is written as a whole",
                fix="give another name",
            )
    elif target.exists():
        raise error(
            "U302",
            file=str(target),
            found="a file",
            expected="a folder, for several sessions",
            why="each session is a file of its own",
            fix="give another name",
        )


def _write_table(traces: list[Trace], target: Path) -> Path | None:
    if not traces:
        return None
    import pyarrow.parquet as pq

    from sxl_data.trace.table import to_table

    table = to_table(traces)
    return deliver(target, lambda file: pq.write_table(table, file, compression="zstd"))
