"""What an ATIF trajectory has beyond the model, at the step that it belongs to.

In: a trace and the trajectory that it was read from. Out: the trace whose ``ext_json`` hold the difference
between what `atif_writing` says and the trajectory: per step, per result, and the rest at the trace.
"""

from __future__ import annotations

from typing import Any

import msgspec

from sxl_data.files.json_text import dump, load_object
from sxl_data.formats.atif_writing import NAME, STYLE, VERSION, write_head, write_steps
from sxl_data.trace.patch import rest
from sxl_data.trace.types import Trace


def with_leftovers(trace: Trace, value: dict[str, Any], *, embedded: bool) -> Trace:
    """``trace`` with what it cannot hold: per step and result, the rest at the trace."""
    style: dict[str, Any] = {}
    if value.get("schema_version") != VERSION and isinstance(value.get("schema_version"), str):
        style["version"] = value["schema_version"]
    if any(isinstance(s, dict) and s.get("model_name") == trace.agent.model is not None for s in value["steps"]):
        style["step_model"] = True
    said = write_head(trace, embedded=embedded, style=style)
    written = write_steps(trace, remembered=False, style=style)
    said["steps"] = value["steps"]
    kept: dict[int, dict[str, Any]] = {}
    if len(written) == len(value["steps"]):
        for (at, made, step), source in zip(written, value["steps"]):
            _keep(kept, at, made, step, source)
        trace = msgspec.structs.replace(trace, steps=_annotate(trace, kept))
    else:
        said["steps"] = [step for _, _, step in written]
    left = {**rest(said, value), **({STYLE: style} if style else {})}
    if not left:
        return trace
    return msgspec.structs.replace(trace, ext_json=dump({**(load_object(trace.ext_json) or {}), NAME: left}))


def _keep(
    kept: dict[int, dict[str, Any]],
    at: int,
    made: list[tuple[int, int | None]],
    step: dict[str, Any],
    source: dict[str, Any],
) -> None:
    """Note in ``kept`` what ``source`` has beyond ``step``, results at the steps that hold them."""
    observation = source.get("observation")
    theirs = observation.get("results") if isinstance(observation, dict) else None
    theirs = theirs if isinstance(theirs, list) and all(isinstance(r, dict) for r in theirs) else []
    if made and len(theirs) == len(made):
        ours = step["observation"]["results"]
        for place, (of, slot) in enumerate(made):
            left = rest(ours[place], theirs[place])
            if left and slot is None:
                kept.setdefault(of, {}).update(left)
            elif left:
                kept.setdefault(of, {}).setdefault("results", {})[str(slot)] = left
        step = {**step, "observation": {**step["observation"], "results": theirs}}
    left = rest(step, source)
    if left:
        kept.setdefault(at, {}).update(left)


def _annotate(trace: Trace, kept: dict[int, dict[str, Any]]) -> tuple[Any, ...]:
    out = list(trace.steps)
    for at, left in kept.items():
        ext = load_object(out[at].ext_json) or {}
        out[at] = msgspec.structs.replace(out[at], ext_json=dump({**ext, NAME: {**ext.get(NAME, {}), **left}}))
    return tuple(out)
