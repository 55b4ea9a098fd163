"""Files and text: a small folder tree in memory.

`world` holds the state and `SET`, `tools` what changes it, `tasks` the patterns of training, `unseen` those kept for
evaluation.
"""

from sxl_data.toolsets.sets.files import tasks, tools, unseen
from sxl_data.toolsets.sets.files.world import SET

__all__ = ["SET", "tasks", "tools", "unseen"]
