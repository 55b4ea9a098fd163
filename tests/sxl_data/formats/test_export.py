"""The two laws of a round trip."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings

from sxl_data.contract.errors import UserError
from sxl_data.formats.claude_code import FORMAT as CLAUDE_CODE
from sxl_data.formats.export import carry, export, exporters, read_back, released
from sxl_data.trace.format import Document, Origin
from sxl_data.trace.types import Act, Observe, Part, Provenance, Reflect, Trace
from tests import strategies

NAMES = ["atif", "openai_chat", "sharegpt_tools", "sts", "sxl_trace"]
LISTS = {"atif": "steps", "openai_chat": "messages", "sharegpt_tools": "conversations"}
LAX = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def read(name: str, value: Any, file: str = "f.json") -> Trace:
    lines = tuple(range(1, len(value) + 1)) if isinstance(value, list) else (1,)
    return next(iter(exporters()[name].read(Document(file=file, value=value, lines=lines), Origin(source="s")))).trace


def test_these_formats_are_written() -> None:
    assert NAMES == sorted(exporters())


@pytest.mark.parametrize("name", NAMES)
@given(trace=strategies.traces())
@LAX
def test_reading_an_export_with_its_residual_gives_the_trace(name: str, trace: Trace) -> None:
    made = export(trace, name)
    assert trace == read_back(made.document, made.residual, name)


@pytest.mark.parametrize("name", ["atif", "openai_chat", "sharegpt_tools", "sts"])
@given(trace=strategies.traces())
@LAX
def test_a_file_that_carries_its_residual_gives_the_trace_wherever_it_lies(name: str, trace: Trace) -> None:
    made = export(trace, name)
    carried = json.loads(json.dumps(carry(made, name)))
    assert canonical(trace_of(trace)) == canonical(trace_of(read(name, carried, file="elsewhere/x.json")))


@pytest.mark.parametrize("name", ["atif", "openai_chat", "sharegpt_tools", "sts"])
@given(trace=strategies.traces())
@LAX
def test_exporting_what_was_read_gives_the_document(name: str, trace: Trace) -> None:
    document = export(trace, name).document
    said = document[1:] if isinstance(document, list) else document[LISTS[name]]
    assume(said)  # an empty document is refused when it carries no residual
    assert canonical(document) == canonical(export(read(name, document), name).document)


@given(trace=strategies.traces(depth=0))
@LAX
def test_what_is_released_is_what_was_carried(trace: Trace) -> None:
    for name in ("atif", "openai_chat", "sts"):
        made = export(trace, name)
        document, residual = released(carry(made, name))
        assert (canonical(made.document), made.residual) == (canonical(document), residual)


def trace_of(trace: Trace) -> Any:
    return msgspec.to_builtins(trace)


def test_losses_name_the_places_that_a_document_alone_does_not_give_back() -> None:
    trace = Trace(
        schema_version="1.0",
        trace_id="t:1",
        kind="agent",
        task="hi",
        provenance=Provenance(source="s"),
        steps=(
            Observe(index=0, origin="user", content=(Part(text="hi"),)),
            Reflect(index=1, turn=1, text="hm", form="block", signature="sig"),
            Act(index=2, turn=1, kind="message", content=(Part(text="ho"),), final=True),
        ),
    )
    losses = export(trace, "openai_chat").losses
    assert {"/steps/*/form": 1, "/steps/*/signature": 1} == {k: v for k, v in losses.items() if k.startswith("/steps")}


def test_an_unknown_target_is_a_user_error() -> None:
    with pytest.raises(UserError, match="U202"):
        export(
            Trace(schema_version="1.0", trace_id="t", kind="agent", steps=(), provenance=Provenance(source="s")), "yaml"
        )


def test_a_claude_code_session_survives_every_format(shared: Path) -> None:
    (path,) = (shared / "traces" / "claude_code").rglob("turn-2.jsonl")
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    document = Document(file="s.jsonl", value=lines, lines=tuple(range(1, len(lines) + 1)))
    trace = next(iter(CLAUDE_CODE.read(document, Origin(source="s")))).trace
    for name in NAMES:
        made = export(trace, name)
        assert trace == read_back(made.document, made.residual, name), name
