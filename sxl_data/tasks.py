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
from sxl_data.contract.stage import Outcome, check_conservation
from sxl_data.engine.task import Output
from sxl_data.engine.watch import WATCH

Inputs = dict[str, list[Path]]


def detect(params: dict[str, Any], inputs: Inputs) -> Output:
    """The format of a source and why, as JSON: its first rows are foreign bytes like all others."""
    from sxl_data.read.files import Chunk
    from sxl_data.read.sources import Source
    from sxl_data.read.stage import find_format

    chunks = msgspec.convert(params["chunks"], list[Chunk])
    return Output(
        blobs={"format": msgspec.json.encode(find_format(msgspec.convert(params["source"], Source), chunks))}
    )


def read(params: dict[str, Any], inputs: Inputs) -> Output:
    """One chunk of one source → traces, ledger, quarantine."""
    from sxl_data.read.files import Chunk
    from sxl_data.read.sources import Source
    from sxl_data.read.stage import read_chunk

    source = msgspec.convert(params["source"], Source)
    found = read_chunk(source, msgspec.convert(params["chunk"], Chunk), params["format"], WATCH.get())
    counters = {"documents": found.documents, "rows": len(found.traces), "quarantined": len(found.quarantine)}
    return Output(tables={"kept": found.traces, "ledger": found.ledger, "quarantine": found.quarantine},
                  counters=counters | _count(found.ledger))  # fmt: skip


def clean(params: dict[str, Any], inputs: Inputs) -> Output:
    """The clean stage on one shard."""
    from sxl_data.clean.stage import CleanConfig, run

    config = msgspec.convert(params["config"], CleanConfig)
    return _local("clean", load(inputs["traces"]), lambda batch: run(batch, config, params["seed"]))


def decontaminate(params: dict[str, Any], inputs: Inputs) -> Output:
    """The decontaminate stage on one shard."""
    from sxl_data.decontaminate.stage import DecontaminateConfig, run

    config = msgspec.convert(params["config"], DecontaminateConfig)
    return _local("decontaminate", load(inputs["traces"]), lambda batch: run(batch, config, params["seed"]))


def ground(params: dict[str, Any], inputs: Inputs) -> Output:
    """The ground stage on one shard."""
    from sxl_data.ground.stage import GroundConfig, run

    config = msgspec.convert(params["config"], GroundConfig)
    return _local("ground", load(inputs["traces"]), lambda batch: run(batch, config, params["seed"]))


def view(params: dict[str, Any], inputs: Inputs) -> Output:
    """What of one shard is compared: narrow columns, and as Arrow files that can be mapped the signatures
    and the text."""
    from sxl_data.dedup.stage import DedupStage, view_rows

    seen = view_rows(load(inputs["traces"]), msgspec.convert(params["config"], DedupStage))
    return Output(tables={"narrow": seen.narrow},
                  blobs={"text": _mappable(seen.texts), "signatures": _mappable(seen.signatures)})  # fmt: skip


