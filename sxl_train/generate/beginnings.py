"""What conversations begin with, read once for all starts: keys and values of a system text and its tools, on disk.

In: a key of weights, library and tokens. Out: what `Llama.save` gave for it, from the user's cache folder, or the one
that `SXL_CACHE` names. A token of SmolLM2-135M takes 23 kB: 300 tokens, 7 MB. `FILES` are kept, those used last; a
damaged one counts as none.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from sxl_train.run.bases import cache_folder

LEAST = 64
"""Tokens: fewer are read as fast."""
LARGEST = 128_000_000
"""Bytes of one."""
FILES = 8


def name(weights: str, library: str, ids: Sequence[int]) -> Path:
    """The file for ``ids`` under these weights (their digest) and this build of llama.cpp."""
    what = f"{weights}\0{library}\0{','.join(map(str, ids))}"
    return cache_folder() / "beginnings" / f"{hashlib.sha256(what.encode()).hexdigest()[:32]}.kv"


def find(file: Path) -> bytes:
    """What is kept there; nothing where there is none, or no longer all of it."""
    try:
        digest, kept = file.read_bytes().split(b"\n", 1)
        if hashlib.sha256(kept).hexdigest().encode() != digest:
            return b""
        os.utime(file)
    except (OSError, ValueError):
        return b""
    return kept


def keep(file: Path, kept: bytes) -> None:
    """Keep it, readable for this user alone; a disk that is full or may not be written is no fault of the model."""
    if not 0 < len(kept) <= LARGEST:
        return
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, partial = tempfile.mkstemp(dir=file.parent)
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(hashlib.sha256(kept).hexdigest().encode() + b"\n" + kept)
            Path(partial).replace(file)
        finally:
            Path(partial).unlink(missing_ok=True)
        used = sorted(file.parent.glob("*.kv"), key=lambda path: path.stat().st_mtime)
        for old in used[:-FILES]:
            old.unlink(missing_ok=True)
