"""A shell with git: the tools."""

from __future__ import annotations

import shlex

from sxl_data.toolsets import programs
from sxl_data.toolsets.repository import Repository
from sxl_data.toolsets.sets.shell.world import SET
from sxl_data.toolsets.tools import Exit, ToolError


@SET.tool
def run(state: Repository, command: str) -> Exit:
    """Run one command in the repository: ls, cat, head, tail, wc, grep, mkdir, mv, cp, rm, or git with status, log,
    diff, show, branch, switch, add, commit, merge, restore, rm, mv. There are no pipes and no wildcards.

    command: such as git log --oneline
    """
    done = programs.run(command, state.path)
    return Exit(done.text, done.code)


@SET.tool
def write_file(state: Repository, path: str, text: str) -> str:
    """Write a file; replaces one that is there.

    path: path inside the repository
    text: what the file holds
    """
    place = state.path / programs.inside(path)
    if place.is_dir():
        raise ToolError("is_folder", f"{path} is a folder")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8", newline="\n")
    except (OSError, UnicodeEncodeError) as problem:
        raise ToolError("cannot_write", f"{path}: {type(problem).__name__}") from None
    return f"wrote {path}"


@SET.tool
def replace_text(state: Repository, path: str, old: str, new: str) -> int:
    """Replace a text everywhere in a file and give how often it stood there; refuses a text that is not there.

    path: path inside the repository
    old: text to replace
    new: text to put in its place
    """
    place = state.path / programs.inside(path)
    if not place.is_file():
        raise ToolError("not_found", f"no file {path!r}")
    text = place.read_text(encoding="utf-8", errors="replace")
    count = text.count(old) if old else 0
    if not count:
        raise ToolError("not_found", f"{old!r} does not stand in {path}")
    write_file(state, path, text.replace(old, new))
    return count


@SET.held_out_tool
def tag_version(state: Repository, name: str) -> Exit:
    """Give the newest commit of the current branch a tag.

    name: name of the tag, letters, digits, - and . only
    """
    if not name or not all(char.isalnum() or char in "-." for char in name) or name[0] in "-.":
        raise ToolError("bad_name", f"{name!r} is no name of a tag")
    done = programs.run(f"git tag {name}", state.path)
    return Exit(done.text or f"tagged {name}", done.code)


@SET.held_out_tool
def undo_changes(state: Repository, path: str) -> Exit:
    """Give a file back the text that it has in the newest commit.

    path: path inside the repository
    """
    done = programs.run(shlex.join(["git", "restore", "--", programs.inside(path)]), state.path)
    return Exit(done.text or f"{path} is as committed", done.code)
