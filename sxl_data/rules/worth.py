"""Q: is there something to learn from the trace, and nothing to unlearn?

In: a trace. Out: faults, all notes: such a trace is sound, and a recipe decides (`worth:`) whether it belongs into a
mix. A prompt that is a printed object was never asked by anybody; an answer that stands in the prompt is copied, not
found; a loop that ends before the answer teaches to stop there; one that ends in an error teaches the error.
"""

from __future__ import annotations

from collections.abc import Iterator

from sxl_data.contract import patterns
from sxl_data.rules import Fault
from sxl_data.trace.types import Act, Iterate, Observe, Part, Trace

BROKEN = ("error", "timeout", "denied", "cancelled")
LEAST = 40
"""Characters of an answer that stands in a prompt by no chance."""
_OBJECT = patterns.compile(r"\s*\[?\s*\{\s*(?:\"[^\"\n]{1,80}\"|'[^'\n]{1,80}')\s*:")
_LABEL = patterns.compile(
    r"(?im)^[ \t#>*_-]*(?:the )?(?:(?:gold|golden|ground[ _-]?truth|reference)(?:[ _-](?:answer|solution|response"
    r"|output|label|calls?))?|(?:correct|expected|final|target|right)[ _-](?:answer|solution|label|calls?))"
    r"[ \t*_]*(?:is)?[ \t]*[:=][ \t]*([^\n]*)$"
)
_PLAN = patterns.compile(
    r"(?im)^[ \t#>*/_-]*(?:the )?(?:pseudo[ -]?code|solution|answer)[^\n]{0,20} (?:of|to|for) the above "
    r"(?:instruction|question|task|problem|prompt)s?[^\n]{0,10}:"
)
_FAILED = patterns.compile(
    r"(?i)\s*(?:api error|request (?:failed|timed out)|error: |fatal: |traceback \(most recent call last\)|"
    r"\[?(?:internal server error|rate limit(?:ed)?|overloaded|connection (?:error|reset|refused))\b)"
)


def check(trace: Trace) -> Iterator[Fault]:
    """What makes ``trace`` a bad example."""
    steps = trace.steps
    first = next((i for i, step in enumerate(steps) if type(step) is Observe and step.origin == "user"), None)
    if first is not None and is_object(prompt := _said(steps[first].content)):  # type: ignore[union-attr]
        yield Fault("Q801", f"/steps/{first}/content", prompt[:60], "a request in words")
    last = next((i for i in range(len(steps) - 1, -1, -1) if type(steps[i]) is Act), None)
    if last is None:
        return
    end: Act = steps[last]  # type: ignore[assignment]
    answer = _said(end.content).strip()
    if answer and first is not None and (at := _given(trace, first, last, answer)) is not None:
        yield Fault("Q802", f"/steps/{at}/content", answer[:60], "a prompt without its answer", (f"/steps/{last}",))
    if trace.kind == "reasoning" and (at := _facts(trace)) is not None:
        yield Fault("Q806", f"/steps/{at}", "facts after the question", "a question alone")
    loops = any(type(step) is Iterate for step in steps)
    if loops and (not answer or end.calls):
        yield Fault("Q803", f"/steps/{last}", "calls, and no answer after them", "an answer at the end")
    after = [step for step in steps[last:] if type(step) is Iterate]
    broken = [result.status for step in after for result in step.results if result.status in BROKEN]  # type: ignore[union-attr]
    if broken:
        yield Fault("Q804", f"/steps/{last + 1}", f"a result with status {broken[-1]}", "the agent's answer to it")
    elif answer and not end.calls and trace.kind in ("agent", "tool_use") and _FAILED.match(answer):
        yield Fault("Q804", f"/steps/{last}/content", answer[:60], "an answer, not an error")
    if trace.outcome.status in ("failure", "aborted"):
        yield Fault("Q805", "/outcome/status", trace.outcome.status, "success")


def is_object(prompt: str) -> bool:
    """Whether a prompt is an object as a program prints it, whole or cut, and nothing else."""
    if _OBJECT.match(prompt) is None:
        return False
    depth = 0
    for at, sign in enumerate(prompt):
        depth += (sign in "{[") - (sign in "}]")
        if not depth and sign in "}]":
            return not any(map(str.isalpha, prompt[at + 1 :]))
    return True


def _facts(trace: Trace) -> int | None:
    """The step in which somebody but the user tells more, between the question and the first act."""
    asked = False
    for i, step in enumerate(trace.steps):
        if type(step) is not Observe:
            return None
        if asked and step.origin == "environment":
            return i
        asked = asked or step.origin == "user"
    return None


def _given(trace: Trace, first: int, last: int, answer: str) -> int | None:
    """The step, a user's between ``first`` and ``last``, in which the answer stands: as a whole, after a label that
    calls it the right one, or as a plan of it."""
    for i in range(first, last):
        step = trace.steps[i]
        if type(step) is not Observe or step.origin != "user":
            continue
        said = _said(step.content)
        if len(answer) >= LEAST and answer in said and not _quoted_back(said, answer):
            return i
        if _PLAN.search(said):
            return i
        for label in _LABEL.finditer(said):
            if _same(label[1], answer):
                return i
    return None


def _same(value: str, answer: str) -> bool:
    """Whether what a label names is the answer, or its first or last words."""
    value, answer = (" ".join(text.casefold().split()).strip("*_`.\"' ") for text in (value, answer))
    if not value:
        return False
    return value == answer or answer.startswith(value + " ") or answer.endswith(" " + value)


def _quoted_back(said: str, answer: str) -> bool:
    """Whether the prompt is little else than the text: to be corrected, and already right."""
    return len(answer) > len(said) * 0.8


def _said(content: tuple[Part, ...]) -> str:
    return "\n".join(part.text for part in content if part.text)
