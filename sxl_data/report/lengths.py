"""How long rows are, in tokens where there is a tokenizer, else in bytes.

In: the shards and the counted rows. Out: sizes, their unit, the cut-off in it, and a sentence about how it was counted.
Tokens are counted of rows drawn at random: their shares hold for all rows, and a million rows need not be tokenised.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polars as pl

from sxl_data.contract.console import format_count
from sxl_data.report.examples import draw, fetch
from sxl_data.trace.types import Act, Iterate, Reflect, Trace

MAX_LENGTH = 2048
"""Tokens of a row that training keeps, unless it is told otherwise."""
SAMPLE = 2_000
BYTES_PER_TOKEN = 4
"""What a token of code and English holds, about; said wherever it is used."""


class Lengths(NamedTuple):
    """What lengths are counted in."""

    tokenizer: str | Path | None = None
    max_length: int = MAX_LENGTH

    @property
    def cut_bytes(self) -> int:
        """The cut-off in bytes, about."""
        return self.max_length * BYTES_PER_TOKEN


def measure(
    files: list[tuple[str, Path]], rows: pl.DataFrame, wanted: Lengths, seed: int
) -> tuple[list[int], str, int, str]:
    """Sizes of rows, the unit, the cut-off, and how it was counted."""
    if wanted.tokenizer is None:
        said = (
            f"In bytes of text: no tokenizer was named (report.tokenizer, or --tokenizer). The cut-off is that of "
            f"{format_count(wanted.max_length)} tokens at {BYTES_PER_TOKEN} bytes each, about."
        )
        return rows["text_bytes"].to_list(), "bytes", wanted.cut_bytes, said
    from sxl_data.trace.template import open_tokenizer

    loaded = open_tokenizer(Path(wanted.tokenizer))
    found = fetch(files, draw(rows, SAMPLE, seed))
    sizes = [
        sum(len(loaded.encode(text, add_special_tokens=False).ids) for text in _texts(trace))
        for trace in found.values()
    ]
    said = (
        f"In tokens of {Path(wanted.tokenizer).name}, of {format_count(len(sizes))} rows"
        f"{' drawn at random' if len(sizes) < len(rows) else ''}; what a chat template adds is not counted."
    )
    return sizes, "tokens", wanted.max_length, said


def _texts(trace: Trace) -> Iterator[str]:
    for step in trace.steps:
        if isinstance(step, Reflect):
            yield step.text
            continue
        if isinstance(step, Iterate):
            yield from (part.text for result in step.results for part in result.content if part.text)
            continue
        yield from (part.text for part in step.content if part.text)
        if isinstance(step, Act):
            yield from (call.name + call.arguments_json for call in step.calls)
