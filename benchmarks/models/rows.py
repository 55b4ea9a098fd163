"""Which rows a model is tuned on: packed tables of builds in, a JSONL file of messages and tools out.

    python benchmarks/models/rows.py BUILD -o FILE.parquet [--leave-out SOURCE,…] [--most N]

packs the training rows of a build for a machine without it: messages, tools and what the study chooses by, nothing
else. `choose` takes rows by the hash of their ids, so that 1,000 runs are among the 3,000, and changes them as an
ablation says.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

KEPT = ("trace_id", "source", "kind", "messages", "tools")
OFF_TOPIC = "irrelevant"
Row = dict[str, Any]


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What one variant is tuned on."""

    runs: int
    """Runs of the tool sets, the same number of each set."""
    off_topic: float | None = None
    """Share of the runs whose request fits no tool; None leaves it as tasks are composed (one in eight)."""
    reasoning: bool = True
    """Keep what the planner thinks before it repairs a call or asks."""
    failed: bool = False
    """Train on the calls that the planner makes wrongly on purpose too."""
    calls: int = 0
    """Rows of calls composed from the definitions of many tools."""
    mixed: int = 0
    """Rows of other sources."""


def pack(build: Path, out: Path, leave_out: Sequence[str], most: int) -> None:
    """The training rows of a build with the columns that a study needs; at most ``most``, the first by their hash."""
    files = sorted(build.glob("data/train-*.parquet"))
    table = pa.concat_tables([pq.read_table(file, columns=[*KEPT, "ext_json"]) for file in files])
    kinds = [read_kind(text) for text in table["ext_json"].to_pylist()]
    table = table.drop_columns("ext_json").append_column("task_kind", pa.array(kinds, pa.string()))
    sources, names = table["source"].to_pylist(), table["trace_id"].to_pylist()
    order = sorted((i for i in range(len(names)) if sources[i] not in leave_out), key=lambda i: digest(names[i]))
    table = table.take(pa.array(order[: most or len(order)]))
    table = table.replace_schema_metadata({"content_hash": read_hash(build)})
    pq.write_table(table, out, compression="zstd", compression_level=19, row_group_size=4000)
    sys.stdout.write(f"{table.num_rows} rows, {out.stat().st_size / 1e6:.1f} MB\n")


def read_hash(build: Path) -> str:
    """The content hash of a build."""
    manifest = json.loads((build / "manifest.json").read_bytes())
    return str(manifest.get("content_hash", ""))


def read_kind(text: str | None) -> str:
    """The kind of task that a row of a tool set, or one composed of tool definitions, says it is; else empty."""
    said = json.loads(text) if text else {}
    return str((said.get("toolset") or said.get("composed") or {}).get("kind", ""))


def digest(name: str) -> bytes:
    """What the order of rows is made of: no order of files, sources or numbers."""
    return hashlib.sha256(name.encode()).digest()


def choose(tools: Path, calls: Path | None, mix: Path | None, choice: Choice, out: Path) -> dict[str, Any]:
    """Write the rows of ``choice`` to ``out``, of packed tables; what they are, for the record."""
    table = pq.read_table(tools, columns=["trace_id", "source", "task_kind"]).to_pydict()
    sets = sorted(set(table["source"]))
    places: list[int] = []
    for name in sets:
        own = sorted(
            (i for i, source in enumerate(table["source"]) if source == name),
            key=lambda i: digest(table["trace_id"][i]),
        )
        places += share(own, table["task_kind"], choice.runs // len(sets), choice.off_topic)
    rows = take(tools, places)
    for path, count in ((calls, choice.calls), (mix, choice.mixed)):
        rows += take(path, range(count)) if path is not None and count else []
    rows = [change(row, choice) for row in rows]
    rows.sort(key=lambda row: digest(row["trace_id"]))
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("wb") as stream:
        for row in rows:
            stream.write(msgspec.json.encode(row) + b"\n")
    sources = {path.name: describe(path) for path in (tools, calls, mix) if path is not None}
    return {"rows": len(rows), "by_source": dict(Counter(row["source"] for row in rows)), "from": sources}


def share(own: Sequence[int], kinds: Sequence[str], count: int, off_topic: float | None) -> list[int]:
    """The first ``count`` of ``own``, or so many that ``off_topic`` of them are requests that fit no tool."""
    if off_topic is None:
        return list(own[:count])
    aside = round(count * off_topic)
    on, off = ([i for i in own if (kinds[i] == OFF_TOPIC) is wanted] for wanted in (False, True))
    if len(on) < count - aside or len(off) < aside:
        raise SystemExit(f"{len(on)} runs and {len(off)} off topic are too few for {count} at {off_topic}")
    return [*on[: count - aside], *off[:aside]]


def take(path: Path, places: Iterable[int]) -> list[Row]:
    """Rows of a packed table; a list of JSON texts stays one, the trainer reads it."""
    table = pq.read_table(path, columns=[*KEPT])
    return table.take(pa.array([i for i in places if i < table.num_rows], pa.int64())).to_pylist()


def change(row: Row, choice: Choice) -> Row:
    """``row`` as the ablation has it, without the nulls of its table."""
    messages = [{key: value for key, value in message.items() if value is not None} for message in row["messages"]]
    for message in messages:
        if not choice.reasoning:
            message.pop("reasoning_content", None)
        if choice.failed:
            message.pop("train", None)
    return row | {"messages": messages}


def describe(path: Path) -> dict[str, str]:
    """The digest of a packed table, and the content hash of the build that it comes from."""
    metadata = pq.read_schema(path).metadata or {}
    return {
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "content_hash": metadata.get(b"content_hash", b"").decode(),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--leave-out", default="", help="sources, by commas")
    parser.add_argument("--most", type=int, default=0, help="rows at most; 0 takes all")
    options = parser.parse_args()
    pack(options.build, options.out, options.leave_out.split(","), options.most)
