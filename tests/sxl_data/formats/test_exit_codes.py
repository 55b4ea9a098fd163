"""Exit codes that a harness states in text."""

from __future__ import annotations

import pytest

from sxl_data.formats.exit_codes import exit_code, status_of
from sxl_data.formats.harness import is_harness


@pytest.mark.parametrize(
    ("harness", "text", "code"),
    [
        ("claude", "Exit code 2\nno such file", 2),
        ("claude", "ran\nExit code 2", None),
        ("codex", "Chunk ID: a\nWall time: 0.5 seconds\nProcess exited with code 1\nOutput:\n1 failed", 1),
        ("codex", "Chunk ID: a\nProcess running with session ID 7\nOutput:\n", None),
        ("codex", "Chunk ID: a\nProcess running with session ID 7\nOutput:\nProcess exited with code 1\n", None),
        ("codex", "Exit code: 0\nWall time: 0.1 seconds\nOutput:\nfine", 0),
        ("codex", "Process exited with code -9", -9),
        ("pi", "boom\n\nCommand exited with code 127", 127),
        ("pi", "Command exited with code 127 is what it printed, then more", None),
        ("gemini", "Output: x\nError: (none)\nExit Code: 1\nSignal: (none)", 1),
        ("kimi", "Command failed with exit code: 3.", 3),
        ("openhands", "x\n[The command completed with exit code 100.]", 100),
    ],
)
def test_a_code_is_read_where_its_harness_writes_it(harness: str, text: str, code: int | None) -> None:
    assert exit_code(text, harness) == code


def test_a_code_decides_the_status() -> None:
    assert [status_of(0), status_of(1), status_of(None)] == ["ok", "error", "unknown"]


@pytest.mark.parametrize(
    ("content", "theirs"),
    [
        ("<environment_context>\n  <cwd>/w</cwd>", True),
        ("# AGENTS.md instructions for /w\n\n<INSTRUCTIONS>", True),
        ([{"type": "text", "text": "<system-reminder>x</system-reminder>"}], True),
        ([{"type": "text", "text": "<system-reminder>x"}, {"type": "text", "text": "and what I ask"}], False),
        ("/clear", True),
        ("/etc/hosts holds what?", False),
        ("<div> is not centred, why?", False),
        ("Explain <command-name> to me", False),
        ("", False),
        ([], False),
    ],
)
def test_what_the_harness_wrote_is_told_by_its_beginning(content, theirs: bool) -> None:
    assert is_harness(content) is theirs
