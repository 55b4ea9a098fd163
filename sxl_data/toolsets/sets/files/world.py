"""Files and text: a small folder tree in memory."""

from __future__ import annotations

from sxl_data.toolsets.pick import Pick
from sxl_data.toolsets.tools import ToolError
from sxl_data.toolsets.toolset import State, Toolset
from sxl_data.toolsets.values import MOODS, REMARKS, TOPICS

FOLDERS = (
    "reports drafts archive shared clients meetings finance travel legal photos kitchen school garden house".split()
)


ENDINGS = (".txt", ".md", ".csv")


class Files(State):
    """Path → text."""

    files: dict[str, str]

    def text(self, path: str) -> str:
        """The text at ``path``; refuses a path without a file."""
        if path not in self.files:
            raise ToolError("not_found", f"no file {path!r}")
        return self.files[path]

    def free(self, path: str) -> str:
        """``path``, if no file is there and it is a plain relative path."""
        if path in self.files:
            raise ToolError("exists", f"{path!r} is there already")
        if not path or path.startswith("/") or ".." in path.split("/"):
            raise ToolError("bad_path", f"{path!r} is no path inside the folder")
        return path


def start(pick: Pick) -> Files:
    """Six to nine files of two to five lines in three folders."""
    files = {}
    folders = pick.several(FOLDERS, 3)
    for topic in pick.several(TOPICS, pick.any((6, 7, 8, 9))):
        path = f"{pick.any(folders)}/{topic}-{pick.new(MOODS)}{pick.any(ENDINGS)}"
        files[path] = "".join(f"{line}\n" for line in pick.several(REMARKS, pick.any((2, 3, 4))))
    return Files(files)


SET = Toolset(
    "files", "files and text", start, covers="files and the text in them", busy="the folder is locked, try again"
)
