"""A model, tools that run, and a loop: Observe, Reflect, Act, Iterate until the task is answered.

In: a `Backend`, a task, and a `Toolset`: the `workspace` (a copy of a folder, with files, search, Python and shell in
the sandbox) or any closed set. Out: the answer, what it changed, and an sxl-trace of all of it:

    from sxl_train.agent import Agent, Options
    with open_workspace(Path("project")) as workspace:
        outcome = Agent(backend, workspace.session(), Options()).run("why does the test fail?")
"""

from __future__ import annotations

from sxl_train.agent.loop import Agent, Outcome
from sxl_train.agent.options import Options
from sxl_train.agent.workspace import Workspace, open_workspace

__all__ = ["Agent", "Options", "Outcome", "Workspace", "open_workspace"]
