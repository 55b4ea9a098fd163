"""Where a training step's GPU time goes: a torch profile in, kernels by share and by group out.

Only the GPU's own records are kept, so that following the host's calls does not slow what is measured. ``wall_ms`` is
the profiled step from begin to end, ``busy_ms`` the kernels' sum: the rest is the GPU waiting for the host.
"""

from __future__ import annotations

import re
from typing import Any

GROUPS = (
    ("communication", r"nccl"),
    ("attention", r"flash|fmha|attn|attention"),
    ("NF4 expansion", r"dequant|quantiz"),
    ("loss and softmax", r"logsumexp|softmax|nll_loss|cross_entropy"),
    ("matrix products", r"gemm|cutlass|nvjet|xmma|cublas|splitk"),
    ("optimiser and lists", r"adam|multi_tensor"),
    ("fused by the compiler", r"triton_"),
    ("copies and casts", r"memcpy|memset|copy"),
    ("elementwise, not fused", r"elementwise|reduce|index|cat|norm|scan|arange"),
)
LARGEST = 25


def make_profiler() -> Any:
    """Records kernels, copies and fills."""
    from torch.profiler import ProfilerActivity, profile

    return profile(activities=[ProfilerActivity.CUDA])


def find_group(name: str) -> str:
    """The first group whose pattern the kernel's name has."""
    return next((group for group, pattern in GROUPS if re.search(pattern, name, re.IGNORECASE)), "other")


def summarise(profiler: Any, steps: int, wall_s: float) -> dict[str, Any]:
    """Milliseconds of one step by group and by kernel; shares are of ``busy_ms``."""
    from torch.autograd import DeviceType

    rows = [
        (str(event.key), event.self_device_time_total / 1000 / steps, event.count / steps)
        for event in profiler.key_averages()
        if event.device_type == DeviceType.CUDA and event.self_device_time_total > 0 and "#" not in event.key
    ]
    busy = sum(took for _, took, _ in rows)
    groups: dict[str, float] = {}
    for name, took, _ in rows:
        groups[find_group(name)] = groups.get(find_group(name), 0.0) + took
    kernels = [
        {"name": name[:120], "ms": round(took, 3), "share": round(took / busy, 4), "calls": round(calls, 1)}
        for name, took, calls in sorted(rows, key=lambda row: -row[1])[:LARGEST]
    ]
    return {
        "wall_ms": round(1000 * wall_s / steps, 2),
        "busy_ms": round(busy, 2),
        "calls": round(sum(calls for *_, calls in rows)),
        "groups": [
            {"name": name, "ms": round(took, 2), "share": round(took / busy, 4)}
            for name, took in sorted(groups.items(), key=lambda item: -item[1])
        ],
        "kernels": kernels,
    }


def format_profile(found: dict[str, Any], kernels: int = 6) -> str:
    """The groups, and the largest kernels below them."""
    idle = max(0.0, 1 - found["busy_ms"] / found["wall_ms"])
    lines = [
        f"  one step {found['wall_ms']:.1f} ms, kernels {found['busy_ms']:.1f} ms in {found['calls']} calls, "
        f"GPU waits {idle:.0%}"
    ]
    for row in found["groups"]:
        lines.append(f"  {row['share']:6.1%}  {row['ms']:8.2f} ms  {row['name']}")
    for row in found["kernels"][:kernels]:
        lines.append(f"    {row['share']:6.1%}  {row['ms']:8.2f} ms  ×{row['calls']:<6g} {row['name'][:90]}")
    return "\n".join(lines)
