"""Secrets and persons out of what is no trace: names, messages of a ledger, a quarantine, ids.

In: tables with columns of text. Out: the same without them.
"""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sxl_data.contract.stage import Outcome
from sxl_data.secrets.find import find
from sxl_data.secrets.persons import is_personal
from sxl_data.secrets.redact import Placeholders, redact
from sxl_data.secrets.rows import Redaction, clean, lines
from sxl_data.secrets.texts import hits_of, whole


def redact_outcome(outcome: Outcome, redaction: Redaction) -> Outcome:
    """What a stage that made new texts leaves, without secrets and persons in the rows it edited and in its ledger."""
    edited = outcome.ledger.filter(pc.equal(outcome.ledger["action"], "edited"))["trace_id"]
    only = np.asarray(pc.is_in(outcome.kept["trace_id"], value_set=edited.combine_chunks()))
    found = clean(outcome.kept, redaction.secrets, redaction.people(outcome.kept), only)
    said = strings(outcome.ledger, redaction)
    return Outcome(found.batch, pa.concat_tables([said, lines(outcome.kept, found)]))


def strings(rows: pa.Table, redaction: Redaction | None) -> pa.Table:
    """``rows`` of names and messages (a ledger, a quarantine) without secrets and persons in its columns of text. What
    they quote has no kind, so persons go wherever their source is not exempt."""
    if redaction is None:
        return rows
    exempt = np.asarray([not {"*", name}.isdisjoint(redaction.keep_private) for name in rows["source"].to_pylist()])
    for name in rows.column_names:
        column = rows[name]
        if not pa.types.is_string(column.type) or not len(column) or name == "source":
            continue
        texts = whole(column)
        edits: dict[int, bytes] = {}
        for at, hits in hits_of(texts, redaction.secrets, True).items():
            data = texts[at].as_buffer().to_pybytes()
            if exempt[at] and hits is not None:
                hits = [hit for hit in hits if not is_personal(hit)]
            edits[at] = redact(data, Placeholders(), redaction.secrets, not exempt[at], hits).data
        if edits:
            mask = np.zeros(len(texts), dtype=bool)
            mask[list(edits)] = True
            put = pa.array([edits[at].decode("utf-8", "replace") for at in sorted(edits)], pa.string())
            texts = pc.replace_with_mask(texts, pa.array(mask), put)
            rows = rows.set_column(rows.schema.get_field_index(name), rows.schema.field(name), texts)
    return rows


def ids(batch: pa.Table) -> pa.Table:
    """``batch`` without secrets in `trace_id`: ids stay apart, since each secret gives its own."""
    column = whole(batch["trace_id"])
    marked = sorted(hits_of(column, True, False))
    values = column.to_pylist() if marked else []
    changed = False
    for at in marked:
        data = values[at].encode()
        for hit in reversed(find(data)):
            word = Placeholders().of(hit) + b"_" + hashlib.sha256(hit.value).hexdigest()[:8].encode()
            data = data[: hit.start] + word + data[hit.end :]
            changed = True
        values[at] = data.decode()
    if not changed:
        return batch
    at = batch.schema.get_field_index("trace_id")
    return batch.set_column(at, batch.schema.field(at), pa.array(values, pa.string()))
