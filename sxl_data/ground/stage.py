"""The ground stage: runs the calls that traces make and records what really came of them.

In: a batch. Out: the batch, with results filled in or replaced where a tool here could run the call, and
`provenance.executed` where every result of the trace was produced that way. Off unless the recipe names
tools. A call that fails stays as a failure, or its row is dropped, as the recipe says; the ledger has a
line either way.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

import msgspec
import pyarrow as pa

from sxl_data.contract import ledger
from sxl_data.contract.ledger import Entry, entry
from sxl_data.contract.stage import Outcome
from sxl_data.files.json_text import load, load_object
from sxl_data.formats.api_bank import result_of
from sxl_data.ground import api_bank
from sxl_data.ground.api_bank import Answer
from sxl_data.ground.tools import Kind, agrees, count, execute, kind_of
from sxl_data.sandbox.box import Box, Refused
from sxl_data.sandbox.limits import Limits, Tier
from sxl_data.sandbox.run import open_box, require
from sxl_data.secrets.redact import shortened
from sxl_data.trace.decisions import infer_decisions
from sxl_data.trace.table import to_table, to_traces
from sxl_data.trace.types import Act, Call, Iterate, Result, Step, Trace


class GroundConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which calls are run, and what happens with their results."""

    tools: tuple[Kind, ...] = ()
    """Tools that may run: calculator, python, shell, api_bank; empty runs nothing. All but the calculator
    need a sandbox: `sxl-data sandbox doctor` says whether there is one."""
    results: Literal["fill", "replace"] = "fill"
    """fill: only where the source has no result; replace: also check and replace those it has."""
    failures: Literal["keep", "drop"] = "keep"
    """What to do with rows in which a call failed when it was run."""
    sources: tuple[str, ...] = ()
    """Names of the sources whose calls are run; empty means all."""
    api_bank: str | None = None
    """Archive or folder of API-Bank with `apis` and `init_database`; needed for the tool api_bank."""
    limits: Limits = Limits()
    """What one run may use."""


class Found(msgspec.Struct, frozen=True):
    """A result that was produced, whether it agrees with the one stated (None: none was), and what held the
    program (None: the calculator, which runs none)."""

    result: Result
    agrees: bool | None
    tier: Tier | None = None


def run(batch: pa.Table, config: GroundConfig, seed: int = 0) -> Outcome:
    """Ground one batch; ``seed`` is unused, nothing here is random. Raises `UserError` U403 where a tool
    that the recipe names cannot be run safely."""
    if not config.tools:
        return Outcome(batch, ledger.table())
    if set(config.tools) - {"calculator"}:
        require()
    rows = _candidates(batch, config)
    if not rows:
        return Outcome(batch, ledger.table())
    some = batch.take(pa.array(rows))
    traces = list(to_traces(some))
    banked = _replay_banks(traces, config)
    entries: list[Entry] = []
    edited: dict[int, Trace] = {}
    dropped: set[int] = set()
    for row, trace in zip(rows, traces):
        found = banked[trace.trace_id] if trace.trace_id in banked else _run_calls(trace, config)
        if not found:
            continue
        source = trace.provenance.source
        failed = [f for f in found.values() if f.result.status in ("error", "timeout")]
        if failed and config.failures == "drop":
            detail = failed[0].result.error_message or failed[0].result.status
            entries.append(entry("D503", trace.trace_id, source, "dropped", detail=shortened(detail, 200)))
            dropped.add(row)
            continue
        edited[row] = _record(trace, found)
        differing = sum(1 for f in found.values() if f.agrees is False)
        detail = f"{len(found)} of {sum(len(c) for c in _calls(trace))} calls, {len(failed)} failed"
        tiers = sorted({f.tier for f in found.values() if f.tier})
        detail += f", in {' and '.join(tiers)}" if tiers else ""
        entries.append(entry("D501", trace.trace_id, source, "edited", detail=detail))
        if differing:
            entries.append(
                entry("D502", trace.trace_id, source, "edited", detail=f"{differing} of {len(found)} results")
            )
    return Outcome(_assemble(batch, edited, dropped), ledger.table(entries))


def _candidates(batch: pa.Table, config: GroundConfig) -> list[int]:
    """Rows that have calls and belong to a source that is to be grounded."""
    calls, sources = batch["n_calls"].to_pylist(), batch["source"].to_pylist()
    return [i for i, (n, s) in enumerate(zip(calls, sources)) if n and (not config.sources or s in config.sources)]


def _calls(trace: Trace) -> list[Sequence[Call]]:
    return [step.calls for step in trace.steps if isinstance(step, Act) and step.calls]


def _stated(trace: Trace) -> dict[tuple[int, str], Result]:
    """(index of the act, call id) → result that the trace has for it."""
    found: dict[tuple[int, str], Result] = {}
    for act, following in zip(trace.steps, trace.steps[1:]):
        if isinstance(act, Act) and isinstance(following, Iterate):
            for result in following.results:
                found[act.index, result.call_id] = result
    return found


