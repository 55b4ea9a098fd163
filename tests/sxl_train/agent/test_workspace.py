"""What goes into a workspace, and what can come out of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sxl_data.contract.errors import UserError
from sxl_data.sandbox.run import missing
from sxl_data.toolsets.tools import ToolError
from sxl_train.agent import workspace as module
from sxl_train.agent.workspace import Change, open_workspace

pytestmark = pytest.mark.skipif(missing() is not None, reason=f"no sandbox here: {missing()}")


def test_links_and_folders_that_tools_make_stay_behind(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "b.txt").symlink_to("/etc/passwd")
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules/c.js").write_text("c")
    with open_workspace(tmp_path) as found:
        assert found.do("list_files", path="") == "a.txt"
        assert found.changes() == []


def test_a_folder_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_FILES", 2)
    for number in range(3):
        (tmp_path / f"{number}.txt").write_text("x")
    with pytest.raises(UserError, match="T401"), open_workspace(tmp_path):
        pass


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="U201"), open_workspace(tmp_path / "none"):
        pass


def test_nothing_is_written_through_a_link_that_leads_out(tmp_path: Path) -> None:
    project, outside = tmp_path / "project", tmp_path / "outside"
    project.mkdir()
    outside.mkdir()
    (project / "out").symlink_to(outside)
    with open_workspace(project) as found:
        for path in ("out/x.txt", "../x.txt", "/tmp/x.txt"):
            with pytest.raises(UserError, match="T403"):
                found.apply([Change(path, "added", "", b"x")])
    assert list(outside.iterdir()) == []


def test_programs_see_nothing_of_the_machine_but_the_copy(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("s3cret")
    (tmp_path / "project").mkdir()
    with open_workspace(tmp_path / "project") as found:
        done = found.box.run(f"open({str(secret)!r}).read()")
        assert done.exit_code == 1
        assert "s3cret" not in done.stdout + done.stderr
        with pytest.raises(ToolError):
            found.do("read_file", path=str(secret), first=1, lines=9)


def test_an_edit_says_where_the_text_is_not_and_what_no_longer_parses(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\ny = 2\nz = x\nz = x\n")
    with open_workspace(tmp_path) as found:
        with pytest.raises(ToolError, match=r"stands 0 times in a\.py, not once; the nearest line is 'x = 1'"):
            found.do("edit_file", path="a.py", old="x  = 1", new="")
        with pytest.raises(ToolError, match="stands 2 times"):
            found.do("edit_file", path="a.py", old="z = x", new="")
        assert "does not parse" in found.do("edit_file", path="a.py", old="y = 2", new="y = (2")


@pytest.mark.parametrize("name", ["json.py", "sitecustomize.py", "usercustomize.py", "os.py"])
def test_a_program_that_replaces_the_tools_modules_changes_nothing_for_them(tmp_path: Path, name: str) -> None:
    with open_workspace(tmp_path) as found:
        found.box.run(f"open({name!r}, 'w').write('raise SystemExit(0)')")
        assert found.do("list_files", path="") == name
        assert [change.path for change in found.changes()] == [name]
