"""The rows that a recipe takes down: `exclude` of ids, or of files with an id on each line.

In: the items of the recipe. Out: trace ids, each once, in order. They leave after duplicates did, so what was dropped
as a copy of such a row does not come back in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sxl_data.contract import patterns
from sxl_data.contract.errors import error

TRACE_ID = patterns.compile(r"[a-z0-9][a-z0-9_.-]{0,63}:[0-9a-f]{16}")


def read_excluded(items: Sequence[str], base: Path, file: str | None) -> list[str]:
    """The ids that ``items`` name; files start at ``base``. Raises U201 for a file that is not there, U103 for one that
    is no text, U102 for a line that is no id; lines that are empty or begin with # say nothing."""
    ids: set[str] = set()
    for number, item in enumerate(items):
        if TRACE_ID.fullmatch(item):
            ids.add(item)
            continue
        path = base / Path(item).expanduser()
        if not path.is_file():
            raise error(
                "U201",
                file=item,
                found="no such file, and no id such as source:0123456789abcdef",
                expected="trace ids, or files with one on each line",
                why="`exclude` names it",
            )
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except UnicodeDecodeError as problem:
            raise error("U103", file=str(path), found=problem, expected="UTF-8 text, a trace id on each line") from None
        for line, text in enumerate(lines, 1):
            said = text.strip()
            if said and not said.startswith("#"):
                if not TRACE_ID.fullmatch(said):
                    raise error(
                        "U102",
                        file=str(path),
                        line=line,
                        pointer=f"/exclude/{number}" if file else None,
                        found=said,
                        expected="a trace id such as source:0123456789abcdef",
                    )
                ids.add(said)
    return sorted(ids)
