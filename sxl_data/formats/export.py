"""A trace as a document of another format, and what that document cannot say.

In: a `Trace` and the name of a format that writes. Out: the document, the residual (the exact difference
between the trace and what reading the document gives) and the list of places it touches. So
``read_back(document, residual) == trace`` holds by construction, for every trace and every exporter, and
the loss report is computed, not promised.

`carry` puts the residual where the format has room for it: ATIF and sessions under ``extra``, chat rows
in one further column ``sxl_residual``. A reader finds it there by itself (`released`).
"""

from __future__ import annotations

from typing import Any

import msgspec

from sxl_data.contract.errors import error
from sxl_data.files.json_text import dump, load_object
from sxl_data.formats.registry import formats
from sxl_data.trace.format import Document, Origin, Reading, RowError
from sxl_data.trace.patch import apply, diff, paths
from sxl_data.trace.types import Provenance, Trace, encode

COLUMN = "sxl_residual"

# Our own rows say everything.
OWN = "sxl_trace"

# Where each exporter's document has room: as a JSON value under `extra`, or as text in a column.
_IN_EXTRA = ("atif",)


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """One trace written in another format."""

    document: Any
    """A JSON value; for formats that are JSONL files, the list of their lines."""
    residual: dict[str, Any] | None
    """What `read_back` needs beside the document."""
    losses: dict[str, int]
    """Places of the trace that the document alone does not give back, list positions as ``*``, with the
    number of times each is touched."""


def exporters() -> dict[str, Any]:
    """The formats that can be written, by name."""
    return {name: item for name, item in formats().items() if hasattr(item, "write")}


def export(trace: Trace, name: str) -> Exported:
    """``trace`` in the format ``name``. Raises `UserError` U202 where that format is not written."""
    known = exporters()
    if name not in known:
        raise error("U202", found=name, expected="one of " + ", ".join(known))
    document = known[name].write(trace)
    if name == OWN:
        return Exported(document=document, residual=None, losses={})
    residual = diff(plain(_read(document, name)), plain(trace))
    return Exported(document=document, residual=residual, losses=paths(residual))


def read_back(document: Any, residual: dict[str, Any] | None, name: str) -> Trace:
    """The trace of ``document`` and ``residual``: the inverse of `export`.

    Raises `RowError` for a document that is none, `msgspec.ValidationError` for a residual that is not
    of this document.
    """
    if name == OWN:
        return _first(name, Document(file="", value=document))
    return msgspec.convert(apply(plain(_read(document, name)), residual), Trace)


def stated(losses: dict[str, int]) -> dict[str, int]:
    """Those of ``losses`` that are worth saying: the id and provenance are ours and in no other format."""
    return {
        place: count for place, count in losses.items() if place != "/trace_id" and not place.startswith("/provenance")
    }


def carry(exported: Exported, name: str) -> Any:
    """The document of ``exported`` with its residual inside."""
    document = exported.document
    if exported.residual is None:
        return document
    if name in _IN_EXTRA:
        held = {"trace": exported.residual, **({"had_extra": True} if "extra" in document else {})}
        extra = document.get("extra")
        return {**document, "extra": {**(extra if isinstance(extra, dict) else {}), COLUMN: held}}
    if isinstance(document, list):
        return [{**document[0], COLUMN: dump(exported.residual)}, *document[1:]]
    return {**document, COLUMN: dump(exported.residual)}


def released(value: Any) -> tuple[Any, dict[str, Any] | None]:
    """A document without the residual that `carry` put into it, and that residual."""
    head = value[0] if isinstance(value, list) and value else value
    if not isinstance(head, dict):
        return value, None
    residual: dict[str, Any] | None = None
    extra = head.get("extra")
    held = extra.get(COLUMN) if isinstance(extra, dict) else None
    if isinstance(held, dict) and isinstance(held.get("trace"), dict):
        residual = held["trace"]
        left = {key: item for key, item in extra.items() if key != COLUMN} if isinstance(extra, dict) else {}
        head = {**head, "extra": left}
        if not left and not held.get("had_extra"):
            head = {key: item for key, item in head.items() if key != "extra"}
    elif isinstance(head.get(COLUMN), str):
        residual = load_object(head[COLUMN])
        head = {key: item for key, item in head.items() if key != COLUMN}
    if residual is None:
        return value, None
    return ([head, *value[1:]] if isinstance(value, list) else head), residual


def restored(reading: Reading, residual: dict[str, Any] | None) -> Reading:
    """``reading`` with the trace that its residual makes of it. Pointers are kept only where the steps
    are still the same ones. A residual that fits no longer is left out: the document was edited."""
    if not residual:
        return reading
    try:
        trace = msgspec.convert(apply(plain(_bare(reading.trace)), residual), Trace)
    except msgspec.ValidationError:
        return reading
    same_steps = len(trace.steps) == len(reading.trace.steps)
    return msgspec.structs.replace(
        reading, trace=trace, places=reading.places if same_steps else {}, lines=reading.lines if same_steps else {}
    )


def plain(trace: Trace) -> dict[str, Any]:
    """``trace`` as a JSON value."""
    value: dict[str, Any] = msgspec.json.decode(encode(trace))
    return value


def _read(document: Any, name: str) -> Trace:
    """What the reader of ``name`` makes of ``document`` alone."""
    # An empty residual goes with it, as a real one does in a file: what is empty without one is refused.
    value = carry(Exported(document=document, residual={}, losses={}), name)
    lines = tuple(range(1, len(value) + 1)) if isinstance(value, list) else (1,)
    return _bare(_first(name, Document(file="", value=value, lines=lines)))


def _first(name: str, document: Document) -> Trace:
    reading = next(iter(formats()[name].read(document, Origin(source=""))))
    if isinstance(reading, RowError):
        raise reading
    return reading.trace


def _bare(trace: Trace) -> Trace:
    """``trace`` and its subtraces without id and provenance: they depend on where a file lies, and the
    residual carries their own."""
    return msgspec.structs.replace(
        trace, trace_id="", provenance=Provenance(source=""), subtraces=tuple(_bare(inner) for inner in trace.subtraces)
    )
