"""sxl_data.toolsets.boxed: the shell set in the sandbox gives what it gives here."""

from __future__ import annotations

import shutil

import pytest

from sxl_data import toolsets
from sxl_data.sandbox.run import missing
from sxl_data.toolsets import programs
from sxl_data.toolsets.boxed import boxed
from sxl_data.toolsets.tasks import make_task

pytestmark = pytest.mark.skipif(not shutil.which("git") or missing() is not None, reason="no git or no sandbox")


def test_a_run_here_is_found_right_in_the_sandbox():
    toolset, checked = toolsets.get("shell"), 0
    for number in range(40):
        task = make_task(toolset, number)
        if task.kind == "ordered" and checked < 3:
            trace = toolsets.run(toolset, task).trace
            with programs.using(boxed):
                assert toolsets.check(trace).reasons == ()
            checked += 1
    assert checked == 3


def test_a_program_of_the_sandbox_sees_the_folder_and_nothing_else(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.md").write_text("eins\n", encoding="utf-8")
    (tmp_path / "outside.md").write_text("secret", encoding="utf-8")
    assert boxed(["cat", "a.md"], folder) == programs.Done(0, "eins\n")
    assert boxed(["cat", str(tmp_path / "outside.md")], folder).code != 0
    assert boxed(["mv", "a.md", "b.md"], folder).code == 0
    assert [path.name for path in folder.iterdir() if path.is_file()] == ["b.md"]
