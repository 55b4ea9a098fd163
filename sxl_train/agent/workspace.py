"""A copy of a folder inside the sandbox, and what was changed in it.

In: a folder. Its plain files go into a box; tools and programs see nothing else, and nothing they do reaches the
folder. Out: `Workspace.changes`, each with its diff, which `apply` writes back file by file once a person agrees.
"""

from __future__ import annotations

import hashlib
import os
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Literal

import msgspec

from sxl_data.contract.errors import error
from sxl_data.contract.names import below, is_inner
from sxl_data.sandbox.box import Box, Refused
from sxl_data.sandbox.limits import Limits, Result
from sxl_data.sandbox.run import open_box
from sxl_data.toolsets.tools import ToolError
from sxl_train.run.objects import Object, Value

SKIPPED = {"__pycache__", ".venv", "venv", "node_modules", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".tox"}
"""Folders that are made by tools and stay behind."""
MOST_FILES = 5_000
MOST_BYTES = 40_000_000
LARGEST = 16_000_000
"""Bytes of one changed file that are brought back."""
LONGEST = 200_000
"""Bytes of a file whose diff is shown."""
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

    def __init__(self, box: Box, folder: Path | None, held: dict[str, bytes], left_out: Sequence[str] = ()) -> None:
        self.box, self.folder, self.held, self.left_out = box, folder, held, list(left_out)

    def do(self, tool: str, /, **given: Value) -> Value:
        """Run one tool of `inside` in the box. Raises `ToolError` with the tool's own refusal."""
        ask = msgspec.json.encode({"do": tool, "with": given})
        # Isolated, or a file that a program left (json.py, sitecustomize.py) would answer for the tools.
        python = shlex.quote(self.box.python.path)
        done = self.box.run(f"exec {python} -I -c \"$(cat <<'{_END}'\n{_INSIDE}\n{_END}\n)\"", "bash", stdin=ask)
        try:
            answer: Object = msgspec.json.decode(done.stdout)
        except msgspec.DecodeError:
            raise ToolError(done.status, _end_of(done)) from None
        if "value" not in answer:
            raise ToolError(str(answer.get("kind")), str(answer.get("message")))
        return answer["value"]

    def changes(self) -> list[Change]:
        """What was added, changed and deleted, by path, but for a repository's own files (`.git`), which stay in the
        copy. What cannot be brought back is named in ``left_out``."""
        digests = {path: hashlib.sha256(data).hexdigest() for path, data in self.held.items() if not _is_git(path)}
        try:
            answer: Object = self.do("snapshot", held=digests)
        except ToolError as problem:
            self.left_out.append(f"all changes: the copy cannot be read any more ({problem})")
            return []
        if answer["more"]:
            self.left_out.append(f"{answer['more']:,} more changed files")
        sides: dict[str, bytes | None] = {}
        for path, digest in sorted(answer["changed"].items()):
            after = self._bring(path) if digest else None
            if after is not None or not digest:
                sides[path] = after
        diffs = self._diffs([(path, self.held.get(path, b""), after or b"") for path, after in sides.items()])
        return [
            Change(path, "deleted" if after is None else "changed" if path in self.held else "added", diff, after)
            for (path, after), diff in zip(sides.items(), diffs, strict=True)
        ]

    def _bring(self, path: str) -> bytes | None:
        if not is_inner(path) or _is_git(path):
            self.left_out.append(f"{path}: no name of a file on every system, or one of a repository's own")
            return None
        try:
            data = self.box.read(path, LARGEST + 1)
        except (OSError, Refused) as problem:
            self.left_out.append(f"{path}: {problem}")
            return None
        if len(data) > LARGEST:
            self.left_out.append(f"{path}: larger than {LARGEST / 1e6:.0f} MB")
            return None
        return data

    def apply(self, changes: list[Change]) -> None:
        """Write ``changes`` into the folder, all or none. Raises `UserError` T403 for a path that leads out of it, T406
        for a file that is no longer as it was copied."""
        if self.folder is None:
            return
        places: list[tuple[Path, Change]] = []
        for change in changes:
            path = below(self.folder, change.path)
            if path is None:
                raise error("T403", file=change.path, found="a path that leads out of the folder")
            places.append((path, change))
        for path, change in places:
            now = path.read_bytes() if path.is_file() else None
            if now not in (self.held.get(change.path), change.content) or path.is_dir():
                gone = "none" if now is None and not path.exists() else "another one than was copied"
                raise error("T406", file=change.path, found=gone, expected="the file that was copied")
        for path, change in places:
            if change.content is None:
                path.unlink(missing_ok=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f".{path.name}.part")
            part.write_bytes(change.content)
            if path.exists():
                part.chmod(path.stat().st_mode)
            part.replace(path)

    def _diffs(self, files: Sequence[tuple[str, bytes, bytes]]) -> list[str]:
        """The diffs of ``files`` (path, before, after), empty for what is no text or too long to compare."""
        texts = {}
        for at, (path, *sides) in enumerate(files):
            try:
                if max(map(len, sides)) <= LONGEST:
                    texts[at] = [path, *(side.decode() for side in sides)]
            except UnicodeDecodeError:
                continue
        found = [""] * len(files)
        try:  # in the box: comparing two texts of a stranger can take for ever
            made: list[str] = self.do("diff", files=list(texts.values()))
        except ToolError:
            made = []
        for at, diff in zip(texts, made):
            found[at] = diff
        return found


