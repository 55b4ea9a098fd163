"""Runs the programs of a shell set: a fixed list of them, without a shell, in one folder.

In: a command line and a folder. Out: its exit code and texts. Nothing is expanded; what is no word of the list, no
option known to be harmless, or points out of the folder or into `.git` is refused before anything starts. `using` puts
another executor in the place of `here`, such as one that runs the words in a sandbox.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import NamedTuple

from sxl_data.contract import patterns
from sxl_data.toolsets.tools import ToolError

SECONDS, OUTPUT = 60.0, 20_000
"""Of one program. A loaded machine may need some for what takes an idle one no time; what runs must not tell which."""
_NUMBER = patterns.compile(r"-n?[0-9]{1,4}")
# Program → the options that it may be given. None of them runs a program, reads a file outside or writes one.
PROGRAMS: dict[str, frozenset[str]] = {
    "ls": frozenset(("-a", "-1", "-R")),
    "cat": frozenset(),
    "head": frozenset(("-n",)),
    "tail": frozenset(("-n",)),
    "wc": frozenset(("-l", "-w", "-c")),
    "grep": frozenset(("-n", "-i", "-r", "-rn", "-in", "-l", "-c", "-v", "-F", "-w")),
    "mkdir": frozenset(("-p",)),
    "mv": frozenset(("-n",)),
    "cp": frozenset(),
    "rm": frozenset(("-r",)),
}
GIT: dict[str, frozenset[str]] = {
    "status": frozenset(("--short", "-s", "-b")),
    "log": frozenset(("--oneline", "-n", "--stat", "--all")),
    "diff": frozenset(("--stat", "--staged", "--cached", "--name-only")),
    "show": frozenset(("--stat", "--name-only", "-s")),
    "branch": frozenset(("-d", "-D", "-m", "-a", "--show-current")),
    "switch": frozenset(("-c",)),
    "add": frozenset(("-A", "-u", ".")),
    "commit": frozenset(("-m", "-a", "-am", "-q")),
    "merge": frozenset(("--no-ff", "--no-edit", "--abort")),
    "restore": frozenset(("--staged",)),
    "rm": frozenset(("-r", "--cached", "-q")),
    "mv": frozenset(),
    "tag": frozenset(("-d",)),
}


class Done(NamedTuple):
    """What came of a program."""

    code: int
    text: str


Executor = Callable[[Sequence[str], Path], Done]


def run(command: str, folder: Path) -> Done:
    """Run ``command`` in ``folder``. Raises `ToolError` for what is not on the list."""
    return _EXECUTOR.get()(words(command), folder)


@contextmanager
def using(executor: Executor) -> Iterator[None]:
    """Let ``executor`` run the programs of shell sets."""
    token = _EXECUTOR.set(executor)
    try:
        yield
    finally:
        _EXECUTOR.reset(token)


def words(command: str) -> list[str]:
    """The words of ``command``. Raises `ToolError` for what is not on the list."""
    try:
        found = shlex.split(command)
    except ValueError as problem:
        raise ToolError("bad_command", str(problem)) from None
    if not found or "\0" in command:
        raise ToolError("bad_command", "no program")
    name, rest = found[0], found[1:]
    if name == "git" and rest and rest[0] in GIT:
        name, options, rest = f"git {rest[0]}", GIT[rest[0]], rest[1:]
    elif name in PROGRAMS:
        options = PROGRAMS[name]
    else:
        known = ", ".join([*PROGRAMS, *(f"git {sub}" for sub in GIT)])
        raise ToolError("not_allowed", f"{shlex.join(found[:2])} cannot be run here; there are {known}")
    message = False
    for word in rest:
        if message:  # the text of a commit may be anything
            message = False
        elif word.startswith("-") and word not in ("-", "--"):
            if word not in options and not (_NUMBER.fullmatch(word) and name in ("head", "tail", "git log")):
                raise ToolError("not_allowed", f"{name} cannot be given {word} here")
            message = name == "git commit" and word in ("-m", "-am")
        else:
            inside(word)
    return found


def inside(path: str) -> str:
    """``path``, if it stays in the folder and out of `.git`; else a `ToolError`."""
    parts = path.replace("\\", "/").split(":")[-1].split("/")
    outside = path.startswith(("/", "~", "\\")) or path[1:2] == ":" or ".." in parts
    if outside or not path or "\0" in path or any(part.casefold().startswith(".git") for part in parts):
        raise ToolError("not_allowed", f"{path!r} is no path inside the folder")
    return path


def here(arguments: Sequence[str], folder: Path, stdin: bytes = b"") -> Done:
    """Run a program as it is, with an environment of its own, for at most `SECONDS`; its text is cut at `OUTPUT`."""
    try:
        code, data = start(arguments, folder, stdin)
    except subprocess.TimeoutExpired:
        return Done(124, f"ended after {SECONDS:g} seconds")
    except OSError as problem:
        raise ToolError("missing", f"{arguments[0]}: {problem.strerror}") from None
    return Done(code, data[:OUTPUT].decode("utf-8", "replace"))


def start(arguments: Sequence[str], folder: Path, stdin: bytes = b"") -> tuple[int, bytes]:
    """Exit code and both outputs of a program. Raises OSError and `subprocess.TimeoutExpired`.

    Git takes a file for unchanged by its size and its second, unless its index is no younger; so it gets an old one,
    and looks at what files hold whatever the clock says.
    """
    index = folder / ".git/index"
    if arguments[0] == "git" and index.is_file():
        os.utime(index, (1, 1))
    done = subprocess.run(
        list(arguments),
        cwd=folder,
        env=environment(folder),
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=SECONDS,
        check=False,
    )
    return done.returncode, done.stdout


def environment(folder: Path) -> dict[str, str]:
    """Nothing of the user's: no configuration, no prompts, no network, and the same names and times everywhere."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    settings = {"core.hooksPath": os.devnull, "core.symlinks": "false", "gc.auto": "0", "core.fsync": "none"}
    settings |= {"commit.gpgSign": "false", "core.autocrlf": "false", "advice.detachedHead": "false"}
    named: dict[str, str] = {"GIT_CONFIG_COUNT": str(len(settings))}
    for n, (key, value) in enumerate(settings.items()):
        named |= {f"GIT_CONFIG_KEY_{n}": key, f"GIT_CONFIG_VALUE_{n}": value}
    for who in ("AUTHOR", "COMMITTER"):
        named |= {f"GIT_{who}_NAME": "Agent", f"GIT_{who}_EMAIL": "agent@example.com"}
        named[f"GIT_{who}_DATE"] = "2026-03-02T09:00:00+00:00"
    quiet = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0"}
    quiet |= {"GIT_EDITOR": "true", "GIT_PAGER": "cat", "GIT_ALLOW_PROTOCOL": "none", "GIT_OPTIONAL_LOCKS": "0"}
    quiet |= {"GIT_CEILING_DIRECTORIES": str(folder.parent)}
    return kept | named | quiet | {"HOME": str(folder), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


_EXECUTOR: ContextVar[Executor] = ContextVar("executor", default=here)
