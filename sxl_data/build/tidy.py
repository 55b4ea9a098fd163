"""Removes what a finished build needed only while it ran: the folder `.work`.

In: the folder of a build. Out: the bytes that are free now. Published files stay, though they may be one with files of
`.work` on the disk. Nothing is removed where there is no finished build, or while one runs.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec

from sxl_data.contract.errors import error
from sxl_data.engine.commit import writing
from sxl_data.engine.store import locked

WORK = ".work"


def clean(build: str | Path) -> int:
    """Remove the work folder of ``build`` and return the bytes that this sets free. Raises `UserError` U305 where there
    is no finished build, U303 while one runs, U306 where `.work` is a link."""
    folder = Path(build)
    if not _is_finished(folder / "manifest.json"):
        raise error("U305", file=str(build), found="no manifest.json", expected="the folder of a finished build")
    work = folder / WORK
    if not work.exists() and not work.is_symlink():
        return 0
    with locked(work):
        files = [path for path in work.rglob("*") if path.is_file() and not path.is_symlink()]
        freed = sum(info.st_size for info in (path.stat() for path in files) if info.st_nlink == 1)
        with writing(work):
            for path in sorted(work.iterdir()):
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                elif path.name != "lock":
                    path.unlink()
    return freed


def _is_finished(manifest: Path) -> bool:
    """Whether there is a manifest, and it is one of ours."""
    try:
        found = msgspec.json.decode(manifest.read_bytes()) if manifest.is_file() else None
    except msgspec.DecodeError:
        return False
    return isinstance(found, dict) and "content_hash" in found
