"""The engine's whole protocol: a task reads files, commits its output under one receipt, returns it.

Tasks run at least once and in any order. A task's key is a digest of the code that runs, its
parameters and the digests of its inputs: a receipt of that key on disk *is* the task's result, so a
resumed build reuses it and a changed parameter never meets stale output. Two workers that run the same
task commit the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import msgspec
import pyarrow as pa


class FileInfo(msgspec.Struct, frozen=True):
    """A committed file: path below the store's root, rows, bytes, hex sha256."""

    path: str
    rows: int
    bytes: int
    sha256: str


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One unit of work.

    ``function`` is ``module:name``; it is called with ``params`` (plain values) and a list of `Path`s
    for every entry of ``inputs``, and returns an `Output`.
    """

    stage: str
    part: int
    function: str
    params: dict[str, Any]
    inputs: dict[str, tuple[FileInfo, ...]] = {}

    def key(self) -> str:
        """Hex digest that names this task's output."""
        values = (
            self.stage, self.part, self.function, code_version(self.function), self.params,
            {name: [info.sha256 for info in infos] for name, infos in self.inputs.items()},
        )  # fmt: skip
        return hashlib.sha256(msgspec.json.encode(values, order="deterministic")).hexdigest()[:24]

    @property
    def stem(self) -> str:
        """Path of the output below the store's root, without suffix."""
        return f"{self.stage}/{self.part:05d}-{self.key()}"


class Output(msgspec.Struct, kw_only=True):
    """What a task function returns: tables to commit by name, raw files by name, and counts."""

    tables: dict[str, pa.Table] = {}
    blobs: dict[str, bytes] = {}
    counters: dict[str, int] = {}


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What a committed task left: its files by name, its counts, and the seconds it took."""

    stage: str
    part: int
    key: str
    files: dict[str, FileInfo]
    counters: dict[str, int]
    seconds: float
    reused: bool = False


class Runner(Protocol):
    """Runs tasks somewhere and yields their receipts as they finish."""

    def run(self, tasks: Iterable[Task]) -> Iterator[Receipt]: ...

    def close(self) -> None: ...


def resolve(function: str) -> Any:
    """The callable of ``module:name``."""
    module, _, name = function.partition(":")
    return getattr(import_module(module), name)


@cache
def code_version(function: str) -> str:
    """Digest of the package's sources, command line and reports left out: they make no rows."""
    package = import_module(function.partition(":")[0].partition(".")[0])
    root = Path(str(package.__file__)).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        name = path.relative_to(root).as_posix()
        if name.partition("/")[0] in ("cli.py", "report", "review", "publish", "engine"):
            continue
        digest.update(name.encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]
