"""Does the code of an answer parse, and what are its figures?

In: a batch. Out: for each row True, False or null (no code, or no parser for its language). The answer is
the text of the final Act; its code is what stands in fenced blocks that name their language, or all of it when the
row's language is known and there are no fences. A block without a label may be anything, what a program prints most
often, and is not judged. Rows of kind instruction and code only: an agent's message may well quote a fragment.
"""

from __future__ import annotations

from itertools import islice
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from sxl_data.contract import patterns
from sxl_data.contract.columns import CODE_SCORES, explode
from sxl_data.files.fences import blocks
from sxl_data.files.figures import measure
from sxl_data.files.shown import parses_as_shown
from sxl_data.files.syntax import canonical

KINDS = ("instruction", "code")
_FENCE = "```|~~~"
CUTS = 4
"""Places at which an answer may go on in words that are tried."""
# Where an answer of bare code goes on in words: what it prints, or what it does.
_AFTER = patterns.compile(
    r"(?m)^[ \t]*(?i:(?:(?:sample|example|expected|the) )?outputs?(?: is)?|prints|results?|explanation|notes?|usage"
    r"|example)[ \t]*:|^(?:[A-Z][a-z']+|\d+\.|[-*])(?: [\pL\pN_,'’\"`()-]+){4,}[.:]?$"
)


class Judged(NamedTuple):
    """``parses``: shape ``(rows,)`` of bool, False where some code block of the answer has a syntax error; ``scores``:
    shape ``(rows,)`` of `CODE_SCORES`, null without code."""

    parses: pa.Array
    scores: pa.Array


def judge(batch: pa.Table) -> Judged:
    """Whether the code of each answer parses, and its figures."""
    verdicts: list[bool | None] = [None] * len(batch)
    shown: dict[int, list[tuple[str, str]]] = {}
    languages = batch["language"].to_pylist()
    segments = explode(batch, [("steps", "content", "text")])
    of_kind = pc.is_in(batch["kind"], value_set=pa.array(KINDS))
    named = pc.is_valid(batch["language"])
    # Without a language and a fence there is nothing to parse.
    wanted = pc.and_(pc.equal(segments["phase"], "act"), pc.take(of_kind, segments["row"]))
    said = segments.filter(wanted)
    said = said.filter(pc.or_(pc.take(named, said["row"]), pc.match_substring_regex(said["text"], _FENCE)))
    for row, text in zip(said["row"].to_pylist(), said["text"].to_pylist()):
        for language, code, verdict in code_blocks(text, languages[row]):
            shown.setdefault(row, []).append((language, code))
            if verdict is not None:
                verdicts[row] = verdict if verdicts[row] is None else verdicts[row] and verdict
    scores: list[dict[str, float] | None] = [None] * len(batch)
    for row, parts in shown.items():
        scores[row] = measure(parts[0][0], "\n".join(code for _, code in parts))._asdict()
    return Judged(pa.array(verdicts, pa.bool_()), pa.array(scores, CODE_SCORES))


def code_blocks(text: str, language: str | None) -> list[tuple[str, str, bool | None]]:
    """Language, code and whether it parses, of every fenced block that has a label; of all of the text under
    ``language``, up to where it goes on in words, if none is fenced."""
    fenced = blocks(text)
    if fenced:
        return [
            (block.label, block.code, parses_as_shown(block.label, block.code))
            for block in fenced
            if block.label is not None and block.label != "output"
        ]
    default = canonical(language)
    return [(default, *_bare_code(default, text))] if default else []


def _bare_code(language: str, text: str) -> tuple[str, bool | None]:
    """An answer without fences, or the code that it begins with where the whole does not parse: what follows says in
    words what it prints or does."""
    verdict = parses_as_shown(language, text)
    if verdict is False:
        for found in islice(_AFTER.finditer(text), CUTS):
            code = text[: found.start()]
            if code.strip() and parses_as_shown(language, code):
                return code, True
    return text, verdict
