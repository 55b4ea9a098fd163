"""A copy of a folder inside the sandbox, and what was changed in it.

In: a folder. Its plain files go into a box; tools and programs see nothing else, and nothing they do reaches the
folder. Out: `Workspace.changes`, each with its diff, which `apply` writes back file by file once a person agrees.
"""

from __future__ import annotations

import hashlib
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import msgspec

from sxl_data.contract.errors import error
from sxl_data.contract.names import below, is_inner
from sxl_data.sandbox.box import Box, Refused
from sxl_data.sandbox.limits import Limits, Result
from sxl_data.sandbox.run import open_box
from sxl_data.toolsets.tools import ToolError

SKIPPED = {"__pycache__", ".venv", "venv", "node_modules", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".tox"}
"""Folders that are made by tools and stay behind."""
MOST_FILES = 5_000
MOST_BYTES = 40_000_000
_LIMITS = Limits(seconds=30.0, scratch=400_000_000, output=200_000)
_END = "end-of-the-tools"
_INSIDE = (files("sxl_train.agent") / "inside.py").read_text(encoding="utf-8")


class Change(msgspec.Struct, frozen=True):
    """One file that is no longer as it was."""

    path: str
    kind: Literal["added", "changed", "deleted"]
    diff: str
    """Unified diff, empty for files that are no text."""
    content: bytes | None
    """What the file holds now; None where it is gone."""


class Workspace:
    """The state of the workspace's tools: a box with the files of ``folder``."""

    def __init__(self, box: Box, folder: Path | None, held: dict[str, bytes]) -> None:
        self.box, self.folder, self.held = box, folder, held

    def do(self, tool: str, /, **given: Any) -> Any:
        """Run one tool of `inside` in the box. Raises `ToolError` with the tool's own refusal."""
        ask = msgspec.json.encode({"do": tool, "with": given})
        # Isolated, or a file that a program left (json.py, sitecustomize.py) would answer for the tools.
        python = shlex.quote(self.box.python.path)
        done = self.box.run(f"exec {python} -I -c \"$(cat <<'{_END}'\n{_INSIDE}\n{_END}\n)\"", "bash", stdin=ask)
        try:
            answer: dict[str, Any] = msgspec.json.decode(done.stdout)
        except msgspec.DecodeError:
            raise ToolError(done.status, _end_of(done)) from None
        if "value" not in answer:
            raise ToolError(str(answer.get("kind")), str(answer.get("message")))
        return answer["value"]

    def changes(self) -> list[Change]:
        """What was added, changed and deleted, by path. Names that are none on every system are left out."""
        now: dict[str, str] = self.do("snapshot")
        found = []
        for path in sorted(now.keys() | self.held.keys()):
            before = self.held.get(path)
            if path not in now:
                found.append(Change(path, "deleted", self._diff(path, before, None), None))
            elif is_inner(path) and (before is None or hashlib.sha256(before).hexdigest() != now[path]):
                after = self.box.read(path)
                found.append(
                    Change(path, "added" if before is None else "changed", self._diff(path, before, after), after)
                )
        return found

    def apply(self, changes: list[Change]) -> None:
        """Write ``changes`` into the folder. Raises `UserError` T403 for a path that leads out of it."""
        if self.folder is None:
            return
        for change in changes:
            path = below(self.folder, change.path)
            if path is None:
                raise error("T403", file=change.path, found="a path that leads out of the folder")
            if change.content is None:
                path.unlink(missing_ok=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f".{path.name}.part")
            part.write_bytes(change.content)
            if path.exists():
                part.chmod(path.stat().st_mode)
            part.replace(path)

    def _diff(self, path: str, before: bytes | None, after: bytes | None) -> str:
        try:
            texts = [(side or b"").decode() for side in (before, after)]
        except UnicodeDecodeError:
            return ""
        try:  # in the box: comparing two texts of a stranger can take for ever
            return str(self.do("diff", name=path, before=texts[0], after=texts[1]))
        except ToolError:
            return ""


@contextmanager
def open_workspace(folder: Path | None = None) -> Iterator[Workspace]:
    """A workspace with a copy of ``folder``, or an empty one. Raises `UserError` U201 where it is no folder, T401
    where it is too large to be copied, U403 where this machine has no sandbox."""
    held = {} if folder is None else _read(folder)
    try:
        box = open_box(held, _LIMITS)
    except Refused as problem:
        raise error("U204", file=str(folder or "."), found=str(problem)) from None
    with box:
        yield Workspace(box, folder, held)


def _read(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        raise error("U201", file=str(folder), found="no such folder", expected="a folder to work on")
    found: dict[str, bytes] = {}
    size = 0
    for top, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in SKIPPED)
        for name in sorted(names):
            path = Path(top) / name
            inner = path.relative_to(folder).as_posix()
            if path.is_symlink() or not path.is_file() or not is_inner(inner):
                continue
            size += path.stat().st_size
            if len(found) >= MOST_FILES or size > MOST_BYTES:
                limit = f"at most {MOST_FILES:,} files and {MOST_BYTES / 1e6:.0f} MB"
                raise error("T401", file=str(folder), found=f"more at {inner}", expected=limit)
            found[inner] = path.read_bytes()
    return found


def _end_of(done: Result) -> str:
    return done.detail or (done.stderr.strip().splitlines() or [f"ended with {done.exit_code}"])[-1][:500]
