# ruff: noqa: E501 (patterns on one line each)
"""What answers are that nobody should learn: cut off, refused, copied from the question, left over from a template.

In: a batch and what to do with each kind. Out: the batch without the rows to drop, and ledger lines. Rows of kind
instruction, code and reasoning; the answer is the text of the last act. One search over the column finds the few rows
that a closer look is worth.

What is certain is repaired instead: an answer loses the end-of-text token or the `### Response:` around it, a prompt
the template that it is wrapped in.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sxl_data.clean.leftovers import is_leftover
from sxl_data.contract import ledger, patterns
from sxl_data.contract.columns import explode
from sxl_data.contract.stage import Outcome
from sxl_data.files.fences import blocks
from sxl_data.files.shown import parses_as_shown

KINDS = ("instruction", "code", "reasoning")


class AnswerRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to do with answers of a kind: drop the row, flag it in the ledger, or keep it without a word."""

    truncated: ledger.Choice = "drop"
    """Answers that end inside of a code block whose code is not whole, or in the middle of a sentence."""
    repeated: ledger.Choice = "drop"
    """Answers that say the same line or the same words over and over."""
    refused: ledger.Choice = "drop"
    """Answers that decline, without code and without anything else."""
    boilerplate: ledger.Choice = "flag"
    """Answers with words about being a language model, or of a web page around its text."""
    echoed: ledger.Choice = "drop"
    """Answers that only say the question, or its input, once more."""
    placeholder: ledger.Choice = "drop"
    """Answers that stand for one: `N/A`, `<no output>`, `TODO`."""
    leftover: ledger.Choice = "drop"
    """Answers and prompts with the marks or the unfilled slots of a prompt template."""


_REFUSES = patterns.compile(
    r"(?i)^\W*(?:(?:i['’]?m|i am) (?:very |really |so |truly )?(?:sorry|afraid)|sorry|(?:my )?apolog(?:ies|ize)|i apologi[sz]e"
    r"|unfortunately|as an? (?:ai|artificial|large language|language)|i (?:cannot|can['’]?t|can not|could not|am (?:unable|not able)|won['’]t|must decline))\b"
)
_UNABLE = patterns.compile(
    r"(?i)\b(?:can(?:not|['’]?t| not)|could(?: not|n['’]t)|unable|not able|won['’]t|will not|decline|do(?: not|n['’]t) have"
    r"|(?:is|was|were|are)(?: not|n['’]t) (?:possible|provided|enough|appropriate|clear)|no (?:code|input|context|information|image|file))\b"
)
_BOILERPLATE = patterns.compile(
    r"(?i)\bas an? (?:ai|artificial intelligence|(?:large )?language)[ -](?:language )?(?:model|assistant)|\bmy (?:knowledge|training) cut-?off"
    r"|\bi(?:['’]m| am) chatgpt|\btrained by openai|\b(?:accept|use of) cookies|cookie policy|\ball rights reserved\."
    r"|\bsubscribe to our newsletter|\bsign up for our"
)
_PLACEHOLDER = patterns.compile(
    r"(?i)\s*[<\[({#/*\s]*(?:no ?(?:output|answer|response|solution|code)|n/a|not applicable|todo|tbd|\.{3,}|…|to be (?:done|added|written)"
    r"|(?:your|add|insert|write|put)(?: the| your)? ?(?:code|answer|response|output|solution)(?: goes)?(?: here)?|(?:output|answer|response|solution|code)(?: goes)? here)"
    r"[>\])}*/\s]*[.:]?\s*"
)
# Words that no sentence ends with.
_UNENDED = patterns.compile(
    r"(?i)[\pL,] (?:the|an?|of|to|and|or|with|for|in|on|by|from|that|which|is|are|be|as|if|its|their|this|such)\s*\z"
)
LONG = 200
"""Characters from which an answer that ends in the middle of a sentence counts as cut off; shorter ones may be poems."""
_SAID = 24
"""Characters by which the end of a text is looked for in what comes before it."""
_REFUSAL = 300
"""Characters of a refusal, at most: who says more says something."""


