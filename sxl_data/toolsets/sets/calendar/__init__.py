"""Calendar and reminders of one person, in memory.

`world` holds the state and `SET`, `tools` what changes it, `tasks` the patterns of training, `unseen` those kept for
evaluation.
"""

from sxl_data.toolsets.sets.calendar import tasks, tools, unseen
from sxl_data.toolsets.sets.calendar.world import SET

__all__ = ["SET", "tasks", "tools", "unseen"]
