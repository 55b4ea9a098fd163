"""A file is committed whole or not at all, whatever instant the process dies at.

Temporary file in the same folder → fsync → rename → fsync of the folder: a reader sees the old file, the
new file or none. The digest is taken of what was handed to the system, before the disk had it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from sxl_data.contract.errors import error
from sxl_data.contract.failures import is_full, is_memory

TEMPORARY = ".part-"
_PIECE = 1 << 20


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns the system's refusals to write into `UserError`s: U301 no space, U302 anything else."""
    try:
        yield
    except OSError as problem:
        if is_memory(problem):
            raise
        code = "U301" if is_full(problem) else "U302"
        raise error(code, file=str(path), found=problem.strerror or problem, expected="a writable disk") from problem


class _Hashing:
    """A binary file that hashes and counts what is written to it."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.digest, self.size, self.closed = file, hashlib.sha256(), 0, False

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        for start in range(0, len(view), _PIECE):
            self.digest.update(view[start : start + _PIECE])
            self.file.write(view[start : start + _PIECE])
        self.size += len(view)
        return len(view)

    def tell(self) -> int:
        return self.size

    def flush(self) -> None:
        self.file.flush()


def commit(path: Path, write: Callable[[Any], object]) -> tuple[int, str]:
    """Create ``path`` with what ``write`` puts into a binary file, atomically and durably.

    Returns size and hex sha256. Raises `UserError` U301 or U302 when the system refuses.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Two tasks of one key may write at once, on two machines of a cluster: a name of its own for each.
        temporary = path.with_name(f"{TEMPORARY}{secrets.token_hex(4)}-{path.name[-100:]}")
        try:
            with temporary.open("wb") as file:
                target = _Hashing(file)
                write(target)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        sync_folder(path.parent)
        return target.size, target.digest.hexdigest()


def commit_bytes(path: Path, data: bytes) -> None:
    """Create ``path`` with ``data``, atomically and durably."""
    commit(path, lambda file: file.write(data))


def private_folder(folder: Path) -> None:
    """Make ``folder`` for this user alone: what lies in it is unfinished, or is taken for checked."""
    with writing(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(PermissionError):  # another user's, on a disk that is shared on purpose
            folder.chmod(0o700)


def sync_folder(folder: Path) -> None:
    """Make renames in ``folder`` durable, on systems where folders can be synced."""
    if os.name != "nt":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def replacing(folder: Path, part: Path) -> Iterator[None]:
    """What is written into the folder ``part``, which was not there, takes the place of ``folder`` as a whole when the
    block ends; when it fails ``folder`` stays as it was and ``part`` is gone. Both lie in one folder."""
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(parents=True)
        yield
        if folder.exists():
            old = part.with_name(part.name + ".old")
            shutil.rmtree(old, ignore_errors=True)
            folder.rename(old)
            try:
                part.rename(folder)
            except OSError:
                old.rename(folder)
                raise
            shutil.rmtree(old, ignore_errors=True)
        else:
            part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def deliver(path: Path, write: Callable[[Any], object]) -> Path:
    """`commit` to the place that a user named: a link is followed, a pipe or device (``/dev/stdout``) is written into,
    and a folder is no file. Raises `UserError` U301 or U302."""
    with writing(path):
        if path.is_dir():
            raise error(
                "U302",
                file=str(path),
                found="a folder",
                expected="the name of a file",
                why="a folder is not replaced by a file",
                fix="name a file in it, or another one",
            )
        if path.exists() and not path.is_file():
            with path.open("wb") as stream:
                write(stream)
        else:
            commit(path.resolve() if path.is_symlink() else path, write)
    return path


def sha256(path: Path) -> str:
    """Hex digest of the file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def place(source: Path, target: Path) -> None:
    """Put a committed file at its published place: a hard link where possible, else a copy."""
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        try:
            os.link(source, target)
        except OSError:
            with source.open("rb") as file:
                commit(target, lambda out: shutil.copyfileobj(file, out, _PIECE))
        else:
            sync_folder(target.parent)
