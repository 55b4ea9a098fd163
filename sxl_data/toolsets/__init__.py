"""Closed sets of tools that really run, with tasks whose end state can be checked.

In: the name of a set, or the Python file of one's own. Out: tasks, traces of runs that happened, and verdicts on any
run, a model's as much as ours:

    from sxl_data import toolsets
    files = toolsets.get("files")
    task = toolsets.make_task(files, number=7, seed=0, side="train")
    trace = toolsets.run(files, task).trace
    assert toolsets.check(trace).met

`tools` makes JSON Schemas of typed functions, `toolset` is what a set declares, `pick` draws values and words,
`tasks` composes tasks, `session` runs calls, `plan` is what a plan says, `planner` drives one and records it, `check`
replays a trace. The sets that ship stand in `sets/`; one of your own may be one file (`sxl-data init DIR --toolset`).
"""

from sxl_data.toolsets.check import Verdict, check
from sxl_data.toolsets.known import get, names
from sxl_data.toolsets.planner import run
from sxl_data.toolsets.session import Session
from sxl_data.toolsets.tasks import SIDES, Task, make_task
from sxl_data.toolsets.toolset import Job, State, Toolset

__all__ = [
    "SIDES",
    "Job",
    "Session",
    "State",
    "Task",
    "Toolset",
    "Verdict",
    "check",
    "get",
    "make_task",
    "names",
    "run",
]