@contextmanager
def open_workspace(folder: Path | None = None) -> Iterator[Workspace]:
    """A workspace with a copy of ``folder``, or an empty one. Raises `UserError` U201 where it is no folder, T401
    where it is too large to be copied, U403 where this machine has no sandbox."""
    left_out: list[str] = []
    held = {} if folder is None else _read(folder, left_out)
    try:
        box = open_box(held, _LIMITS)
    except Refused as problem:
        raise error("U204", file=str(folder or "."), found=str(problem)) from None
    with box:
        if ".git/HEAD" in held:  # git wants these folders, and empty ones were not copied
            box.run("mkdir -p .git/refs/heads .git/objects", "bash")
        yield Workspace(box, folder, held, left_out)


def _is_git(path: str) -> bool:
    """Whether ``path`` belongs to a repository itself: the tools change files, its history is the person's."""
    return ".git" in path.split("/")


def _read(folder: Path, left_out: list[str]) -> dict[str, bytes]:
    """The plain files of ``folder``; what is none, and what has a name that not every system takes, is named."""
    if not folder.is_dir():
        raise error("U201", file=str(folder), found="no such folder", expected="a folder to work on")
    found: dict[str, bytes] = {}
    size = 0
    for top, folders, names in os.walk(folder):
        left_out += [f"{Path(top, name)}: made by tools" for name in folders if name in SKIPPED]
        left_out += [f"{Path(top, name)}: a link" for name in folders if Path(top, name).is_symlink()]
        folders[:] = sorted(name for name in folders if name not in SKIPPED)
        for name in sorted(names):
            path = Path(top) / name
            inner = path.relative_to(folder).as_posix()
            if path.is_symlink() or not path.is_file() or not is_inner(inner):
                left_out.append(f"{path}: {'no plain file' if is_inner(inner) else 'its name'}")
                continue
            size += path.stat().st_size
            if len(found) >= MOST_FILES or size > MOST_BYTES:
                limit = f"at most {MOST_FILES:,} files and {MOST_BYTES / 1e6:.0f} MB"
                raise error("T401", file=str(folder), found=f"more at {inner}", expected=limit)
            found[inner] = path.read_bytes()
    return found


def _end_of(done: Result) -> str:
    return done.detail or (done.stderr.strip().splitlines() or [f"ended with {done.exit_code}"])[-1][:500]
