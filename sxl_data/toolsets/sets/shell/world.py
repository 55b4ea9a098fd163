"""A shell with git over a scratch repository. Programs run for real, see `programs`."""

from __future__ import annotations

from sxl_data.toolsets.pick import Pick
from sxl_data.toolsets.repository import Commit, Repository
from sxl_data.toolsets.toolset import Toolset
from sxl_data.toolsets.values import COLOURS, MOODS, REMARKS, THINGS, TOPICS

VERBS = (
    "add extend correct shorten document reorder simplify split rename check improve restore tidy move draft".split()
)


def start(pick: Pick) -> Repository:
    """Two or three commits on main, of four or five files, and one branch with a commit of its own."""
    files: dict[str, str] = {}
    folder = pick.new(THINGS)
    for n, topic in enumerate(pick.several(TOPICS, pick.any((4, 5)))):
        path = f"{topic}.md" if n < 2 else f"{folder}/{topic}.txt"
        files[path] = "".join(f"{line}\n" for line in pick.several(REMARKS, pick.any((2, 3))))
    names = sorted(files)
    commits = [Commit(subject(pick), {name: files[name] for name in names[:-1]}), Commit(subject(pick), files)]
    side = f"{pick.new(COLOURS)}-{pick.new([t for t in TOPICS if f'{t}.md' not in files])}"
    extra = {f"{side.split('-')[1]}.md": f"{pick.new(REMARKS)}\n"}
    commits.append(Commit(subject(pick), files | extra, side))
    return Repository(commits)


def subject(pick: Pick) -> str:
    """The subject of a commit."""
    return f"{pick.new(VERBS)} the {pick.new(MOODS)} {pick.new(TOPICS)}"


SET = Toolset(
    "shell",
    "a shell with git",
    start,
    covers="the files of this repository and its git history",
    busy="index.lock exists",
)


def side(state: Repository) -> Commit:
    """The commit of the branch."""
    return state.commits[-1]
