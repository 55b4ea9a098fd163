"""Drops rows whose code has a figure outside of the recipe's bounds.

In: a batch with the column `code_scores`, which the clean stage fills. Out: the rows inside of all bounds, and a ledger
line for each other one that names the figure, its value and the bound. A stage of its own after the comparison, so that
another bound changes which rows stay and computes nothing anew: neither figures, nor signatures, nor pairs.
"""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sxl_data.contract import ledger
from sxl_data.contract.stage import Outcome


class Bounds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the code of an answer may be; null sets no bound. Rows without code have no figures and stay."""

    longest_line: int | None = 2_000
    """Characters of the longest line, at most."""
    mean_line: float | None = 500
    """Characters of a line on average, at most."""
    alphanumeric: float | None = 0.2
    """Share of letters and digits, at least; the rest are spaces and signs."""
    comments: float | None = 0.95
    """Share of lines that are comments, at most."""
    encoded: float | None = 0.5
    """Share of base64, hexadecimal and lists of bytes, at most."""
    code_lines: int | None = 1
    """Lines that do something, at least: no comments, imports, brackets, `pass`."""
    generated: Literal["drop", "keep"] = "drop"
    """Code whose head says that a program wrote it."""
    minified: Literal["drop", "keep"] = "drop"
    """Code in lines of more than 150 characters on average, of which less than a tenth is space."""


class SiftConfig(Bounds, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds of the figures of code (`code_scores`), for all languages and for single ones."""

    languages: dict[str, Bounds] = msgspec.field(
        default_factory=lambda: {"bash": Bounds(minified="keep", code_lines=0)}
    )
    """Bounds of one language, by its name such as `html`, in place of all of those above. A command of the shell may
    well be one long line."""


MINIFIED_LINE, MINIFIED_SPACES = 150, 0.1


def run(batch: pa.Table, config: SiftConfig, seed: int = 0) -> Outcome:
    """Drop the rows of one batch that are out of bounds; ``seed`` is unused."""
    if not len(batch):
        return Outcome(batch, ledger.table())
    why: list[str | None] = [None] * len(batch)
    languages = batch["language"]
    scores = batch["code_scores"].combine_chunks()
    scores = scores if isinstance(scores, pa.StructArray) else pa.concat_arrays(scores.chunks)
    known = np.asarray(pc.is_valid(scores))
    own = pc.fill_null(pc.is_in(languages, value_set=pa.array(sorted(config.languages), pa.string())), False)
    _look(scores, known & ~np.asarray(own), config, why)
    for name, bounds in config.languages.items():
        _look(scores, known & np.asarray(pc.fill_null(pc.equal(languages, name), False)), bounds, why)
    out = np.array([found is not None for found in why])
    if not out.any():
        return Outcome(batch, ledger.table())
    ids, sources = batch["trace_id"], batch["source"]
    entries = [
        ledger.entry("C748", ids[row].as_py(), sources[row].as_py(), "dropped", detail=why[row])
        for row in np.flatnonzero(out).tolist()
    ]
    return Outcome(batch.filter(pa.array(~out)), ledger.table(entries))


def _look(scores: pa.StructArray, rows: np.ndarray, bounds: Bounds, why: list[str | None]) -> None:
    """Write into ``why`` what of ``rows`` is out of ``bounds``; of several figures the first."""
    if not rows.any():
        return

    def figure(name: str) -> np.ndarray:
        return np.asarray(pc.fill_null(scores.field(name).cast(pa.float64()), 0.0))

    found: list[tuple[str, np.ndarray, np.ndarray, str]] = []
    most = {
        "longest_line": bounds.longest_line,
        "mean_line": bounds.mean_line,
        "comments": bounds.comments,
        "encoded": bounds.encoded,
    }
    least = {"alphanumeric": bounds.alphanumeric, "code_lines": bounds.code_lines}
    for name, bound in (most | least).items():
        if bound is not None:
            values = figure(name)
            sign, beyond = (">", values > bound) if name in most else ("<", values < bound)
            found.append((name, values, beyond, f"{sign} {bound}"))
    if bounds.generated == "drop":
        values = figure("generated")
        found.append(("generated", values, values > 0, "says so"))
    if bounds.minified == "drop":
        values = figure("mean_line")
        found.append(("minified", values, (values > MINIFIED_LINE) & (figure("spaces") < MINIFIED_SPACES), "a line"))
    for name, values, beyond, said in found:
        for row in np.flatnonzero(beyond & rows).tolist():
            if why[row] is None:
                why[row] = f"{name} {values[row]:g} {said}"
