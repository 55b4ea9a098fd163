"""sxl-trace 1.0: one task worked on by one agent as a loop of Observe → Reflect → Act → Iterate.

These structs are the schema; `schemas/trace.v1.json` is generated from them. Steps are told apart by
``phase``, so a message about a bad step never has to say that it matched none of four variants.
Free JSON is always text in a field named ``*_json``: arguments keep the order and the number literals
of their source, because both change the tokens a model is trained on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

SCHEMA_VERSION = "1.0"

Kind = Literal["agent", "tool_use", "instruction", "reasoning", "code"]
Status = Literal["ok", "error", "timeout", "denied", "cancelled", "missing", "unknown"]
Decision = Literal["continue", "retry", "finish", "ask", "abort", "unknown"]


class Model(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Base of all parts: frozen, unknown fields refused, defaults left out of the JSON."""


class Part(Model, frozen=True, kw_only=True):
    """One piece of content."""

    type: Literal["text", "image", "audio", "file", "data"] = "text"
    """What the piece is."""
    text: str | None = None
    """The text, for type text."""
    uri: str | None = None
    """Where the media is, for the other types; a `data:` URI where a source holds the bytes inline."""
    media_type: str | None = None
    """MIME type of the media."""
    sha256: str | None = None
    """Hex digest of the media's bytes."""
    data_json: str | None = None
    """Structured content as JSON text, for type data."""


def parts(content: str | Sequence[Part] | None) -> tuple[Part, ...]:
    """``content`` as parts; an empty string is no part."""
    if content is None or content == "":
        return ()
    return (Part(text=content),) if isinstance(content, str) else tuple(content)


class Tool(Model, frozen=True, kw_only=True):
    """A tool that the agent may call."""

    name: str
    """Name by which calls refer to the tool."""
    description: str = ""
    """What the tool does, as told to the model."""
    parameters_json: str = '{"type":"object","properties":{}}'
    """JSON Schema of the arguments, as JSON text."""
    output_schema_json: str | None = None
    """JSON Schema of the result, as JSON text."""
    origin: Literal["declared", "inferred", "normalised"] = "declared"
    """Declared by the source, inferred from calls, or declared in a dialect and normalised."""
    original_json: str | None = None
    """The source's own declaration where it was normalised."""


class Call(Model, frozen=True, kw_only=True):
    """One tool call of an Act."""

    call_id: str
    """Id that the result refers to; unique within the trace."""
    name: str
    """Name of the tool."""
    arguments_json: str
    """Arguments as text, in the order and with the number literals of the source."""
    kind: Literal["function", "custom", "code", "server"] = "function"
    """function: JSON arguments; custom: raw text; code: a program; server: run by the model's host."""
    arguments_form: Literal["object", "string", "raw"] = "object"
    """How the source held the arguments: a JSON object, a string of JSON, or raw text."""
    language: str | None = None
    """Programming language of a code call."""


class Result(Model, frozen=True, kw_only=True):
    """What came back from one call."""

    call_id: str
    """Id of the call that this answers."""
    content: tuple[Part, ...] = ()
    """The output."""
    status: Status = "unknown"
    """How the call ended."""
    exit_code: int | None = None
    """Exit code of a process."""
    error_type: str | None = None
    """Class or kind of the error."""
    error_message: str | None = None
    """The error's text where it is not in the content."""
    duration_ms: float | None = None
    """Wall time of the call in milliseconds."""
    truncated: bool | None = None
    """Whether the output was cut."""
    structured_json: str | None = None
    """Structured output beside the content, as JSON text."""


class StepBase(Model, frozen=True, kw_only=True):
    """What all steps have."""

    index: int
    """Position in `steps`, from 0."""
    turn: int = 0
    """Number of the model response that the step belongs to; steps before the first response have 0."""
    iteration: int = 0
    """Number of the loop, from 0; grows after each Iterate."""
    timestamp: str | None = None
    """RFC 3339 time."""
    ext_json: str | None = None
    """What the source has beyond the model, as a namespaced JSON object."""


class Observe(StepBase, tag_field="phase", tag="observe", frozen=True, kw_only=True):
    """Input to the agent that no call of it produced."""

    origin: Literal["system", "developer", "user", "environment", "parent"]
    """Who speaks."""
    content: tuple[Part, ...] = ()
    """What is seen."""


class Reflect(StepBase, tag_field="phase", tag="reflect", frozen=True, kw_only=True):
    """Reasoning that the source states; never invented."""

    text: str
    """The reasoning."""
    form: Literal["field", "think_tag", "block", "summary", "encrypted", "scratchpad"] = "field"
    """How the source held it."""
    signature: str | None = None
    """Opaque signature or encrypted content that came with it."""
    train: bool = True
    """Whether a model may be trained on it; false for context copied from elsewhere and for what no model wrote."""


