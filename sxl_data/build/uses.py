"""The one table of what a source may be used for: training, evaluation, or both, divided.

In: a source of a recipe, the format it is read with and the names of its files. Out: its use. A source that says
`use:` itself has the last word. Makers mark what they measure with: benchmarks, test splits, files and folders called
test. Training on these is refused unless the source says `use: train`. Collections that are trained on and scored both
are divided by tool and task, so that no tool of one part is seen in the other.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Literal, NamedTuple

from sxl_data.contract import patterns
from sxl_data.contract.errors import error
from sxl_data.read.sources import Source
from sxl_data.split.assign import SplitConfig
from sxl_data.split.held_out import Parts

Kind = Literal["train", "held-out", "divide"]


class Use(NamedTuple):
    """``kind``: train: its rows are divided into the splits; held-out: all are in test; divide: those that `parts`
    holds out are in test, the others are divided into the splits. ``why``, for people."""

    kind: Kind
    why: str
    parts: Parts | None = None


class Known(NamedTuple):
    """A line of the table: sources of one of these ``formats``, or with one of these ``hub`` ids, and whose files all
    have names like ``files``."""

    kind: Kind
    why: str
    formats: tuple[str, ...] = ()
    hub: tuple[str, ...] = ()
    files: str = "*"
    parts: Parts | None = None


TABLE = (
    Known(
        "divide", "ToolAlpaca's evaluation files", ("toolalpaca",), files="*eval_*", parts=Parts(by="group", share=0.2)
    ),
    Known(
        "divide",
        "API-Bank, whose dialogues are scored",
        ("api_bank", "api_bank_folder"),
        parts=Parts(by="tool", share=0.1, common=("GetUserToken", "ToolSearcher")),
    ),
    Known(
        "divide", "Seal-Tools, whose requests are scored", ("seal_tools", "seal_tools_folder"), parts=Parts("tool", 0.1)
    ),
    Known("divide", "tau-bench, whose tasks are scored", ("tau_bench",), parts=Parts("group", 0.2)),
    Known("held-out", "SWE-bench", ("swebench_issue",), ("SWE-bench/*", "princeton-nlp/SWE-bench*")),
    Known("held-out", "BFCL", ("bfcl", "bfcl_folder"), ("gorilla-llm/Berkeley-Function-Calling-Leaderboard",)),
    Known("held-out", "WebArena", ("webarena",)),
    Known("held-out", "HumanEval", hub=("*/*humaneval*",)),
    Known("held-out", "MBPP", hub=("*/*mbpp*",)),
    Known("held-out", "MMLU", hub=("cais/mmlu*", "TIGER-Lab/MMLU*")),
    Known("held-out", "BigCodeBench", hub=("bigcode/bigcodebench*",)),
    Known("held-out", "HumanEval", files="*humaneval*"),
    Known("held-out", "MBPP", files="*mbpp*"),
    Known("held-out", "BigCodeBench", files="*bigcodebench*"),
)

CODE = {"code_repository", "notebook", "commit_edit"}
"""Formats of code, whose folder `test` holds a project's own tests."""
_TEST = patterns.compile(r"test(?:[-_]?set)?|held[-_]?out")
"""The folder that a file lies in. Not `tests`, where a project keeps its own."""
_TEST_FILE = patterns.compile(r"(?:.*[-_.])?test(?:[-_.]?(?:set|split|data|\d+)|-\d+-of-\d+)?(?:\.[a-z0-9]+)*")


def use_of(source: Source, format: str, names: Sequence[str]) -> Use:
    """What ``source``, read as ``format`` from files called ``names``, is used for."""
    known = _known(source, format, names)
    if source.use is None:
        return known
    return Use(source.use, f"`use: {source.use}` at the source", known.parts or Parts("group", 0.2))


def strictest(uses: Iterable[Use]) -> Use:
    """Of what the files of a source are for, the one that trains least."""
    return max(uses, key=lambda use: ("train", "divide", "held-out").index(use.kind))


def refuse_test_parts(source: Source, use: Use, config: SplitConfig, file: str | None, at: str) -> None:
    """Raises U313 where a recipe that trains would train on what makers measure with, and does not say so."""
    if use.kind != "held-out" or source.use is not None or config.train == 0:
        return
    raise error(
        "U313",
        file=file,
        pointer=at,
        found=f"the source {source.name!r}: {use.why}",
        expected="`use: held-out` or `use: train` at the source",
    )


def _known(source: Source, format: str, names: Sequence[str]) -> Use:
    if source.tasks is not None and "tools" in source.options:
        return Use("divide", "tools of others, whose requests may be scored", Parts("tool", 0.1))
    if source.tasks is not None:  # made, so there are no names to go by
        side = str(source.options.get("side", "train"))
        kept = side in ("values", "patterns", "tools")
        return Use("held-out", f"the side {side}, kept to measure with") if kept else Use("train", "made to train on")
    for line in TABLE:
        by_format = format in line.formats
        by_hub = source.hub is not None and any(fnmatch.fnmatch(source.hub.lower(), p.lower()) for p in line.hub)
        by_name = not line.formats and not line.hub and format not in CODE
        if (by_format or by_hub or by_name) and _all_like(names, line.files):
            return Use(line.kind, line.why, line.parts)
    if source.hub is not None and source.prefer is None and _TEST.fullmatch(source.split.lower()):
        return Use("held-out", f"the split {source.split} of {source.hub}")
    names = [_with_folder(source.path, name) for name in names]
    if format not in CODE and (marked := [name for name in names if _is_test(name)]) and len(marked) == len(names):
        return Use("held-out", f"{marked[0]}, which its makers call a test")
    return Use("train", "not known as a test")


def _all_like(names: Sequence[str], pattern: str) -> bool:
    """Whether every name is like ``pattern``; a source without files is like none but ``*``."""
    return (pattern == "*" or bool(names)) and all(fnmatch.fnmatch(name.lower(), pattern) for name in names)


def _with_folder(path: str | None, name: str) -> str:
    """``name``, which starts at the source's ``path``, with the folder that it lies in."""
    if path is None or "/" in name:
        return name
    *folders, last = PurePosixPath(path.replace("\\", "/")).parts or ("",)
    folder = last if last != name else folders[-1] if folders else ""
    return f"{folder}/{name}" if folder.strip("/") else name


def _is_test(name: str) -> bool:
    *folders, last = PurePosixPath(name.lower()).parts
    return any(_TEST.fullmatch(folder) for folder in folders[-1:]) or _TEST_FILE.fullmatch(last) is not None
