"""What lies in a folder: plain files, and whatever nobody reads there, which is said and not left out unsaid.

In: a folder that somebody named. Out: its files, and every entry that was not looked into: links, which may lead in a
circle or out of the folder; folders that tools make (`node_modules`); pipes, sockets and devices. `told` makes one
finding of all of them, U217, so that a thousand links are one line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from sxl_data.contract.errors import Finding, error, finding
from sxl_data.contract.printable import encodable

SKIPPED = frozenset({".git", "__pycache__", ".venv", "node_modules", "site-packages", ".work"})
"""Folders that hold what tools put there; `.work` is what a build of ours needs while it runs."""
LINK, NO_FILE, FOLDER = "link", "no plain file", "folder that a pattern matches"
_KINDS = 6


class Left(NamedTuple):
    """An entry that is not read: its name relative to the folder that was named, and what it is, for a folder of
    tools its own name."""

    name: str
    kind: str


def walk(folder: Path, enters: Callable[[str], bool] = lambda name: True) -> Iterator[Path | Left]:
    """The files below ``folder``, sorted in each of its folders, and what is left out of them. ``enters`` says of a
    folder's name, relative to ``folder``, whether anything below it can be wanted. Raises `UserError` U204."""
    waiting = [folder]
    while waiting:
        for path in _inside(waiting.pop(), folder):
            name = path.relative_to(folder).as_posix()
            if path.is_symlink():
                yield Left(name, LINK)
            elif path.is_dir():
                if path.name in SKIPPED:
                    yield Left(name, path.name)
                elif enters(name):
                    waiting.append(path)
            elif path.is_file():
                yield path
            else:
                yield Left(name, NO_FILE)


def told(left: Sequence[Left]) -> Finding | None:
    """What is said of all that was left out; None where nothing was."""
    if not left:
        return None
    kinds = Counter(item.kind for item in left)
    shown = ", ".join(f"{kind} ×{count}" for kind, count in kinds.most_common(_KINDS))
    first = encodable(min(item.name for item in left))
    return finding(
        "U217",
        file=first,
        found=f"{len(left)} of its entries not looked into: {shown}; the first is {first}",
        expected="plain files, in folders that no tool made",
    )


def refuse_place(folder: Path, out: Path) -> None:
    """What is made of the files of ``folder`` goes to a folder of its own, ``out``, that holds nothing yet. Raises
    `UserError` U306 for one that holds files, U302 for one in ``folder`` or around it."""
    inner, outer = out.resolve(), folder.resolve()
    if inner == outer or outer in inner.parents or inner in outer.parents:
        raise error(
            "U302",
            file=str(out),
            found="the folder that is read, or one in it or around it",
            expected="a folder beside it",
            why="what is written would be read the next time, or replace what was read",
            fix="give another name",
        )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise error(
            "U306",
            file=str(out),
            found="a folder that is not empty" if out.is_dir() else "a file",
            expected="a new or empty folder",
            why="files of the same names would be replaced",
            fix="give another name",
        )


def _inside(folder: Path, top: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as problem:
        raise error(
            "U204",
            file=str(folder),
            found=problem.strerror or problem,
            expected="a folder that can be read",
            fix=f"give yourself the right to read it, or leave it out: `exclude: [{folder.relative_to(top)}/*]`",
        ) from None
