"""`sxl-data samples DIR`: a file of every kind that sxl reads, to try a command on before one's own data.

In: a folder that is empty or not there. Out: the files that ship with sxl, a few lines each, written for it.
"""

from __future__ import annotations

from pathlib import Path

from sxl_data.contract.errors import error
from sxl_data.contract.resources import samples_folder
from sxl_data.engine.commit import commit_bytes


def samples(folder: str | Path) -> list[Path]:
    """Write the sample files into ``folder`` and return what was written. Raises `UserError` U306 where something
    lies there already."""
    target, source = Path(folder), samples_folder()
    if target.is_file() or (target.is_dir() and any(target.iterdir())):
        raise error("U306", file=str(folder), found="something is there", expected="a folder to make, or an empty one")
    written = []
    for path in sorted(source.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:  # pip compiles what it installs
            place = target / path.relative_to(source)
            commit_bytes(place, path.read_bytes())
            written.append(place)
    return written
