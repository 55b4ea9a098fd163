"""A shell with git over a scratch repository. Programs run for real, see `programs`.

`world` holds the state and `SET`, `tools` what changes it, `tasks` the patterns of training, `unseen` those kept for
evaluation.
"""

from sxl_data.toolsets.sets.shell import tasks, tools, unseen
from sxl_data.toolsets.sets.shell.world import SET

__all__ = ["SET", "tasks", "tools", "unseen"]
