"""Files and text: the tools."""

from __future__ import annotations

import msgspec

from sxl_data.toolsets.sets.files.world import SET, Files
from sxl_data.toolsets.tools import ToolError


class Found(msgspec.Struct):
    """A line of a file."""

    path: str
    line: int
    text: str


@SET.tool
def list_files(state: Files, folder: str = "") -> list[str]:
    """List the paths of all files, or of those in one folder.

    folder: name of the folder; empty for all
    """
    return sorted(path for path in state.files if not folder or path.startswith(folder.rstrip("/") + "/"))


@SET.tool
def read_file(state: Files, path: str) -> str:
    """Give the whole text of a file.

    path: path of the file
    """
    return state.text(path)


@SET.tool
def write_file(state: Files, path: str, text: str) -> str:
    """Make a new file; refuses a path where a file is already.

    path: path of the new file
    text: what the file holds
    """
    state.files[state.free(path)] = text
    return f"wrote {path}"


@SET.tool
def append_line(state: Files, path: str, line: str) -> int:
    """Add a line at the end of a file and give the number of its lines.

    path: path of the file
    line: the text of the line, without a line end
    """
    state.files[path] = state.text(path) + line + "\n"
    return state.files[path].count("\n")


@SET.tool
def move_file(state: Files, path: str, new_path: str) -> str:
    """Move or rename a file; refuses a path where a file is already.

    path: path of the file
    new_path: its path afterwards
    """
    text = state.text(path)
    state.files[state.free(new_path)] = text
    del state.files[path]
    return f"{path} is now {new_path}"


@SET.tool
def copy_file(state: Files, path: str, new_path: str) -> str:
    """Copy a file; refuses a path where a file is already.

    path: path of the file
    new_path: path of the copy
    """
    state.files[state.free(new_path)] = state.text(path)
    return f"copied {path} to {new_path}"


@SET.tool
def delete_file(state: Files, path: str) -> str:
    """Delete a file for good.

    path: path of the file
    """
    state.text(path)
    del state.files[path]
    return f"deleted {path}"


@SET.tool
def find_files(state: Files, words: str) -> list[str]:
    """Find files whose path holds some text, capital letters aside.

    words: part of the path
    """
    return sorted(path for path in state.files if words.casefold() in path.casefold())


@SET.tool
def search_text(state: Files, words: str) -> list[Found]:
    """Find the lines of all files that hold some text, capital letters aside.

    words: what to look for
    """
    return [
        Found(path, number, line)
        for path, text in sorted(state.files.items())
        for number, line in enumerate(text.splitlines(), 1)
        if words.casefold() in line.casefold()
    ]


@SET.tool
def replace_text(state: Files, path: str, old: str, new: str) -> int:
    """Replace a text everywhere in a file and give how often it stood there; refuses a text that is not there.

    path: path of the file
    old: text to replace
    new: text to put in its place
    """
    count = state.text(path).count(old) if old else 0
    if not count:
        raise ToolError("not_found", f"{old!r} does not stand in {path}")
    state.files[path] = state.files[path].replace(old, new)
    return count


@SET.held_out_tool
def sort_lines(state: Files, path: str, descending: bool = False) -> int:
    """Put the lines of a file into alphabetical order and give their number.

    path: path of the file
    descending: from Z to A
    """
    lines = sorted(state.text(path).splitlines(), reverse=descending)
    state.files[path] = "".join(f"{line}\n" for line in lines)
    return len(lines)


@SET.held_out_tool
def join_files(state: Files, paths: list[str], new_path: str) -> str:
    """Make a new file of the texts of several files, one after the other.

    paths: the files, in order
    new_path: path of the new file
    """
    text = "".join(state.text(path) for path in paths)
    state.files[state.free(new_path)] = text
    return f"joined {len(paths)} files into {new_path}"


@SET.held_out_tool
def count_words(state: Files, path: str) -> int:
    """Count the words of a file.

    path: path of the file
    """
    return len(state.text(path).split())
