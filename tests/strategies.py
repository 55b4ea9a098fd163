"""Hypothesis strategies: traces as they are, with everything that the schema allows in them."""

from __future__ import annotations

import json

from hypothesis import strategies as st

from sxl_data.trace.types import (
    Act,
    Agent,
    Call,
    Iterate,
    Metrics,
    Observe,
    Outcome,
    Part,
    Provenance,
    Reflect,
    Result,
    Step,
    Tool,
    Trace,
)

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=12)
WORD = st.text("abcz_.-ü", min_size=1, max_size=6)
STAMP = st.none() | st.sampled_from(
    ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05+02:00", "noon"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORD, inner, max_size=3),
    max_leaves=6,
)
OBJECT_TEXT = st.dictionaries(WORD, JSON, max_size=3).map(lambda v: json.dumps(v, ensure_ascii=False))
EXT = st.none() | OBJECT_TEXT


def parts() -> st.SearchStrategy[tuple[Part, ...]]:
    """Content: mostly text, sometimes media or data."""
    text = st.builds(Part, text=TEXT)
    media = st.builds(
        Part,
        type=st.sampled_from(["image", "audio", "file"]),
        uri=st.none() | WORD,
        media_type=st.none() | st.just("image/png"),
        sha256=st.none() | st.just("0" * 64),
    )
    data = st.builds(Part, type=st.just("data"), data_json=JSON.map(json.dumps))
    return st.lists(st.one_of(text, text, media, data), max_size=3).map(tuple)


def calls() -> st.SearchStrategy[tuple[Call, ...]]:
    """Calls with arguments of every form, ids that may repeat."""
    return st.lists(
        st.builds(
            Call,
            call_id=st.sampled_from(["", "a", "b", "call_0"]),
            name=WORD,
            arguments_json=OBJECT_TEXT | TEXT,
            kind=st.sampled_from(["function", "custom", "code", "server"]),
            arguments_form=st.sampled_from(["object", "string", "raw"]),
            language=st.none() | st.just("bash"),
        ),
        max_size=3,
    ).map(tuple)


def results() -> st.SearchStrategy[tuple[Result, ...]]:
    """Results that may answer any call or none."""
    return st.lists(
        st.builds(
            Result,
            call_id=st.sampled_from(["", "a", "b", "call_0"]),
            content=parts(),
            status=st.sampled_from(["ok", "error", "timeout", "missing", "unknown"]),
            exit_code=st.none() | st.integers(0, 255),
            error_type=st.none() | WORD,
            error_message=st.none() | TEXT,
            duration_ms=st.none() | st.floats(0, 1e6),
            truncated=st.none() | st.booleans(),
            structured_json=EXT,
        ),
        max_size=3,
    ).map(tuple)


@st.composite
def steps(draw: st.DrawFn) -> tuple[Step, ...]:
    """Any order of steps: exporters owe the law to disordered traces too. Most turns are well formed."""
    made: list[Step] = []
    turn = iteration = 0
    for _ in range(draw(st.integers(0, 5))):
        kind = draw(st.sampled_from(["observe", "turn", "turn", "turn", "reflect", "iterate"]))
        common = {"turn": turn, "iteration": iteration}

        def extra() -> dict[str, str | None]:
            return {"timestamp": draw(STAMP), "ext_json": draw(EXT)}

        if kind == "observe":
            origin = draw(st.sampled_from(["system", "developer", "user", "environment", "parent"]))
            made.append(Observe(index=len(made), origin=origin, content=draw(parts()), **common, **extra()))
            continue
        if kind == "iterate":
            made.append(Iterate(index=len(made), results=draw(results()), **common, **extra()))
            continue
        turn += 1
        common = {"turn": turn, "iteration": iteration}
        for _ in range(draw(st.integers(1 if kind == "reflect" else 0, 2))):
            form = draw(st.sampled_from(["field", "think_tag", "block", "summary", "encrypted", "scratchpad"]))
            made.append(
                Reflect(
                    index=len(made), text=draw(TEXT), form=form, signature=draw(st.none() | WORD), **common, **extra()
                )
            )
        if kind == "turn":
            asked = draw(calls())
            made.append(
                Act(
                    index=len(made),
                    kind="tool" if asked else "message",
                    content=draw(parts()),
                    calls=asked,
                    final=draw(st.booleans()),
                    **common,
                    **extra(),
                )
            )
            if asked and draw(st.booleans()):
                answered = tuple(Result(call_id=c.call_id, content=draw(parts()), status="ok") for c in asked)
                decision = draw(st.sampled_from(["continue", "retry"]))
                made.append(Iterate(index=len(made), results=answered, decision=decision, **common, **extra()))
                iteration += 1
    return tuple(made)


def traces(depth: int = 1) -> st.SearchStrategy[Trace]:
    """Traces of every kind, with subtraces to ``depth``."""
    tool = st.builds(
        Tool,
        name=WORD,
        description=TEXT,
        parameters_json=OBJECT_TEXT | TEXT,
        output_schema_json=EXT,
        origin=st.sampled_from(["declared", "inferred", "normalised"]),
        original_json=EXT,
    )
    count = st.none() | st.integers(0, 10**12)
    return st.builds(
        Trace,
        schema_version=st.just("1.0"),
        trace_id=WORD,
        task=TEXT,
        steps=steps(),
        tools=st.lists(tool, max_size=2).map(tuple),
        kind=st.sampled_from(["agent", "tool_use", "instruction", "reasoning", "code"]),
        agent=st.builds(Agent, name=TEXT, version=st.none() | TEXT, model=st.none() | TEXT, ext_json=EXT),
        outcome=st.builds(
            Outcome,
            status=st.sampled_from(["success", "failure", "unknown"]),
            reward=st.none() | st.floats(-1, 1),
            verifier=st.none() | WORD,
            scores_json=EXT,
        ),
        metrics=st.none()
        | st.builds(
            Metrics,
            prompt_tokens=count,
            completion_tokens=count,
            cached_tokens=count,
            cost_usd=st.none() | st.floats(0, 1e3),
            duration_ms=st.none(),
            ext_json=EXT,
        ),
        provenance=st.builds(
            Provenance,
            source=WORD,
            source_id=TEXT,
            source_format=WORD,
            licence=st.just("MIT"),
            synthetic=st.none() | st.booleans(),
            executed=st.booleans(),
        ),
        subtraces=st.lists(traces(depth - 1), max_size=2).map(tuple) if depth else st.just(()),
        ext_json=EXT,
    )
