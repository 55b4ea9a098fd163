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


def test_a_repository_keeps_its_history_whatever_is_done_to_it_in_the_copy(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    (folder / ".git" / "hooks").mkdir(parents=True)
    for path, text in (
        (".git/HEAD", "ref: refs/heads/main\n"),
        (".git/hooks/pre-commit", "#!/bin/sh\n"),
        ("a.py", "x = 1\n"),
    ):
        (folder / path).write_text(text)
    with open_workspace(folder) as workspace:
        assert workspace.changes() == []
        workspace.box.run(
            "rm -rf .git/HEAD; echo '#!/bin/sh\nrm -rf ~' > .git/hooks/pre-commit; echo 'x = 2' > a.py", "bash"
        )
        changes = workspace.changes()
        assert [(change.kind, change.path) for change in changes] == [("changed", "a.py")]
        workspace.apply(changes)
    assert (folder / ".git/HEAD").read_text() == "ref: refs/heads/main\n"
    assert (folder / ".git/hooks/pre-commit").read_text() == "#!/bin/sh\n"
    assert (folder / "a.py").read_text() == "x = 2\n"


def test_nothing_is_written_over_what_somebody_else_wrote_meanwhile(tmp_path: Path) -> None:
    for name in ("a.py", "b.py", "gone.py"):
        (tmp_path / name).write_text("x = 1\n")
    with open_workspace(tmp_path) as workspace:
        workspace.box.run("for f in *.py; do echo 'x = 2' > $f; done; echo new > made.txt", "bash")
        changes = workspace.changes()
        for name, text in (("b.py", "mine\n"), ("made.txt", "mine\n"), ("gone.py", None)):
            before = (tmp_path / name).read_text() if (tmp_path / name).exists() else None
            (tmp_path / name).write_text(text) if text else (tmp_path / name).unlink()
            with pytest.raises(UserError, match="T406"):
                workspace.apply(changes)
            assert (tmp_path / "a.py").read_text() == "x = 1\n"
            (tmp_path / name).write_text(before) if before else (tmp_path / name).unlink()
        workspace.apply(changes)
        workspace.apply(changes)  # what is there already is no other's
    assert (tmp_path / "b.py").read_text() == "x = 2\n" and (tmp_path / "made.txt").read_text() == "new\n"


def test_what_is_not_copied_and_what_is_not_brought_back_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to("/etc/passwd")
    (tmp_path / "away").symlink_to("/etc")
    (tmp_path / "new\nline.txt").write_text("x")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "a.py").write_text("x = 1\n")
    with open_workspace(tmp_path) as workspace:
        assert len(workspace.left_out) == 4 and list(workspace.held) == ["a.py"]
        workspace.box.run(
            "printf x > 'b\nc'; ln -s /etc/passwd link; for n in $(seq 600); do echo $n > f$n; done", "bash"
        )
        assert 490 < len(workspace.changes()) <= 500
        assert any("more changed files" in line for line in workspace.left_out[4:])


def test_git_reads_the_history_in_the_copy(tmp_path: Path) -> None:
    import subprocess

    from sxl_data import toolsets
    from sxl_train.agent.tools import SET

    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "a.py").write_text("x = 1\n")
    with open_workspace(tmp_path) as workspace:
        session = toolsets.Session(SET, workspace)  # type: ignore[arg-type]
        made = session.call("1", "run_shell", '{"command": "git status --short"}')
        assert (made.status, made.content[0].text) == ("ok", "?? a.py")
