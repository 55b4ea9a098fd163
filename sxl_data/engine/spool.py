"""Records on their way to the part that they are for, and columns: in memory while they are few, else in files.

In: numpy records, each with the number of its part. Out: the records of one part, a run at a time. A buffer that is
full is put in order by part and written in one go, so that a part is read back as one run of each buffer. A file has no
name (on Windows it goes with its last handle): a killed process leaves nothing behind. Files are read, not mapped: what
a process holds is the buffer and the run that it looks at.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from sxl_data.engine.commit import writing

SHARE = 32
"""A buffer, and a column that stays in memory, takes one of so many parts of the memory."""


class Room(NamedTuple):
    """``memory``: bytes that all of a step may hold, about. ``folder``: of its files, None for the system's own."""

    memory: int
    folder: Path | None = None

    def spool(self, parts: int, dtype: Any) -> Spool:
        """For records of ``dtype`` that go to so many parts."""
        return Spool(parts, dtype, self.memory // SHARE, self.folder)

    def column(self, rows: int, dtype: Any) -> Column:
        """For one value of each row."""
        return Column(rows, dtype, self.memory // SHARE, self.folder)


class _Run(NamedTuple):
    """Records in order of their parts: part k's are those from ``bounds[k]`` to before ``bounds[k + 1]``. They begin at
    the byte ``at`` of the file, or are held."""

    bounds: np.ndarray
    at: int
    held: np.ndarray | None


class Spool:
    """Records of ``dtype`` by part; of these ``limit`` bytes are held and the rest written to a file."""

    def __init__(self, parts: int, dtype: Any, limit: int, folder: Path | None = None) -> None:
        self.parts, self.dtype, self.total = parts, np.dtype(dtype), 0
        self._most, self._folder = max(1, limit // self.dtype.itemsize), folder
        self._new: list[tuple[np.ndarray, np.ndarray]] = []
        self._runs: list[_Run] = []
        self._file: IO[bytes] | None = None
        self._held, self._end = 0, 0

    def add(self, parts: np.ndarray | int, records: np.ndarray) -> None:
        """Take ``records``, each of which goes to its part, or all to one."""
        parts = np.broadcast_to(np.asarray(parts), len(records))
        for first in range(0, len(records), self._most):
            span = slice(first, first + self._most)
            self._new.append((parts[span], records[span]))
            self._held += len(records[span])
            self.total += len(records[span])
            if self._held >= self._most:
                self._write()

    def chunks(self, part: int) -> Iterator[np.ndarray]:
        """The records of a part so far, in the order in which they came, some at a time. Not to be written to."""
        self._order()
        for run in list(self._runs):
            a, b = int(run.bounds[part]), int(run.bounds[part + 1])
            if a < b:
                yield run.held[a:b] if run.held is not None else self._read(run.at, a, b)

    def read(self, part: int) -> np.ndarray:
        """All of them."""
        return np.concatenate([np.empty(0, self.dtype), *self.chunks(part)])

    def _order(self) -> None:
        """What came since is one more run, in order of parts."""
        if not self._new:
            return
        parts, records = (np.concatenate([pair[k] for pair in self._new]) for k in (0, 1))
        self._new = []
        counts = np.bincount(parts, minlength=self.parts)
        if self.parts > 1:
            narrow = parts.astype(np.uint16) if self.parts <= 1 << 16 else parts
            records = records[np.argsort(narrow, kind="stable")]
        self._runs.append(_Run(np.concatenate(([0], np.cumsum(counts))).astype(np.uint32), -1, records))

    def _write(self) -> None:
        held = [run for run in self._runs if run.held is not None]
        self._runs = [run for run in self._runs if run.held is None]
        numbers = np.arange(self.parts)
        self._new[:0] = [(np.repeat(numbers, np.diff(run.bounds)), run.held) for run in held if run.held is not None]
        self._order()
        run = self._runs.pop()
        assert run.held is not None
        with writing(self._folder or Path(tempfile.gettempdir())):
            if self._file is None:
                self._file = _scratch_file(self._folder)
            self._file.seek(self._end)
            _write_all(self._file, run.held)
        self._runs.append(_Run(run.bounds, self._end, None))
        self._end += run.held.nbytes
        self._held = 0

    def _read(self, at: int, first: int, end: int) -> np.ndarray:
        assert self._file is not None
        return _read_all(self._file, at + first * self.dtype.itemsize, end - first, self.dtype)


class Column:
    """A value of each of ``rows`` rows, written and read by ranges; up to ``limit`` bytes of them are in memory."""

    def __init__(self, rows: int, dtype: Any, limit: int, folder: Path | None = None) -> None:
        self.rows, self.dtype, self._folder = rows, np.dtype(dtype), folder
        self._held = np.zeros(rows, self.dtype) if rows * self.dtype.itemsize <= limit else None
        self._file: IO[bytes] | None = None
        if self._held is None:
            with writing(folder or Path(tempfile.gettempdir())):
                self._file = _scratch_file(folder)
                self._file.truncate(rows * self.dtype.itemsize)

    def write(self, first: int, values: np.ndarray) -> None:
        """Set the values of the rows from ``first`` on."""
        if self._held is not None:
            self._held[first : first + len(values)] = values
            return
        assert self._file is not None
        with writing(self._folder or Path(tempfile.gettempdir())):
            self._file.seek(first * self.dtype.itemsize)
            _write_all(self._file, np.ascontiguousarray(values, self.dtype))

    def read(self, first: int, end: int) -> np.ndarray:
        """The values of the rows from ``first`` to before ``end``. Not to be written to."""
        if self._held is not None:
            return self._held[first:end]
        assert self._file is not None
        return _read_all(self._file, first * self.dtype.itemsize, end - first, self.dtype)


def count_distinct(rows: Iterable[np.ndarray], most: int, room: Room) -> int:
    """How many numbers below ``most`` there are, each of which may come several times."""
    step = max(1, room.memory // 4)
    spool = room.spool(max(1, -(-most // step)), np.uint32)
    for piece in rows:
        spool.add(piece // np.uint32(step), piece.astype(np.uint32))
    count = 0
    for number in range(spool.parts) if spool.total else ():
        seen = np.zeros(min(step, most), dtype=bool)
        for piece in spool.chunks(number):
            seen[piece - np.uint32(number * step)] = True
        count += int(seen.sum())
    return count


def _scratch_file(folder: Path | None) -> IO[bytes]:
    return tempfile.TemporaryFile(dir=folder, buffering=0)


def _write_all(file: IO[bytes], values: np.ndarray) -> None:
    view = np.ascontiguousarray(values).view(np.uint8).data
    while len(view):
        view = view[file.write(view) :]


def _read_all(file: IO[bytes], at: int, count: int, dtype: np.dtype[Any]) -> np.ndarray:
    out = np.empty(count, dtype)
    view = out.view(np.uint8)
    file.seek(at)
    done = 0
    while done < len(view):
        got = file.readinto(view[done:])  # type: ignore[attr-defined]
        if not got:
            raise EOFError(f"a scratch file ends {len(view) - done} bytes early")
        done += got
    return out