class Act(StepBase, tag_field="phase", tag="act", frozen=True, kw_only=True):
    """What the agent does: tool calls or a message."""

    kind: Literal["tool", "message"]
    """tool when there are calls."""
    content: tuple[Part, ...] = ()
    """Text said to the user, also beside calls."""
    calls: tuple[Call, ...] = ()
    """Tool calls, in order."""
    final: bool = False
    """Whether this is the answer that ends the task."""
    train: bool = True
    """Whether a model may be trained on it; false for context copied from elsewhere and for what no model wrote."""


class Iterate(StepBase, tag_field="phase", tag="iterate", frozen=True, kw_only=True):
    """The results of the Act before, and what the agent decided next."""

    results: tuple[Result, ...] = ()
    """One per call, in call order."""
    decision: Decision = "unknown"
    """What the agent did next."""
    decision_origin: Literal["explicit", "inferred"] = "inferred"
    """Whether the source says so."""


Step = Observe | Reflect | Act | Iterate


class Outcome(Model, frozen=True, kw_only=True):
    """How the task ended."""

    status: Literal["success", "failure", "partial", "aborted", "unknown"] = "unknown"
    """The verdict."""
    reward: float | None = None
    """A number given by an environment."""
    verifier: str | None = None
    """Who or what decided."""
    scores_json: str | None = None
    """Named scores as a JSON object."""


class Provenance(Model, frozen=True, kw_only=True):
    """Where the trace comes from and under which licence."""

    source: str
    """Name of the source in the recipe, or of the format when read alone."""
    source_id: str = ""
    """Id of the row within its source."""
    source_format: str = ""
    """Format that it was read from."""
    source_revision: str = ""
    """Commit, version or date of the source."""
    source_sha256: str = ""
    """Hex digest of the source file."""
    licence: str = ""
    """SPDX expression or LicenseRef-…; empty when unknown."""
    licence_url: str | None = None
    """Where the licence text is."""
    attribution: str | None = None
    """Who must be named."""
    converter: str = ""
    """What made the trace from the source row."""
    converter_version: str = ""
    """Version of the converter."""
    synthetic: bool | None = None
    """Whether a model wrote the text."""
    generator_model: str | None = None
    """Which model wrote it."""
    executed: bool = False
    """Whether results were produced by really running the calls."""


class Metrics(Model, frozen=True, kw_only=True):
    """Numbers that the source gives."""

    prompt_tokens: int | None = None
    """Tokens read by the model, summed over calls to it."""
    completion_tokens: int | None = None
    """Tokens written by the model."""
    cached_tokens: int | None = None
    """Prompt tokens served from a cache."""
    cost_usd: float | None = None
    """Cost in US dollars."""
    duration_ms: float | None = None
    """Wall time in milliseconds."""
    ext_json: str | None = None
    """Other numbers, as a JSON object."""


class Agent(Model, frozen=True, kw_only=True):
    """Who worked on the task."""

    name: str = ""
    """Name of the agent or harness."""
    version: str | None = None
    """Its version."""
    model: str | None = None
    """The language model behind it."""
    ext_json: str | None = None
    """Anything else the source says of the agent."""


class Trace(Model, frozen=True, kw_only=True):
    """One task worked on by one agent."""

    schema_version: str
    """Version of this schema: "1.0"."""
    trace_id: str
    """Set once at reading and never rewritten: source, colon, 16 hex digits of the row's sha256."""
    kind: Kind
    """What sort of material it is."""
    steps: tuple[Step, ...]
    """The loop, in order."""
    provenance: Provenance
    """Where it comes from."""
    task: str = ""
    """The task in words, as first given."""
    agent: Agent = Agent()
    """Who worked on it."""
    tools: tuple[Tool, ...] = ()
    """Tools that the agent could call."""
    outcome: Outcome = Outcome()
    """How it ended."""
    subtraces: tuple[Trace, ...] = ()
    """Traces of agents that this one started."""
    metrics: Metrics | None = None
    """Numbers that the source gives."""
    ext_json: str | None = None
    """What the source has beyond the model, as a namespaced JSON object."""


ENCODER = msgspec.json.Encoder(enc_hook=float)
DECODER = msgspec.json.Decoder(Trace)


def encode(trace: Trace) -> bytes:
    """``trace`` as compact JSON; equal traces give equal bytes."""
    return ENCODER.encode(trace)


def decode(data: bytes | str) -> Trace:
    """The trace of ``data``; raises `msgspec.ValidationError` with the place of the first fault."""
    return DECODER.decode(data)
