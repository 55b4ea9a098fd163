"""A pruned student recovers what its teacher knows. Start at `step`."""
