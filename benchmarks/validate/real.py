"""Real traces in our own format, and what a command costs before it has read anything.

In: the folders of traces beside the project. Out: JSONL; CPU seconds of commands in processes of their own.
"""

from __future__ import annotations

import itertools
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from sxl_data.contract.errors import UserError
from sxl_data.trace.types import encode
from sxl_data.validate.submissions import each

sys.path.append(str(Path(__file__).resolve().parents[1]))
from harness import ROOT, SHARED, TRACE_FOLDERS, cpu_with_children

_ENDINGS = (".json", ".jsonl", ".yaml", ".traj", ".eval")
_MOST = 400
"""Traces of one file."""


def real_lines(size: int) -> list[bytes]:
    """Every trace of another project that is at hand, each once, and all again under other names until there are
    ``size`` bytes; nothing where none are at hand."""
    once = list(dict.fromkeys(_traces()))
    lines: list[bytes] = []
    for copy in itertools.count() if once else ():
        name = b"%d" % copy
        lines += [
            line.replace(b'"task":"', b'"task":"' + name + b" ", 1).replace(b'"trace_id":"', b'"trace_id":"' + name, 1)
            for line in once
        ]
        if sum(map(len, lines)) >= size:
            break
    return lines


def _traces() -> Iterator[bytes]:
    for folder in TRACE_FOLDERS:
        for path in sorted((SHARED / folder).rglob("*")):
            if path.is_file() and path.suffix in _ENDINGS:
                for submission in each([path]):
                    try:
                        items = itertools.islice(submission, _MOST)
                        yield from (encode(item.reading.trace) for item in items if item.reading is not None)
                    except UserError:
                        continue  # no traces


def start_up(path: Path, rounds: int) -> dict[str, float]:
    """CPU seconds of short commands, the interpreter's own start among them; medians of ``rounds``."""
    commands = {"--version": ["--version"], "--help": ["--help"], "validate of one trace": ["validate", str(path)]}
    times: dict[str, list[float]] = {name: [] for name in commands}
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for number in range(rounds + 1):
        for name, arguments in commands.items():
            command = [sys.executable, "-m", "sxl_data", *arguments]
            spent = cpu_with_children(
                lambda command=command: subprocess.run(  # type: ignore[misc]
                    command, cwd=ROOT, env=kept | {"PYTHONPATH": str(ROOT)}, capture_output=True, check=True
                )
            )
            if number:  # the first compiles modules
                times[name].append(spent)
    return {name: statistics.median(spent) for name, spent in times.items()}
