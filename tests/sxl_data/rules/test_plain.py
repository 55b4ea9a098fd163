"""The quick yes holds against the families, which look at every step."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sxl_data.rules.families import FAMILIES
from sxl_data.rules.plain import is_plain
from sxl_data.trace.types import DECODER, Trace

VALID = Path(__file__).parents[3] / "schemas" / "examples" / "valid"
TRACES = [
    json.loads((VALID / f"{name}.json").read_text(encoding="utf-8"))
    for name in ("agent", "tool_use", "reasoning", "instruction")
]
ODD = [
    0,
    1,
    2,
    -1,
    "",
    "c1",
    "c2",
    "tool",
    "message",
    "system",
    "user",
    "environment",
    "parent",
    "finish",
    "continue",
    "abort",
    "ok",
    "error",
    "2026-01-31T09:00:00Z",
    "2026-01-31T10:00:00+01:00",
    "yesterday",
    "{",
    "{}",
    True,
    False,
    "Traceback (most recent call last)",
    " ",
    "image",
    None,
    [],
    "First look at what fails.",
    1.5,
]


def slots(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value inside ``value``."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for key, item in items for path in ((*at, key), *slots(item, (*at, key)))]


def damage(row: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """``row`` with one or two of its values, elements or fields exchanged, doubled, added or gone."""
    row = copy.deepcopy(row)
    for _ in range(rng.choice((1, 1, 1, 2))):
        path = rng.choice(slots(row["steps"]))
        holder: Any = row["steps"]
        for key in path[:-1]:
            holder = holder[key]
        how = rng.random()
        if how < 0.2:
            del holder[path[-1]]
        elif isinstance(holder, list) and how < 0.6:
            other = rng.randrange(len(holder))
            if how < 0.4:
                holder.insert(other, copy.deepcopy(holder[path[-1]]))
            else:
                holder[path[-1]], holder[other] = holder[other], holder[path[-1]]
        elif isinstance(holder, dict) and how < 0.4:
            step = rng.choice([step for step in row["steps"] if isinstance(step, dict)])
            step[rng.choice(("timestamp", "turn", "iteration", "decision", "final", "text", "ext_json"))] = rng.choice(
                ODD
            )
        else:
            holder[path[-1]] = copy.deepcopy(rng.choice(ODD))
        if rng.random() < 0.5:
            for index, step in enumerate(row["steps"]):
                if isinstance(step, dict):
                    step["index"] = index
    return row


def found(trace: Trace) -> list[str]:
    return [fault.code for letter in "SPOM" for fault in FAMILIES[letter](trace)] + [
        fault.code
        for fault in FAMILIES["C"](trace)
        if fault.code not in ("C402", "C403", "C404", "C408", "C411", "C412")
    ]  # what is within texts is looked for apart


@pytest.mark.parametrize("row", TRACES, ids=lambda row: row["kind"])
def test_sound_traces_are_plain(row: dict[str, Any]):
    row = copy.deepcopy(row)
    row.pop("metrics", None)
    for step in row["steps"]:
        step.pop("ext_json", None)
        for result in step.get("results", ()):
            result.pop("duration_ms", None)
    assert is_plain(msgspec.convert(row, Trace))


def test_no_family_finds_anything_in_a_plain_trace():
    rng = random.Random(7)
    tried = plain = faulty = 0
    while tried < 6000:
        row = damage(rng.choice(TRACES), rng)
        row["outcome"], row["metrics"] = {"status": "unknown"}, None
        try:
            trace = DECODER.decode(msgspec.json.encode(row))
        except msgspec.MsgspecError:
            continue
        tried += 1
        codes = found(trace)
        faulty += bool(codes)
        if is_plain(trace):
            plain += 1
            assert codes == [], json.dumps(row)
    assert plain > 200 and faulty > 2000, (plain, faulty)
