"""How a running task says where it is, so that an item that kills its worker can be named and skipped.

A parser that crashes or never returns takes its process with it. The task writes the number of the item
it begins into a small shared file; the pool reads it after the funeral. Two runs that die at an item are
enough: the next one skips it, and the stage records it as quarantined with the reason.
"""

from __future__ import annotations

import mmap
import struct
from contextvars import ContextVar
from pathlib import Path

NOWHERE = -1
_LAYOUT = struct.Struct("<qq")  # signs of life so far, item being worked on


class Watch:
    """What a task function sees: nothing is watched and nothing skipped in an ordinary inline run."""

    def __init__(self, skipped: dict[int, str] | None = None, careful: bool = False) -> None:
        self.skipped, self.careful = skipped or {}, careful

    def at(self, item: int) -> None:
        """The work on ``item`` begins."""


class SharedWatch(Watch):
    """A watch that another process can read, whatever happens to this one."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _LAYOUT.size)
        self._life = 0

    def at(self, item: int) -> None:
        self._life += 1
        _LAYOUT.pack_into(self._map, 0, self._life, item)

    def read(self) -> tuple[int, int]:
        """Signs of life so far, and the item."""
        life, item = _LAYOUT.unpack_from(self._map, 0)
        return life, item

    def close(self) -> None:
        """Let go of the file."""
        self._map.close()

    @staticmethod
    def create(path: Path) -> None:
        """An empty shared file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_LAYOUT.pack(0, NOWHERE))


WATCH: ContextVar[Watch] = ContextVar("watch", default=Watch())  # noqa: B039  (never changed, only replaced)
