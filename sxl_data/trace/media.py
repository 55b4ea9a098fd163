"""Images, audio and files inside a trace: what text says in their place, and whether their bytes are kept.

A trace that becomes text (`messages`, a chat format that holds strings) has a placeholder where a part stood, so that
nothing vanishes: ``[image: image/png]``. Bytes that a source holds inline stay as a ``data:`` URI beside their digest
and type; what a build does with them is the key `media` of its recipe.
"""

from __future__ import annotations

import base64
import hashlib

from sxl_data.trace.types import Part

MEDIA = ("image", "audio", "file")
"""The types of parts that are no text."""


def placeholder(kind: str, media_type: str | None) -> str:
    """What stands for a part of type ``kind`` where only text can stand."""
    return f"[{kind}: {media_type}]" if media_type else f"[{kind}]"


def decode_inline(text: str) -> bytes:
    """The bytes that ``text`` holds as base64 or as a ``data:`` URI; its own where it holds none."""
    body = text.partition(",")[2] if text.startswith("data:") else text
    try:
        return base64.b64decode(body)
    except ValueError:
        return body.encode("utf-8", "surrogatepass")


def inline_part(kind: str, data: bytes, media_type: str | None, uri: str | None = None) -> Part:
    """The part for the bytes ``data``: their digest and type, and themselves as a ``data:`` URI (``uri``, if a source
    wrote one)."""
    if uri is None:
        uri = f"data:{media_type or ''};base64,{base64.b64encode(data).decode('ascii')}"
    return Part(type=kind, uri=uri, sha256=hashlib.sha256(data).hexdigest(), media_type=media_type)  # type: ignore[arg-type]
