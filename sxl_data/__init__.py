"""sxl_data: sources → one validated Observe / Reflect / Act / Iterate dataset. Needs no torch.

Every command ``sxl-data X`` is also ``sxl_data.X``:

    import sxl_data
    sxl_data.build("demo", "out")
    report = sxl_data.validate("traces.jsonl")
    sxl_data.dedup(["rows.parquet"], "text", "unique")

Names are loaded when first used, so ``import sxl_data`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.2.0"

_PUBLIC = {
    "why": "sxl_data.build.questions",
    "ledger": "sxl_data.build.questions",
    "diff": "sxl_data.build.comparing",
    "questions": "sxl_data.build.asking",
    "open_build": "sxl_data.build.questions",
    "Trace": "sxl_data.trace.types",
    "UserError": "sxl_data.contract.errors",
    "foresee": "sxl_data.pipeline",
    "stats": "sxl_data.view.stats",
    "show": "sxl_data.view.show",
    "convert": "sxl_data.validate.convert",
    "explain": "sxl_data.view.explain",
    "init": "sxl_data.build.init",
    "samples": "sxl_data.build.sample_files",
    "redact": "sxl_data.secrets.files",
}

# Packages that are verbs too (see `contract.callable`).
_VERBS = (
    "build",
    "clean",
    "decontaminate",
    "dedup",
    "publish",
    "report",
    "review",
    "sandbox",
    "serve",
    "share",
    "validate",
)

__all__ = ["__version__", *_PUBLIC, *_VERBS]


def __getattr__(name: str) -> Any:
    if name in _VERBS:
        return import_module(f"sxl_data.{name}")
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'sxl_data' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
