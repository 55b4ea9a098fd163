"""What one task of the build does: reads committed tables, calls a stage, returns tables to commit.

The stages themselves touch no disk. The functions here are named in `Task.function`, so they take and
return plain values and Arrow tables, and run alike in this process, in a worker and on a cluster.
"""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sxl_data.build.outcomes import committed, count_lines, locally
from sxl_data.contract.columns import cut_rows
from sxl_data.contract.stage import Outcome
from sxl_data.engine.mapped import AT_ONCE, batches, mappable, mapped
from sxl_data.engine.task import Output
from sxl_data.engine.watch import WATCH
from sxl_data.split.known import stack_keys
from sxl_data.split.part import FREE, GONE

Inputs = dict[str, list[Path]]

SHARD_BYTES = 64_000_000
"""Text in a shard of work, about: a task holds several times as much."""
KEPT, TAKEN = "kept-", "taken-"
"""What the names of the shards that one reading task leaves begin with, and of the ledgers of what it took out."""


def detect(params: dict[str, Any], inputs: Inputs) -> Output:
    """The formats of a source's files and why, as JSON: their first rows are foreign bytes like all others."""
    from sxl_data.read.files import Chunk
    from sxl_data.read.sources import Source
    from sxl_data.read.stage import find_formats

    chunks = msgspec.convert(params["chunks"], list[Chunk])
    return Output(
        blobs={"format": msgspec.json.encode(find_formats(msgspec.convert(params["source"], Source), chunks))}
    )


def read(params: dict[str, Any], inputs: Inputs) -> Output:
    """One chunk of one source → traces without secrets and persons, the ledger of these, ledger, quarantine."""
    from sxl_data.read.files import Chunk
    from sxl_data.read.sources import Source
    from sxl_data.read.stage import read_chunk
    from sxl_data.secrets.rows import Redaction

    source = msgspec.convert(params["source"], Source)
    redaction = msgspec.convert(params.get("redaction", {}), Redaction)
    chunk = msgspec.convert(params["chunk"], Chunk)
    group, sample = params.get("group", ()), params.get("sample")
    found = read_chunk(source, chunk, params["format"], WATCH.get(), redaction, group, sample)
    counters = {"documents": found.documents, "rows": len(found.traces), "quarantined": len(found.quarantine)}
    counts = pc.value_counts(found.traces["licence"].combine_chunks().fill_null(""))
    counters |= {f"licence:{item['values']}": item["counts"] for item in counts.to_pylist()}
    if found.sampled is not None:
        counters |= found.sampled.counters() | {"text_bytes": pc.sum(found.traces["text_bytes"]).as_py() or 0}
    for key in group:
        ids = found.traces["stated_ids"].combine_chunks().flatten()
        counters[f"stated:{key}"] = pc.sum(pc.starts_with(ids, f"{key}:")).as_py() or 0
    # A file that unpacks to far more than its own size becomes several shards.
    runs = cut_rows(found.traces["text_bytes"].to_numpy(), SHARD_BYTES)
    kept = {f"{KEPT}{i:05d}": found.traces.slice(a, b - a) for i, (a, b) in enumerate(runs)}
    assert found.taken is not None
    of_shard = [
        found.taken.filter(pc.is_in(found.taken["trace_id"], value_set=table["trace_id"].combine_chunks()))
        for table in kept.values()
    ]
    taken = {f"{TAKEN}{i:05d}": table for i, table in enumerate(of_shard)}
    return Output(
        tables=kept | taken | {"ledger": found.ledger, "quarantine": found.quarantine},
        counters=counters | count_lines(found.ledger),
    )


def gather(params: dict[str, Any], inputs: Inputs) -> Output:
    """Shards of several sources as one, and what was taken out of their rows: those of a sample are small."""
    return Output(tables={KEPT: load(inputs["traces"]), TAKEN: load(inputs["taken"])})


def unread(params: dict[str, Any], inputs: Inputs) -> Output:
    """A source that was left out, as a line of the ledger."""
    from sxl_data.contract.ledger import entry
    from sxl_data.contract.ledger import table as ledger_table
    from sxl_data.read.aside import QUARANTINE_SCHEMA

    line = entry("U215", f"{params['name']}:source", params["name"], "quarantined", detail=params["detail"])
    ledger = ledger_table([line])
    return Output(
        tables={"ledger": ledger, "quarantine": QUARANTINE_SCHEMA.empty_table()},
        counters={"documents": 1, "rows": 0, "quarantined": 0, **count_lines(ledger)},
    )


