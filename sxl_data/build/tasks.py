"""What one task of the build does: reads committed tables, calls a stage, returns tables to commit.

The stages themselves touch no disk. The functions here are named in `Task.function`, so they take and
return plain values and Arrow tables, and run alike in this process, in a worker and on a cluster.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sxl_data.contract import ledger
from sxl_data.contract.codes import CODES
from sxl_data.contract.columns import cut_rows
from sxl_data.contract.stage import Outcome, check_conservation
from sxl_data.dedup.parts.tasks import mappable, mapped
from sxl_data.engine.task import Output
from sxl_data.engine.watch import WATCH

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
    found = read_chunk(source, chunk, params["format"], WATCH.get(), redaction)
    counters = {"documents": found.documents, "rows": len(found.traces), "quarantined": len(found.quarantine)}
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
        counters=counters | _count(found.ledger),
    )


def clean(params: dict[str, Any], inputs: Inputs) -> Output:
    """The clean stage on one shard."""
    from sxl_data.clean.stage import CleanConfig, run

    config = msgspec.convert(params["config"], CleanConfig)
    taken = load(inputs["taken"]) if "taken" in inputs else None

    def clean_rows(batch: pa.Table) -> Outcome:
        mine = None
        if taken is not None:
            mine = taken.filter(pc.is_in(taken["trace_id"], value_set=batch["trace_id"].combine_chunks()))
        return run(batch, config, params["seed"], mine, policy=params["media"])

    return _local("clean", load(inputs["traces"]), clean_rows)


def decontaminate(params: dict[str, Any], inputs: Inputs) -> Output:
    """The decontaminate stage on one shard."""
    from sxl_data.decontaminate.stage import DecontaminateConfig, run

    config = msgspec.convert(params["config"], DecontaminateConfig)
    return _local("decontaminate", load(inputs["traces"]), lambda batch: run(batch, config, params["seed"]))


def ground(params: dict[str, Any], inputs: Inputs) -> Output:
    """The ground stage on one shard; what the programs printed is cleaned as what was read is."""
    from sxl_data.ground.stage import GroundConfig, run
    from sxl_data.secrets.rows import Redaction, redact_outcome

    config = msgspec.convert(params["config"], GroundConfig)
    redaction = msgspec.convert(params.get("redaction", {}), Redaction)
    return _local(
        "ground", load(inputs["traces"]), lambda batch: redact_outcome(run(batch, config, params["seed"]), redaction)
    )


def view(params: dict[str, Any], inputs: Inputs) -> Output:
    """What of one shard is compared: as Arrow files that can be mapped, keys with signatures, and the text."""
    from sxl_data.dedup.stage import DedupStage, view_rows

    seen = view_rows(load(inputs["traces"]), msgspec.convert(params["config"], DedupStage))
    return Output(
        blobs={"text": mappable(seen.texts), "signatures": mappable(seen.signed)}, counters={"rows": len(seen.signed)}
    )


def apply(params: dict[str, Any], inputs: Inputs) -> Output:
    """Drop from one shard the rows that the comparison named."""
    from sxl_data.dedup.stage import apply_drops

    batch = load(inputs["traces"])
    return _outcome("dedup", batch, apply_drops(batch, pq.read_table(inputs["drops"][0])))


def place(params: dict[str, Any], inputs: Inputs) -> Output:
    """What `split` must know of one shard: numbers only."""
    from sxl_data.split.stage import place_rows

    traces = pq.read_table(inputs["traces"][0], columns=["trace_id", "group", "text_bytes"])
    return Output(tables={"placed": place_rows(traces, mapped(inputs["signatures"][0]), params["first"])})


def split(params: dict[str, Any], inputs: Inputs) -> Output:
    """Side and published shard of every row that is left, one table for each shard of work; the plan of the
    published shards; and what a random split would leak."""
    from sxl_data.split.assign import SplitConfig
    from sxl_data.split.stage import divide

    placed = inputs["placed"]
    found = divide(
        lambda shard, columns: pq.read_table(placed[shard], columns=columns),
        len(placed),
        pq.read_table(inputs["pairs"][0]),
        msgspec.convert(params["config"], SplitConfig),
        params["seed"],
        params["shard_bytes"],
    )
    tables = {f"sides-{i:05d}": table for i, table in enumerate(found.sides)}
    return Output(tables=tables, blobs={"plan": msgspec.json.encode(found.plan)}, counters=found.counters)


def write(params: dict[str, Any], inputs: Inputs) -> Output:
    """One published shard of one split: Parquet and, if asked, Arrow. Second reading of text."""
    from sxl_data.write.arrow import encode_arrow
    from sxl_data.write.parquet import encode_parquet
    from sxl_data.write.rows import publish_rows

    def mine(shard: Path, sides: Path) -> pa.Table:
        side = pq.read_table(sides)
        chosen = pc.and_(pc.equal(side["side"], params["side"]), pc.equal(side["shard"], params["shard"]))
        return pq.read_table(shard).filter(chosen)

    # Only one copy of a shard that may be large is held at a time.
    rows, lines = publish_rows(pa.concat_tables(map(mine, inputs["traces"], inputs["sides"])).combine_chunks())
    blobs = {"data": encode_parquet(rows)}
    if params["arrow"]:
        blobs["arrow"] = encode_arrow(rows)
    sources = {f"source:{v['values']}": v["counts"] for v in pc.value_counts(rows["source"]).to_pylist()}
    text_bytes = pc.sum(rows["text_bytes"]).as_py() or 0
    return Output(
        tables={"ledger": lines},
        blobs=blobs,
        counters={"rows": len(rows), "text_bytes": text_bytes, **sources} | _count(lines),
    )


def load(paths: list[Path]) -> pa.Table:
    """The tables at ``paths`` as one, each column contiguous."""
    return pa.concat_tables([pq.read_table(path) for path in paths]).combine_chunks()


def _local(stage: str, batch: pa.Table, run: Callable[[pa.Table], Outcome]) -> Output:
    """Run a local stage on a batch; row by row where it killed its workers, to find and set aside the row."""
    watch = WATCH.get()
    if not watch.careful:
        return _outcome(stage, batch, run(batch))
    code = CODES["U212"]
    kept, lines = [batch.slice(0, 0)], [ledger.table()]
    for number in range(len(batch)):
        row = batch.slice(number, 1).combine_chunks()
        if number in watch.skipped:
            entry = ledger.Entry(
                trace_id=row["trace_id"][0].as_py(),
                source=row["source"][0].as_py(),
                stage=stage,
                action="quarantined",
                code=code.code,
                rule=code.rule,
                detail=watch.skipped[number],
            )
            lines.append(ledger.table([entry]))
            continue
        watch.at(number)
        outcome = run(row)
        kept.append(outcome.kept)
        lines.append(outcome.ledger)
    return _outcome(stage, batch, Outcome(pa.concat_tables(kept).combine_chunks(), pa.concat_tables(lines)))


def _outcome(stage: str, before: pa.Table, outcome: Outcome) -> Output:
    """The output of a local stage; the ledger follows the order of the rows, whatever the batch was."""
    check_conservation(stage, before, outcome)
    at = pc.index_in(outcome.ledger["trace_id"], value_set=before["trace_id"].combine_chunks())
    order = np.argsort(at.to_numpy(), kind="stable")
    lines = outcome.ledger.take(pa.array(order))
    return Output(
        tables={"kept": outcome.kept, "ledger": lines},
        counters={"rows_in": len(before), "rows": len(outcome.kept)} | _count(lines),
    )


def _count(lines: pa.Table) -> dict[str, int]:
    """Ledger lines by code: rows that left as ``dropped:CODE``, others as ``edited:CODE`` or ``flagged:CODE``."""
    counts: Counter[str] = Counter()
    for action, code in zip(lines["action"].to_pylist(), lines["code"].to_pylist()):
        counts[f"{action if action in ('edited', 'flagged') else 'dropped'}:{code}"] += 1
    return dict(sorted(counts.items()))
