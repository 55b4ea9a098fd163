"""A shop's products and orders, in memory; prices in cents.

`world` holds the state and `SET`, `tools` what changes it, `tasks` the patterns of training, `unseen` those kept for
evaluation.
"""

from sxl_data.toolsets.sets.shop import tasks, tools, unseen
from sxl_data.toolsets.sets.shop.world import SET

__all__ = ["SET", "tasks", "tools", "unseen"]
