"""A GGUF file in; its metadata, its tensors' places and, one at a time, its tensors in float32 out.

The file may come from anywhere: every count and length is checked against the bytes that are there before anything is
read by it. Layout after the GGUF specification, version 3 (and 2, which differs in nothing that is read here).
"""

from __future__ import annotations

import mmap
import struct
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from sxl_data.contract.errors import error

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Value: TypeAlias = "int | float | bool | str | list[Value]"
SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
STRING, ARRAY = 8, 9
ALIGNMENT = 32
DEEPEST = 2
"""Arrays in arrays: metadata of models has none."""


class Info(msgspec.Struct, frozen=True):
    """One tensor: its shape as torch has it, its ggml type, and where its bytes begin in the file."""

    shape: tuple[int, ...]
    kind: int
    start: int


class GgufFile(msgspec.Struct, frozen=True):
    """What stands before the weights."""

    path: Path
    metadata: dict[str, Value]
    tensors: dict[str, Info]

    def text(self, key: str, default: str = "") -> str:
        """A string of the metadata."""
        value = self.metadata.get(key, default)
        return value if isinstance(value, str) else default

    def number(self, key: str, default: float = 0) -> float:
        """A number of the metadata."""
        value = self.metadata.get(key, default)
        return value if isinstance(value, int | float) else default

    def items(self, key: str) -> list[Value]:
        """An array of the metadata, empty where there is none."""
        value = self.metadata.get(key)
        return value if isinstance(value, list) else []


class _Cursor:
    def __init__(self, data: mmap.mmap, path: Path) -> None:
        self.data, self.path, self.place = data, path, 0

    def scalar(self, code: str) -> int | float | bool:
        size = struct.calcsize("<" + code)
        self.need(size)
        (value,) = struct.unpack_from("<" + code, self.data, self.place)
        self.place += size
        return value  # type: ignore[no-any-return]

    def count(self, code: str = "Q") -> int:
        """A length, which cannot be larger than the bytes that are left."""
        value = int(self.scalar(code))
        self.need(value)
        return value

    def string(self) -> str:
        size = self.count()
        self.place += size
        return self.data[self.place - size : self.place].decode("utf-8", "replace")

    def value(self, kind: int, depth: int = 0) -> Value:
        if kind == STRING:
            return self.string()
        if kind == ARRAY and depth < DEEPEST:
            inner, count = int(self.scalar("I")), self.count()
            if inner in SCALARS:
                code = f"<{count}{SCALARS[inner]}"
                self.need(struct.calcsize(code))
                self.place += struct.calcsize(code)
                return list(struct.unpack_from(code, self.data, self.place - struct.calcsize(code)))
            return [self.value(inner, depth + 1) for _ in range(count)]
        if kind not in SCALARS:
            raise _broken(self.path, f"a value of type {kind}")
        return self.scalar(SCALARS[kind])

    def need(self, size: int) -> None:
        if size < 0 or self.place + size > len(self.data):
            raise _broken(self.path, f"{len(self.data):,} bytes, cut off at byte {self.place:,}")


def read(path: Path) -> GgufFile:
    """Metadata and tensor table of ``path``. Raises `UserError` T101 for a file that is no GGUF, or is cut off."""
    path = Path(path)
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _read(_Cursor(data, path), path)
    except (OSError, ValueError) as problem:
        raise _broken(path, str(problem)) from None


def _read(cursor: _Cursor, path: Path) -> GgufFile:
    cursor.need(24)
    if cursor.data[:4] != b"GGUF":
        raise _broken(path, "another kind of file")
    cursor.place = 4
    if (version := int(cursor.scalar("I"))) not in (2, 3):
        raise _broken(path, f"version {version}")
    tensors, pairs = cursor.count(), cursor.count()
    metadata: dict[str, Value] = {}
    for _ in range(pairs):
        key = cursor.string()
        metadata[key] = cursor.value(int(cursor.scalar("I")))
    found: dict[str, tuple[tuple[int, ...], int, int]] = {}
    for _ in range(tensors):
        name, dimensions = cursor.string(), int(cursor.scalar("I"))
        if dimensions > 4:
            raise _broken(path, f"a tensor of {dimensions} dimensions")
        shape = tuple(int(cursor.scalar("Q")) for _ in range(dimensions))
        found[name] = shape[::-1], int(cursor.scalar("I")), int(cursor.scalar("Q"))
    given = metadata.get("general.alignment", ALIGNMENT)
    step = given if isinstance(given, int) and given > 0 else ALIGNMENT
    start = cursor.place + -cursor.place % step
    return GgufFile(path, metadata, {n: Info(shape, kind, start + place) for n, (shape, kind, place) in found.items()})


def read_tensor(file: GgufFile, name: str) -> NDArray[np.float32]:
    """The tensor ``name`` expanded to float32. Raises `UserError` T101 where its bytes are not in the file."""
    import math

    import gguf
    import numpy as np

    info = file.tensors[name]
    try:
        kind = gguf.GGMLQuantizationType(info.kind)
    except ValueError:
        raise _broken(file.path, f"{name} is of type {info.kind}") from None
    block, size = gguf.GGML_QUANT_SIZES[kind]
    count = math.prod(info.shape)
    stored = count // block * size
    if count % block or info.start + stored > file.path.stat().st_size:
        raise _broken(file.path, f"{name} reaches beyond the end")
    raw = np.fromfile(file.path, dtype=np.uint8, count=stored, offset=info.start)
    rows = info.shape[:-1]
    try:
        return np.asarray(gguf.dequantize(raw.reshape(*rows, -1), kind).reshape(info.shape), dtype=np.float32)
    except NotImplementedError:
        raise _broken(file.path, f"{name} is stored as {kind.name}, which is not read here") from None


def name_format(file: GgufFile) -> str:
    """The type that most weights are stored in, as llama.cpp names it: ``Q4_1``."""
    import math
    from collections import Counter

    import gguf

    counts: Counter[int] = Counter()
    for info in file.tensors.values():
        if len(info.shape) > 1:
            counts[info.kind] += math.prod(info.shape)
    kinds = [kind for kind, _ in counts.most_common(1)]
    try:
        return gguf.GGMLQuantizationType(kinds[0]).name if kinds else "nothing"
    except ValueError:
        return f"type {kinds[0]}"


def _broken(path: Path, found: str) -> Exception:
    return error("T101", file=str(path), found=found, expected="a whole GGUF file")
