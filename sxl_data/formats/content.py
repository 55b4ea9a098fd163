"""Content of messages, in the shapes that chat formats share, as parts and back.

A string, or a list of blocks: text (OpenAI, Anthropic and Responses names), images, audio, files. What
is none of these becomes a part of type data and keeps its JSON. Bytes that come inline as base64 stay as a ``data:``
URI beside their digest and media type; a build does with them what its recipe's `media` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sxl_data.files.json_text import dump, load
from sxl_data.trace.media import decode_inline, inline_part
from sxl_data.trace.types import Part

_TEXTS = {"text", "input_text", "output_text", "summary_text", "refusal", "reasoning_text"}
_MEDIA = {
    "image_url": "image",
    "input_image": "image",
    "image": "image",
    "input_audio": "audio",
    "audio": "audio",
    "file": "file",
    "input_file": "file",
    "document": "file",
    "video_url": "file",
    "input_video": "file",
    "video": "file",
}
_HOLDERS = ("image_url", "source", "input_audio", "file", "image", "audio", "video_url", "input_video", "video")
_PLACES = ("url", "path", "data", "file_data", "file_id")


def parts_of(content: Any) -> tuple[Part, ...]:
    """``content`` as parts; None and an empty string have none."""
    if content is None or content == "":
        return ()
    if isinstance(content, str):
        return (Part(text=content),)
    if isinstance(content, list):
        return tuple(part_of(block) for block in content)
    return (part_of(content),)


def part_of(block: Any) -> Part:
    """One content block as a part."""
    if isinstance(block, str):
        return Part(text=block)
    if not isinstance(block, dict):
        return Part(type="data", data_json=dump(block))
    kind = block.get("type")
    if kind is not None and not isinstance(kind, str):
        return Part(type="data", data_json=dump(block))
    for key in ("text", "value", "refusal"):
        if (kind in _TEXTS or kind is None) and isinstance(block.get(key), str):
            return Part(text=block[key])
    if isinstance(kind, str) and kind in _MEDIA:
        found = media(_MEDIA[kind], block)
        if found is not None:
            return found
    return Part(type="data", data_json=dump(block))


def media(kind: str, block: dict[str, Any]) -> Part | None:
    """An image, audio or file block of any dialect as a part; None where it says nothing of the kind."""
    inner = next((block[key] for key in _HOLDERS if key in block), None)
    media_type = None
    where = inner
    if isinstance(inner, dict):
        media_type = inner.get("media_type") or inner.get("mime_type") or inner.get("format")
        where = next((inner[key] for key in _PLACES if inner.get(key)), None)
    elif inner is None:
        media_type = block.get("mimeType") or block.get("media_type")
        where = next((block[key] for key in _PLACES if block.get(key)), None)
    if not isinstance(where, str):
        return None
    if where.startswith("data:"):
        head, _, body = where[5:].partition(",")
        return inline(kind, body, head.split(";")[0] or None, where)
    if media_type is not None and len(where) > 256 and "://" not in where[:16]:
        return inline(kind, where, str(media_type))
    return Part(type=kind, uri=where, media_type=media_type if isinstance(media_type, str) else None)  # type: ignore[arg-type]


def inline(kind: str, encoded: str, media_type: str | None, uri: str | None = None) -> Part:
    """The part for bytes that came as base64. ``uri``: the ``data:`` URI that held them, if one did."""
    where = uri or f"data:{media_type or 'application/octet-stream'};base64,{encoded}"
    return inline_part(kind, decode_inline(encoded), media_type, where)


def text_or_blocks(content: Sequence[Part]) -> Any:
    """``content`` as chat formats write it: a string where one text says it all, else a list of blocks."""
    if not content:
        return ""
    if len(content) == 1 and content[0].type == "text":
        return content[0].text or ""
    return [block_of(part) for part in content]


def block_of(part: Part) -> dict[str, Any]:
    """One part as an OpenAI content block."""
    if part.type == "text":
        return {"type": "text", "text": part.text or ""}
    if part.type == "image":
        return {"type": "image_url", "image_url": {"url": part.uri or f"sha256:{part.sha256 or ''}"}}
    if part.type == "data" and part.data_json is not None:
        try:
            value = load(part.data_json)
        except ValueError:
            value = part.data_json
        return value if isinstance(value, dict) else {"type": "data", "data": value}
    return {"type": part.type, "uri": part.uri or f"sha256:{part.sha256 or ''}"}


def task_of(content: Sequence[Part]) -> str:
    """The words of a task given as ``content``."""
    return "\n".join(part.text for part in content if part.text)
