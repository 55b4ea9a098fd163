"""Where each step stands, and which keys of the recipe decide its result."""

from __future__ import annotations

MODULES = {
    "base": "data.base",
    "plan": "plan.step",
    "tune": "tune.step",
    "merge": "tune.merge",
    "prune": "prune.step",
    "distil": "distil.step",
    "quantise": "quantise.step",
    "evaluate": "evaluate.run",
    "release": "release.package",
}
"""Where ``run`` of each step stands in `sxl_train`; ``base`` runs where a recipe needs a base made or extended."""

_PLAN = ("base_model", "revision", "base", "size_limit", "steps", "method", "prune", "quantise")
_JUDGED = ("evaluate.rows", "tune.max_length")
USES: dict[str, tuple[str, ...]] = {
    "base": ("base_model", "revision", "seed", "limit", "base", "tune.template"),
    "plan": _PLAN,
    "tune": ("method", "seed", "limit", "tune"),
    "merge": ("method", "tune.double_quant", *_JUDGED),
    "prune": (*_PLAN, *_JUDGED, "seed", "limit", "distil.lr", "distil.batch"),
    "distil": (*_JUDGED, "distil", "seed", "limit"),
    "quantise": (*_PLAN, *_JUDGED),
    "evaluate": ("evaluate", "tune.max_length"),
    "release": (*_PLAN, "release", "seed", "dataset", "evaluate.new_tokens"),
}
"""Which keys decide a step's result; a change elsewhere leaves its finished folder in use. Of ``steps`` a plan reads
only whether there is pruning and quantising."""
