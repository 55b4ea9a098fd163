"""The devices of a home, in memory.

`world` holds the state and `SET`, `tools` what changes it, `tasks` the patterns of training, `unseen` those kept for
evaluation.
"""

from sxl_data.toolsets.sets.home import tasks, tools, unseen
from sxl_data.toolsets.sets.home.world import SET

__all__ = ["SET", "tasks", "tools", "unseen"]