def clean(params: dict[str, Any], inputs: Inputs) -> Output:
    """The clean stage on one shard: of rows whose licence is admitted, and then which of them are worth it."""
    from sxl_data.build.worth import WorthConfig, admit, choose, declare
    from sxl_data.clean.stage import CleanConfig, run
    from sxl_data.rules.spdx import Gate

    config = msgspec.convert(params["config"], CleanConfig)
    gate, worth = msgspec.convert(params["licences"], Gate), msgspec.convert(params["worth"], WorthConfig)
    taken = load(inputs["taken"]) if "taken" in inputs else None

    def clean_rows(batch: pa.Table) -> Outcome:
        mine = None
        admitted = admit(batch, gate)
        declared = declare(admitted.kept, worth)
        if taken is not None:
            mine = taken.filter(pc.is_in(taken["trace_id"], value_set=declared.kept["trace_id"].combine_chunks()))
        cleaned = run(declared.kept, config, params["seed"], mine, policy=params["media"])
        chosen = choose(cleaned.kept, worth)
        said = (outcome.ledger for outcome in (admitted, declared, cleaned, chosen))
        return Outcome(chosen.kept, pa.concat_tables(said))

    return locally("clean", load(inputs["traces"]), clean_rows)


def sift(params: dict[str, Any], inputs: Inputs) -> Output:
    """The rows of one shard whose figures are inside of the recipe's bounds."""
    from sxl_data.clean.sift import SiftConfig, run

    config = msgspec.convert(params["config"], SiftConfig)
    return locally("sift", load(inputs["traces"]), lambda batch: run(batch, config, params["seed"]))


def decontaminate(params: dict[str, Any], inputs: Inputs) -> Output:
    """The decontaminate stage on one shard."""
    from sxl_data.decontaminate.stage import DecontaminateConfig, run

    config = msgspec.convert(params["config"], DecontaminateConfig)
    return locally("decontaminate", load(inputs["traces"]), lambda batch: run(batch, config, params["seed"]))


def ground(params: dict[str, Any], inputs: Inputs) -> Output:
    """The ground stage on one shard; what the programs printed is cleaned as what was read is."""
    from sxl_data.ground.stage import GroundConfig, run
    from sxl_data.secrets.quoted import redact_outcome
    from sxl_data.secrets.rows import Redaction

    config = msgspec.convert(params["config"], GroundConfig)
    redaction = msgspec.convert(params.get("redaction", {}), Redaction)
    return locally(
        "ground", load(inputs["traces"]), lambda batch: redact_outcome(run(batch, config, params["seed"]), redaction)
    )


def view(params: dict[str, Any], inputs: Inputs) -> Output:
    """What of one shard is compared: as Arrow files that can be mapped, keys with signatures, and the text."""
    from sxl_data.dedup.stage import DedupStage, view_rows

    seen = view_rows(load(inputs["traces"]), msgspec.convert(params["config"], DedupStage))
    signed = seen.signed
    if "texts" in inputs:
        from sxl_data.build.extending import PUBLISHED_BEFORE, sides_of

        is_old = pa.array(sides_of(signed["trace_id"], stack_keys(signed), inputs) != FREE)
        source = pc.if_else(is_old, PUBLISHED_BEFORE, signed["source"])
        signed = signed.set_column(signed.schema.get_field_index("source"), "source", source).combine_chunks()
    return Output(blobs={"text": mappable(seen.texts), "signatures": mappable(signed)}, counters={"rows": len(signed)})


def apply(params: dict[str, Any], inputs: Inputs) -> Output:
    """Drop from one shard the rows that the comparison named."""
    from sxl_data.dedup.stage import apply_drops

    batch = load(inputs["traces"])
    return committed("dedup", batch, apply_drops(batch, pq.read_table(inputs["drops"][0])))


def place(params: dict[str, Any], inputs: Inputs) -> Output:
    """What `split` must know of one shard: numbers only. And its tasks, to be compared, as `view` leaves texts."""
    from sxl_data.dedup.config import DedupConfig
    from sxl_data.dedup.stage import view_tasks
    from sxl_data.split.stage import Shares, place_rows

    uses = params["uses"]
    columns = ["trace_id", "source", "task", "group", "stated_ids", "text_bytes", "kind", "language"]
    columns += ["steps"] if uses else []
    traces = pq.read_table(inputs["traces"][0], columns=columns).combine_chunks()
    seen = mapped(inputs["signatures"][0])
    pins = np.full(len(traces), FREE, dtype=np.int8)
    if uses:
        from sxl_data.split.held_out import SourceUse, pin_rows

        known = msgspec.convert(uses, dict[str, SourceUse])
        pins = pin_rows(traces, known, FREE, trains=params["trains"], tests=params["tests"])
    is_old = np.zeros(len(traces), dtype=bool)
    if "texts" in inputs:
        from sxl_data.build.extending import sides_of

        at = pc.index_in(traces["trace_id"], value_set=seen["trace_id"].combine_chunks())
        sides = sides_of(traces["trace_id"], stack_keys(seen.select(["key_hi", "key_lo"]).take(at)), inputs)
        is_old = sides != FREE
        pins[is_old] = sides[is_old]
    gone = pc.is_in(traces["trace_id"], value_set=pa.array(params["gone"], pa.string()))
    taken_down = gone.to_numpy(zero_copy_only=False) if params["gone"] else np.zeros(len(traces), dtype=bool)
    pins[taken_down], is_old = GONE, is_old & ~taken_down
    asked = view_tasks(traces, msgspec.convert(params["tasks"], DedupConfig))
    shares = Shares(params["rates"], params["quotas"])
    placed = place_rows(traces, seen, params["first"], pins, is_old, shares, params["stratify"], params["seed"])
    return Output(
        tables={"placed": placed},
        blobs={"text": mappable(asked.texts), "signatures": mappable(asked.signed)},
        counters={"rows": len(placed), "old": int(is_old.sum()), "taken_down": int(taken_down.sum())},
    )


