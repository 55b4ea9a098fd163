"""How many processes a run has, and the environment of one that computes alone."""

from __future__ import annotations

import os

DISTRIBUTED = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


def count_processes() -> int:
    """Processes of the run; torchrun and accelerate say so."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def alone() -> dict[str, str]:
    """The variables for a process that a step starts: with those of `DISTRIBUTED` it would wait for its like."""
    return {name: value for name, value in os.environ.items() if name not in DISTRIBUTED}
