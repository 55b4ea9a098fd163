"""A name that comes from outside is never a path until it was looked at.

In: a name out of a manifest, an archive or an answer of the Hub. Out: whether it names something below a folder of
ours, whatever system it is joined on. Absolute names, ``..``, drives, streams, backslashes and control characters are
refused rather than cleaned: a cleaned name is another file's name. Source of the reserved names:
https://learn.microsoft.com/windows/win32/fileio/naming-a-file.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from sxl_data.contract.errors import error
from sxl_data.contract.printable import encodable

PUBLISHED = ("data", "arrow", "ledger", "quarantine")
"""Folders of a build whose files its manifest names."""
LONGEST = 1_000
_DEVICES = {"con", "prn", "aux", "nul", *(f"{kind}{n}" for kind in ("com", "lpt") for n in range(10))}


def is_inner(name: object, folders: Collection[str] = ()) -> bool:
    """Whether ``name`` is relative with ``/`` between its parts and stays inside; where ``folders`` are given, inside
    one of them."""
    if not isinstance(name, str) or not name.isprintable() or len(name) > LONGEST or set(name) & set('\\:*?"<>|'):
        return False
    parts = name.split("/")
    if folders and (len(parts) < 2 or parts[0] not in folders):
        return False
    return not any(_is_odd(part) for part in parts)


def below(folder: Path, name: str) -> Path | None:
    """``folder / name`` for writing, or None where the name is no inner one or a link on the way leads outside."""
    if not is_inner(name):
        return None
    path = folder / name
    try:
        end, inside = path.resolve(), folder.resolve()
    except (OSError, RuntimeError):  # links in a circle
        return None
    # Python 3.13 raises nothing for a circle: it leaves the link where it stands.
    circle = any(place.is_symlink() for place in (end, *end.parents))
    return path if end.is_relative_to(inside) and not circle else None


def require_text(path: Path, why: str, fix: str) -> None:
    """Refuse a name of bytes that are no text: ``why`` it has to be, and how to ``fix`` it. Raises `UserError` U204."""
    if encodable(str(path)) != str(path):
        found, expected = "a name that is not UTF-8", "a name that is text"
        raise error("U204", file=str(path), found=found, expected=expected, why=why, fix=fix)


def _is_odd(part: str) -> bool:
    """Empty, a dot folder's name, or what Windows takes for another name or a device."""
    return part != part.rstrip(". ") or part.split(".")[0].lower() in _DEVICES or not part
