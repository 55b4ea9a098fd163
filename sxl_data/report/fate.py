"""What happened to one row, for a browser: each line of the ledger with its reason and the key that changes it, and
the row beside its twin.

In: lines of the ledger, and traces. Out: HTML. The viewer shows it of a chosen row, `why --html` as a page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from sxl_data.build.as_read import as_read
from sxl_data.build.questions import Fate, here, open_build, shards, verified
from sxl_data.contract.codes import CODES
from sxl_data.engine.commit import deliver
from sxl_data.report.causes import key_of
from sxl_data.report.examples import fetch, places
from sxl_data.trace.types import Trace
from sxl_data.view.blocks import WHOLE, Bounds, blocks
from sxl_data.view.markup import Raw, document, line, paragraph, section, text
from sxl_data.write.manifest import Manifest

Named = Callable[[str], Raw]
"""Writes the id of a row: as text, or as what leads to it."""
NOT_HELD = "Its text is not in the dataset, and the build's folder .work, which held it, is gone or does not know it."


def plain(trace_id: str) -> Raw:
    """An id as text."""
    return Raw(f"<code>{line(trace_id)}</code>")


def history(lines: Sequence[Mapping[str, Any]], named: Named = plain) -> list[Raw]:
    """A box for each line of the ledger, in the order of the stages."""
    return [_box(entry, named) for entry in lines]


def beside_twin(
    trace_id: str,
    own: Trace | None,
    twin_id: str | None,
    twin: Trace | None,
    stayed: bool = True,
    bounds: Bounds = WHOLE,
    named: Named = plain,
) -> Raw:
    """A row that was left out, as it was read, and beside it the row for which it was, which may have left later."""
    sides = [f"<div><h3>{line(trace_id)}, as it was read</h3>{_shown(own, bounds, NOT_HELD)}</div>"]
    if twin_id:
        told = "which stayed" if stayed else "which stayed then, and left at a later stage"
        sides.append(f"<div><h3>{named(twin_id)}, {told}</h3>{_shown(twin, bounds, NOT_HELD)}</div>")
    return Raw(f'<div class="sides">{"".join(sides)}</div>')


def quarantined(folder: Path, manifest: Manifest, trace_id: str) -> Raw:
    """The first bytes of a document that could not be read; nothing where the quarantine does not hold it."""
    for name in manifest.files:
        if not name.startswith("quarantine/"):
            continue
        frame = pl.read_parquet(verified(folder, manifest, name))
        name_of = pl.format("{}:{}#{}", "source", "file", pl.col("line").fill_null(1))
        for row in frame.filter(name_of == trace_id).head(1).to_dicts():
            said = f"Found {row['found']}, expected {row['expected']}. The document begins:"
            raw = (row["raw"] or b"").decode("utf-8", "backslashreplace")
            return Raw(f'{paragraph(said)}<pre class="screen">{text(raw)}</pre>')
    return Raw("")


def page(found: Fate, build: str | Path, out: str | Path) -> Path:
    """Write what happened to a row of ``build`` as one page to ``out``; returns the path."""
    folder = here(build)
    manifest = open_build(folder)
    twin_id = twin_of(found.lines)
    traces = _fetched(folder, manifest, [found.trace_id, *([twin_id] if twin_id else [])])
    now = f"It is in {found.file}, row {found.row}." if found.file else "It is not in the dataset."
    told = history(found.lines) or [paragraph("No stage changed it, flagged it or left it out.")]
    parts = [section("history", "What happened", *told, paragraph(now))]
    if found.trace_id in traces:
        parts.append(section("row", "The row", *blocks(traces[found.trace_id])))
    else:
        raw = quarantined(folder, manifest, found.trace_id)
        own, stayed = as_read(folder, found.trace_id), twin_id in traces
        twin = traces[twin_id] if twin_id in traces else as_read(folder, twin_id) if twin_id else None
        parts.append(section("row", "The row", raw or beside_twin(found.trace_id, own, twin_id, twin, stayed)))
    made = document(f"What happened to {found.trace_id}", parts)
    deliver(Path(out), lambda file: file.write(made.encode("utf-8", "backslashreplace")))
    return Path(out)


def twin_of(lines: Sequence[Mapping[str, Any]]) -> str | None:
    """The row for which a row was left out; None where there is none."""
    return next((entry["twin_id"] for entry in reversed(lines) if entry["twin_id"]), None)


def _fetched(folder: Path, manifest: Manifest, ids: Sequence[str]) -> dict[str, Trace]:
    """Those of the rows ``ids`` that are in the dataset."""
    files = [(split, verified(folder, manifest, name)) for name, split in shards(manifest)]
    columns = [pl.read_parquet(path, columns=["trace_id"]) for _, path in files]
    rows = [frame.with_row_index("row").with_columns(shard=pl.lit(n)) for n, frame in enumerate(columns)]
    at = places(pl.concat(rows), ids) if rows else {}
    found = fetch(files, at.values())
    return {name: found[place] for name, place in at.items()}


def _box(entry: Mapping[str, Any], named: Named) -> Raw:
    code = CODES[entry["code"]]
    key = key_of(code.code)
    facts = [
        ("detail", line(entry["detail"] or "")),
        ("twin", named(entry["twin_id"]) if entry["twin_id"] else Raw("")),
        ("similarity", line("" if entry["score"] is None else f"{entry['score']:.4f}")),
        ("why", line(code.why)),
        ("to do", line(code.fix)),
        ("recipe key", line(key)),
    ]
    listed = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts if value)
    head = f"<b>{line(entry['action'])}</b> by {line(code.code)}, stage {line(entry['stage'])}: {line(code.title)}"
    return Raw(f'<div class="fate {line(entry["action"])}"><p>{head}</p><dl class="keys">{listed}</dl></div>')


def _shown(trace: Trace | None, bounds: Bounds, missing: str) -> str:
    return "".join(blocks(trace, bounds)) if trace else paragraph(missing, "soft")
