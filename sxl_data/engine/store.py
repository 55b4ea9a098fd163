"""Files on disk: committed whole or not at all, and checked before use.

A commit is a temporary file in the same folder → fsync → rename → fsync of the folder. A reader
therefore sees the old file, the new file or none, whatever instant the process dies at. One flipped
bit in uncompressed Parquet reads as a wrong value without any error, so inputs are hashed before use.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from sxl_data.contract.errors import error
from sxl_data.engine.task import FileInfo, Receipt, Task

TEMPORARY = ".part-"


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns the system's refusals to write into `UserError`s: U301 no space, U302 anything else."""
    try:
        yield
    except OSError as problem:
        if isinstance(problem, FileNotFoundError | InterruptedError):
            raise
        code = "U301" if problem.errno in (errno.ENOSPC, errno.EDQUOT) else "U302"
        raise error(code, file=str(path), found=problem.strerror or problem, expected="a writable disk") from problem


def commit(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Create ``path`` with what ``write`` puts into a binary file, atomically and durably."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name}")
        try:
            with temporary.open("wb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        sync_folder(path.parent)


def commit_bytes(path: Path, data: bytes) -> None:
    """Create ``path`` with ``data``, atomically and durably."""
    commit(path, lambda file: file.write(data))


def sync_folder(folder: Path) -> None:
    """Make renames in ``folder`` durable, on systems where folders can be synced."""
    if os.name != "nt":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_parquet(file: BinaryIO, table: pa.Table) -> None:
    """An intermediate table: fast compression, row groups that readers can hold."""
    pq.write_table(table, file, compression="lz4", row_group_size=16_384, store_schema=True)


def sha256(path: Path) -> str:
    """Hex digest of the file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Store:
    """The intermediate files of one build, below ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, info: FileInfo) -> Path:
        """Absolute path of a committed file."""
        return self.root / info.path

    def verified(self, info: FileInfo) -> Path:
        """The path, after its bytes were compared with the receipt. Raises `UserError` U304."""
        path = self.path(info)
        try:
            found = sha256(path)
        except FileNotFoundError:
            found = "no file"
        if found != info.sha256:
            raise error("U304", file=str(path), found=f"sha256 {found[:16]}…", expected=f"{info.sha256[:16]}…")
        return path

    def find(self, task: Task) -> Receipt | None:
        """The receipt of ``task`` if it is committed and its files are there."""
        try:
            receipt = msgspec.json.decode((self.root / f"{task.stem}.json").read_bytes(), type=Receipt)
        except (FileNotFoundError, msgspec.DecodeError):
            return None
        for info in receipt.files.values():
            try:
                if self.path(info).stat().st_size != info.bytes:
                    return None
            except FileNotFoundError:
                return None
        return msgspec.structs.replace(receipt, reused=True)

    def discard(self, task: Task) -> None:
        """Forget ``task``'s output, so that it runs again."""
        (self.root / f"{task.stem}.json").unlink(missing_ok=True)

    def put(self, name: str, rows: int, write: Callable[[BinaryIO], object]) -> FileInfo:
        """Commit one file and describe it."""
        path = self.root / name
        commit(path, write)
        return FileInfo(name, rows, path.stat().st_size, sha256(path))

    def put_table(self, name: str, table: pa.Table) -> FileInfo:
        """Commit an intermediate table."""
        return self.put(name, len(table), lambda file: write_parquet(file, table))

    def put_bytes(self, name: str, data: bytes) -> FileInfo:
        """Commit raw bytes."""
        return self.put(name, 0, lambda file: file.write(data))

    def sweep(self, keep: set[str]) -> int:
        """Remove every file below the root whose path is not in ``keep``; returns how many."""
        removed = 0
        for path in sorted(self.root.rglob("*")):
            if path.is_file() and path.relative_to(self.root).as_posix() not in keep:
                path.unlink()
                removed += 1
        return removed


def place(source: Path, target: Path) -> None:
    """Put a committed file at its published place: a hard link where possible, else a copy."""
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        try:
            os.link(source, target)
        except OSError:
            temporary = target.with_name(f"{TEMPORARY}{target.name}")
            shutil.copyfile(source, temporary)
            temporary.replace(target)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the only lock on an output folder; raises `UserError` U303 when another process has it."""
    import filelock

    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(str(folder / ".lock"))
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise error("U303", file=str(folder), found="a build in progress", expected="a free folder") from None
    try:
        yield
    finally:
        lock.release()
