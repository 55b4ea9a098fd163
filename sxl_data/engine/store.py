"""The intermediate files of a build: found again by key, checked before use, swept when superseded.

The digest in the receipt is compared before a file is read or published, and a receipt carries a digest of itself.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator, MutableSequence
from pathlib import Path
from typing import BinaryIO

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from sxl_data.contract.errors import error
from sxl_data.contract.names import is_inner
from sxl_data.engine.commit import TEMPORARY, commit, private_folder, writing
from sxl_data.engine.digests import digest_of, verified
from sxl_data.engine.task import FileInfo, Job, Receipt, Task, WhyNot, compare

LOCK = "lock"


class Store:
    """The intermediate files of one build, below ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, info: FileInfo) -> Path:
        """Absolute path of a committed file."""
        return self.root / info.path

    def verified(self, info: FileInfo) -> Path:
        """The path, after its bytes were compared with the receipt. Raises `UserError` U304."""
        return verified(self.path(info), info.sha256)

    def reused(self, tasks: Iterable[Task], todo: MutableSequence[Job]) -> Iterator[Receipt]:
        """Receipts of the tasks that are committed, as they are checked; the jobs of the others go to ``todo``."""
        for task in tasks:
            job = task.job()
            done = self.find(job)
            if done is not None:
                yield done
            else:
                todo.append(job)

    def find(self, job: Job) -> Receipt | None:
        """The receipt of ``job`` if it is committed and its files are as it says."""
        receipt = self._receipt(self.root / f"{job.stem}.json")
        if receipt is None or any(digest_of(self.path(f)) != f.sha256 for f in receipt.files.values()):
            return None
        return msgspec.structs.replace(receipt, reused=True)

    def why_not(self, job: Job) -> WhyNot:
        """Why nothing could be reused for ``job``: what differs from the last run of the same part."""
        if (self.root / f"{job.stem}.json").exists():
            return WhyNot(damaged=True)
        others = sorted((self.root / job.task.stage).glob(f"{job.task.part:05d}-*.json"))
        for receipt in filter(None, map(self._receipt, others)):
            if found := compare(job.origin, receipt.origin):
                return found
        return WhyNot()

    def _receipt(self, path: Path) -> Receipt | None:
        try:
            data, _, digest = path.read_bytes().rpartition(b"\n")
            whole = hashlib.sha256(data).hexdigest().encode("ascii") == digest
            receipt = msgspec.json.decode(data, type=Receipt) if whole else None
            # A folder may have come from elsewhere: what its receipts name lies in it.
            inner = receipt is not None and all(is_inner(info.path) for info in receipt.files.values())
            return receipt if inner else None
        except (OSError, msgspec.MsgspecError):
            return None

    def put_receipt(self, receipt: Receipt) -> None:
        """Commit ``receipt``, after its files: from now on the task is done."""
        data = msgspec.json.encode(receipt)
        digest = hashlib.sha256(data).hexdigest().encode("ascii")
        commit(self.root / receipt.path, lambda file: file.write(data + b"\n" + digest))

    def discard(self, job: Job) -> None:
        """Forget ``job``'s output, so that it runs again."""
        (self.root / f"{job.stem}.json").unlink(missing_ok=True)

    def put(self, name: str, rows: int, write: Callable[[BinaryIO], object]) -> FileInfo:
        """Commit one file and describe it."""
        path = self.root / name
        size, digest = commit(path, write)
        return FileInfo(name, rows, size, digest)

    def put_table(self, name: str, table: pa.Table | Callable[[], pa.Table]) -> FileInfo:
        """Commit an intermediate table: fast compression, row groups that readers can hold."""
        made = table() if callable(table) else table

        def write(file: BinaryIO) -> None:
            pq.write_table(made, pa.PythonFile(file, "w"), compression="lz4", row_group_size=16_384, store_schema=True)

        return self.put(name, len(made), write)

    def put_bytes(self, name: str, data: bytes | pa.Buffer | Callable[[BinaryIO], object]) -> FileInfo:
        """Commit raw bytes."""
        return self.put(name, 0, data if callable(data) else lambda file: file.write(data))

    def sweep(self, keep: set[str]) -> int:
        """Remove every file below the root whose path is not in ``keep``; returns how many."""
        removed = 0
        for path in sorted(self.root.rglob("*")):
            name = path.relative_to(self.root).as_posix()
            if path.is_file() and name not in keep and not name.startswith(LOCK):
                path.unlink()
                removed += 1
        return removed


def sweep_temporaries(folder: Path) -> int:
    """Remove what killed writers left below ``folder``; only with its lock held. Returns how many."""
    left = list(folder.rglob(f"{TEMPORARY}*"))
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


@contextlib.contextmanager
def locked(root: Path, name: str = LOCK) -> Iterator[None]:
    """Hold the only lock called ``name`` on the store at ``root``, a folder for this user alone.

    A run that committed nothing leaves nothing: neither the store nor the folder around it, where that was not there
    before. Raises `UserError` U303 when another process has the lock.
    """
    import filelock

    new = not root.parent.exists()
    if root.is_symlink():  # what is superseded in it is removed, and what lies elsewhere is not ours
        raise error(
            "U306",
            file=str(root),
            found="a link",
            expected="a folder of this build",
            why="a build sweeps this folder",
            fix="remove the link, or build into another folder",
        )
    with writing(root):
        private_folder(root)
        lock = filelock.FileLock(str(root / name))
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            raise error("U303", file=str(root.parent), found="a build in progress", expected="a free folder") from None
    try:
        yield
    finally:
        if not any(path.is_file() and path.name != name for path in root.rglob("*")):
            # Still locked: who waits for it finds the file gone and makes a new one.
            shutil.rmtree(root, ignore_errors=True)
        lock.release()
        if new:
            with contextlib.suppress(OSError):  # there is something in it
                root.parent.rmdir()
