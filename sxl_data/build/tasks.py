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
from sxl_data.engine.mapped import mappable, mapped
from sxl_data.engine.task import Output
from sxl_data.engine.watch import WATCH
from sxl_data.split.stage import FREE, GONE

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
    found = read_chunk(source, chunk, params["format"], WATCH.get(), redaction, params.get("group", ()))
    counters = {"documents": found.documents, "rows": len(found.traces), "quarantined": len(found.quarantine)}
    for key in params.get("group", ()):
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


def sift(params: dict[str, Any], inputs: Inputs) -> Output:
    """The rows of one shard whose figures are inside of the recipe's bounds."""
    from sxl_data.clean.sift import SiftConfig, run

    config = msgspec.convert(params["config"], SiftConfig)
    return _local("sift", load(inputs["traces"]), lambda batch: run(batch, config, params["seed"]))


def decontaminate(params: dict[str, Any], inputs: Inputs) -> Output:
    """The decontaminate stage on one shard."""
    from sxl_data.decontaminate.stage import DecontaminateConfig, run

    config = msgspec.convert(params["config"], DecontaminateConfig)
    return _local("decontaminate", load(inputs["traces"]), lambda batch: run(batch, config, params["seed"]))


def ground(params: dict[str, Any], inputs: Inputs) -> Output:
    """The ground stage on one shard; what the programs printed is cleaned as what was read is."""
    from sxl_data.ground.stage import GroundConfig, run
    from sxl_data.secrets.quoted import redact_outcome
    from sxl_data.secrets.rows import Redaction

    config = msgspec.convert(params["config"], GroundConfig)
    redaction = msgspec.convert(params.get("redaction", {}), Redaction)
    return _local(
        "ground", load(inputs["traces"]), lambda batch: redact_outcome(run(batch, config, params["seed"]), redaction)
    )


def view(params: dict[str, Any], inputs: Inputs) -> Output:
    """What of one shard is compared: as Arrow files that can be mapped, keys with signatures, and the text."""
    from sxl_data.dedup.stage import DedupStage, view_rows

    seen = view_rows(load(inputs["traces"]), msgspec.convert(params["config"], DedupStage))
    signed = seen.signed
    if old := inputs.get("old"):
        from sxl_data.build.extending import PUBLISHED_BEFORE, sides_of

        is_old = pa.array(sides_of(signed, _keys(signed), old, FREE) != FREE)
        source = pc.if_else(is_old, PUBLISHED_BEFORE, signed["source"])
        signed = signed.set_column(signed.schema.get_field_index("source"), "source", source).combine_chunks()
    return Output(blobs={"text": mappable(seen.texts), "signatures": mappable(signed)}, counters={"rows": len(signed)})


def old(params: dict[str, Any], inputs: Inputs) -> Output:
    """What of a published file of the build that is extended is asked for: id, key and side of each row."""
    from sxl_data.build.extending import read_old
    from sxl_data.dedup.stage import DedupStage, hash_rows

    batch = read_old(Path(params["path"]), params["sha256"])
    keys = hash_rows(batch, msgspec.convert(params["config"], DedupStage))
    side = np.full(len(batch), params["side"], dtype=np.int8)
    table = pa.table({"trace_id": batch["trace_id"], "key_hi": keys[:, 0], "key_lo": keys[:, 1], "side": side})
    return Output(tables={"old": table}, counters={"rows": len(table)})


def apply(params: dict[str, Any], inputs: Inputs) -> Output:
    """Drop from one shard the rows that the comparison named."""
    from sxl_data.dedup.stage import apply_drops

    batch = load(inputs["traces"])
    return _outcome("dedup", batch, apply_drops(batch, pq.read_table(inputs["drops"][0])))


