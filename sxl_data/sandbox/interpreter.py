"""Which files a program can read: the system's and the interpreter's own, never the user's home.

In: an interpreter, and who runs programs. Out: its path with the files that it needs and that lie outside of
the system's folders. A folder that is a home or holds one is never given whole: what lies beside the home is
listed instead, so that ``~/bin/python3`` brings its library and nothing else of ``~``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/etc/alternatives", "/etc/ld.so.cache")

# Loads everything that is compiled, so that the libraries beside the interpreter show up among its mappings.
_ASK = """
import importlib, json, os, sys, sysconfig
library = sysconfig.get_path("stdlib")
compiled = os.path.join(library, "lib-dynload")
for name in sorted(os.listdir(compiled)) if os.path.isdir(compiled) else []:
    try:
        importlib.import_module(name.partition(".")[0])
    except Exception:
        pass
loaded = {line.split(None, 5)[5].strip() for line in open("/proc/self/maps") if line.count("/")}
hidden = [os.path.join(library, name) for name in ("site-packages", "dist-packages")]
print(json.dumps({"library": library, "hidden": [path for path in hidden if os.path.isdir(path)],
                  "loaded": sorted(path for path in loaded if ".so" in path)}))
"""


class Interpreter(NamedTuple):
    """An interpreter's path, its own files and folders outside of the system's, and folders in them to leave out."""

    path: str
    own: tuple[str, ...]
    hidden: tuple[str, ...]


@cache
def find() -> Interpreter | str:
    """The interpreter for programs: the one that runs this or, where nobody else may read it, the system's.

    As root programs run as another user, and root's home is closed to others. A text says why there is none.
    """
    reasons = []
    for name in (getattr(sys, "_base_executable", sys.executable), "/usr/bin/python3", "/usr/local/bin/python3"):
        found = describe(name)
        if isinstance(found, Interpreter):
            return found
        reasons.append(found)
    return "; ".join(dict.fromkeys(reasons))


@cache
def describe(name: str) -> Interpreter | str:
    """What the interpreter at ``name`` needs, or why it cannot be used."""
    path = Path(name).resolve()
    if not os.access(path, os.R_OK | os.X_OK):
        return f"there is no {path} that this user can run"
    if os.geteuid() == 0 and not _open_to_all(path):
        return f"{path} is closed to others than root"
    if in_system(path):
        return Interpreter(str(path), (), ())
    asked = subprocess.run(
        [path, "-I", "-S", "-c", _ASK],
        capture_output=True,
        text=True,
        timeout=60,
        encoding="utf-8",
        errors="replace",
        env={},
    )
    try:
        said = json.loads(asked.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        return f"{path} does not run: {asked.stderr.strip()[-200:]}"
    library = Path(said["library"])
    if holds_home(library):
        return f"the library of {path} is the folder {library}, which is a home or holds one"
    own = [path, library, *(Path(file) for file in said["loaded"] if not Path(file).is_relative_to(library))]
    closed = [part for part in own if os.geteuid() == 0 and not _open_to_all(part)]
    if closed:
        return f"{path} needs {closed[0]}, which is closed to others than root"
    return Interpreter(str(path), tuple(str(p) for p in own if not in_system(p)), tuple(said["hidden"]))


def with_packages(python: Interpreter, folder: str) -> Interpreter | str:
    """``python`` with a folder of packages that programs may read, or why they cannot."""
    path = Path(folder).resolve()
    if not path.is_dir():
        return f"there is no folder {path}"
    if os.geteuid() == 0 and not _open_to_all(path):
        return f"{path} is closed to others than root"
    if holds_home(path):
        return f"{path} is a home or holds one"
    hidden = tuple(name for name in python.hidden if Path(name).resolve() != path)
    return python._replace(own=python.own if in_system(path) else (*python.own, str(path)), hidden=hidden)


def system_folders() -> list[str]:
    """The system's folders that are here; where a home lies in one, its siblings all the way instead."""
    return [part for name in SYSTEM if Path(name).exists() for part in without_homes(Path(name))]


def system_links() -> dict[str, str]:
    """Those of the system's folders that only point into another: name → where to, as in ``/bin`` → ``usr/bin``."""
    return {name: str(Path(name).readlink()) for name in SYSTEM if Path(name).is_symlink()}


def without_homes(folder: Path) -> list[str]:
    """``folder``, or where it is or holds a home, what it has beside that."""
    if not holds_home(folder):
        return [str(folder)]
    if folder.resolve() in homes():
        return []
    return [part for inner in sorted(folder.iterdir()) for part in without_homes(inner)]


def holds_home(folder: Path) -> bool:
    return any(home.is_relative_to(folder.resolve()) for home in homes())


def homes() -> frozenset[Path]:
    """The caller's home by the environment and by the user database; the root folder counts as nobody's."""
    found = [os.environ.get("HOME", "")]
    try:
        import pwd

        found.append(pwd.getpwuid(os.getuid()).pw_dir)
    except (ImportError, KeyError):
        pass
    return frozenset(Path(name).resolve() for name in found if name) - {Path("/")}


def in_system(path: Path) -> bool:
    """Whether a system folder brings ``path`` along."""
    return any(path.is_relative_to(name) for name in SYSTEM[:6]) and not any(
        path.is_relative_to(home) for home in homes()
    )


def _open_to_all(path: Path) -> bool:
    """Whether any user can read ``path`` and get to it."""
    return bool(path.stat().st_mode & 0o004) and all(folder.stat().st_mode & 0o001 for folder in path.parents)
