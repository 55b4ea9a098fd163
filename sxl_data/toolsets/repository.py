"""A scratch repository: made by git from a description, looked at through git's own objects.

In: commits with their files, on one or more branches. Out: a temporary folder that programs work in, and a plain view
of all that is in it: branch, working tree, what is staged, and each branch's and tag's commits and files.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any, Self

import msgspec

from sxl_data.contract.errors import Bug, error
from sxl_data.toolsets.programs import here, start
from sxl_data.toolsets.toolset import State

Tree = dict[str, str]
_WHY = "the shell set works on a repository that git makes"
_WHO = "Agent <agent@example.com> 1772442000 +0000"


class Commit(msgspec.Struct):
    """One commit: its subject and all files as of then."""

    subject: str
    files: Tree
    branch: str = "main"


class Repository(State):
    """Commits in order, and files that are there uncommitted. The folder is made when it is first needed."""

    commits: list[Commit]
    uncommitted: Tree = msgspec.field(default_factory=dict)
    folder: str = ""

    @property
    def path(self) -> Path:
        """The folder, made if need be. Raises `UserError` U402 where there is no git."""
        if not self.folder:
            if shutil.which("git") is None:
                raise error("U402", found="no git", expected="git on the PATH", why=_WHY, fix="install git")
            self.folder = tempfile.mkdtemp(prefix="sxl-shell-")
            _make(Path(self.folder), self.commits, self.uncommitted)
        return Path(self.folder)

    def copied(self) -> Self:
        """A repository of its own with the same content."""
        twin = type(self)(self.commits, self.uncommitted)
        if self.folder:
            twin.folder = tempfile.mkdtemp(prefix="sxl-shell-")
            shutil.copytree(self.folder, twin.folder, dirs_exist_ok=True)
        return twin

    def close(self) -> None:
        """Remove the folder."""
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = ""

    def view(self) -> Any:
        """branch, tree (path → text), staged (status letters and paths), branches and tags."""
        return look(Path(self.folder)) if self.folder else self.described()

    def described(self) -> dict[str, Any]:
        """The view that the folder will have when it is made."""
        branches: dict[str, dict[str, Any]] = {}
        for commit in self.commits:
            before = branches.get(commit.branch, branches.get("main", {})).get("commits", "")
            said = f"{commit.subject}\n{before}" if before else commit.subject
            branches[commit.branch] = {"commits": said, "files": dict(commit.files)}
        tree = branches["main"]["files"] | self.uncommitted
        return {"branch": "main", "tree": tree, "staged": [], "branches": branches, "tags": {}}


def _make(folder: Path, commits: list[Commit], uncommitted: Tree) -> None:
    for name in ("objects/info", "objects/pack", "refs/heads", "refs/tags"):  # what `git init` makes, without a process
        (folder / ".git" / name).mkdir(parents=True)
    (folder / ".git/HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8", newline="\n")
    (folder / ".git/config").write_text("[core]\n\trepositoryformatversion = 0\n", encoding="utf-8", newline="\n")
    stream: list[str] = []
    tips: dict[str, int] = {}
    for mark, commit in enumerate(commits, 1):
        parent = tips.get(commit.branch, tips.get("main"))
        stream.append(f"commit refs/heads/{commit.branch}\nmark :{mark}\nauthor {_WHO}\ncommitter {_WHO}\n")
        stream.append(f"data {len(commit.subject.encode())}\n{commit.subject}\n")
        stream.append((f"from :{parent}\n" if parent else "") + "deleteall\n")
        for path, text in commit.files.items():
            stream.append(f"M 100644 inline {path}\ndata {len(text.encode())}\n{text}\n")
        tips[commit.branch] = mark
    for command, stdin in (("fast-import --quiet", "".join(stream).encode()), ("reset -q --hard", b"")):
        done = here(["git", *command.split()], folder, stdin)
        if done.code:
            raise Bug(f"git {command} gave {done.code}: {done.text}")
    for path, text in uncommitted.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8", newline="\n")


def look(folder: Path) -> dict[str, Any]:
    """All that is in the repository of ``folder``, as plain values."""
    objects = _objects(folder)
    refs = here(["git", "for-each-ref", "--format=%(refname) %(objectname)"], folder).text.splitlines()
    found: dict[str, dict[str, Any]] = {"heads": {}, "tags": {}}
    for line in refs:
        ref, _, id = line.partition(" ")
        _, kind, name = ref.split("/", 2)
        if kind in found:
            found[kind][name] = {"commits": "\n".join(_subjects(objects, id)), "files": _files(objects, id)}
    status = here(["git", "status", "--porcelain", "--no-renames"], folder).text.splitlines()
    files = {
        p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if ".git" not in p.relative_to(folder).parts
    }
    return {
        "branch": (folder / ".git/HEAD").read_text(encoding="utf-8").strip().removeprefix("ref: refs/heads/"),
        "tree": {name: path.read_text("utf-8", "replace") for name, path in sorted(files.items()) if path.is_file()},
        "staged": [f"{line[0]} {line[3:]}" for line in status if line[0] not in " ?"],
        "branches": found["heads"],
        "tags": found["tags"],
    }


def _objects(folder: Path) -> dict[str, tuple[str, bytes]]:
    """Id → (type, content) of every object, read by one git."""
    _, data = start(["git", "cat-file", "--batch-all-objects", "--batch", "--unordered"], folder)
    found, at = {}, 0
    while at < len(data):
        end = data.index(b"\n", at)
        id, kind, size = data[at:end].decode().split()
        found[id] = (kind, data[end + 1 : end + 1 + int(size)])
        at = end + 2 + int(size)
    return found


def _subjects(objects: dict[str, tuple[str, bytes]], id: str) -> list[str]:
    """Subjects from the first parent line, newest first."""
    subjects = []
    while id:
        head, _, message = objects[id][1].decode("utf-8", "replace").partition("\n\n")
        subjects.append(message.split("\n")[0])
        id = next((line.split()[1] for line in head.splitlines() if line.startswith("parent ")), "")
    return subjects


def _files(objects: dict[str, tuple[str, bytes]], id: str) -> Tree:
    """Path → text of a commit."""
    tree = objects[id][1].decode("utf-8", "replace").split()[1]
    found: Tree = {}
    waiting = [("", tree)]
    while waiting:
        at, id = waiting.pop()
        data = objects[id][1]
        while data:
            end = data.index(b"\0")
            mode, name = data[:end].decode("utf-8", "replace").split(" ", 1)
            inner, data = data[end + 1 : end + 21].hex(), data[end + 21 :]
            if mode == "40000":
                waiting.append((f"{at}{name}/", inner))
            elif inner in objects:
                found[f"{at}{name}"] = objects[inner][1].decode("utf-8", "replace")
    return found