def _run_calls(trace: Trace, config: GroundConfig) -> dict[tuple[int, str], Found]:
    """Results of the calls that can be run, in order and in one box."""
    stated = _stated(trace)
    found: dict[tuple[int, str], Found] = {}
    with ExitStack() as stack:
        box: Box | None = None
        for at, call in ((s.index, call) for s in trace.steps if isinstance(s, Act) for call in s.calls):
            known, said = kind_of(call), stated.get((at, call.call_id))
            if known is None or known[0] not in config.tools or (said is not None and config.results == "fill"):
                continue
            kind, given = known
            result: Result | None = None
            if kind == "calculator":
                result = count(call, given)
            elif kind != "api_bank":
                if box is None:
                    try:
                        box = stack.enter_context(open_box(limits=config.limits))
                    except Refused:  # no memory for one just now: nothing is known of the program
                        break
                result = execute(call, kind, given, box)
            if result is None:
                continue
            same = None if said is None else agrees(kind, said, result)
            if same and said is not None:
                # Equal numbers may be written differently; the text around them goes with the source's.
                result = msgspec.structs.replace(result, content=said.content)
            found[at, call.call_id] = Found(result, same, None if kind == "calculator" or box is None else box.tier)
    return found


def _replay_banks(traces: list[Trace], config: GroundConfig) -> dict[str, dict[tuple[int, str], Found]]:
    """Results of API-Bank dialogues, all replayed in one run of the sandbox."""
    if "api_bank" not in config.tools or config.api_bank is None:
        return {}
    mine = [trace for trace in traces if trace.provenance.source_format == "api_bank"]
    if config.results == "fill":
        mine = [t for t in mine if len(_stated(t)) < sum(len(c) for c in _calls(t))]
    if not mine:
        return {}
    plans = [[(step.index, call) for step in t.steps if isinstance(step, Act) for call in step.calls] for t in mine]
    stated = [_stated(trace) for trace in mine]
    dialogues = [[_asked(call) for _, call in plan] for plan in plans]
    # All dialogues share one run, so it gets the time of several and room for all their output.
    seconds = config.limits.seconds * (1 + len(mine) / 20)
    limits = msgspec.structs.replace(
        config.limits,
        seconds=seconds,
        output=64_000_000,
        file=64_000_000,
        scratch=max(config.limits.scratch, 256_000_000),
    )
    answers, tier = api_bank.replay(dialogues, Path(config.api_bank).expanduser(), limits)
    out: dict[str, dict[tuple[int, str], Found]] = {}
    for trace, plan, said, answered in zip(mine, plans, stated, answers):
        mine_found = out.setdefault(trace.trace_id, {})
        for (at, call), answer in zip(plan, answered):
            known = said.get((at, call.call_id))
            if answer.unavailable is not None or (config.results == "fill" and known is not None):
                continue
            same = None if known is None else api_bank.agrees(_stated_answer(known), answer)
            returned = {"output": answer.output, "exception": answer.exception}
            mine_found[at, call.call_id] = Found(result_of(call.call_id, returned), same, tier)
    return out


def _asked(call: Call) -> dict[str, Any]:
    return {"name": call.name, "arguments": load_object(call.arguments_json) or {}}


def _stated_answer(said: Result) -> Answer:
    text = "".join(part.text or "" for part in said.content)
    output = load(said.structured_json) if said.structured_json is not None else text
    return Answer(output=None if said.error_message is not None else output, exception=said.error_message)


def _record(trace: Trace, found: dict[tuple[int, str], Found]) -> Trace:
    """``trace`` with the produced results in place, and its loop counted anew."""
    steps: list[Step] = []
    position = iteration = produced = total = 0
    while position < len(trace.steps):
        step = trace.steps[position]
        position += 1
        steps.append(msgspec.structs.replace(step, index=len(steps), iteration=iteration))
        if isinstance(step, Iterate):
            iteration += 1
        if not isinstance(step, Act) or not step.calls:
            continue
        following = trace.steps[position] if position < len(trace.steps) else None
        iterate = following if isinstance(following, Iterate) else Iterate(index=0, turn=step.turn)
        stated = {result.call_id: result for result in iterate.results}
        results = []
        for call in step.calls:
            new, old = found.get((step.index, call.call_id)), stated.pop(call.call_id, None)
            total += 1
            produced += new is not None
            results += [new.result] if new else [old] if old else []
        results += stated.values()  # answers to no call of this act: for the validator to say
        position += iterate is following
        if results or iterate is following:
            decision = "unknown" if iterate.decision_origin == "inferred" else iterate.decision
            steps.append(
                msgspec.structs.replace(
                    iterate, index=len(steps), iteration=iteration, results=tuple(results), decision=decision
                )
            )
            iteration += 1
    executed = trace.provenance.executed or (total > 0 and produced == total)
    return msgspec.structs.replace(
        trace, steps=infer_decisions(steps), provenance=msgspec.structs.replace(trace.provenance, executed=executed)
    )


def _assemble(batch: pa.Table, edited: dict[int, Trace], dropped: set[int]) -> pa.Table:
    """``batch`` with edited traces in their rows and dropped rows gone; other columns are carried along."""
    keep = [i for i in range(len(batch)) if i not in dropped]
    if not edited:
        return batch.take(pa.array(keep, pa.int64()))
    order = sorted(edited)
    old = batch.take(pa.array(order))
    carried = (old[name].to_pylist() for name in ("group", "language", "stated_ids", "code_scores"))
    new = to_table([edited[i] for i in order], *carried)
    for name in batch.column_names:
        if name not in new.column_names:
            new = new.append_column(batch.schema.field(name), old[name])
    both = pa.concat_tables([batch, new.select(batch.column_names).cast(batch.schema)])
    place = {row: len(batch) + k for k, row in enumerate(order)}
    return both.take(pa.array([place.get(i, i) for i in keep], pa.int64()))
