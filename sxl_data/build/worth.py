"""What a mix is made of: rows whose licence the recipe admits, and that are worth training on.

In: a shard after cleaning. Out: the rows that stay, some with the tools that their calls show, and a ledger line for
each row that left, was flagged or edited. Which rows are bad examples is said by `rules.worth`, as the validator says
it; here the recipe decides what becomes of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sxl_data.contract import ledger
from sxl_data.contract.codes import CODES
from sxl_data.contract.stage import Outcome
from sxl_data.files.json_text import load_object
from sxl_data.formats.declared_tools import inferred_tools
from sxl_data.rules.spdx import Gate, admits, classify
from sxl_data.rules.worth import check
from sxl_data.trace.table import to_traces
from sxl_data.trace.types import Act, Trace


class WorthConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sound rows that are bad examples. keep: they stay; flag: they stay and have a line in the ledger; drop: they
    leave, with a line there."""

    undeclared_tools: Literal[ledger.Choice, "infer"] = "keep"
    """Rows with calls that declare no tool (A302). infer: their tools are declared from the calls, as names with the
    arguments seen, and their origin says so."""
    object_prompts: ledger.Choice = "keep"
    """Rows whose prompt is a printed object, such as `{'api': …}` (Q801)."""
    given_answers: ledger.Choice = "keep"
    """Rows whose answer stands in the prompt, as a whole or after words such as `gold answer:` (Q802)."""
    given_facts: ledger.Choice = "keep"
    """Rows of reasoning in which facts that an annotator found stand beside the question (Q806)."""
    no_answer: ledger.Choice = "keep"
    """Rows that call tools, get results, and end without a word of the agent (Q803)."""
    ends_in_error: ledger.Choice = "keep"
    """Rows that end in a result with an error, or in a message that is one (Q804)."""
    failures: ledger.Choice = "keep"
    """Rows whose own outcome says that the task failed (Q805)."""

    def decisions(self) -> dict[str, ledger.Choice]:
        """By code, those that change anything."""
        every: dict[str, ledger.Choice] = {
            "Q801": self.object_prompts,
            "Q802": self.given_answers,
            "Q806": self.given_facts,
            "Q803": self.no_answer,
            "Q804": self.ends_in_error,
            "Q805": self.failures,
        }
        return {code: decision for code, decision in every.items() if decision != "keep"}


def admit(batch: pa.Table, gate: Gate) -> Outcome:
    """The rows whose licence ``gate`` lets in."""
    if gate == "any":
        return Outcome(batch, ledger.table())
    licences = batch["licence"].combine_chunks().fill_null("")
    known = {licence: admits(gate, licence) for licence in licences.unique().to_pylist()}
    inside = np.array([known[licence] for licence in licences.to_pylist()], dtype=bool)
    entries = [
        _line("C705", row, "dropped", f"{row['licence'] or 'none'}: {classify(row['licence'] or '')}")
        for row in batch.filter(pa.array(~inside)).select(["trace_id", "source", "licence"]).to_pylist()
    ]
    return Outcome(batch.filter(pa.array(inside)), ledger.table(entries))


def declare(batch: pa.Table, config: WorthConfig) -> Outcome:
    """Rows with calls and no tools: told of them, dropped or flagged, before a profile refuses them."""
    entries: list[ledger.Entry] = []
    return Outcome(_declared(batch, config, entries), ledger.table(entries))


def choose(batch: pa.Table, config: WorthConfig) -> Outcome:
    """The rows that are good examples, as ``config`` says."""
    entries: list[ledger.Entry] = []
    decisions = config.decisions()
    return Outcome(_sound(batch, decisions, entries) if decisions else batch, ledger.table(entries))


def _declared(batch: pa.Table, config: WorthConfig, entries: list[ledger.Entry]) -> pa.Table:
    if config.undeclared_tools == "keep":
        return batch
    tools = batch["tools"].combine_chunks()
    empty = pc.equal(pc.fill_null(pc.list_value_length(tools), 0), 0)
    bare = np.flatnonzero(np.asarray(pc.and_(pc.greater(batch["n_calls"], 0), empty)))
    rows = batch.take(pa.array(bare))
    infers = config.undeclared_tools == "infer"
    code = "C780" if infers else "A302"
    action: ledger.Action = "edited" if infers else "dropped" if config.undeclared_tools == "drop" else "flagged"
    entries += [_line(code, row, action) for row in rows.select(["trace_id", "source"]).to_pylist()]
    if config.undeclared_tools == "drop":
        return batch.filter(pa.array(~np.isin(np.arange(len(batch)), bare)))
    if not infers or not len(bare):
        return batch
    found = [
        [msgspec.structs.asdict(tool) for tool in inferred_tools(list(_calls(trace)))] for trace in to_traces(rows)
    ]
    order = np.arange(len(batch))
    order[bare] = len(batch) + np.arange(len(bare))
    whole = pa.concat_arrays([tools, pa.array(found, tools.type)]).take(pa.array(order))
    at = batch.schema.get_field_index("tools")
    return batch.set_column(at, batch.schema.field(at), whole)


def _calls(trace: Trace) -> Iterator[tuple[str, object]]:
    for step in trace.steps:
        for call in step.calls if isinstance(step, Act) else ():
            yield call.name, load_object(call.arguments_json)


def _sound(batch: pa.Table, decisions: dict[str, ledger.Choice], entries: list[ledger.Entry]) -> pa.Table:
    stays = np.ones(len(batch), dtype=bool)
    asked = np.arange(len(batch)) if "Q802" in decisions else np.flatnonzero(_suspects(batch))
    rows = batch.take(pa.array(asked))
    sources = rows["source"].to_pylist()
    for at, trace, source in zip(asked.tolist(), to_traces(rows), sources):
        row = {"trace_id": trace.trace_id, "source": source}
        found = {fault.code: fault.found for fault in check(trace) if fault.code in decisions}
        leaves = next((code for code in sorted(found) if decisions[code] == "drop"), None)
        if leaves is not None:
            stays[at] = False
            entries.append(_line(leaves, row, "dropped", found[leaves]))
            continue
        entries += [_line(code, row, "flagged", detail) for code, detail in sorted(found.items())]
    return batch.filter(pa.array(stays))


def _suspects(batch: pa.Table) -> np.ndarray:
    """Rows that only a look at their answers could add to: with calls, an outcome, or a prompt like an object."""
    calls = pc.greater(batch["n_calls"], 0)
    status = batch["outcome"].combine_chunks().field("status")
    ended = pc.fill_null(pc.is_in(status, value_set=pa.array(["failure", "aborted"])), False)
    printed = pc.fill_null(pc.match_substring_regex(batch["task"], r"^\s*\[?\s*\{"), False)
    kinds = pc.is_in(batch["kind"], value_set=pa.array(["agent", "reasoning"]))
    return np.asarray(pc.or_(pc.or_(calls, kinds), pc.or_(ended, printed)))


def _line(code: str, row: dict[str, str], action: ledger.Action, detail: str | None = None) -> ledger.Entry:
    return ledger.Entry(
        trace_id=row["trace_id"],
        source=row["source"],
        stage="clean",
        action=action,
        code=code,
        rule=CODES[code].rule,
        detail=detail,
    )
