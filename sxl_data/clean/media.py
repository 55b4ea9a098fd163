"""What a build does with images, audio and files, since `messages` are text: mark, drop the row, or keep.

In: a batch of traces and the recipe's `media`. Out: the batch and a ledger line for each row that has such a part.

- `mark` (the default) puts a placeholder of the part's type where it stood. Its address, digest and type stay in the
  same columns; bytes go. A row whose answer rests on the part is dropped (`reliance`).
- `drop-row` drops every row that has one.
- `keep` leaves the part in `steps`, bytes too (the reader was told so), and `messages` has the placeholder.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sxl_data.clean.reliance import rests_on
from sxl_data.contract import ledger
from sxl_data.contract.columns import leaf
from sxl_data.contract.stage import Outcome
from sxl_data.files.json_text import dump, load
from sxl_data.trace.media import MEDIA, decode_inline, placeholder

Policy = Literal["mark", "drop-row", "keep"]

SHORTEST = 8
"""Characters of a string that may hold the bytes of a medium."""
_TYPES = (("content", "type"), ("results", "content", "type"))
_INNER = '"type": ?"(?:' + "|".join(MEDIA) + ')"'


def run(batch: pa.Table, policy: Policy) -> Outcome:
    """``batch`` after the policy; rows without media are not touched."""
    at = _rows_with_media(batch)
    if not len(at):
        return Outcome(batch, ledger.table())
    entries: list[ledger.Entry] = []
    edited: list[dict[str, Any]] = []
    left: list[int] = []
    for row, number in zip(batch.take(pa.array(at)).to_pylist(), at.tolist()):
        found, needed = Counter(_kinds(row)), rests_on(row["steps"] or [])
        if not found:  # the word stood in a text of a subtrace
            continue
        said = ", ".join(f"{kind} ×{count}" for kind, count in sorted(found.items()))
        code, action = "C722", "edited"
        if policy == "drop-row" or (policy == "mark" and needed):
            code, action = "C723", "dropped"
            said += f"; the answer rests on the {needed}" if policy == "mark" else "; media is drop-row"
            left.append(number)
        elif policy == "keep":
            code, action = "C724", "flagged"
        else:
            edited.append(_marked(row) | {"at": number})
        entries.append(ledger.entry(code, row["trace_id"], row["source"], action, detail=said))  # type: ignore[arg-type]
    return Outcome(_assemble(batch, edited, left), ledger.table(entries))


def _rows_with_media(batch: pa.Table) -> np.ndarray:
    """Positions of the rows that hold a part of type image, audio or file, ascending."""
    steps = batch["steps"].combine_chunks()
    steps = pa.concat_arrays(steps.chunks) if isinstance(steps, pa.ChunkedArray) else steps
    found = []
    for path in _TYPES:
        kinds, rows = leaf(steps, path)
        found.append(rows[np.asarray(pc.is_in(kinds, value_set=pa.array(MEDIA)), dtype=bool)])
    inner = pc.fill_null(pc.match_substring_regex(batch["subtraces_json"], _INNER), False)
    found.append(np.flatnonzero(np.asarray(inner, dtype=bool)))
    return np.unique(np.concatenate(found))


def _assemble(batch: pa.Table, edited: list[dict[str, Any]], left: list[int]) -> pa.Table:
    """``batch`` with the ``edited`` rows at their places and without those of ``left``."""
    places = np.arange(len(batch))
    moved = [row.pop("at") for row in edited]
    same = np.setdiff1d(places, [*moved, *left])
    if not moved:
        return batch if not left else batch.take(pa.array(same))
    new = pa.Table.from_pylist(edited, schema=batch.schema)
    whole = pa.concat_tables([batch.take(pa.array(same)), new]).combine_chunks()
    return whole.take(pa.array(np.argsort(np.concatenate([same, moved]), kind="stable")))


def _contents(row: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """The lists of parts of a row's steps and their results."""
    found = []
    for step in row["steps"] or []:
        found.append(step.get("content") or [])
        found += [result.get("content") or [] for result in step.get("results") or []]
    return found


def _kinds(row: dict[str, Any]) -> list[str]:
    """The types of a row's media, subtraces included."""
    return [part["type"] for content in _contents(row) for part in content if part.get("type") in MEDIA] + [
        kind for inner in _subtraces(row) for kind in _kinds(inner)
    ]


def _subtraces(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The traces inside a trace, as plain values."""
    if "subtraces_json" not in row:
        return row.get("subtraces") or []
    try:
        found = load(row["subtraces_json"]) if row["subtraces_json"] else []
    except ValueError:
        return []
    return found if isinstance(found, list) else []


def _marked(row: dict[str, Any]) -> dict[str, Any]:
    """``row`` with placeholders for its media; changed in place, subtraces too."""
    digests: set[str] = set()
    for content in _contents(row):
        for part in content:
            if part.get("type") in MEDIA:
                _mark(part)
                digests.add(part.get("sha256") or "")
    for holder in (row, *(row["steps"] or [])):
        if holder.get("ext_json"):
            holder["ext_json"] = _without_bytes(holder["ext_json"], digests)
    if inner := _subtraces(row):
        marked = [_marked({"steps": None} | trace) for trace in inner]
        if "subtraces_json" in row:
            row["subtraces_json"] = dump([{k: v for k, v in t.items() if v is not None} for t in marked])
    return row


def _mark(part: dict[str, Any]) -> None:
    said = placeholder(part["type"], part.get("media_type"))
    uri = part.get("uri") or ""
    if uri.startswith("data:"):
        part["sha256"] = part.get("sha256") or hashlib.sha256(decode_inline(uri)).hexdigest()
        del part["uri"]
    part["text"] = f"{said} {part['text']}" if part.get("text") else said
    part["type"] = "text"
    part.pop("data_json", None)


def _without_bytes(text: str | None, digests: set[str]) -> str | None:
    """JSON text with ``sha256:…`` in place of the strings that hold bytes of one of ``digests``: what a source has
    beyond the model repeats its inline media."""
    if not text or len(text) < SHORTEST or not digests:
        return text
    try:
        value = load(text)
    except ValueError:
        return text
    found = _replaced(value, digests)
    return text if found == value else dump(found)


def _replaced(value: Any, digests: set[str]) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(inner, digests) for key, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, digests) for inner in value]
    if isinstance(value, str) and len(value) >= SHORTEST:
        digest = hashlib.sha256(decode_inline(value)).hexdigest()
        return f"sha256:{digest}" if digest in digests else value
    return value
