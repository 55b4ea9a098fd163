"""The engine's whole protocol: a task reads files, commits its output under one receipt, returns it.

Tasks run at least once and in any order. A task's key is a digest of the code that runs, its
parameters and the digests of its inputs: a receipt of that key on disk *is* the task's result, so a
resumed build reuses it and a changed parameter never meets stale output. Two workers that run the same
task commit the same bytes.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module, metadata
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import msgspec
import pyarrow as pa

from sxl_data.engine.sources import hash_sources

DISTRIBUTION = "sheikh-sxl"
_INPUT = "input "
"""What the names of inputs begin with among those of an origin."""


class FileInfo(msgspec.Struct, frozen=True):
    """A committed file: path below the store's root, rows, bytes, hex sha256."""

    path: str
    rows: int
    bytes: int
    sha256: str


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One unit of work.

    ``function`` is ``module:name``; it is called with ``params`` (plain values) and a list of `Path`s
    for every entry of ``inputs``, and returns an `Output`. ``timed`` is False for a task that looks at
    the whole corpus: no limit of time fits it. ``looked_up`` names inputs of which the function wants a few rows
    and compares those with what they were: the files are not read as a whole to check them. ``costs`` are params
    that decide memory or time and no bit of the output: no part of the key.
    """

    stage: str
    part: int
    function: str
    params: dict[str, Any]
    inputs: dict[str, tuple[FileInfo, ...]] = {}
    timed: bool = True
    looked_up: tuple[str, ...] = ()
    costs: dict[str, Any] = {}

    def origin(self) -> dict[str, str]:
        """Digests of all that decides the output, by name: what a key is made of."""
        found = {"code": code_version(self.function)}
        for name, value in self.params.items():
            nested = value if isinstance(value, dict) else {"": value}
            found |= {f"{name}.{key}".rstrip("."): _digest(part) for key, part in nested.items()}
        for name, infos in self.inputs.items():
            found[_INPUT + name] = _digest([info.sha256 for info in infos])
        return found

    def job(self) -> Job:
        """The task with its key, computed once: sources edited during a build must not mix two keys."""
        origin = self.origin()
        key = _digest((self.stage, self.part, self.function, origin))
        return Job(task=self, key=key, origin=origin)


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a task. ``skipped`` maps items that killed earlier runs to what happened, ``suspect`` is
    the item of the last death (-1: unknown), and ``careful`` asks for item by item, so that it is known."""

    task: Task
    key: str
    origin: dict[str, str]
    skipped: dict[int, str] = {}
    suspect: int = -1
    careful: bool = False

    @property
    def stem(self) -> str:
        """Path of the output below the store's root, without suffix."""
        return f"{self.task.stage}/{self.task.part:05d}-{self.key}"


class WhyNot(msgspec.Struct, frozen=True, kw_only=True):
    """Why a task must run: what it left before is ``damaged``, or the last run of its part had other values of
    these ``parameters`` (``code`` is one) and ``inputs``, all by name and in order. None of these: it never ran."""

    damaged: bool = False
    parameters: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self != WhyNot()


def compare(origin: dict[str, str], before: dict[str, str]) -> WhyNot:
    """What differs between two origins of one part."""
    changed = [name for name in sorted(origin.keys() | before.keys()) if origin.get(name) != before.get(name)]
    return WhyNot(
        parameters=tuple(name for name in changed if not name.startswith(_INPUT)),
        inputs=tuple(name.removeprefix(_INPUT) for name in changed if name.startswith(_INPUT)),
    )


class Output(msgspec.Struct, kw_only=True):
    """What a task function returns: tables to commit by name, raw files by name, and counts. A table may be made, and a
    file written, when its turn to be committed comes, so that they are not all held."""

    tables: Mapping[str, pa.Table | Callable[[], pa.Table]] = {}
    blobs: Mapping[str, bytes | pa.Buffer | Callable[[BinaryIO], object]] = {}
    counters: dict[str, int] = {}


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What a committed task left: its files by name, its counts, and the seconds it took."""

    stage: str
    part: int
    key: str
    origin: dict[str, str]
    files: dict[str, FileInfo]
    counters: dict[str, int]
    seconds: float
    reused: bool = False

    @property
    def path(self) -> str:
        """Path of the receipt's own file below the store's root."""
        return f"{self.stage}/{self.part:05d}-{self.key}.json"

    def numbered(self, prefix: str) -> list[FileInfo]:
        """The files whose names are ``prefix`` and a number, in order."""
        return [info for name, info in sorted(self.files.items()) if name.startswith(prefix)]


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
    """Digest of the sources that ``module:name`` may depend on (`sources`) and of the packages it runs with. What is
    typed, shown or asked, other tasks and the engine make no row of it and are left out."""
    root = Path(str(import_module(function.partition(":")[0].partition(".")[0]).__file__)).parent
    folder = root.parent if (root / "__init__.py").is_file() else root
    digest = hashlib.sha256(hash_sources(function, folder).encode())
    for name, number in _versions().items():
        digest.update(f"{name} {number}\n".encode())
    return digest.hexdigest()[:16]


@cache
def _versions() -> dict[str, str]:
    """Versions of Python and of the packages that the distribution requires without an extra."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for requirement in metadata.requires(DISTRIBUTION) or ():
        name = requirement.partition(";")[0].partition(">")[0].partition("=")[0].strip()
        if "extra" not in requirement:
            found[name] = metadata.version(name)
    return found


def _digest(value: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()[:24]
