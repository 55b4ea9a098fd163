"""Exit codes that a harness states in the text of a result.

In: the text, and which harness wrote it. Out: the exit code that it states of its own command. Each harness has its
place for it, at the head or at the end, and only there it is looked for: what a command printed may say anything.
"""

from __future__ import annotations

from sxl_data.contract import patterns
from sxl_data.trace.types import Status

_HEAD, _TAIL = 600, 400
_PATTERNS = {
    "claude": patterns.compile(r"\AExit code (-?\d+)\b"),
    # A head of lines, then `Output:`; or `Exit code: 1` and `Wall time: …` as the first two.
    "codex": patterns.compile(r"(?m)^(?:Process exited with code|Exit code:) (-?\d+)[ \t\r]*$"),
    "pi": patterns.compile(r"Command exited with code (-?\d+)\s*\z"),
    "gemini": patterns.compile(r"(?m)^Exit Code: (-?\d+)$"),
    "kimi": patterns.compile(r"(?:\A|\n)(?:ERROR: )?Command failed with exit code:? (-?\d+)\.?\s*(?:\n|\z)"),
    "openhands": patterns.compile(r"\[The command (?:completed|finished) with exit code (-?\d+)\.?\]"),
}
_AT_HEAD = {"claude", "codex"}
RUNNING = "Process running with session ID"


def exit_code(text: str, harness: str) -> int | None:
    """The exit code that ``text`` states in the way of ``harness``; None where it states none."""
    shown = text[:_HEAD] if harness in _AT_HEAD else text[-_TAIL:]
    if harness == "codex":
        shown = f"\n{shown}".partition("\nOutput:")[0].removeprefix("\n")
    found = _PATTERNS[harness].search(shown)
    return int(found.group(1)) if found is not None else None


def status_of(code: int | None, otherwise: Status = "unknown") -> Status:
    """The status of a command that ended with ``code``."""
    return otherwise if code is None else "ok" if code == 0 else "error"
