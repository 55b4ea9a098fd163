"""The runner for a name: one protocol, the same tasks and bytes, three places to run them."""

from __future__ import annotations

from pathlib import Path

from sxl_data.engine.local import InlineRunner, ProcessRunner, count_cores
from sxl_data.engine.task import Runner


def make_runner(
    root: Path,
    kind: str,
    workers: int | None = None,
    still_seconds: float = 600,
    memory: int | None = None,
    address: str | None = None,
) -> Runner:
    """The runner called ``kind`` (inline, process or ray) for the store at ``root``."""
    if kind == "inline":
        return InlineRunner(root)
    if kind == "ray":
        from sxl_data.engine.ray import RayRunner

        return RayRunner(root, address, workers, still_seconds)
    return ProcessRunner(root, workers or count_cores(), still_seconds, memory)
