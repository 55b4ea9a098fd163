"""sxl_data.formats.harness: what a harness wrote in the user's name."""

from __future__ import annotations

import pytest

from sxl_data.formats.atif import FORMAT as ATIF
from sxl_data.formats.harness import command_in
from sxl_data.trace.format import Document, Origin


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/init", "/init"),
        (" /review-pr\n", "/review-pr"),
        ("<command-message>init is running</command-message>\n<command-name>/init</command-name>", "/init"),
        ("<command-name>/fix</command-name>\n<command-args>issue 17</command-args>", "issue 17"),
        ("<command-name>/fix</command-name>\n<command-args></command-args>", "/fix"),
        ("see /etc/hosts", ""),
        ("/etc/hosts", ""),
        ("<system-reminder>Be brief.</system-reminder>", ""),
    ],
)
def test_a_slash_command_is_told_by_its_lines(text: str, command: str) -> None:
    assert command_in(text) == command


@pytest.mark.parametrize(("asked", "task"), [((), "/init"), (("What does it do?",), "What does it do?")])
def test_a_session_of_a_slash_command_has_it_for_its_task(asked: tuple[str, ...], task: str) -> None:
    said = [("user", "/init"), ("agent", "I wrote the file."), *(("user", text) for text in asked)]
    steps = [{"step_id": n, "source": who, "message": text} for n, (who, text) in enumerate(said, 1)]
    value = {"schema_version": "ATIF-v1.4", "session_id": "s", "agent": {"name": "a", "version": "1"}, "steps": steps}
    (reading,) = ATIF.read(Document(file="f", value=value), Origin(source="s"))
    assert reading.trace.task == task
