"""The clean stage: media, text repair, privacy and secrets, then the reasons to drop a row, cheapest first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sxl_data.clean import answers, code, faults, leftovers, media, text, tokens
from sxl_data.contract import ledger
from sxl_data.contract.codes import CODES
from sxl_data.contract.columns import explode, replace
from sxl_data.contract.stage import Outcome
from sxl_data.secrets.rows import clean, redaction
from sxl_data.secrets.rows import lines as rows_lines


class CleanConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is repaired and what is dropped."""

    text: bool = True
    """Repair NUL, byte order marks, CRLF and mojibake; take away what prompt templates left at the ends of texts."""
    secrets: bool = True
    """Replace keys, tokens and passwords by a word such as `SECRET_github_token`."""
    keep_private: tuple[str, ...] = ()
    """Names of sources whose agent logs keep home folders, user names, e-mail addresses, phone numbers and IP
    addresses; `*` means all. Everywhere else they are taken out of rows of kind agent and tool_use."""
    take_private: tuple[str, ...] = ()
    """Names of sources, such as a table of support mail, out of whose rows of any kind the same is taken; `*` means
    all. A name counts as one only where its place says so, as before an e-mail address or behind /home/: in running
    text names of persons stay."""
    code: Literal["drop", "keep"] = "drop"
    """What to do with instruction and code rows whose answer has syntax errors (tree-sitter)."""
    answers: answers.AnswerRules = answers.AnswerRules()
    """What to do with answers that are cut off, refused, copied from the question, or left over from a template."""
    empty: Literal["drop", "keep"] = "drop"
    """What to do with rows in which the agent neither says nor calls anything."""
    profile: Literal["ingest", "train", "publish", "off"] = "train"
    """Rows with an error at this validation profile are dropped; off drops none."""
    licences: tuple[str, ...] = ()
    """SPDX expressions that may go into the dataset; empty allows all, unknown ones too."""

    def __post_init__(self) -> None:
        kept, taken = set(self.keep_private), set(self.take_private)
        both = kept & taken or ({"*"} if "*" in kept and taken else set())
        if both:
            raise ValueError(f"keep_private and take_private: {min(both)!r} stands in both")


def run(
    batch: pa.Table, config: CleanConfig, seed: int = 0, taken: pa.Table | None = None, *, policy: media.Policy = "mark"
) -> Outcome:
    """Clean one batch; ``policy`` is the recipe's `media`, ``seed`` is unused: nothing here is random. ``taken`` is the
    ledger of what reading took out already, so that nothing raw lies on the disk between both."""
    batch, lines = media.run(batch, policy)
    entries: list[pa.Table] = [lines]
    batch = _edit(batch, config, entries, taken)
    entries.append(tokens.flag(batch))
    if config.licences:
        allowed = pc.is_in(batch["licence"], value_set=pa.array(config.licences))
        batch = _drop(batch, pc.invert(allowed), "C705", entries, batch["licence"])
    if config.empty == "drop":
        batch = _drop(batch, pa.array(~_acts(batch)), "C704", entries)
    found = answers.run(batch, config.answers)
    batch = found.kept
    entries.append(found.ledger)
    judged = code.judge(batch)
    at = batch.schema.get_field_index("code_scores")
    batch = batch.set_column(at, batch.schema.field(at), judged.scores)
    if config.code == "drop":
        batch = _drop(batch, pc.fill_null(pc.invert(judged.parses), False), "C702", entries, batch["language"])
    if config.profile != "off":
        # Rows without an answer have a key of their own.
        empty = frozenset(("C401",) if config.empty == "keep" else ())
        failed = faults.failing(batch, config.profile, empty)
        batch = _drop(batch, pc.is_valid(failed), "C707", entries, failed)
    return Outcome(batch, pa.concat_tables([ledger.table(), *entries]))


def _edit(batch: pa.Table, config: CleanConfig, entries: list[pa.Table], taken: pa.Table | None) -> pa.Table:
    """Repair all texts, then take secrets and persons out: of every row, or of the repaired ones where reading has
    ``taken`` them out already."""
    repaired = np.zeros(len(batch), dtype=bool)
    if config.text:
        batch, repaired = _edit_texts(batch, explode(batch), text.repair, "C701", entries)
        for part, repair in ((_answers(batch), leftovers.trim_answers), (_prompts(batch), leftovers.unwrap_prompts)):
            batch, more = _edit_texts(batch, part, repair, "C747", entries)
            repaired |= more
    wanted = redaction(config.secrets, config.keep_private, config.take_private)
    found = clean(batch, wanted.secrets, wanted.people(batch), None if taken is None else repaired)
    lines = rows_lines(batch, found)
    if taken is not None:
        entries.append(taken)
        known = pa.array([f"{a} {b}" for a, b in zip(taken["code"].to_pylist(), taken["trace_id"].to_pylist())])
        mine = pc.binary_join_element_wise(lines["code"], lines["trace_id"], " ")
        lines = lines.filter(pc.invert(pc.is_in(mine, value_set=known.cast(pa.string()))))
    entries.append(lines)
    return found.batch


def _edit_texts(
    batch: pa.Table, segments: pa.Table, repair: Callable[[pa.Array], pa.Array], code: str, entries: list[pa.Table]
) -> tuple[pa.Table, np.ndarray]:
    """The batch with the texts of ``segments`` repaired, and which rows that changed, shape ``(rows,)`` of bool."""
    touched = np.zeros(len(batch), dtype=bool)
    before = _whole(segments["text"])
    texts = repair(before)
    if texts is before:
        return batch, touched
    changed = pc.not_equal(before, texts)
    where, counts = np.unique(segments["row"].to_numpy()[np.asarray(changed)], return_counts=True)
    if not len(where):
        return batch, touched
    touched[where] = True
    details = pa.array([f"{n} texts" for n in counts], pa.string())
    entries.append(_lines(batch.take(pa.array(where)), "edited", code, details))
    at = segments.schema.get_field_index("text")
    return replace(batch, segments.set_column(at, "text", texts).filter(changed)), touched


def _answers(batch: pa.Table) -> pa.Table:
    """The texts that the agent says in rows of one question and one answer."""
    segments = explode(batch, [("steps", "content", "text")])
    of_kind = pc.is_in(batch["kind"], value_set=pa.array(answers.KINDS))
    return segments.filter(pc.and_(pc.equal(segments["phase"], "act"), pc.take(of_kind, segments["row"])))


def _prompts(batch: pa.Table) -> pa.Table:
    """What is asked in such rows: tasks and observations."""
    segments = explode(batch, [("task",), ("steps", "content", "text")])
    of_kind = pc.is_in(batch["kind"], value_set=pa.array(answers.KINDS))
    asked = pc.or_(pc.equal(segments["path"], "task"), pc.fill_null(pc.equal(segments["phase"], "observe"), False))
    return segments.filter(pc.and_(asked, pc.take(of_kind, segments["row"])))


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
