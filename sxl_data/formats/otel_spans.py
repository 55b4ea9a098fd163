"""The spans of an OpenTelemetry export, whoever wrote it.

In: records as the SDKs print them (``attributes`` an object), or an export in OTLP's JSON (``resourceSpans``,
``resourceLogs``, ``attributes`` a list of key and value). Out: spans with their attributes as an object; what older
conventions say in events, log records and numbered attributes is said as the newer ones do. Log records of a span that
is in the export belong to it, the others of one span are a span together.
Source: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sxl_data.formats.otel_genai_older import IN, OUT, event_name, from_attributes, from_events

# A span, its attributes, its pointer, its line
Span = tuple[dict[str, Any], dict[str, Any], str, int]
# An event: its name, what it holds, its pointer
Event = tuple[str, dict[str, Any], str]
_READ = ("attributes", "body", "eventName", "event_name", "name", "traceId", "spanId", "trace_id", "span_id")
_GROUPS = (("resourceSpans", "scopeSpans", "spans"), ("resourceLogs", "scopeLogs", "logRecords"))


def spans_of(records: list[tuple[dict[str, Any], str, int]]) -> list[Span]:
    """The spans among ``records`` (each with pointer and line), those inside an export included."""
    found: list[Span] = []
    told: dict[str, list[Event]] = {}
    first: dict[str, Span] = {}
    for span in _every(records):
        record, attributes, at, line = span
        name = event_name(record, attributes)
        if name is None:
            found.append(_newer(span))
            continue
        held = value_of(record.get("body"))
        attributes = {**{key: value for key, value in record.items() if key not in _READ}, **attributes}
        held = {**attributes, **held} if isinstance(held, dict) else {**attributes, "content": held}
        key = _span_id(record) or at or str(line)
        told.setdefault(key, []).append((name, held, at))
        first.setdefault(key, (_head(record), {}, at, line))
    for i, (record, attributes, at, line) in enumerate(found):
        if (events := told.pop(_span_id(record), None)) is not None and not _holds(attributes):
            found[i] = (record, {**attributes, **from_events(events)}, at, line)
    return [
        *found,
        *((record, from_events(told[key]), at, line) for key, (record, _, at, line) in first.items() if key in told),
    ]


def listed(holder: Any, key: str) -> list[Any]:
    """The list that ``holder`` has under ``key``; an empty one where it has none."""
    held = holder.get(key) if isinstance(holder, dict) else None
    return held if isinstance(held, list) else []


def attributes_of(held: Any) -> dict[str, Any]:
    """Attributes as an object; OTLP has a list of ``{"key", "value": {"stringValue": …}}``."""
    if isinstance(held, dict):
        return held
    items = [item for item in held if isinstance(item, dict)] if isinstance(held, list) else []
    return {str(item["key"]): value_of(item.get("value")) for item in items if "key" in item}


def value_of(held: Any) -> Any:
    """One value of OTLP as JSON has it."""
    if not isinstance(held, dict) or len(held) != 1:
        return held
    ((kind, value),) = held.items()
    if kind == "intValue":
        return int(value) if isinstance(value, str) and value.lstrip("-").isdecimal() else value
    if kind == "arrayValue":
        return [value_of(item) for item in listed(value, "values")]
    if kind == "kvlistValue":
        return attributes_of(listed(value, "values"))
    return value if kind.endswith("Value") else held


def _every(records: list[tuple[dict[str, Any], str, int]]) -> Iterator[Span]:
    for record, at, line in records:
        for outer, scopes, inner in _GROUPS:
            for i, resource in enumerate(listed(record, outer)):
                for j, scope in enumerate(listed(resource, scopes)):
                    for k, item in enumerate(listed(scope, inner)):
                        if isinstance(item, dict):
                            place = f"{at}/{outer}/{i}/{scopes}/{j}/{inner}/{k}"
                            yield item, attributes_of(item.get("attributes")), place, line
        for k, span in enumerate(listed(record, "spans")):
            if isinstance(span, dict):
                yield span, attributes_of(span.get("attributes")), f"{at}/spans/{k}", line
        if isinstance(record.get("attributes"), (dict, list)):
            yield record, attributes_of(record["attributes"]), at, line


def _newer(span: Span) -> Span:
    """``span`` with the messages of its events and numbered attributes as the newer conventions have them."""
    record, attributes, at, line = span
    if _holds(attributes):
        return span
    events: list[Event] = []
    others = []
    for k, event in enumerate(listed(record, "events")):
        held = attributes_of(event.get("attributes")) if isinstance(event, dict) else {}
        name = event_name(event, held) if isinstance(event, dict) else None
        if name is None:
            others.append(event)
            continue
        body = value_of(event.get("body"))
        events.append((name, {**held, **body} if isinstance(body, dict) else held, f"{at}/events/{k}"))
    made, used = from_attributes(attributes, at)
    if events:
        made = {**made, **from_events(events)}
        record = {**record, "events": others}
    left = {key: value for key, value in attributes.items() if key not in used}
    return record, {**left, **made}, at, line


def _holds(attributes: dict[str, Any]) -> bool:
    return IN in attributes or OUT in attributes


def _head(record: dict[str, Any]) -> dict[str, Any]:
    """What a log record says of the span that it belongs to."""
    return {key: record[key] for key in ("trace_id", "traceId", "span_id", "spanId") if record.get(key)}


def _span_id(record: dict[str, Any]) -> str:
    context = record["context"] if isinstance(record.get("context"), dict) else record
    return str(context.get("span_id") or context.get("spanId") or "")
