"""Measurements of several models in, one table out; the first row is what the others are compared with."""

from __future__ import annotations

from typing import Any

from sxl_data.contract.console import format_table

HEADERS = (
    "model",
    "MB",
    "loss",
    "per byte",
    "calls valid (forced)",
    "calls valid (generated)",
    "stopped",
    "load s",
    "tokens/s",
)


def compare(models: dict[str, dict[str, Any]]) -> str:
    """A table with one row for each model, in order."""
    return format_table(HEADERS, [(name, *_cells(numbers)) for name, numbers in models.items()])


def _cells(numbers: dict[str, Any]) -> tuple[str, ...]:
    forced, made = numbers["forced"], numbers["generated"]
    return (
        f"{numbers['megabytes']:.1f}" if numbers.get("megabytes") else "–",
        f"{numbers['loss']:.4f}",
        f"{numbers['loss_per_byte']:.5f}",
        _share(forced["valid"], forced["wanted"]),
        _share(made["valid"], made["wanted"]),
        _share(made["stopped"], made["wanted"]),
        f"{numbers['load_s']:.2f}" if "load_s" in numbers else "–",
        f"{numbers['tokens_per_s']:.1f}" if numbers.get("tokens_per_s") else "–",
    )


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole}" if whole else "–"
