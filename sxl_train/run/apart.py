"""The environment of a process that computes alone: this one's, without what ``torchrun`` says of the others."""

from __future__ import annotations

import os

DISTRIBUTED = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


def alone() -> dict[str, str]:
    """The variables for a process that a step starts: with those of `DISTRIBUTED` it would wait for its like."""
    return {name: value for name, value in os.environ.items() if name not in DISTRIBUTED}
