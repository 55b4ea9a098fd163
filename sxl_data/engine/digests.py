"""Whether a file still holds the bytes that its digest was made of.

One flipped bit in uncompressed Parquet reads as a wrong value without any error. So the digest is compared before a
file is used, once in a process while the file stays as it is: tasks that look rows up in all shards, and steps of
training that open one dataset, would read it all again.
"""

from __future__ import annotations

from pathlib import Path

from sxl_data.contract.errors import Finding, UserError, finding
from sxl_data.engine.commit import sha256

NONE = "no file"
"""What stands for the digest of a file that is not there."""
_CHECKED: dict[str, tuple[str, tuple[int, ...]]] = {}
"""Files that were found to have this digest when they had this state."""


def digest_of(path: Path) -> str:
    """Hex sha256 of the file's bytes, or `NONE`."""
    try:
        return sha256(path)
    except OSError:
        return NONE


def find_damage(path: Path, expected: str, fix: str | None = None) -> Finding | None:
    """U304 where the file's hex sha256 is not the ``expected`` one, or it is not there."""
    state = _state(path)
    if state is not None and _CHECKED.get(str(path)) == (expected, state):
        return None
    found = digest_of(path)
    if found != expected:
        shown = found if found == NONE else f"sha256 {found[:16]}…"
        return finding("U304", file=str(path), found=shown, expected=f"{expected[:16]}…", fix=fix)
    if state is not None:
        _CHECKED[str(path)] = (expected, state)
    return None


def verified(path: Path, expected: str) -> Path:
    """``path``, after its bytes were compared with the ``expected`` sha256. Raises `UserError` U304."""
    if damage := find_damage(path, expected):
        raise UserError(damage)
    return path


def _state(path: Path) -> tuple[int, ...] | None:
    """What changes when a file is written or replaced; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
