"""The clean stage: media, text repair, privacy and secrets, then the reasons to drop a row, cheapest first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sxl_data.clean import code, faults, media, private, secrets, text, tokens
from sxl_data.contract import ledger
from sxl_data.contract.codes import CODES
from sxl_data.contract.columns import explode, replace
from sxl_data.contract.stage import Outcome


class CleanConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is repaired and what is dropped."""

    text: bool = True
    """Repair NUL, byte order marks, CRLF and mojibake."""
    secrets: bool = True
    """Replace keys and tokens by `<SECRET:kind>`."""
    keep_private: tuple[str, ...] = ()
    """Names of sources whose agent logs keep home folders, user names and e-mail addresses; `*` means all.
    Everywhere else they are taken out of rows of kind agent and tool_use."""
    code: Literal["drop", "keep"] = "drop"
    """What to do with instruction and code rows whose answer has syntax errors (tree-sitter)."""
    empty: Literal["drop", "keep"] = "drop"
    """What to do with rows in which the agent neither says nor calls anything."""
    profile: Literal["ingest", "train", "publish", "off"] = "train"
    """Rows with an error at this validation profile are dropped; off drops none."""
    licences: tuple[str, ...] = ()
    """SPDX expressions that may go into the dataset; empty allows all, unknown ones too."""


def run(batch: pa.Table, config: CleanConfig, seed: int = 0, *, policy: media.Policy = "mark") -> Outcome:
    """Clean one batch; ``policy`` is the recipe's `media`, ``seed`` is unused: nothing here is random."""
    batch, lines = media.run(batch, policy)
    entries: list[pa.Table] = [lines]
    batch = _edit(batch, config, entries)
    entries.append(tokens.flag(batch))
    if config.licences:
        allowed = pc.is_in(batch["licence"], value_set=pa.array(config.licences))
        batch = _drop(batch, pc.invert(allowed), "C705", entries, batch["licence"])
    if config.empty == "drop":
        batch = _drop(batch, pa.array(~_acts(batch)), "C704", entries)
    if config.code == "drop":
        broken = pc.fill_null(pc.invert(code.code_parses(batch)), False)
        batch = _drop(batch, broken, "C702", entries, batch["language"])
    if config.profile != "off":
        # Rows without an answer have a key of their own.
        empty = frozenset(("C401",) if config.empty == "keep" else ())
        found = faults.failing(batch, config.profile, empty)
        batch = _drop(batch, pc.is_valid(found), "C707", entries, found)
    return Outcome(batch, pa.concat_tables([ledger.table(), *entries]))


def _logs(batch: pa.Table, config: CleanConfig) -> pa.ChunkedArray:
    """Rows that may be logs of somebody's agent and are not exempt."""
    if "*" in config.keep_private:
        return pa.chunked_array([np.zeros(len(batch), dtype=bool)])
    kept = pc.fill_null(pc.is_in(batch["source"], value_set=pa.array(config.keep_private, pa.string())), False)
    return pc.and_(pc.is_in(batch["kind"], value_set=pa.array(["agent", "tool_use"])), pc.invert(kept))


def _edit(batch: pa.Table, config: CleanConfig, entries: list[pa.Table]) -> pa.Table:
    """Edit all texts, one repair after the other; the texts are taken out of the batch and put back once."""
    segments = explode(batch)
    before = _whole(segments["text"])
    rows = segments["row"].to_numpy()
    logs = _whole(_logs(batch, config)).take(pa.array(rows))

    def redact(texts: pa.Array) -> pa.Array:
        some = texts.filter(logs)
        found = private.redact(some, rows[np.asarray(logs)])
        return texts if found is some else pc.replace_with_mask(texts, logs, found)

    edits: list[tuple[bool, str, Callable[[pa.Array], pa.Array]]] = [
        (config.text, "C701", text.repair),
        (config.secrets, "C703", secrets.redact),
        (pc.any(logs).as_py() is True, "C706", redact),
    ]
    texts = before
    for wanted, name, edit in edits:
        after = edit(texts) if wanted else texts
        if after is texts:
            continue
        touched = rows[np.asarray(pc.not_equal(texts, after))]
        if len(touched):
            where, counts = np.unique(touched, return_counts=True)
            details = pa.array([f"{n} texts" for n in counts], pa.string())
            entries.append(_lines(batch.take(pa.array(where)), "edited", name, details))
        texts = after
    if texts is before:
        return batch
    changed = pc.not_equal(before, texts)
    at = segments.schema.get_field_index("text")
    edited = segments.set_column(at, "text", texts).filter(changed)
    return replace(batch, edited) if len(edited) else batch


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """One array of all chunks."""
    found = column.combine_chunks()
    return found if isinstance(found, pa.Array) else pa.concat_arrays(found.chunks)


def _drop(
    batch: pa.Table, mask: pa.Array, code: str, entries: list[pa.Table], detail: pa.Array | None = None
) -> pa.Table:
    dropped = batch.filter(mask)
    if len(dropped):
        entries.append(_lines(dropped, "dropped", code, None if detail is None else detail.filter(mask)))
    return batch.filter(pc.invert(mask))


def _lines(rows: pa.Table, action: str, code: str, detail: pa.Array | None) -> pa.Table:
    n = len(rows)
    return pa.table(
        {
            "trace_id": rows["trace_id"],
            "source": rows["source"],
            "stage": [CODES[code].stage] * n,
            "action": [action] * n,
            "code": [code] * n,
            "rule": [CODES[code].rule] * n,
            "detail": pa.nulls(n, pa.string()) if detail is None else detail,
            "twin_id": pa.nulls(n, pa.string()),
            "score": pa.nulls(n, pa.float64()),
        },
        schema=ledger.LEDGER_SCHEMA,
    )


def _acts(batch: pa.Table) -> np.ndarray:
    """Whether each row has a call, or an act that says something."""
    segments = explode(batch, [("steps", "content", "text"), ("steps", "calls", "arguments_json")])
    acts = segments.filter(
        pc.and_(pc.equal(segments["phase"], "act"), pc.not_equal(pc.utf8_trim_whitespace(segments["text"]), ""))
    )
    found = np.zeros(len(batch), dtype=bool)
    found[acts["row"].to_numpy()] = True
    return found