def split(params: dict[str, Any], inputs: Inputs) -> Output:
    """Side and published shard of every row that is left, one table for each shard of work; the plan of the
    published shards; and what a random split would leak."""
    from sxl_data.engine.spool import Room, count_distinct
    from sxl_data.split.assign import SplitConfig
    from sxl_data.split.parts import Prompts, pairs_of
    from sxl_data.split.stage import divide

    placed = inputs["placed"]
    room = Room(params["memory"], placed[0].parent if placed else None)
    sizes = [pq.read_metadata(path).num_rows for path in placed]
    equal = (pairs_of(mapped(path).to_batches(AT_ONCE), "row", "stands") for path in inputs["equal"])
    near = (pairs_of(batches(path), "left", "right") for path in inputs["near"])
    found = divide(
        lambda shard, columns: pq.read_table(placed[shard], columns=columns),
        sizes,
        map(pa.table, batches(inputs["pairs"][0])),
        Prompts(chain.from_iterable(equal), chain.from_iterable(near)),
        msgspec.convert(params["config"], SplitConfig),
        params["seed"],
        params["shard_bytes"],
        room,
        params["order"],
        params["quotas"],
    )
    cut = (batch["row"].to_numpy() for path in inputs["cut"] for batch in batches(path))
    tables = {f"sides-{i:05d}": table for i, table in enumerate(found.sides)}
    counters = found.counters | {"cut": count_distinct(cut, sum(sizes), room)}
    return Output(tables=tables, blobs={"plan": msgspec.json.encode(found.plan)}, counters=counters)


def note(params: dict[str, Any], inputs: Inputs) -> Output:
    """The ledger of the rows of one shard of which `split` says something."""
    from sxl_data.split.stage import note

    batch = pq.read_table(inputs["traces"][0], columns=["trace_id", "source"])
    lines = note(batch, pq.read_table(inputs["sides"][0]))
    return Output(tables={"ledger": lines}, counters=count_lines(lines))


def write(params: dict[str, Any], inputs: Inputs) -> Output:
    """One published shard of one split: Parquet and, if asked, Arrow. Second reading of text."""
    from sxl_data.write.arrow import encode_arrow
    from sxl_data.write.parquet import encode_parquet
    from sxl_data.write.rows import publish_rows
    from sxl_data.write.tally import count_rows

    orders: list[pa.ChunkedArray] = []

    def mine(shard: Path, sides: Path) -> pa.Table:
        side = pq.read_table(sides)
        chosen = pc.and_(pc.equal(side["side"], params["side"]), pc.equal(side["shard"], params["shard"]))
        orders.append(side["order"].filter(chosen))
        return pq.read_table(shard).filter(chosen)

    # Only one copy of a shard that may be large is held at a time.
    rows = pa.concat_tables(map(mine, inputs["traces"], inputs["sides"])).combine_chunks()
    rows = rows.take(pa.array(np.argsort(np.concatenate([o.to_numpy() for o in orders]), kind="stable")))
    rows, lines = publish_rows(rows.combine_chunks())
    blobs = {"data": encode_parquet(rows)}
    if params["arrow"]:
        blobs["arrow"] = encode_arrow(rows)
    text_bytes = pc.sum(rows["text_bytes"]).as_py() or 0
    return Output(
        tables={"ledger": lines},
        blobs=blobs,
        counters={"rows": len(rows), "text_bytes": text_bytes, "memory_bytes": rows.nbytes}
        | count_rows(rows)
        | count_lines(lines),
    )


def load(paths: list[Path]) -> pa.Table:
    """The tables at ``paths`` as one, each column contiguous."""
    return pa.concat_tables([pq.read_table(path) for path in paths]).combine_chunks()
