"""`validate --fix` on a folder: each file of records in it mended, under the same name below another folder.

In: a folder and a new one. Out: what was done to each file, and what is not mended: code, prose, notebooks and
archives, which hold no records of their own or are no single file. Which files there are, and of which format, is
decided as `validate` decides it; what no format knows is copied as it is, as a record that cannot be read is.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath

import msgspec

from sxl_data.contract.errors import Finding, UserError, error
from sxl_data.contract.folders import Left, refuse_place, told
from sxl_data.read.files import Piece
from sxl_data.read.known import known_formats
from sxl_data.read.passed import is_beside, passed
from sxl_data.rules import Change
from sxl_data.trace.format import Format
from sxl_data.validate.fix import Fixed, fix
from sxl_data.validate.submissions import SourceSubmission, submissions

PACKED = (".gz", ".zst", ".bz2", ".xz")
TABLES = (".parquet", ".csv", ".tsv", ".arrow", ".feather", ".db", ".sqlite", ".yaml", ".yml")
"""Endings of files that are mended into JSON Lines."""
UNITS = ("row", "file")
"""Of formats whose files are records."""

TellOf = Callable[[str, int, Change], None]


class FolderFixed(msgspec.Struct):
    """What was done to each of the ``files`` of a folder; ``problems`` are files that cannot be read, ``notes`` what
    else was not mended."""

    files: list[Fixed] = msgspec.field(default_factory=list)
    problems: list[Finding] = msgspec.field(default_factory=list)
    notes: list[Finding] = msgspec.field(default_factory=list)

    def text(self) -> str:
        """For people: the sum, file by file."""
        return "\n".join(item.text() for item in self.files)

    @property
    def exit_code(self) -> int:
        """As of `validate`: 0 where all is well, 1 where something is left, 2 where a file could not be read."""
        left = any(item.left or item.lost or item.unread or item.faulty for item in self.files)
        return 2 if self.problems else int(left)


def fix_folder(folder: str | Path, out: str | Path, format: str = "auto", tell: TellOf | None = None) -> FolderFixed:
    """Mend the files of ``folder`` into ``out``, which must hold nothing yet; ``tell`` is called with the file, the
    line and each change. Raises `UserError` as `submissions` does, and U302, U306, U401 where ``out`` has no place."""
    place, target = Path(folder), Path(out)
    refuse_place(place, target)
    done = FolderFixed()
    chosen: dict[str, tuple[Piece, Format]] = {}
    others: list[str] = []
    left: list[Left] = []
    for submission in submissions(place, format):
        if not isinstance(submission, SourceSubmission) or submission.format is None:
            raise error("U401", file=str(place), found="a finished build", expected="a folder of traces to mend")
        for chunk in submission.chunks:
            left += chunk.left
            mended = submission.format.unit in UNITS and not chunk.archive
            for piece in chunk.pieces:
                if mended and not is_beside(piece.name):
                    chosen[piece.name] = (piece, submission.format)
                else:
                    others.append(piece.name)
    names = _targets(list(chosen))
    known = {name: item for name, item in known_formats().items() if item.unit in UNITS}
    for name, (piece, chosen_format) in sorted(chosen.items()):
        try:
            mended_file = fix(
                piece.path,
                _made(target / names[name]),
                chosen_format.name,
                known,
                None if tell is None else lambda line, change, name=name: tell(name, line, change),  # type: ignore[misc]
            )
        except UserError as problem:
            done.problems += problem.findings
        else:
            done.files.append(mended_file)
    done.notes += [passed(sorted(set(others) - chosen.keys()), ())] if set(others) - chosen.keys() else []
    done.notes += [said] if (said := told(left)) is not None else []
    return done


def _targets(names: list[str]) -> dict[str, str]:
    """Name → name of what it is mended into. Raises `UserError` U401 where two become one."""
    found: dict[str, str] = {}
    taken: dict[str, str] = {}
    for name in sorted(names):
        path = PurePosixPath(name)
        path = path.with_suffix("") if path.suffix.lower() in PACKED else path
        path = path.with_suffix(".jsonl") if path.suffix.lower() in TABLES else path
        mended = path.as_posix()
        if mended in taken:
            both = f"{taken[mended]} and {name}, both of which would be {mended}"
            raise error("U401", found=both, expected="files of different names", fix="mend one of them by itself")
        found[name], taken[mended] = mended, name
    return found


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