def run(batch: pa.Table, rules: AnswerRules) -> Outcome:
    """``batch`` without the rows that a rule drops; each row has the code of the first rule that it meets."""
    entries: list[ledger.Entry] = []
    keep = np.ones(len(batch), dtype=bool)
    actions: dict[str, ledger.Choice] = {
        "truncated": rules.truncated,
        "repeated": rules.repeated,
        "refused": rules.refused,
        "boilerplate": rules.boilerplate,
        "echoed": rules.echoed,
        "placeholder": rules.placeholder,
        "leftover": rules.leftover,
    }
    tasks, ids, sources = batch["task"], batch["trace_id"], batch["source"]
    for row, answer in last_answers(batch):
        task = tasks[row].as_py() or ""
        name = next((name for name, holds in _RULES.items() if actions[name] != "keep" and holds(answer, task)), None)
        if name is None:
            continue
        dropped = actions[name] == "drop"
        keep[row] = not dropped
        entries.append(
            ledger.entry(
                CODES[name],
                ids[row].as_py(),
                sources[row].as_py(),
                "dropped" if dropped else "flagged",
                detail=answer[-80:],
            )
        )
    return Outcome(batch if keep.all() else batch.filter(pa.array(keep)), ledger.table(entries))


def last_answers(batch: pa.Table) -> list[tuple[int, str]]:
    """Row and text of the last act of each row of `KINDS` that speaks and calls nothing in that act."""
    of_kind = pc.is_in(batch["kind"], value_set=pa.array(KINDS))
    segments = explode(batch, [("steps", "content", "text")])
    said = segments.filter(pc.and_(pc.equal(segments["phase"], "act"), pc.take(of_kind, segments["row"])))
    last = dict(zip(said["row"].to_pylist(), said["text"].to_pylist()))  # in the order of the steps, so the last stays
    return [(row, text) for row, text in last.items() if text.strip()]


def is_truncated(answer: str, task: str) -> bool:
    """Whether it ends inside of a code block that is not whole, or a long text in the middle of a sentence."""
    if "```" in answer or "~~~" in answer:
        fenced = blocks(answer)
        if fenced and not fenced[-1].closed:
            block = fenced[-1]
            return not block.code.strip() or parses_as_shown(block.label or "", block.code) is False
    last = answer.rstrip().rpartition("\n")[2]
    is_prose = last.count(" ") >= 7 and not any(mark in last for mark in "=(){};/#_")
    return len(answer) >= LONG and is_prose and _UNENDED.search(last[-40:]) is not None


def is_repeated(answer: str, task: str) -> bool:
    """Whether most of it is one line, or one run of words, said again and again at its end."""
    if len(answer) < LONG:
        return False
    lines = [line.strip() for line in answer.rstrip().split("\n")]
    last = lines[-1]
    same = next((k for k, line in enumerate(reversed(lines)) if line != last), len(lines))
    if len(last) > 3 and same >= 8 and same * len(last) > 0.5 * len(answer):
        return True
    tail = answer.rstrip()[-2 * LONG :]
    again = tail.rfind(tail[-_SAID:], 0, -1)
    period = len(tail) - _SAID - again
    if again < 0 or period > LONG // 2 or len(tail) < 2 * LONG:
        return False
    return is_periodic(tail, period) and any(map(str.isalpha, tail[-period:]))


def is_periodic(text: str, period: int) -> bool:
    """Whether each character of ``text`` is the one ``period`` places before it."""
    return text[period:] == text[:-period]


def is_refusal(answer: str, task: str) -> bool:
    """Whether it declines, and does nothing else."""
    return (
        len(answer) < _REFUSAL
        and _REFUSES.search(answer) is not None
        and _UNABLE.search(answer) is not None
        and "`" not in answer
        and not any(mark in answer for mark in ("();", "def ", "{\n", "):\n"))
    )


def is_echo(answer: str, task: str) -> bool:
    """Whether it is the task, or the input at its end."""
    if len(answer) > 2 * len(task) + 20:
        return False
    if len(answer) >= 20 and task.rstrip().endswith("\n\n" + answer.strip()):
        return True
    said, asked = _plain(answer), _plain(task)
    return len(said) >= 12 and said == asked


def _plain(text: str) -> str:
    return " ".join(text.lower().split()).strip(" .:?!`\"'")


_RULES: dict[str, Callable[[str, str], bool]] = {
    "placeholder": lambda answer, task: len(answer) < 80 and _PLACEHOLDER.fullmatch(answer) is not None,
    "echoed": is_echo,
    "refused": is_refusal,
    "leftover": is_leftover,
    "truncated": is_truncated,
    "repeated": is_repeated,
    "boilerplate": lambda answer, task: (
        "</" not in answer and _BOILERPLATE.search(answer) is not None and not _BOILERPLATE.search(task)
    ),
}
CODES = {
    "truncated": "C740",
    "repeated": "C741",
    "refused": "C742",
    "boilerplate": "C743",
    "echoed": "C744",
    "placeholder": "C745",
    "leftover": "C746",
}