def _mappable(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def resolve(params: dict[str, Any], inputs: Inputs) -> Output:
    """All narrow columns → who is dropped for whom, the verified pairs, one table of drops per shard."""
    from sxl_data.dedup.stage import DedupStage, resolve_rows

    config = msgspec.convert(params["config"], DedupStage)
    narrow = [pq.read_table(path) for path in inputs["narrow"]]
    texts, signatures = (
        [pa.ipc.open_file(pa.memory_map(str(path))).read_all() for path in inputs[name]]
        for name in ("text", "signatures")
    )
    found = resolve_rows(narrow, [table["text"] for table in texts], signatures, config, params["pairs_at"])
    drops = {f"drops-{i:05d}": table for i, table in enumerate(found.drops)}
    tables = {"pairs": found.pairs, "keys": found.keys, "borderline": found.borderline}
    return Output(tables=tables | drops, counters=found.counters)


def apply(params: dict[str, Any], inputs: Inputs) -> Output:
    """Drop from one shard the rows that `resolve` named."""
    from sxl_data.dedup.stage import apply_drops

    batch = load(inputs["traces"])
    return _outcome("dedup", batch, apply_drops(batch, pq.read_table(inputs["drops"][0])))


def split(params: dict[str, Any], inputs: Inputs) -> Output:
    """Side and published shard of every row that is left, one table for each shard of work; what a random
    split would leak; and the plan: for each side, the first and last shard of work of each published one.

    Published shards are cut by rows and their text bytes alone, so that the size of work shards, which
    follows the machine, changes no byte of the result.
    """
    from sxl_data.split.assign import SPLITS, SplitConfig, assign, leakage, random_split
    from sxl_data.split.groups import label

    config = msgspec.convert(params["config"], SplitConfig)
    shards = [pq.read_table(path, columns=["trace_id", "group", "text_bytes"]) for path in inputs["traces"]]
    rows = pa.concat_tables(shards)
    known = pq.read_table(inputs["keys"][0])
    at = pc.index_in(rows["trace_id"], value_set=known["trace_id"].combine_chunks()).to_numpy()
    keys = np.stack([known["key_hi"].to_numpy(), known["key_lo"].to_numpy()], axis=1)[at]
    pairs = pq.read_table(inputs["pairs"][0])
    pairs = pairs.filter(pc.greater_equal(pairs["score"], config.threshold))
    ids = rows["trace_id"].combine_chunks()
    ends = [pc.index_in(pairs[name], value_set=ids) for name in ("left", "right")]
    present = pc.and_(pc.is_valid(ends[0]), pc.is_valid(ends[1]))
    edges = np.stack([np.asarray(end.filter(present), dtype=np.int64) for end in ends], axis=1)
    sides = assign(label(len(rows), edges, rows["group"].combine_chunks()), keys, config, params["seed"])
    bounds = np.cumsum([0, *(len(shard) for shard in shards)])
    numbers, plan = _cut(sides, rows["text_bytes"].to_numpy(), bounds, params["shard_bytes"])
    tables = {
        f"sides-{i:05d}": pa.table({"trace_id": shard["trace_id"], "side": sides[a:b], "shard": numbers[a:b]})
        for i, (shard, a, b) in enumerate(zip(shards, bounds[:-1], bounds[1:]))
    }
    ours, random = leakage(sides, edges), leakage(random_split(len(rows), config, params["seed"]), edges)
    counters = {f"rows_{name}": int((sides == i).sum()) for i, name in enumerate(SPLITS)}
    # Counters are integers: shares travel in millionths.
    counters |= {"leak_ours": round(ours * 1e6), "leak_random": round(random * 1e6)}
    return Output(tables=tables, blobs={"plan": msgspec.json.encode(plan)}, counters=counters)


def _cut(sides: np.ndarray, sizes: np.ndarray, bounds: np.ndarray,
         shard_bytes: int) -> tuple[np.ndarray, list[list[tuple[int, int]]]]:  # fmt: skip
    """The published shard of every row within its side, and the plan of `split`; ``bounds`` are the first
    rows of the shards of work and the end."""
    numbers = np.zeros(len(sides), dtype=np.int32)
    plan: list[list[tuple[int, int]]] = []
    for side in range(3):
        rows = np.flatnonzero(sides == side)
        before = np.cumsum(sizes[rows]) - sizes[rows]
        _, first, shard = np.unique(before // shard_bytes, return_index=True, return_inverse=True)
        numbers[rows] = shard
        ends = [*(first[1:] - 1), len(rows) - 1] if len(rows) else []
        homes = np.searchsorted(bounds, rows, "right") - 1
        # A side without rows still gets its one empty shard, so that every split can be loaded.
        plan.append([(int(homes[a]), int(homes[b])) for a, b in zip(first, ends)] or [(0, 0)])
    return numbers, plan


def write(params: dict[str, Any], inputs: Inputs) -> Output:
    """One published shard of one split: Parquet and, if asked, Arrow. Second reading of text."""
    from sxl_data.write.arrow import encode_arrow
    from sxl_data.write.parquet import encode_parquet
    from sxl_data.write.rows import publish_rows

    tables = []
    for shard, sides in zip(inputs["traces"], inputs["sides"]):
        table, side = load([shard]), pq.read_table(sides)
        mine = pc.and_(pc.equal(side["side"], params["side"]), pc.equal(side["shard"], params["shard"]))
        tables.append(table.filter(mine))
    rows = publish_rows(pa.concat_tables(tables).combine_chunks())
    blobs = {"data": encode_parquet(rows)}
    if params["arrow"]:
        blobs["arrow"] = encode_arrow(rows)
    sources = {f"source:{v['values']}": v["counts"] for v in pc.value_counts(rows["source"]).to_pylist()}
    text_bytes = pc.sum(rows["text_bytes"]).as_py() or 0
    return Output(blobs=blobs, counters={"rows": len(rows), "text_bytes": text_bytes, **sources})


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
            entry = ledger.Entry(trace_id=row["trace_id"][0].as_py(), source=row["source"][0].as_py(), stage=stage,
                                 action="quarantined", code=code.code, rule=code.rule,
                                 detail=watch.skipped[number])  # fmt: skip
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
    return Output(tables={"kept": outcome.kept, "ledger": lines},
                  counters={"rows_in": len(before), "rows": len(outcome.kept)} | _count(lines))  # fmt: skip


def _count(lines: pa.Table) -> dict[str, int]:
    """Ledger lines by code: rows that left as ``dropped:CODE``, rows that were edited as ``edited:CODE``."""
    counts: Counter[str] = Counter()
    for action, code in zip(lines["action"].to_pylist(), lines["code"].to_pylist()):
        counts[f"{'edited' if action == 'edited' else 'dropped'}:{code}"] += 1
    return dict(sorted(counts.items()))
