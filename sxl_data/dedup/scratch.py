"""Arrays in memory up to a limit, and in scratch files beyond it.

In: shapes, or record batches. Out: numpy arrays and Arrow tables that kernels read alike. A scratch file has no name
(on Windows it goes with its last handle), so that a killed process leaves nothing behind. Its pages belong to the
operating system, which keeps what fits and writes back the rest.
"""

from __future__ import annotations

import contextlib
import errno
import math
import mmap
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa

from sxl_data.contract.errors import error

# Without it a page in use on a full disk kills the process (SIGBUS) where an error could be raised here.
_reserve = getattr(os, "posix_fallocate", None)
_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


class Scratch:
    """Room for one run: `limit` bytes of memory, then files in `folder` (None: where the system keeps such files)."""

    def __init__(self, limit: int, folder: Path | None = None) -> None:
        self.free = limit
        self.folder = folder
        self._maps: list[mmap.mmap] = []

    def take(self, size: int) -> bool:
        """Whether `size` bytes of the memory were free; they are taken then."""
        fits = size <= self.free
        self.free -= size if fits else 0
        return fits

    def empty(self, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        """An array of any content. Raises U301 where the disk has no room for it."""
        size = math.prod(shape) * np.dtype(dtype).itemsize
        if not size or self.take(size):
            return np.empty(shape, dtype)
        with self._writing(), self._file() as file:
            if _reserve is None:
                file.truncate(size)
            else:
                _reserve(file.fileno(), 0, size)
            mapped = mmap.mmap(file.fileno(), size)
        self._maps.append(mapped)
        return np.frombuffer(mapped, dtype).reshape(shape)

    def table(self, schema: pa.Schema, batches: Iterable[pa.Table]) -> pa.Table:
        """A table whose buffers are mapped from a file, one batch in memory at a time while it is written."""
        with self._writing(), self._file() as file:
            with pa.ipc.new_file(file, schema) as writer:
                for batch in batches:
                    writer.write_table(batch)
            file.flush()
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return pa.ipc.open_file(pa.py_buffer(mapped)).read_all()

    def rest(self) -> None:
        """Gives the pages of all files back until they are asked for again."""
        for mapped in self._maps:
            if hasattr(mapped, "madvise"):
                mapped.flush()
                mapped.madvise(mmap.MADV_DONTNEED)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as problem:
            code = "U301" if problem.errno in _FULL else "U302"
            raise error(
                code,
                file=str(self.folder or tempfile.gettempdir()),
                found=str(problem),
                expected="room for what exceeds the memory",
            ) from problem

    def _file(self) -> IO[bytes]:
        return tempfile.TemporaryFile(dir=self.folder)
