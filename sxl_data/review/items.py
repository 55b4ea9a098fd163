"""Traces and model outputs → candidates: blocks of text to be judged, without what would tell who made them.

In: a build, a file of traces, one ``samples.parquet`` of an evaluation, or two for A against B. Out: `Candidate`s.
A rater sees neither ids nor names of models, agents and sources, neither scores nor outcome: each would be judged
instead of the reasoning.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec
import pyarrow.parquet as pq

from sxl_data.contract.errors import error
from sxl_data.trace.blocks import Block, step_blocks
from sxl_data.trace.types import Trace
from sxl_data.validate.submissions import submissions

ItemKind = Literal["trace", "output", "pair"]
OUTPUT_COLUMNS = ("suite", "item", "index", "request", "text")
TRACE_STRATA = ("source", "kind", "outcome")
OUTPUT_STRATA = ("suite", "group")


class Candidate(msgspec.Struct, frozen=True):
    """What can be drawn. ``sides`` holds one list of blocks, or two for a pair, in the order of the files."""

    id: str
    kind: ItemKind
    stratum: str
    request: tuple[Block, ...]
    sides: tuple[tuple[Block, ...], ...]

    def digest(self) -> str:
        """sha256 over all that is shown."""
        return hashlib.sha256(json.dumps(msgspec.to_builtins((self.request, self.sides))).encode()).hexdigest()


def candidates(places: list[str], by: str | None = None) -> Iterator[Candidate]:
    """Everything in ``places`` that can be judged, stratified ``by`` a word of `TRACE_STRATA` or `OUTPUT_STRATA`.

    Raises `UserError`: U401 for a wrong ``by`` or number of places, H708 for two files that cannot be paired.
    """
    outputs = [is_outputs(place) for place in places]
    known = OUTPUT_STRATA if all(outputs) else TRACE_STRATA
    by = by or known[0]
    if by not in known:
        raise error("U401", found=f"--by {by}", expected="one of " + ", ".join(known))
    if len(places) == 2 and all(outputs):
        yield from _pairs(places[0], places[1], by)
    elif len(places) == 1 and outputs[0]:
        yield from _outputs(places[0], by)
    elif len(places) == 1:
        yield from _traces(places[0], by)
    else:
        raise error(
            "U401",
            found=f"{len(places)} places, {sum(outputs)} of them with model outputs",
            expected="a build, a file of traces, or one or two files of model outputs",
        )


def is_outputs(place: str) -> bool:
    """Whether ``place`` is a file of model outputs, as an evaluation writes it."""
    path = Path(place)
    if path.suffix != ".parquet" or not path.is_file():
        return False
    return set(OUTPUT_COLUMNS) <= set(pq.read_schema(path).names)


def _traces(place: str, by: str) -> Iterator[Candidate]:
    for submission in submissions(place):
        for item in submission:
            if item.reading is not None:
                trace = item.reading.trace
                blocks = [block for step in trace.steps for block in step_blocks(step)]
                yield Candidate(trace.trace_id, "trace", _stratum(trace, by), (), (tuple(blocks),))


def _stratum(trace: Trace, by: str) -> str:
    return {"source": trace.provenance.source, "kind": trace.kind, "outcome": trace.outcome.status}[by]


class _Output(msgspec.Struct, frozen=True):
    suite: str
    item: str
    index: int
    request: str
    text: str
    group: str = ""

    @property
    def id(self) -> str:
        return f"{self.suite}/{self.item}/{self.index}"


def _rows(place: str) -> Iterator[_Output]:
    file = pq.ParquetFile(place)
    names = [name for name in _Output.__struct_fields__ if name in file.schema_arrow.names]
    for batch in file.iter_batches(1024, columns=names):
        for row in batch.to_pylist():
            try:
                yield msgspec.convert(row, _Output)
            except msgspec.ValidationError as problem:
                raise error(
                    "U204", file=place, found=problem, expected="samples as an evaluation writes them"
                ) from None


def _outputs(place: str, by: str) -> Iterator[Candidate]:
    for row in _rows(place):
        yield Candidate(row.id, "output", getattr(row, by), _request(row.request), ((_answer(row.text)),))


def _pairs(first: str, second: str, by: str) -> Iterator[Candidate]:
    """Answers to the same request that differ; equal ones are a tie that nobody has to judge."""
    others = {row.id: row for row in _rows(second)}
    for row in _rows(first):
        other = others.get(row.id)
        if other is not None and other.request == row.request and other.text != row.text:
            sides = (_answer(row.text), _answer(other.text))
            yield Candidate(row.id, "pair", getattr(row, by), _request(row.request), sides)


def _request(text: str) -> tuple[Block, ...]:
    """What was asked, which an evaluation keeps as JSON: a text, or messages."""
    try:
        asked = json.loads(text)
    except (ValueError, RecursionError):
        asked = text
    shown = asked if isinstance(asked, str) else json.dumps(asked, indent=1, ensure_ascii=False)
    return (Block("observe", "request", shown),)


def _answer(text: str) -> tuple[Block, ...]:
    """The reasoning that stands in think tags, where there is one, and the answer."""
    thought, end, answer = text.partition("</think>")
    if not end:
        return (Block("act", "answer", text),)
    return (Block("reflect", "reasoning", thought.strip().removeprefix("<think>")), Block("act", "answer", answer))
