"""What a result says of the call that it answers."""

from __future__ import annotations

import msgspec

from sxl_data.trace.messages import text_of
from sxl_data.trace.types import Iterate, Part, Result, Status, Trace

PASSING = ("busy", "timeout")
"""Failures behind which the very same call is the right next step."""
MISTAKEN = ("not_found", "wrong_kind", "bad_arguments", "unknown_tool", "harness")
"""Failures that say of a call that it names nothing that there is, or was just made."""
EMPTY = ("[]", "{}", "", "null", "(nothing)")
"""Results that say that there is nothing of the kind."""


def in_vain(result: Result) -> bool:
    """Whether a call named nothing that there is, or found nothing."""
    return result.error_type in MISTAKEN or (result.status == "ok" and text_of(result.content) in EMPTY)


def hold_back(key: str, status: Status, words: str) -> Result:
    """The result of a call that reached no tool."""
    return Result(call_id=key, content=(Part(text=words),), status=status, error_type="harness")


def left(trace: Trace) -> Trace:
    """``trace`` of a run without an answer: behind its last results the agent decided to go no further."""
    *before, end = trace.steps
    if not isinstance(end, Iterate):
        return trace
    end = msgspec.structs.replace(end, decision="abort", decision_origin="explicit")
    return msgspec.structs.replace(trace, steps=(*before, end))
