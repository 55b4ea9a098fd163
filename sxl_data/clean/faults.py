"""Which rows a validator would refuse.

In: a batch. Out: for each row the codes of its errors, or null. The checks are those of `validate`: what a
build keeps is what its own validator passes. Looks into texts are spared where one search over the column has
shown that there is nothing to find.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sxl_data.contract.codes import CODES
from sxl_data.contract.columns import explode
from sxl_data.rules.families import FAMILIES
from sxl_data.rules.families import faults as check
from sxl_data.rules.profiles import RANKS, get
from sxl_data.trace.table import to_traces

_SEARCHED = (
    ("steps", "content", "text"),
    ("steps", "text"),
    ("steps", "calls", "arguments_json"),
    ("steps", "results", "content", "text"),
)
# By the letters of `rules.content`'s closer looks, a part of everything that the look finds; long runs are apart.
# Secrets and persons are no errors, and gone.
_HINTS = {
    "t": r"</?(?:think|reasoning)",
    "c": r"tool_call>|<function|\[TOOL_CALLS|<\|",
    "s": r"<\||_of_turn>|INST\]|<<SYS|<｜",
    "b": r";base64,",
    "x": r"(?i:truncated|clipped|omitted)",
}
_ANY = "|".join(_HINTS.values())
_MADE_HERE = frozenset(("L604",))
"""What is for the build to give, not for a row: the hash of its source file."""
_RUN = 1000  # characters without a space, from which a text may be base64


def failing(batch: pa.Table, profile: str, allowed: frozenset[str] = frozenset()) -> pa.Array:
    """Shape ``(rows,)`` of text: the codes that fail ``profile`` (errors, and for publishing warnings too) but those
    ``allowed``, null for rows without any."""
    of = get(profile)
    families = "".join(letter for letter in of.families if letter in FAMILIES and letter != "Q")
    least = RANKS[of.fails_at]
    found: list[str | None] = []
    for trace, wanted in zip(to_traces(batch), looks(batch)):
        faults = check(trace, families, wanted)
        codes = sorted(
            {fault.code for fault in faults if RANKS[CODES[fault.code].level] >= least} - allowed - _MADE_HERE
        )
        found.append(", ".join(codes) or None)
    return pa.array(found, pa.string())


def looks(batch: pa.Table) -> list[str | None]:
    """For each row the closer looks that its texts ask for, mostly none; None where some texts are no column."""
    segments = explode(batch, _SEARCHED).combine_chunks()
    texts, rows = segments["text"].combine_chunks(), segments["row"].to_numpy()
    wanted: list[set[str]] = [set() for _ in range(len(batch))]
    suspect = pc.match_substring_regex(texts, _ANY)
    some, of_some = texts.filter(suspect), rows[np.asarray(suspect)]
    for letter, pattern in _HINTS.items():
        for row in np.unique(of_some[np.asarray(pc.match_substring_regex(some, pattern))]).tolist():
            wanted[row].add(letter)
    for row in np.unique(rows[_long_runs(texts)]).tolist():
        wanted[row].add("b")
    nested = batch["subtraces_json"].is_valid().to_pylist()
    return [None if inner else "".join(sorted(letters)) for letters, inner in zip(wanted, nested)]


def _long_runs(texts: pa.Array) -> np.ndarray:
    """Shape ``(texts,)`` of bool: whether `_RUN` bytes follow each other without a space."""
    found = np.zeros(len(texts), dtype=bool)
    _, offsets, data = texts.buffers()
    if data is None or not len(texts):
        return found
    bounds = np.frombuffer(offsets, dtype=np.int32)[texts.offset : texts.offset + len(texts) + 1]
    first, last = int(bounds[0]), int(bounds[-1])
    spaces = np.flatnonzero(np.frombuffer(data, dtype=np.uint8)[first:last] <= 32) + first
    edges = np.concatenate([[first - 1], spaces, [last]])
    for gap in np.flatnonzero(np.diff(edges) > _RUN):  # few; texts lie end to end, so one may cross several
        begin, end = edges[gap] + 1, edges[gap + 1]
        inside = slice(np.searchsorted(bounds, begin, "right") - 1, np.searchsorted(bounds, end, "left"))
        cuts = np.clip(bounds[inside.start : inside.stop + 1], begin, end)
        found[inside] |= np.diff(cuts) >= _RUN
    return found
