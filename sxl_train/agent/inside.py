"""Runs inside the sandbox: the file tools of a workspace, one request on stdin, one answer on stdout.

It is given to the sandbox as a text and imports nothing but the standard library. Paths are not checked here: what
holds them is the sandbox, whose folder of work is the current directory.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
import json
import os
import sys
from pathlib import Path

LINES = 400
FOUND = 100
WALKED = 20_000
CHANGED = 500
DIFFS = 60_000
MOST = 8_000_000


class No(Exception):
    """A refusal: kind, and what is wrong."""


def list_files(path: str) -> str:
    """Names below ``path``, folders first with a slash."""
    folder = Path(path or ".")
    if not folder.is_dir():
        raise No("not_found", f"there is no folder {path!r}")
    names = sorted(folder.iterdir(), key=lambda entry: (not entry.is_dir(), entry.name))
    return "\n".join(entry.name + "/" * entry.is_dir() for entry in names[:LINES]) or "(empty)"


def read_file(path: str, first: int, lines: int) -> str:
    """Lines of a file with their numbers."""
    text = content(path).splitlines()
    first = max(first, 1)
    part = text[first - 1 : first - 1 + max(1, min(lines, LINES))]
    body = "\n".join(f"{number:>4}  {line}" for number, line in enumerate(part, first))
    rest = len(text) - (first - 1 + len(part))
    return (body or "(empty)") + (f"\n({rest} more lines)" if rest > 0 else "")


def search(text: str, path: str) -> str:
    """``file:line: text`` of each line that holds ``text``."""
    found = []
    for name in walk(path or "."):
        try:
            body = content(name)
        except No:
            continue
        for number, line in enumerate(body.splitlines(), 1):
            if text in line:
                found.append(f"{name}:{number}: {line.strip()[:200]}")
                if len(found) >= FOUND:
                    return "\n".join([*found, f"(the first {FOUND}; there may be more)"])
    return "\n".join(found) or f"no line holds {text!r}"


def write_file(path: str, content: str) -> str:
    """Write a whole file."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(content, encoding="utf-8", newline="\n")
    return f"wrote {path}, {len(content.splitlines())} lines{verdict(path, content)}"


def edit_file(path: str, old: str, new: str) -> str:
    """Replace the one place where ``old`` stands."""
    text = content(path)
    times = text.count(old) if old else 0
    if times != 1:
        near = difflib.get_close_matches(old.strip()[:200], [line.strip() for line in text.splitlines()[:5000]], 1, 0.5)
        hint = f"; the nearest line is {near[0]!r}" if near and not times else ""
        raise No("no_match" if not times else "many_matches", f"`old` stands {times} times in {path}, not once{hint}")
    changed = text.replace(old, new)
    Path(path).write_text(changed, encoding="utf-8", newline="")
    first = text[: text.index(old)].count("\n") + 1
    return f"changed {path} from line {first}{verdict(path, changed)}"


def verdict(path: str, text: str) -> str:
    """What the language's own parser says of a changed file."""
    try:
        if path.endswith(".py"):
            ast.parse(text)
        elif path.endswith(".json"):
            json.loads(text)
        else:
            return ""
    except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
        return f"; but it does not parse: {problem}"
    return "; it parses"


def content(path: str) -> str:
    """The text of a file."""
    if not Path(path).is_file():
        names = sorted(entry.name for entry in Path.cwd().iterdir())[:30]
        raise No("not_found", f"there is no file {path!r}; the top holds {', '.join(names) or 'nothing'}")
    with Path(path).open("rb") as file:
        data = file.read(MOST)
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise No("not_text", f"{path} is no text in UTF-8") from None


def walk(top: str) -> list[str]:
    """Plain files below ``top``, no link followed."""
    if Path(top).is_file():
        return [top]
    found: list[str] = []
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(name for name in folders if name not in (".git", "__pycache__"))
        paths = (Path(folder, name) for name in sorted(names))
        found += [path.as_posix() for path in paths if path.is_file() and not path.is_symlink()]
        if len(found) > WALKED:
            break
    return found[:WALKED]


def snapshot(held: dict[str, str]) -> dict[str, object]:
    """What is not as in ``held`` (path → digest): path → digest, empty where it is gone; and how many more."""
    now = {}
    for name in walk("."):
        with Path(name).open("rb") as file:
            now[name] = hashlib.file_digest(file, "sha256").hexdigest()
    found = {name: digest for name, digest in now.items() if held.get(name) != digest}
    found |= dict.fromkeys((name for name in held if name not in now), "")
    return {"changed": dict(list(found.items())[:CHANGED]), "more": max(0, len(found) - CHANGED)}


def diff(files: list[list[str]]) -> list[str]:
    """A unified diff of each [name, before, after]; those beyond `DIFFS` characters in all are cut, then empty."""
    found, left = [], DIFFS
    for name, before, after in files if left else []:
        lines = difflib.unified_diff(
            before.splitlines(), after.splitlines(), "a/" + name, "b/" + name, lineterm="", n=2
        )
        found.append("\n".join(lines)[:left])
        left -= len(found[-1])
    return found


if __name__ == "__main__":
    request = json.load(sys.stdin)
    tools = {each.__name__: each for each in (list_files, read_file, search, write_file, edit_file, snapshot, diff)}
    try:
        answer = {"value": tools[request["do"]](**request["with"])}
    except No as problem:
        answer = {"kind": problem.args[0], "message": problem.args[1]}
    except (OSError, ValueError) as problem:
        answer = {"kind": "failed", "message": f"{type(problem).__name__}: {problem}"}
    sys.stdout.write(json.dumps(answer))
