"""What every source of a recipe gives: rows in, traces, reasoning, executed results, speed, findings.

    python benchmarks/formats/sources.py [RECIPE] [--quick] [--json FILE] [--only NAME …]

RECIPE defaults to sheikh-sxl; SXL_DATA names the folder with the files. A source that is not here is left out
and said to be. Each is read in this process, one after the other, and goes through the clean stage and, where
the recipe asks for it, the ground stage. Seconds are those of reading alone; MB are of the files as they lie on
disk, so archives look slow. ``--quick`` reads 200 rows of each file. API-Bank's calls are replayed apart.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from sxl_data.build.recipe import Recipe, read
from sxl_data.clean.faults import failing
from sxl_data.clean.stage import run as clean
from sxl_data.contract.console import format_table
from sxl_data.contract.errors import UserError
from sxl_data.ground.stage import GroundConfig
from sxl_data.ground.stage import run as ground
from sxl_data.read.files import gather, plan
from sxl_data.read.known import format_of
from sxl_data.read.sources import Source
from sxl_data.read.stage import find_formats, read_chunk
from sxl_data.sandbox.run import missing

sys.path.append(str(Path(__file__).resolve().parents[1]))
import harness


def main() -> None:
    arguments = harness.options(__doc__, "200 rows of each file")
    arguments.add_argument("recipe", nargs="?", default="sheikh-sxl")
    arguments.add_argument("--only", nargs="*", help="names of sources")
    options = arguments.parse_args()
    loaded, base = read(options.recipe)
    rows, absent, kept = [], [], {}
    for source in loaded.value.sources:
        if options.only and source.name not in options.only:
            continue
        if options.quick:
            source = msgspec.structs.replace(source, limit=200)
        try:
            row, kept[source.name] = measure(source, base, loaded.value)
        except UserError as problem:
            absent.append(f"{source.name} ({problem.findings[0].code})")
            continue
        rows.append(row)
    print(format_table(list(rows[0]), [[str(value) for value in row.values()] for row in rows]) if rows else "nothing")
    if absent:
        print("not here: " + ", ".join(absent))
    claims = claim(rows, kept, base, loaded.value, options.quick)
    metrics = {f"{row['source']}/{name}": value for row in rows for name, value in row.items() if name != "source"}
    harness.finish(options.json, metrics, claims)


def measure(source: Source, base: Path, recipe: Recipe) -> tuple[dict[str, Any], pa.Table]:
    """The row of one source, and its traces as they leave the clean and ground stages."""
    if source.path is None:
        raise UserError(*_absent(source))
    chunks = list(plan(source, base))
    name = find_formats(source, chunks)[0].format
    if format_of(name).unit == "folder":
        chunks = gather(chunks)
    size = sum(piece.bytes for chunk in chunks for piece in chunk.pieces)
    start = time.perf_counter()
    found = [read_chunk(source, chunk, name) for chunk in chunks]
    seconds = time.perf_counter() - start
    traces = pa.concat_tables([part.traces for part in found])
    cleaned = [clean(part.traces, recipe.clean) for part in found if len(part.traces)]
    ledgers = [part.ledger for part in found] + [part.ledger for part in cleaned]
    after = [part.kept for part in cleaned if len(part.kept)]
    if recipe.ground.tools:
        grounded = [ground(batch, recipe.ground) for batch in after]
        after, ledgers = [part.kept for part in grounded], ledgers + [part.ledger for part in grounded]
    kept = pa.concat_tables(after) if after else traces.slice(0, 0)
    lines = pa.concat_tables(ledgers)
    gone = lines.filter(pc.is_in(lines["action"], value_set=pa.array(["dropped", "quarantined"])))
    dropped = Counter(gone["code"].to_pylist())
    executed = sum(bool(row["executed"]) for row in kept["provenance"].to_pylist())
    findings = failing(kept, "train")
    row = {
        "source": source.name,
        "format": name,
        "documents": sum(part.documents for part in found),
        "traces": len(traces),
        "kept": len(kept),
        "dropped": " ".join(f"{code}×{n}" for code, n in sorted(dropped.items())) or "-",
        "reflect %": share(sum(kept["has_reasoning"].to_pylist()), len(kept)),
        "executed %": share(executed, len(kept)),
        "errors left": len(findings) - findings.null_count,
        "seconds": round(seconds, 2),
        "MB/s": round(size / 1e6 / max(seconds, 1e-9), 2),
    }
    return row, kept


def share(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0


def claim(
    rows: list[dict[str, Any]], kept: dict[str, pa.Table], base: Path, recipe: Recipe, quick: bool
) -> list[dict[str, Any]]:
    """Claims with what was measured."""
    claims = [said("rows kept with an error of the train profile", 0, sum(row["errors left"] for row in rows))]
    if "gsm8k" in kept:
        (source,) = (s for s in recipe.sources if s.name == "gsm8k")
        config = GroundConfig(tools=("calculator",), results="replace")
        batches = [read_chunk(source, chunk, "gsm8k").traces for chunk in plan(source, base)]
        entries = pa.concat_tables([ground(batch, config).ledger for batch in batches])
        steps = sum(pc.sum(batch["n_calls"]).as_py() for batch in batches)
        wrong = sum(_first(detail) for detail in _details(entries, "D502"))
        claims.append(said("annotated GSM8K steps whose executed result differs", 0, wrong, f"{wrong} of {steps}"))
    if "api-bank" in kept and missing() is None and not quick:
        (source,) = (s for s in recipe.sources if s.name == "api-bank")
        batches = [read_chunk(source, chunk, "api_bank_folder").traces for chunk in plan(source, base)]
        bank = str((base / (source.path or "").replace("{data}", _data())).resolve())
        config = GroundConfig(tools=("api_bank",), results="replace", api_bank=bank)
        entries = pa.concat_tables([ground(batch, config).ledger for batch in batches])
        calls = sum(pc.sum(batch["n_calls"]).as_py() for batch in batches)
        ran, wrong = (sum(_first(detail) for detail in _details(entries, code)) for code in ("D501", "D502"))
        text = f"{ran - wrong} of {calls} calls ({ran} could run)"
        claims.append(
            said("API-Bank calls that give the stated result in its own tools", "all that can run", text, met=not wrong)
        )
    return claims


def said(text: str, target: Any, measured: Any, shown: str | None = None, met: bool | None = None) -> dict[str, Any]:
    return {
        "text": text,
        "target": target,
        "measured": shown or measured,
        "met": measured == target if met is None else met,
    }


def _details(entries: pa.Table, code: str) -> list[str]:
    return entries.filter(pc.equal(entries["code"], code))["detail"].to_pylist()


def _first(detail: str) -> int:
    return int(detail.split(" of ")[0])


def _data() -> str:
    import os

    return os.environ.get("SXL_DATA") or "data"


def _absent(source: Source) -> tuple[Any, ...]:
    from sxl_data.contract.errors import finding

    return (finding("U206", file=f"hub: {source.hub}"),)


if __name__ == "__main__":
    main()
