"""The regular files of an archive, one after the other, as streams; nothing is extracted into a folder.

A path inside an archive can therefore point nowhere, links, devices and pipes are passed over, and a
member that unpacks to far more than it weighs costs no memory: who reads it says how much of it.
"""

from __future__ import annotations

import hashlib
import lzma
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, Self

import zstandard

MAX_MEMBER_BYTES = 2_000_000_000
MAX_HEADER_BYTES = 1 << 20
_BLOCK = 1 << 20
_HEADERS = (
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
)

# What the readers raise on damaged or encrypted archives.
DAMAGED = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    zipfile.BadZipFile,
    tarfile.TarError,
    zstandard.ZstdError,
)


class Oversized(Exception):
    """A member unpacks to more than we take."""


def members(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Names and streams of the regular files of a tar or zip, in archive order; a stream lasts until the
    next one is asked for. Raises one of `DAMAGED`."""
    if path.suffix.lower() == ".zip":
        with zipfile.ZipFile(path) as bundle:
            for info in bundle.infolist():
                if not info.is_dir():
                    with bundle.open(info) as member:
                        yield info.filename, member
    elif path.name.lower().endswith(".tar.zst"):
        with (
            path.open("rb") as raw,
            zstandard.ZstdDecompressor().stream_reader(raw) as stream,
            tarfile.open(fileobj=stream, mode="r|", tarinfo=_Member) as archive,
        ):
            yield from _tar_members(archive)
    else:
        with tarfile.open(path, mode="r|*", tarinfo=_Member) as archive:
            yield from _tar_members(archive)


class _Member(tarfile.TarInfo):
    """A member whose name is no gigabyte: long names and extended headers are read whole, before anything is asked."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        member = super().frombuf(buf, encoding, errors)
        if member.type in _HEADERS and member.size > MAX_HEADER_BYTES:
            raise tarfile.ReadError(f"a header of {member.size} bytes")
        return member


def _tar_members(archive: tarfile.TarFile) -> Iterator[tuple[str, IO[bytes]]]:
    for member in archive:
        if member.isreg():
            file = archive.extractfile(member)
            assert file is not None
            yield member.name.removeprefix("./"), file


@contextmanager
def unpacked(name: str, member: IO[bytes]) -> Iterator[tuple[Path, str, int]]:
    """A temporary file with the member's bytes, their hex sha256 and number. The record reader works on
    files: it maps them and never holds a large one whole. Raises `Oversized`."""
    safe = "".join(c if c.isalnum() or c in "._-" else "_" for c in Path(name).name)[-80:]
    digest, size = hashlib.sha256(), 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"m-{safe}"  # the ending of the name says what it is
        with path.open("wb") as file:
            size = _copy(member, file, digest)
        yield path, digest.hexdigest(), size


def _copy(member: IO[bytes], file: BinaryIO, digest: hashlib._Hash) -> int:
    size = 0
    while block := member.read(_BLOCK):
        size += len(block)
        if size > MAX_MEMBER_BYTES:
            raise Oversized(f"over {MAX_MEMBER_BYTES} bytes")
        digest.update(block)
        file.write(block)
    return size
