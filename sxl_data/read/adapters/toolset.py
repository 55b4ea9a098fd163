"""Runs of closed tool sets as rows: nothing is read, tasks are composed and really worked on.

In: the number of a task. Out: the trace of its run. ``set`` names one of `sxl_data.toolsets` or the Python file of
one's own; without it the source's name is that of the set.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from sxl_data.toolsets.known import get
from sxl_data.toolsets.planner import SLIPS, called_tools, run
from sxl_data.toolsets.tasks import SIDES, Side, make_task
from sxl_data.trace.format import Document, Option, Origin, Reading, Unit


class ToolsetRuns:
    """Makes its rows: `tasks` of the source says how many."""

    name = "toolset"
    title = "runs of a closed tool set, made by executing them"
    unit: Unit = "made"
    options: ClassVar = {
        "set": Option("the tool set, or the Python file of one's own; the source's name without it"),
        "side": Option("train, values, patterns, tools or all: which side of the held-out borders (train)", Side),
        "seed": Option("another seed makes other tasks (0)", int),
        "slips": Option(f"share of the tasks in which a call is made wrongly first ({SLIPS})", float),
        "shown": Option(
            "declare so many tools: those of the task, which has no more, and those most like it (all)", int
        ),
        "timed": Option("record how long each call took, which no two builds share (false)", bool),
    }

    def detect(self, sample: Any) -> str | None:
        return None  # there is no file to recognise

    def ready(self, source: str, options: Mapping[str, Any]) -> None:
        """Raises `UserError` U201 or U202 for a set that is not there, U102 for one without tasks of the side."""
        name, side = options.get("set", source), options.get("side", SIDES[0])
        if isinstance(name, str) and side in SIDES:  # else the check of the options says so
            make_task(get(name), 0, 0, side)

    def read(self, document: Document, origin: Origin) -> Iterator[Reading]:
        toolset = get(origin.options.get("set", origin.source))
        seed, side = origin.options.get("seed", 0), origin.options.get("side", SIDES[0])
        slips, timed = origin.options.get("slips", SLIPS), origin.options.get("timed", False)
        shown = origin.options.get("shown", 0)
        for draw in range(_DRAWS if shown else 1):
            task = make_task(toolset, document.value + draw * _STRIDE, seed, side)
            if not shown or len(called_tools(run(toolset, task, slips=slips).trace)) <= shown:
                break
        yield run(toolset, task, origin, slips=slips, timed=timed, shown=shown)


_DRAWS, _STRIDE = 64, 1_000_000_007
"""With ``shown``: so many tasks are tried for a row, each so far behind the last."""
FORMAT = ToolsetRuns()
