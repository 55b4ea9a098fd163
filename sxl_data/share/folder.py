"""Decided drafts → the dataset: each agent's own sessions beside one table, and the card.

In: a share and decisions. Out: files by name. A session of an agent that the Hub shows as it is stays its own file;
any other, and one that lost turns, is written in the Session Trace Simple Format: an agent's own file says things
twice, so a turn is gone for sure only where the rest is written anew. The table holds all of them as traces, with
`messages` for training.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec

from sxl_data.files.numbers import encode_json
from sxl_data.formats.export import export
from sxl_data.share.agents import BY_NAME
from sxl_data.share.card import make_card
from sxl_data.share.decisions import Decisions
from sxl_data.share.draft import Kept, Share, traces_of
from sxl_data.share.redacting import take_out
from sxl_data.share.turns import turns_of, without
from sxl_data.trace.table import to_table
from sxl_data.trace.types import Trace
from sxl_data.write.parquet import encode_parquet
from sxl_data.write.rows import publish_rows

TABLE = "data/train-00000-of-00001.parquet"
STS = "sts"


class Made(msgspec.Struct, frozen=True):
    """The dataset: bytes by name, sessions and rows, and the turns that were left out."""

    files: dict[str, bytes]
    sessions: int
    rows: int
    dropped: int


def make_dataset(share: Share, chosen: Decisions, folder: Path, scratch: Path, licence: str) -> Made:
    """The dataset of ``share`` in ``folder`` as it was decided; into ``scratch`` go drafts without the words to take
    out, and nothing else is written."""
    files: dict[str, bytes] = {}
    every: list[Trace] = []
    agents: list[str] = []
    kinds: Counter[str] = Counter()
    dropped = 0
    for entry in share.sessions:
        if entry.id in chosen.leave_out:
            continue
        gone = frozenset(chosen.drop.get(entry.id, ()))
        draft = _decided(entry, chosen.take_out, folder, scratch)
        traces = traces_of(draft, entry.agent, licence)
        if gone:
            dropped += len(gone & {turn.number for turn in turns_of(traces)})
            traces = without(traces, gone)
        if not traces:
            continue
        agent = BY_NAME[entry.agent]
        if agent.native and not gone and entry.file.endswith(".jsonl"):
            path = f"sessions/{agent.name}/{entry.id}.jsonl"
            files[path] = draft.read_bytes()
        else:
            for number, trace in enumerate(traces):
                path = f"sessions/{STS}/{entry.id}{f'-{number}' if number else ''}.jsonl"
                lines = export(trace, STS).document
                lines[0]["harness"] = agent.name
                files[path] = b"".join(encode_json(line) + b"\n" for line in lines)
        every += traces
        agents.append(agent.name)
        kinds.update(entry.changes)
    if not every:
        return Made({}, 0, 0, dropped)
    rows = publish_rows(to_table(every, [trace.provenance.source_id or trace.trace_id for trace in every])).rows
    files[TABLE] = encode_parquet(rows).to_pybytes()
    files["README.md"] = make_card(
        rows=len(rows),
        agents=Counter(agents),
        kinds=kinds,
        dropped=dropped,
        fine=len(chosen.fine),
        taken=len(chosen.take_out),
        licence=licence,
    )
    return Made(files, len(agents), len(every), dropped)


def _decided(entry: Kept, taken: tuple[str, ...], folder: Path, scratch: Path) -> Path:
    """Where the session lies without the words to take out."""
    if not taken:
        return folder / entry.file
    path = scratch / Path(entry.file).name
    path.write_bytes(take_out((folder / entry.file).read_bytes(), taken))
    return path
