"""What a document has beside what a reader reads, kept at its place.

In: records and the keys of them that are read. Out: the rest, by pointer, in the ``ext_json`` of the trace, so that
nothing that a source says is lost. Formats that can also be written use `leftovers` instead, which keeps less.
"""

from __future__ import annotations

from typing import Any

import msgspec

from sxl_data.trace.build import Builder
from sxl_data.trace.format import Document, Origin, Reading


class Beside:
    """Collects the rest of records under the ``name`` of a format."""

    def __init__(self, name: str, origin: Origin) -> None:
        self._name, self._wanted = name, origin.lossless
        self._kept: dict[str, Any] = {}

    def keep(self, at: str, record: Any, *read: str) -> None:
        """What ``record`` at ``at`` has under other keys than ``read``; nothing that is empty. Where another record of
        the same place said something else under one of them, it is kept beside that one, numbered."""
        if self._wanted and isinstance(record, dict):
            left = {key: value for key, value in record.items() if key not in read and value not in (None, "", [], {})}
            place, number = at, 1
            while any(key in left and left[key] != value for key, value in self._kept.get(place, {}).items()):
                number += 1
                place = f"{at} ({number})"
            if left:
                self._kept.setdefault(place, {}).update(left)

    def tell(self, builder: Builder) -> None:
        """Put what was kept into ``builder``."""
        if self._kept:
            builder.ext.setdefault(self._name, {}).update(self._kept)


def as_format(reading: Reading, name: str, places: dict[str, str]) -> Reading:
    """``reading``, made by another format's reader of a document in that format's form, as one of format ``name``.
    ``places`` are beginnings of pointers and what stands there in the real document."""
    order = sorted(places, key=len, reverse=True)

    def real(at: str) -> str:
        found = next((p for p in order if at == p or at.startswith(f"{p}/") or p == ""), None)
        return at if found is None else places[found] + at[len(found) :]

    provenance = msgspec.structs.replace(reading.trace.provenance, source_format=name, converter=f"sxl.{name}")
    trace = msgspec.structs.replace(reading.trace, provenance=provenance)
    return msgspec.structs.replace(reading, trace=trace, places={key: real(at) for key, at in reading.places.items()})


def in_its_form(document: Document, value: Any) -> Document:
    """``document`` with ``value`` in the form that another format reads."""
    return msgspec.structs.replace(document, value=value)
