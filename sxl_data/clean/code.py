"""Does the code of an answer parse?

In: a batch. Out: for each row True, False or null (no code, or no parser for its language). The answer is
the text of the final Act; its code is what stands in fenced blocks, or all of it when the row's language
is known and there are no fences. Rows of kind instruction and code only: an agent's message may well
quote a fragment.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from sxl_data.contract import patterns
from sxl_data.contract.columns import explode
from sxl_data.files.syntax import canonical, parses

_FENCE = patterns.compile(r"(?ms)^```([\w+#-]*)[ \t]*\n(.*?)^```[ \t]*$")
KINDS = ("instruction", "code")


def code_parses(batch: pa.Table) -> pa.Array:
    """Shape ``(rows,)`` of bool: False where some code block of the answer has a syntax error."""
    verdicts: list[bool | None] = [None] * len(batch)
    languages = batch["language"].to_pylist()
    segments = explode(batch, [("steps", "content", "text")])
    of_kind = pc.is_in(batch["kind"], value_set=pa.array(KINDS))
    named = pc.is_valid(batch["language"])
    # Without a language and a fence there is nothing to parse.
    wanted = pc.and_(pc.equal(segments["phase"], "act"), pc.take(of_kind, segments["row"]))
    said = segments.filter(wanted)
    said = said.filter(pc.or_(pc.take(named, said["row"]), pc.match_substring(said["text"], "```")))
    for row, text in zip(said["row"].to_pylist(), said["text"].to_pylist()):
        for language, code in code_blocks(text, languages[row]):
            verdict = parses(language, code)
            if verdict is not None:
                verdicts[row] = verdict if verdicts[row] is None else verdicts[row] and verdict
    return pa.array(verdicts, pa.bool_())


def code_blocks(text: str, language: str | None) -> list[tuple[str, str]]:
    """(language, code) of every fenced block; the whole text under ``language`` where none is fenced."""
    default = canonical(language)
    blocks = [(canonical(match[1]) or default, match[2]) for match in _FENCE.finditer(text)]
    if not blocks and default:
        blocks = [(default, text)]
    return [(name, code) for name, code in blocks if name]
