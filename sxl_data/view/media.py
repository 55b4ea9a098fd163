"""A picture of a trace in a page: shown where the trace holds its bytes, named where they lie elsewhere.

The bytes are decoded and looked at: what begins like no picture is none, whatever its type says, and the address is
written anew from what was decoded. SVG is named and not shown: it is a document of its own.
"""

from __future__ import annotations

import base64
import binascii

from sxl_data.contract.console import format_bytes
from sxl_data.trace.types import Part
from sxl_data.view.markup import Raw, line

_BEGINNINGS = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg", b"GIF87a": "gif", b"GIF89a": "gif"}


def picture(part: Part, most: int) -> Raw:
    """``part`` as an image of at most ``most`` bytes, or as its name."""
    data = _inline(part.uri or "", most)
    kind = _kind(data)
    name = f"{part.type} {part.media_type or ''}".strip()
    if part.type != "image" or not kind:
        shown = part.uri if part.uri and not part.uri.startswith("data:") else part.sha256 or "not in the file"
        return Raw(f'<p class="soft">[{line(name)}: {line(shown[:200])}]</p>')
    code = base64.b64encode(data).decode("ascii")
    return Raw(f'<img alt="{line(name)}, {format_bytes(len(data))}" src="data:image/{kind};base64,{code}">')


def _inline(uri: str, most: int) -> bytes:
    """The bytes of a ``data:`` address; empty where there are none, or too many."""
    head, _, body = uri.partition(",")
    if not head.startswith("data:image/") or not head.endswith(";base64") or len(body) > most * 4 // 3 + 4:
        return b""
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _kind(data: bytes) -> str:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return next((kind for start, kind in _BEGINNINGS.items() if data.startswith(start)), "")
