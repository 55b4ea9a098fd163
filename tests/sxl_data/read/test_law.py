"""The coverage law and the mirror law over real files, and whose file each of them is."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from sxl_data.contract.errors import UserError
from sxl_data.contract.resources import samples_folder
from sxl_data.trace.format import Origin
from sxl_data.trace.tally import Tally
from sxl_data.validate.submissions import submissions

DOCUMENTS = 100  # of each file
# Folder of real traces → the format that reads its files.
FOLDERS = {
    "adp_v1": "adp",
    "adp_v1_raw": {"swe_agent", "mini_swe_agent"},
    "adp_v1_sft": {"sharegpt_tools", "hermes_text"},  # some write their calls as tags in chat messages
    "api_bank": "api_bank",
    "atif": "atif",
    "atif_derived_harbor": "atif",
    "atof": "atof",
    "bfcl": "bfcl",
    "claude_code": "claude_code",
    "codex_cli": "codex_rollout",
    "gemini_cli": "gemini_cli",
    "hermes_fc": "hermes_text",
    "inspect_ai": "inspect_eval",
    "kimi_cli": "kimi_cli",
    "mcp": "anthropic_messages",
    "mini_swe_agent": "mini_swe_agent",
    "openai_chat": {"openai_chat", "hermes_text"},
    "openai_responses_rollouts": "openai_responses",
    "openhands_events": "openhands_events",
    "openhands_sdk_events": "openhands_events",
    "pi_session": "pi_session",
    "react_text": "react_text",
    "sharegpt_tools": "sharegpt_tools",
    "swe_agent_traj": "swe_agent",
    "tau_bench": "tau_bench",
    "toolalpaca": "toolalpaca",
    "toolbench": "toolbench",
}
# Notebooks hold what a kernel and an editor keep beside the cells; a few-shot example repeats its prompt.
TOLD = {"notebook": {"C415"}, "hermes_text": {"C415"}}


def broken(path: Path) -> list[tuple[str, str, str]]:
    """(file, format, finding) of what the law says of the file or folder at ``path``."""
    found = []
    for submission in submissions(path):
        submission.origin, submission.coverage = Origin(source="real"), Tally()
        for item in islice(submission, DOCUMENTS):
            name = submission.format.name if submission.format is not None else ""
            found += [
                (item.document.file, name, f"{told.code} {told.found}")
                for told in item.findings
                if told.code in ("C415", "C416") and told.code not in TOLD.get(name, set())
            ]
    return found


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size < 20_000_000)


@pytest.mark.parametrize("folder", ["traces", "cases", "data"])
def test_nothing_of_a_real_file_is_dropped_or_invented(shared: Path, folder: str) -> None:
    read = 0
    wrong = []
    for path in files(shared / folder):
        try:
            wrong += broken(path)
            read += 1
        except UserError:
            continue  # no file of traces: a readme, a recipe, a tokenizer
    assert wrong == []
    assert read > 20


@pytest.mark.parametrize("name", sorted(path.name for path in samples_folder().iterdir()))
def test_nothing_of_a_sample_is_dropped_or_invented(name: str) -> None:
    assert broken(samples_folder() / name) == []


def test_every_real_trace_is_read_as_the_format_that_it_is_of(shared: Path) -> None:
    wrong = []
    for folder, expected in FOLDERS.items():
        for path in files(shared / "traces" / folder):
            try:
                found = {s.recognise().name for s in submissions(path)}
            except UserError:
                found = {"nobody's"}
            wanted = expected if isinstance(expected, set) else {expected}
            if not found <= wanted and path.name != "invalid-tool-input-error.json":  # one result, no trace
                wrong.append((path.name, sorted(found), sorted(wanted)))
    assert wrong == []
