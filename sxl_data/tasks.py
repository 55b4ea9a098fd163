"""What one task of the build does: reads committed tables, calls a stage, returns tables to commit.

The stages themselves touch no disk. The functions here are named in `Task.function`, so they take and
return plain values and Arrow tables, and run alike in this process, in a worker and on a cluster.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sxl_data.contract.stage import Outcome, check_conservation
from sxl_data.engine.task import Output

Inputs = dict[str, list[Path]]


def read(params: dict[str, Any], inputs: Inputs) -> Output:
    """One chunk of one source → traces, ledger, quarantine."""
    from sxl_data.read.files import Chunk
    from sxl_data.read.sources import Source
    from sxl_data.read.stage import read_chunk

    source = msgspec.convert(params["source"], Source)
    found = read_chunk(source, msgspec.convert(params["chunk"], Chunk), params["format"])
    return Output(
        tables={"kept": found.traces, "ledger": found.ledger, "quarantine": found.quarantine},
        counters={"documents": found.documents, "rows": len(found.traces), "quarantined": len(found.quarantine)},
    )


def clean(params: dict[str, Any], inputs: Inputs) -> Output:
    """The clean stage on one shard."""
    from sxl_data.clean.stage import CleanConfig, run

    batch = load(inputs["traces"])
    return _local("clean", batch, run(batch, msgspec.convert(params["config"], CleanConfig), params["seed"]))


def decontaminate(params: dict[str, Any], inputs: Inputs) -> Output:
    """The decontaminate stage on one shard."""
    from sxl_data.decontaminate.stage import DecontaminateConfig, run

    batch = load(inputs["traces"])
    config = msgspec.convert(params["config"], DecontaminateConfig)
    return _local("decontaminate", batch, run(batch, config, params["seed"]))


def ground(params: dict[str, Any], inputs: Inputs) -> Output:
    """The ground stage on one shard."""
    from sxl_data.ground.stage import GroundConfig, run

    batch = load(inputs["traces"])
    return _local("ground", batch, run(batch, msgspec.convert(params["config"], GroundConfig), params["seed"]))


def view(params: dict[str, Any], inputs: Inputs) -> Output:
    """Narrow columns and the compared text of one shard, the text as an Arrow file that can be mapped."""
    from sxl_data.dedup.stage import DedupStage, view_rows

    narrow, texts = view_rows(load(inputs["traces"]), msgspec.convert(params["config"], DedupStage))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, texts.schema) as writer:
        writer.write_table(texts)
    return Output(tables={"narrow": narrow}, blobs={"text": sink.getvalue().to_pybytes()})


def resolve(params: dict[str, Any], inputs: Inputs) -> Output:
    """All narrow columns → who is dropped for whom, the verified pairs, one table of drops per shard."""
    from sxl_data.dedup.stage import DedupStage, resolve_rows

    config = msgspec.convert(params["config"], DedupStage)
    narrow = [pq.read_table(path) for path in inputs["narrow"]]
    maps = [pa.ipc.open_file(pa.memory_map(str(path))) for path in inputs["text"]]
    texts = [found.read_all()["text"] for found in maps]
    found = resolve_rows(narrow, texts, config, params["seed"], params["pairs_at"])
    drops = {f"drops-{i:05d}": table for i, table in enumerate(found.drops)}
    return Output(tables={"pairs": found.pairs, "keys": found.keys, **drops}, counters=found.counters)


def apply(params: dict[str, Any], inputs: Inputs) -> Output:
    """Drop from one shard the rows that `resolve` named."""
    from sxl_data.dedup.stage import apply_drops

    batch = load(inputs["traces"])
    return _local("dedup", batch, apply_drops(batch, pq.read_table(inputs["drops"][0])))


def split(params: dict[str, Any], inputs: Inputs) -> Output:
    """Side of every row that is left, one table for each shard, and what a random split would leak."""
    from sxl_data.split.assign import SPLITS, SplitConfig, assign, leakage, random_split
    from sxl_data.split.groups import label

    config = msgspec.convert(params["config"], SplitConfig)
    shards = [pq.read_table(path, columns=["trace_id", "group"]) for path in inputs["traces"]]
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
    tables, start = {}, 0
    for number, shard in enumerate(shards):
        part = sides[start : start + len(shard)]
        start += len(shard)
        tables[f"sides-{number:05d}"] = pa.table({"trace_id": shard["trace_id"], "side": part})
    ours, random = leakage(sides, edges), leakage(random_split(len(rows), config, params["seed"]), edges)
    counters = {f"rows_{name}": int((sides == i).sum()) for i, name in enumerate(SPLITS)}
    # Counters are integers: shares travel in millionths.
    counters |= {"leak_ours": round(ours * 1e6), "leak_random": round(random * 1e6)}
    return Output(tables=tables, counters=counters)


def write(params: dict[str, Any], inputs: Inputs) -> Output:
    """One published shard of one split: Parquet and, if asked, Arrow. Second reading of text."""
    from sxl_data.write.arrow import encode_arrow
    from sxl_data.write.parquet import encode_parquet
    from sxl_data.write.rows import publish_rows

    tables = []
    for shard, sides in zip(inputs["traces"], inputs["sides"]):
        table, side = load([shard]), pq.read_table(sides)
        tables.append(table.filter(pc.equal(side["side"], params["side"])))
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


def _local(stage: str, before: pa.Table, outcome: Outcome) -> Output:
    check_conservation(stage, before, outcome)
    return Output(tables={"kept": outcome.kept, "ledger": outcome.ledger},
                  counters={"rows_in": len(before), "rows": len(outcome.kept)})  # fmt: skip
