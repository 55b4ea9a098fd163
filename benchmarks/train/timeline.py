"""Where the time of a few training steps goes, seen by torch's profiler: the GPU computing, only exchanging, idle."""

from __future__ import annotations

from typing import Any

STEPS = 3


def profile(trainer: Any, first: int) -> Any:
    """Look at three steps after step ``first``; the function returned says where their time went, then the longest
    kernels and what the processor does longest."""
    import torch
    from transformers import TrainerCallback

    taken = torch.profiler.profile(activities=list(torch.profiler.supported_activities()))

    class Look(TrainerCallback):  # type: ignore[misc]
        def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if state.global_step == first:
                taken.start()

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if state.global_step == first + STEPS:
                torch.cuda.synchronize()
                taken.stop()

    trainer.add_callback(Look())

    def tell() -> str:
        averages = taken.key_averages()
        tables = [
            averages.table(sort_by=by, row_limit=14, max_name_column_width=50)
            for by in ("self_device_time_total", "self_cpu_time_total")
        ]
        return "\n".join([share_out(taken.events()), *tables])

    return tell


def share_out(events: Any) -> str:
    """GPU time of the steps: computing, only exchanging (a kernel of NCCL and no other), idle; in ms a step."""
    kinds: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    for event in events:
        if str(event.device_type).endswith("CUDA") and not event.name.startswith("ProfilerStep"):
            kinds["nccl" in event.name].append((event.time_range.start, event.time_range.end))
    work, exchange, both = merge(kinds[False]), merge(kinds[True]), merge(kinds[False] + kinds[True])
    if not both:
        return "no kernel seen"
    whole = both[-1][1] - both[0][0]
    computing, busy, exchanging = (sum(end - start for start, end in part) for part in (work, both, exchange))
    parts = {
        "whole": whole,
        "computing": computing,
        "exchanging": exchanging,
        "only exchanging": busy - computing,
        "idle": whole - busy,
    }
    return "ms a step: " + ", ".join(f"{name} {value / 1000 / STEPS:.1f}" for name, value in parts.items())


def merge(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The union of spans, in order."""
    found: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found
