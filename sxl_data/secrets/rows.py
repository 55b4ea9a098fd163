"""Takes secrets and persons out of every text of a batch of traces.

In: a table of the row schema. Out: the table, and for each row how many of its texts lost a secret and how many a
person. Every string column counts: what is said and done, results, schemas, URIs, names, ids, what the source has
beyond the model; only words of the schema itself stay. All texts are searched as one; those in which something was
found are then edited one by one.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sxl_data.contract import ledger
from sxl_data.contract.columns import explode, replace
from sxl_data.secrets.find import find
from sxl_data.secrets.persons import is_personal
from sxl_data.secrets.redact import Placeholders, Redacted, forget, redact, redact_json
from sxl_data.secrets.table import table
from sxl_data.secrets.texts import hits_of, whole

_OURS = frozenset(
    (
        "schema_version",
        "phase",
        "type",
        "form",
        "status",
        "decision",
        "decision_origin",
        "arguments_form",
        "sha256",
        "source_sha256",
        "source_format",
        "converter",
        "converter_version",
        "licence",
        "source",
        "trace_id",
        "kind",
        "language",
        "origin",
    )
)
"""Columns whose words are the schema's, the recipe's or ours."""
_TAIL = 120
_CUT = (
    r"(?:^|[^A-Za-z0-9])[A-Za-z0-9]{2,12}[_.:-][A-Za-z0-9_.:-]*[A-Za-z0-9_-]\s*$"
    r"|(?:A[KS]IA|ABIA|ACCA|AIza|LTAI|AKID|eyJ|dapi|ATATT3|AKCp|EAA)[\w-]*\s*$"
)
"""How a token of most kinds begins, at the end of a text."""
_MORE = 8
_SEAM = 400
"""Bytes on both sides of the end of a text in which a token may go on in the next one."""


class Redaction(msgspec.Struct, frozen=True, kw_only=True):
    """What is taken out of which rows; a parameter of every task that does it."""

    secrets: bool = True
    """Keys, tokens and passwords, of all rows."""
    keep_private: tuple[str, ...] = ()
    """Sources whose agent logs keep what says who somebody is; `*` means all."""
    take_private: tuple[str, ...] = ()
    """Sources whose rows of other kinds lose it too; `*` means all."""
    rules: str = ""
    """Digest of the rules, so that other rules make other results."""

    def people(self, batch: pa.Table) -> np.ndarray:
        """Shape ``(rows,)`` of bool: rows that may be logs of somebody's agent, or whose source is named, and whose
        source is not exempt."""
        if "*" in self.keep_private:
            return np.zeros(len(batch), dtype=bool)
        logs = pc.is_in(batch["kind"], value_set=pa.array(["agent", "tool_use"]))
        kept, taken = (
            np.asarray(pc.is_in(batch["source"], value_set=pa.array(names, pa.string())))
            for names in (self.keep_private, self.take_private)
        )
        return (np.asarray(logs) | taken | ("*" in self.take_private)) & ~kept


def redaction(secrets: bool, keep_private: tuple[str, ...], take_private: tuple[str, ...] = ()) -> Redaction:
    """A `Redaction` with the rules that are shipped."""
    return Redaction(secrets=secrets, keep_private=keep_private, take_private=take_private, rules=table().digest)


class Cleaned(NamedTuple):
    """The batch, and of each row the texts that were edited, shape ``(rows,)`` each."""

    batch: pa.Table
    secrets: np.ndarray
    persons: np.ndarray


def paths(schema: pa.Schema) -> list[tuple[str, ...]]:
    """Every column of text below ``schema`` that may hold what somebody wrote."""

    def below(name: str, kind: pa.DataType) -> Iterator[tuple[str, ...]]:
        while pa.types.is_list(kind):
            kind = kind.value_type
        if pa.types.is_struct(kind):
            yield from ((name, *rest) for field in kind for rest in below(field.name, field.type))
        elif pa.types.is_string(kind) and name not in _OURS:
            yield (name,)

    return [path for field in schema for path in below(field.name, field.type)]


def clean(batch: pa.Table, secrets: bool, people: np.ndarray, only: np.ndarray | None = None) -> Cleaned:
    """``batch`` without secrets where ``secrets`` is set, and without persons in the rows that ``people``, shape
    ``(rows,)`` of bool, marks. ``only``, of the same shape, leaves the other rows alone."""
    counts = np.zeros((2, len(batch)), dtype=np.int64)
    segments = explode(batch, paths(batch.schema)).combine_chunks()
    texts, rows = whole(segments["text"]), segments["row"].to_numpy()
    personal = people[rows]
    held = hits_of(texts, secrets, bool(personal.any()))
    suspect = np.zeros(len(texts), dtype=bool)
    suspect[[at for at, hits in held.items() if hits is None or personal[at] or not all(map(is_personal, hits))]] = True
    cut = _begins_token(texts) if secrets else np.zeros(len(texts), dtype=bool)
    if only is not None:
        suspect, cut = suspect & only[rows], cut & only[rows]
    if not (suspect | cut).any():
        return Cleaned(batch, *counts)
    edits: dict[int, bytes] = {}
    names: dict[int, Placeholders] = {}
    is_json = _is_json(segments["path"])
    if secrets:
        _mend_seams(segments, texts, rows, suspect | cut, edits, names, counts)
    for at in np.flatnonzero(suspect).tolist():
        row = int(rows[at])
        hits = held[at] if at not in edits else None
        if hits is not None and not personal[at]:
            hits = [hit for hit in hits if not is_personal(hit)]
        known = names.setdefault(row, Placeholders())
        edit = redact_json if is_json[at] else redact
        data = _bytes(texts, edits, at)
        found: Redacted = edit(data, known, secrets, bool(personal[at]), hits)
        if found.data != data:
            edits[at] = found.data
            counts[0, row] += found.secrets > 0
            counts[1, row] += found.persons > 0
    if secrets:
        _forget(texts, rows, edits, names, counts)
    if not edits:
        return Cleaned(batch, *counts)
    order = sorted(edits)
    changed = segments.take(pa.array(order))
    column = pa.array([edits[at].decode("utf-8", "replace") for at in order], pa.string())
    changed = changed.set_column(changed.schema.get_field_index("text"), "text", column)
    return Cleaned(replace(batch, changed), *counts)


def lines(batch: pa.Table, cleaned: Cleaned) -> pa.Table:
    """The ledger of what `clean` made of ``batch``: a line for each row and kind of edit."""
    entries = []
    for code, counts in (("C703", cleaned.secrets), ("C706", cleaned.persons)):
        where = np.flatnonzero(counts)
        rows = zip(
            batch["trace_id"].take(pa.array(where)).to_pylist(), batch["source"].take(pa.array(where)).to_pylist()
        )
        for (trace_id, source), number in zip(rows, counts[where].tolist()):
            entries.append(ledger.entry(code, trace_id, source, "edited", detail=f"{number} texts"))
    return ledger.table(entries)


def _begins_token(texts: pa.Array) -> np.ndarray:
    """Which of ``texts`` may end within a token that goes on in the next one."""
    tails = pc.binary_slice(texts.cast(pa.binary()), -_TAIL)
    return np.asarray(pc.fill_null(pc.match_substring_regex(tails, _CUT), False))


def _mend_seams(
    segments: pa.Table,
    texts: pa.Array,
    rows: np.ndarray,
    suspect: np.ndarray,
    edits: dict[int, bytes],
    names: dict[int, Placeholders],
    counts: np.ndarray,
) -> None:
    """Take out tokens that begin at the end of one text and go on at the start of the next one of their row."""
    spoken = np.asarray(
        pc.is_in(
            segments["path"], value_set=pa.array(["steps/content/text", "steps/text", "steps/results/content/text"])
        )
    )
    some = np.flatnonzero(spoken & np.isin(rows, np.unique(rows[suspect])))
    order = some[np.lexsort((some, segments["step"].to_numpy()[some], rows[some]))].tolist()
    for at, after in itertools.pairwise(order):
        if rows[at] != rows[after] or not suspect[at]:
            continue
        head, tail = _bytes(texts, edits, at), _bytes(texts, edits, after)
        cut = len(head.rstrip())
        left, right = head[max(0, cut - _SEAM) : cut], tail[:_SEAM]
        lead = len(right) - len(right.lstrip())
        if not left or not right or left[-1:] in b".!?:;,)":
            continue
        joined = left + right[lead:]
        ends = {hit.start: hit.end for hit in find(left)}
        for hit in find(joined):
            rest = joined[len(left) : hit.end]
            # Behind a token that is whole by itself only what looks like more of it belongs to it.
            goes_on = hit.start not in ends or (len(rest) >= _MORE and any(48 <= byte <= 57 for byte in rest))
            if hit.start < len(left) < hit.end and hit.rank <= 1 and goes_on:
                word = names.setdefault(int(rows[at]), Placeholders()).of(hit)
                edits[at] = head[: cut - len(left) + hit.start] + word + head[cut:]
                edits[after] = tail[:lead] + tail[lead + hit.end - len(left) :]
                counts[0, rows[at]] += 2


def _forget(
    texts: pa.Array, rows: np.ndarray, edits: dict[int, bytes], names: dict[int, Placeholders], counts: np.ndarray
) -> None:
    """Take out what was found in one text of a row from its other texts, where only the value gives it away."""
    holders = [row for row, known in names.items() if known.secrets]
    for at in np.flatnonzero(np.isin(rows, holders)).tolist():
        before = _bytes(texts, edits, at)
        after = forget(before, names[int(rows[at])])
        if after != before:
            edits[at] = after
            counts[0, rows[at]] += 1


def _bytes(texts: pa.Array, edits: dict[int, bytes], at: int) -> bytes:
    return edits[at] if at in edits else texts[at].as_buffer().to_pybytes()


def _is_json(paths: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(pc.ends_with(paths, "_json").combine_chunks())
