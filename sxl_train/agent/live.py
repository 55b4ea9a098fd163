"""What a person sees while an agent works: one line for each thing that happens, as it happens."""

from __future__ import annotations

import sys

from sxl_data.contract.console import format_seconds, say
from sxl_data.contract.printable import printable
from sxl_train.agent.loop import Outcome
from sxl_train.agent.workspace import Change
from sxl_train.evaluate.markup import Call

_LINES = 12
_WIDTH = 160


class Live:
    """Prints events on stderr; lines and results are cut for the eye, never for the trace."""

    def __init__(self, model: str) -> None:
        say(f"agent      {model}")

    def event(self, kind: str, text: str) -> None:
        """One event of the loop."""
        lines = text.strip().splitlines() or [""]
        shown = [line[:_WIDTH] + "…" * (len(line) > _WIDTH) for line in lines[:_LINES]]
        if len(lines) > _LINES:
            shown.append(f"… {len(lines) - _LINES} more lines")
        for number, line in enumerate(shown):
            say(f"{kind if not number else '':<10} {line}")

    def allowed(self, call: Call) -> bool:
        """Ask the person; anything but yes is no, and so is a keyboard that is not there."""
        if not sys.stdin.isatty():
            return False
        sys.stderr.write(printable(f"allow {call.name}? [y/N] "))
        sys.stderr.flush()
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    def changes(self, changes: list[Change]) -> None:
        """The diff of everything that changed."""
        for change in changes:
            say(f"{change.kind:<10} {change.path}")
            for line in change.diff.splitlines()[:200]:
                say(f"           {line[:_WIDTH]}")

    def end(self, outcome: Outcome, *, applied: bool, changed: int) -> None:
        """How it went, in one line."""
        files = f", {changed} files changed{'' if applied else ' in the copy only (--apply writes them)'}"
        say(
            f"{outcome.status:<10} {outcome.turns} turns, {outcome.calls} calls, {outcome.tokens:,} tokens in "
            f"{format_seconds(outcome.seconds)}{files if changed else ''}"
        )
