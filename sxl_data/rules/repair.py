"""Repairs of one trace that change no meaning: the findings marked fixable.

In: a trace. Out: the repaired trace and what was changed, in words. Calls and results without an id get one where
only one pairing is possible: as many calls are open as there are results to place. Repeated call ids are renamed
together with the results that answer them, results are put into call order, tool schemas in a known
dialect become JSON Schema with the original beside them. Nothing else is touched.
"""

from __future__ import annotations

import msgspec

from sxl_data.files.json_text import dump, load
from sxl_data.rules.dialect import normalise
from sxl_data.trace.types import Act, Iterate, Result, Step, Tool, Trace


class Change(msgspec.Struct, frozen=True):
    """One repair: the code that it mends, where (pointer into the trace), and what was done."""

    code: str
    pointer: str
    said: str


def repair(trace: Trace) -> tuple[Trace, list[Change]]:
    """``trace`` repaired; the same object where there was nothing to repair."""
    changes: list[Change] = []
    trace = msgspec.structs.replace(whole := trace, steps=tuple(_name_calls(trace, changes)))
    steps = _order_results(_rename(trace, changes), changes)
    tools = tuple(_repair_tool(tool, n, changes) for n, tool in enumerate(trace.tools))
    subtraces = []
    for n, inner in enumerate(trace.subtraces):
        fixed, more = repair(inner)
        subtraces.append(fixed)
        changes += [msgspec.structs.replace(c, pointer=f"/subtraces/{n}{c.pointer}") for c in more]
    if not changes:
        return whole, []
    return msgspec.structs.replace(trace, steps=tuple(steps), tools=tools, subtraces=tuple(subtraces)), changes


def _name_calls(trace: Trace, changes: list[Change]) -> list[Step]:
    """The steps with an id for each call and result that has none, where it is certain which belong together."""
    taken = {call.call_id for step in trace.steps if isinstance(step, Act) for call in step.calls}
    taken |= {result.call_id for step in trace.steps if isinstance(step, Iterate) for result in step.results}
    out = list(trace.steps)
    for i, act in enumerate(out):
        if not isinstance(act, Act) or not act.calls:
            continue
        after = out[i + 1] if i + 1 < len(out) else None
        results = after.results if isinstance(after, Iterate) else ()
        known = {call.call_id for call in act.calls} - {""}
        answered = {result.call_id for result in results} & known
        open_calls = [k for k, call in enumerate(act.calls) if call.call_id not in answered]
        strays = [k for k, result in enumerate(results) if result.call_id not in known]
        unnamed = [k for k in open_calls if not act.calls[k].call_id]
        no_id = unnamed or any(not results[k].call_id for k in strays)
        if not no_id or (strays and len(strays) != len(open_calls)):
            continue
        pairs = list(zip(open_calls, strays)) if strays else [(k, None) for k in unnamed]
        if any(act.calls[k].call_id and at is not None and results[at].call_id for k, at in pairs):
            continue  # two names that differ: the result may be of another act
        calls, placed = list(act.calls), list(results)
        for k, at in pairs:
            name = calls[k].call_id or (results[at].call_id if at is not None else "") or _number(taken)
            if not calls[k].call_id:
                changes.append(Change("P107", f"/steps/{i}/calls/{k}/call_id", f"'' → {name!r}"))
                calls[k] = msgspec.structs.replace(calls[k], call_id=name)
            if at is not None and not placed[at].call_id:
                changes.append(Change("P107", f"/steps/{i + 1}/results/{at}/call_id", f"'' → {name!r}"))
                placed[at] = msgspec.structs.replace(placed[at], call_id=name)
        out[i] = msgspec.structs.replace(act, calls=tuple(calls))
        if isinstance(after, Iterate):
            out[i + 1] = msgspec.structs.replace(after, results=tuple(placed))
    return out


def _number(taken: set[str]) -> str:
    """A name that no call has yet: `call_1`, `call_2`, ..."""
    number = 1
    while (name := f"call_{number}") in taken:
        number += 1
    taken.add(name)
    return name


def _rename(trace: Trace, changes: list[Change]) -> list[Step]:
    taken = {call.call_id for step in trace.steps if isinstance(step, Act) for call in step.calls}
    used: set[str] = set()
    opened: dict[str, list[str]] = {}  # the id as written → new ids of its open calls, latest last
    latest: dict[str, str] = {}
    out: list[Step] = []
    for i, step in enumerate(trace.steps):
        if isinstance(step, Act) and step.calls:
            here = {call.call_id for call in step.calls}
            calls = []
            for k, call in enumerate(step.calls):
                name = call.call_id
                # Ids repeated within one act cannot be told apart, so they stay for their author.
                if name and name in used and sum(c.call_id == name for c in step.calls) == 1:
                    name = _fresh(name, taken)
                    changes.append(Change("P102", f"/steps/{i}/calls/{k}/call_id", f"{call.call_id!r} → {name!r}"))
                    call = msgspec.structs.replace(call, call_id=name)
                opened.setdefault(step.calls[k].call_id, []).append(name)
                latest[step.calls[k].call_id] = name
                calls.append(call)
            used |= here
            step = msgspec.structs.replace(step, calls=tuple(calls))
        elif isinstance(step, Iterate) and step.results:
            results = []
            for result in step.results:
                waiting = opened.get(result.call_id)
                name = waiting.pop() if waiting else latest.get(result.call_id, result.call_id)
                results.append(result if name == result.call_id else msgspec.structs.replace(result, call_id=name))
            step = msgspec.structs.replace(step, results=tuple(results))
        out.append(step)
    return out


def _fresh(name: str, taken: set[str]) -> str:
    number = 2
    while f"{name}-{number}" in taken:
        number += 1
    taken.add(f"{name}-{number}")
    return f"{name}-{number}"


def _order_results(steps: list[Step], changes: list[Change]) -> list[Step]:
    out = list(steps)
    for i in range(1, len(out)):
        act, step = out[i - 1], out[i]
        if not isinstance(act, Act) or not isinstance(step, Iterate):
            continue
        position = {call.call_id: k for k, call in enumerate(act.calls)}
        if len(position) != len(act.calls):
            continue

        def place(result: Result, position: dict[str, int] = position) -> int:
            return position.get(result.call_id, len(position))

        ordered = tuple(sorted(step.results, key=place))
        if ordered != step.results and all(r.call_id in position for r in step.results):
            said = ", ".join(r.call_id for r in step.results) + " → " + ", ".join(r.call_id for r in ordered)
            changes.append(Change("P109", f"/steps/{i}/results", said))
            out[i] = msgspec.structs.replace(step, results=ordered)
    return out


def _repair_tool(tool: Tool, n: int, changes: list[Change]) -> Tool:
    try:
        schema = load(tool.parameters_json)
    except ValueError:
        return tool
    fixed, edits = normalise(schema)
    if not edits:
        return tool
    said = "; ".join(f"{place or '/'} {found} → {expected}" for place, found, expected in edits[:5])
    changes.append(Change("A304", f"/tools/{n}/parameters_json", said))
    return msgspec.structs.replace(
        tool, parameters_json=dump(fixed), origin="normalised", original_json=tool.original_json or tool.parameters_json
    )