def place(params: dict[str, Any], inputs: Inputs) -> Output:
    """What `split` must know of one shard: numbers only. And its tasks, to be compared, as `view` leaves texts."""
    from sxl_data.dedup.config import DedupConfig
    from sxl_data.dedup.stage import view_tasks
    from sxl_data.split.stage import place_rows

    uses = params["uses"]
    columns = ["trace_id", "source", "task", "group", "stated_ids", "text_bytes", *(["steps"] if uses else [])]
    traces = pq.read_table(inputs["traces"][0], columns=columns).combine_chunks()
    seen = mapped(inputs["signatures"][0])
    pins = np.full(len(traces), FREE, dtype=np.int8)
    if uses:
        from sxl_data.split.held_out import SourceUse, pin_rows

        known = msgspec.convert(uses, dict[str, SourceUse])
        pins = pin_rows(traces, known, FREE, trains=params["trains"], tests=params["tests"])
    is_old = np.zeros(len(traces), dtype=bool)
    if old := inputs.get("old"):
        from sxl_data.build.extending import sides_of

        at = pc.index_in(traces["trace_id"], value_set=seen["trace_id"].combine_chunks())
        sides = sides_of(traces, _keys(seen.select(["key_hi", "key_lo"]).take(at)), old, FREE)
        is_old = sides != FREE
        pins[is_old] = sides[is_old]
    gone = pc.is_in(traces["trace_id"], value_set=pa.array(params["gone"], pa.string()))
    taken_down = gone.to_numpy(zero_copy_only=False) if params["gone"] else np.zeros(len(traces), dtype=bool)
    pins[taken_down], is_old = GONE, is_old & ~taken_down
    asked = view_tasks(traces, msgspec.convert(params["tasks"], DedupConfig))
    placed = place_rows(traces, seen, params["first"], pins, is_old)
    return Output(
        tables={"placed": placed},
        blobs={"text": mappable(asked.texts), "signatures": mappable(asked.signed)},
        counters={"rows": len(placed), "old": int(is_old.sum()), "taken_down": int(taken_down.sum())},
    )


def split(params: dict[str, Any], inputs: Inputs) -> Output:
    """Side and published shard of every row that is left, one table for each shard of work; the plan of the
    published shards; and what a random split would leak."""
    from sxl_data.split.assign import SplitConfig
    from sxl_data.split.stage import Prompts, divide

    placed = inputs["placed"]
    equal = [_pairs_of(mapped(path), "row", "stands") for path in inputs["equal"]]
    near = [_pairs_of(pq.read_table(path), "left", "right") for path in inputs["near"]]
    found = divide(
        lambda shard, columns: pq.read_table(placed[shard], columns=columns),
        len(placed),
        pq.read_table(inputs["pairs"][0]),
        Prompts(*(np.concatenate([np.empty((0, 2), np.int64), *pairs]) for pairs in (equal, near))),
        msgspec.convert(params["config"], SplitConfig),
        params["seed"],
        params["shard_bytes"],
    )
    cut = [pq.read_table(path)["row"].to_numpy() for path in inputs["cut"]]
    tables = {f"sides-{i:05d}": table for i, table in enumerate(found.sides)}
    counters = found.counters | {"cut": len(np.unique(np.concatenate([np.empty(0, np.uint32), *cut])))}
    return Output(tables=tables, blobs={"plan": msgspec.json.encode(found.plan)}, counters=counters)


def note(params: dict[str, Any], inputs: Inputs) -> Output:
    """The ledger of the rows of one shard of which `split` says something."""
    from sxl_data.split.stage import note

    batch = pq.read_table(inputs["traces"][0], columns=["trace_id", "source"])
    lines = note(batch, pq.read_table(inputs["sides"][0]))
    return Output(tables={"ledger": lines}, counters=_count(lines))


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


def _keys(table: pa.Table) -> np.ndarray:
    """The exact keys of a table, shape ``(rows, 2)``."""
    return np.stack([table[name].to_numpy() for name in ("key_hi", "key_lo")], axis=1)


def _pairs_of(table: pa.Table, one: str, other: str) -> np.ndarray:
    return np.stack([table[one].to_numpy(), table[other].to_numpy()], axis=1).astype(np.int64)


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
