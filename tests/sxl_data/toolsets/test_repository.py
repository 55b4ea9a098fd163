"""sxl_data.toolsets.repository and programs: real git, and what is refused before anything runs."""

from __future__ import annotations

import os
import shutil

import pytest

from sxl_data.toolsets import programs
from sxl_data.toolsets.programs import Done
from sxl_data.toolsets.repository import Commit, Repository
from sxl_data.toolsets.sets.shell import tools as shell
from sxl_data.toolsets.tools import ToolError

needs_git = pytest.mark.skipif(not shutil.which("git"), reason="no git")


def toy() -> Repository:
    first = {"a.md": "eins\n", "in/b.txt": "zwei é\n"}
    return Repository(
        [Commit("one", first), Commit("two", {"a.md": "eins\n"}), Commit("three", first, "side")], {"n": "x"}
    )


@needs_git
def test_the_folder_is_what_was_described():
    state = toy()
    assert state.path.is_dir()
    try:
        assert state.view() == toy().described()
    finally:
        state.close()


@needs_git
def test_a_copy_changes_alone_and_closing_leaves_nothing():
    state = toy()
    folder, twin = state.path, state.copied()
    shell.write_file(twin, "new/deep.txt", "x")
    shell.run(twin, "git add new/deep.txt")
    assert twin.view()["staged"] == ["A new/deep.txt"]
    assert state.view()["staged"] == []
    other = twin.path
    state.close()
    twin.close()
    assert not folder.exists() and not other.exists()


@needs_git
@pytest.mark.parametrize("command", ["git commit -q -am again", "git add a.md", "git status --short"])
def test_an_edit_is_seen_whatever_the_clock_says(command):
    state = toy()
    try:
        file, index = state.path / "a.md", state.path / ".git/index"
        before = file.stat()
        shell.write_file(state, "a.md", "zwei\n")  # as long as it was
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        os.utime(index, (before.st_mtime + 60, before.st_mtime + 60))
        done = programs.run(command, state.path)
        assert done.code == 0
        view = state.view()
        if "commit" in command:
            assert view["branches"]["main"]["files"]["a.md"] == "zwei\n"
        elif "add" in command:
            assert view["staged"] == ["M a.md"]
        else:
            assert " M a.md" in done.text
    finally:
        state.close()


@pytest.mark.parametrize(
    "command",
    [
        "",
        "sh -c 'rm -rf /'",
        "ls /etc",
        "cat ../secret",
        "cat a/../../secret",
        "cat ~/.ssh/id_rsa",
        "cat .git/config",
        "cat .GIT/config",
        "cp a.md .git/hooks/pre-commit",
        "git -c core.pager=sh log",
        "git config alias.x !sh",
        "git log --output=/tmp/x",
        "git diff --no-index a.md b.md",
        "git diff --ext-diff",
        "git clone ext::sh",
        "git show HEAD:../x",
        "git grep -Osh x",
        "git commit --amend",
        "git add --chmod=+x a.md",
        "rm -rf .",
        "grep -f /etc/passwd x",
        "grep --file=/etc/passwd x",
        "cat 'a",
        "cat a\0b",
        "git",
        "git log -n99999999",
        "C:/windows/cmd",
        "cat C:secret",
    ],
)
def test_what_could_leave_the_folder_is_refused_before_it_runs(command):
    def never(arguments, folder):
        raise AssertionError(arguments)

    state = Repository([Commit("one", {})], {}, "nowhere")
    with programs.using(never), pytest.raises(ToolError):
        shell.run(state, command)


@pytest.mark.parametrize(
    "path", ["/etc/x", "../x", "a/../../x", ".git/config", "a/.git/x", "", "~/x", "a\\..\\..\\x", "C:x"]
)
def test_no_file_is_written_outside(path):
    with pytest.raises(ToolError):
        shell.write_file(Repository([], {}, "nowhere"), path, "x")


@needs_git
def test_a_commit_message_may_say_anything_and_runs_nothing():
    state = toy()
    try:
        shell.write_file(state, "c.md", "x\n")
        shell.run(state, "git add c.md")
        assert shell.run(state, "git commit -q -m '--amend; $(rm -rf /) ../x'").code == 0
        assert state.view()["branches"]["main"]["commits"].startswith("--amend; $(rm -rf /) ../x\n")
    finally:
        state.close()


def test_another_executor_takes_the_place_of_running_here(tmp_path):
    with programs.using(lambda words, folder: Done(7, " ".join(words))):
        assert programs.run("git log -3", tmp_path) == Done(7, "git log -3")
