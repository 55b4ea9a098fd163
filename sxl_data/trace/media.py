"""Images, audio and files inside a trace: what text says in their place, and whether their bytes are kept.

A trace that becomes text (`messages`, a chat format that holds strings) has a placeholder where a part stood, so that
nothing vanishes: ``[image: image/png]``. Bytes that a source holds inline leave only their digest and type while
reading, unless the reader was asked to keep them: then they are a ``data:`` URI.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sxl_data.trace.types import Part

MEDIA = ("image", "audio", "file")
"""The types of parts that are no text."""
_KEPT: ContextVar[bool] = ContextVar("_KEPT", default=False)


def placeholder(kind: str, media_type: str | None) -> str:
    """What stands for a part of type ``kind`` where only text can stand."""
    return f"[{kind}: {media_type}]" if media_type else f"[{kind}]"


@contextmanager
def keeping_bytes(keep: bool) -> Iterator[None]:
    """Whether parts that `inline_part` makes hold their bytes while this is open."""
    token = _KEPT.set(keep)
    try:
        yield
    finally:
        _KEPT.reset(token)


def decode_inline(text: str) -> bytes:
    """The bytes that ``text`` holds as base64 or as a ``data:`` URI; its own where it holds none."""
    body = text.partition(",")[2] if text.startswith("data:") else text
    try:
        return base64.b64decode(body)
    except ValueError:
        return body.encode("utf-8", "surrogatepass")


def inline_part(kind: str, data: bytes, media_type: str | None) -> Part:
    """The part for the bytes ``data``: their digest and type, and as a ``data:`` URI the bytes if they are kept."""
    uri = None
    if _KEPT.get():
        uri = f"data:{media_type or ''};base64,{base64.b64encode(data).decode('ascii')}"
    return Part(type=kind, uri=uri, sha256=hashlib.sha256(data).hexdigest(), media_type=media_type)  # type: ignore[arg-type]
