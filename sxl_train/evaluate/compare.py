"""Measurements of several models in, one table out; the first row is what the others are compared with."""

from __future__ import annotations

from sxl_data.contract.console import format_share, format_table
from sxl_train.run.objects import Object

HEADERS = (
    "model",
    "MB",
    "loss",
    "per byte",
    "valid calls (forced)",
    "exact turns",
    "valid calls (generated)",
    "exact turns",
    "stopped",
    "load s",
    "tokens/s",
)


def compare(models: dict[str, Object]) -> str:
    """A table with one row for each model, in order. Calls are counted out of calls made, turns out of turns."""
    table = format_table(HEADERS, [(name, *_cells(numbers)) for name, numbers in models.items()])
    unread = [name for name, numbers in models.items() if numbers.get("markup") is None]
    if unread:
        table += f"\ncalls of {', '.join(unread)} are not judged: their template spells them in no way known here"
    return table


def _cells(numbers: Object) -> tuple[str, ...]:
    forced, made = numbers["forced"], numbers["generated"]
    judged = numbers.get("markup") is not None
    return (
        f"{numbers['megabytes']:.1f}" if numbers.get("megabytes") else "–",
        f"{numbers['loss']:.4f}",
        f"{numbers['loss_per_byte']:.5f}",
        *(cell if judged else "–" for cell in (*_judged(forced), *_judged(made))),
        format_share(made["stopped"], made["turns"]),
        f"{numbers['load_s']:.2f}" if "load_s" in numbers else "–",
        f"{numbers['tokens_per_s']:.1f}" if numbers.get("tokens_per_s") else "–",
    )


def _judged(tally: dict[str, int]) -> tuple[str, str]:
    return format_share(tally["valid"], tally["made"]), format_share(tally["exact"], tally["turns"])
