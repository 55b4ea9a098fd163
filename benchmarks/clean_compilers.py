"""The languages' own compilers, asked for syntax alone: True, False, or None where they stop at something else."""

from __future__ import annotations

import ast
import re
import subprocess
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

Verdicts = list[bool | None]

# Of a C compiler's errors those of its parser; others are of names, types and headers.
_SYNTAX = re.compile(
    r"error: (?:expected|stray|missing terminating|unterminated|extra|unexpected|invalid (?:suffix|preprocessing)"
    r"|'?else'? without|extraneous|unbalanced|.* at end of input|#(?:endif|else|elif) without)"
)

_MODULE = re.compile(r"(?m)^(?:import|export)\b|^\s*(?:const|let|var)? ?[^=\n]*= await\b")


class Compiler(NamedTuple):
    name: str
    needs: tuple[str, ...]
    judge: Callable[[list[str], Path], Verdicts]


def _files(texts: list[str], folder: Path, ending: str) -> list[Path]:
    paths = []
    for number, text in enumerate(texts):
        place = folder / f"{number}"
        place.mkdir()
        paths.append(place / f"A.{ending}")
        paths[-1].write_text(text, encoding="utf-8", errors="replace", newline="\n")
    return paths


def _each(command: list[str], ending: str) -> Callable[[list[str], Path], Verdicts]:
    def judge(texts: list[str], folder: Path) -> Verdicts:
        paths = _files(texts, folder, ending)
        return [subprocess.run([*command, str(p)], capture_output=True, timeout=60).returncode == 0 for p in paths]

    return judge


def _node(texts: list[str], folder: Path) -> Verdicts:
    """Modules by their own ending: node 20 takes any text with an import for a sound script."""
    modules = [_MODULE.search(text) is not None for text in texts]
    found = []
    for path, module in zip(_files(texts, folder, "cjs"), modules):
        path = path.rename(path.with_suffix(".mjs")) if module else path
        found.append(subprocess.run(["node", "--check", str(path)], capture_output=True, timeout=60).returncode == 0)
    return found


def _gofmt(texts: list[str], folder: Path) -> Verdicts:
    """By standard input, where a fragment needs no package."""
    return [
        subprocess.run(["gofmt", "-e"], input=text, capture_output=True, text=True, timeout=60).returncode == 0
        for text in texts
    ]


def _python(texts: list[str], folder: Path) -> Verdicts:
    found: Verdicts = []
    for text in texts:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ast.parse(text)
            found.append(True)
        except (SyntaxError, ValueError):
            found.append(False)
    return found


def _gnu(command: str, ending: str) -> Callable[[list[str], Path], Verdicts]:
    def judge(texts: list[str], folder: Path) -> Verdicts:
        found: Verdicts = []
        for path in _files(texts, folder, ending):
            done = subprocess.run(
                [command, "-fsyntax-only", "-w", "-fmax-errors=5", str(path)],
                capture_output=True,
                text=True,
                timeout=60,
            )
            errors = [line for line in done.stderr.splitlines() if " error: " in line]
            if done.returncode == 0:
                found.append(True)
            elif "fatal error" in done.stderr or not errors:
                found.append(None)
            else:
                found.append(False if _SYNTAX.search(errors[0].partition(": ")[2]) else None)
        return found

    return judge


_JAVAC = (
    *("javac", "-proc:none", "-XDshould-stop.at=PARSE", "-XDshould-stop.ifNoError=PARSE", "-Xdiags:compact"),
    *("-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC"),
)


def _javac(texts: list[str], folder: Path) -> Verdicts:
    found: Verdicts = []
    for path in _files(texts, folder, "java"):
        done = subprocess.run([*_JAVAC, "-d", str(folder), str(path)], capture_output=True, text=True, timeout=60)
        found.append(" error: " not in done.stderr)
    return found


COMPILERS = {
    "bash": Compiler("bash -n", ("bash",), _each(["bash", "-n"], "sh")),
    "c": Compiler("gcc -fsyntax-only", ("gcc",), _gnu("gcc", "c")),
    "cpp": Compiler("g++ -fsyntax-only", ("g++",), _gnu("g++", "cpp")),
    "go": Compiler("gofmt -e", ("gofmt",), _gofmt),
    "java": Compiler("javac's parser", ("javac",), _javac),
    "javascript": Compiler("node --check", ("node",), _node),
    "python": Compiler("ast", (), _python),
    "rust": Compiler(
        "rustfmt",
        ("rustfmt",),
        _each(["rustfmt", "--edition", "2021", "--config", "skip_children=true", "--emit", "stdout", "--quiet"], "rs"),
    ),
}
