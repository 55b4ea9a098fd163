"""`validate --fix`, of a file or of a folder."""

from __future__ import annotations

from pathlib import Path

from sxl_data.contract.console import say, tell
from sxl_data.contract.errors import error
from sxl_data.contract.errors import render as render_finding
from sxl_data.read.known import known_formats
from sxl_data.validate.fix import fix, show
from sxl_data.validate.fix_folder import UNITS, fix_folder


def mend(files: list[str], out: str | None, format: str) -> int:
    """Mend the one file or folder of ``files`` into ``out``; the exit code. Raises `UserError` U401 for another number
    of them, or no place."""
    if len(files) != 1 or not out:
        raise error("U401", found="--fix", expected="one FILE or FOLDER and -o OUT")
    if Path(files[0]).is_dir():
        done = fix_folder(files[0], out, format, tell=lambda name, line, change: tell(show(line, change, name)))
        tell(done.text())
        for item in (*done.notes, *done.problems):
            say(render_finding(item))
        return done.exit_code
    records = {name: item for name, item in known_formats().items() if item.unit in UNITS}
    mended = fix(files[0], out, format, records, tell=lambda *told: tell(show(*told)))
    tell(mended.text())
    return 1 if mended.left or mended.lost or mended.unread or mended.faulty else 0
